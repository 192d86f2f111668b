"""A gigabyte of Parquet to a bucket and back, beside boto3's own transfer.  The server's CPU does not count."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench import Bench
from measure import Cost, python, spend
from table import Row

__all__ = ["objects_s3"]

CHILD: Final = Path(__file__).with_name("bare_objects.py")

WAYS: Final = {
    "put": "a file put into S3",
    "write": "a stream written to S3",
    "get": "a file got from S3",
    "read": "a stream read from S3",
}


def objects_s3(bench: Bench) -> Iterator[Row]:
    """1 GB of Parquet that does not compress, each way."""
    rows = bench.size(62_500_000)
    file = bench.data(f"random-{rows}.parquet", "make_random", rows)
    size = file.stat().st_size / 1e9
    copy = bench.folder / file.name
    copy.symlink_to(file)
    with _server() as endpoint:
        spend(python(CHILD, "boto3", "make", endpoint, copy), bench.folder)
        for way, what in WAYS.items():
            ours, ours_fixed, bare, bare_fixed = bench.best(
                *(
                    _measured(bench, who, does, endpoint, copy)
                    for who in ("interlace", "boto3")
                    for does in (way, "nothing")
                )
            )
            work, limit = ours.cpu - ours_fixed.cpu, bare.cpu - bare_fixed.cpu
            yield Row(
                what=f"{size:.2f} GB of Parquet: {what}",
                measured=f"{work:.2f} s ({ours.peak:.0f} MB)",
                bare=f"{limit:.2f} s ({bare.peak:.0f} MB)",
                ratio=work / limit,
                judged=work / limit,
                goal=1.2,
                unit="×",
                numbers={"whole": ours.cpu, "fixed": ours_fixed.cpu, "bare": bare.cpu, "peak": ours.peak},
            )


def _measured(bench: Bench, who: str, way: str, endpoint: str, file: Path) -> Callable[[], Cost]:
    return lambda: spend(python(CHILD, who, way, endpoint, file), bench.folder)


@contextmanager
def _server() -> Iterator[str]:
    """moto in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
