"""One Parquet file to a bucket and back, by boto3 alone or by the connector: a child process of the benchmarks.

``bare_objects.py WHO WHAT ENDPOINT FILE``; WHO is ``interlace`` or ``boto3``; WHAT is ``put`` and ``get`` (a whole file),
``write`` and ``read`` (a stream), or ``nothing``.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

BUCKET: Final = "bench"
KEY: Final = "wide.parquet"


def by_interlace(what: str, endpoint: str, file: Path) -> None:
    """The connection type ``s3``, as models and exports use it."""
    from interlace_s3.connection import S3Connection

    options = {"bucket": BUCKET, "endpoint": endpoint, "region": "us-east-1", "key": "key", "secret": "secret"}
    connection = S3Connection("lake", S3Connection.Config.model_validate(options), root=file.parent)
    connection.open()
    match what:
        case "put":
            connection.upload(file, KEY)
        case "get":
            connection.download(KEY, _target(file))
        case "write":
            with file.open("rb") as source, connection.write(KEY) as target:
                shutil.copyfileobj(source, target, 1 << 20)
        case "read":
            with connection.read(KEY) as source, _target(file).open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
    connection.close()


def by_boto3(what: str, endpoint: str, file: Path) -> None:
    """boto3's own transfer: the limit."""
    import boto3

    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    match what:
        case "make":
            client.create_bucket(Bucket=BUCKET)
        case "put" | "write":
            client.upload_file(str(file), BUCKET, KEY)
        case "get" | "read":
            client.download_file(BUCKET, KEY, str(_target(file)))


def _target(file: Path) -> Path:
    return file.with_suffix(".copy")


if __name__ == "__main__":
    who, what, endpoint, file = sys.argv[1:]
    {"interlace": by_interlace, "boto3": by_boto3}[who](what, endpoint, Path(file))
