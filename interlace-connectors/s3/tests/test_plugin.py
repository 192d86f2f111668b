from __future__ import annotations

import subprocess
import sys

import interlace_s3.plugin
from interlace_s3.connection import S3Connection


def test_the_provider_leads_to_the_connection():
    (provider,) = interlace_s3.plugin.interlace_connections()
    module, _, name = provider.target.partition(":")

    assert ("s3", "s3") == (provider.name, provider.extra)
    assert S3Connection is getattr(sys.modules[module], name)


def test_describing_and_making_a_connection_import_nothing_heavy():
    code = (
        "import sys, pathlib, interlace_s3.plugin\n"
        "assert not {'boto3', 'botocore', 'pydantic'} & set(sys.modules), 'describing'\n"
        "from interlace_s3.connection import S3Connection\n"
        "S3Connection('c', S3Connection.Config(bucket='lake'), root=pathlib.Path('.')).where()\n"
        "assert not {'boto3', 'botocore', 'pyarrow'} & set(sys.modules), 'making'\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
