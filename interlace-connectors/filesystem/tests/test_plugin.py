from __future__ import annotations

import subprocess
import sys

import interlace_filesystem.plugin
from interlace_filesystem.connection import FilesystemConnection


def test_the_provider_leads_to_the_connection():
    (provider,) = interlace_filesystem.plugin.interlace_connections()
    module, _, name = provider.target.partition(":")

    assert ("filesystem", "filesystem") == (provider.name, provider.extra)
    assert FilesystemConnection is getattr(sys.modules[module], name)


def test_describing_and_making_a_connection_import_nothing_heavy():
    code = (
        "import sys, pathlib, interlace_filesystem.plugin\n"
        "assert not {'fsspec', 'paramiko', 'pydantic'} & set(sys.modules), 'describing'\n"
        "from interlace_filesystem.connection import FilesystemConnection\n"
        "FilesystemConnection('c', FilesystemConnection.Config(path='lake'), root=pathlib.Path('.')).where()\n"
        "assert not {'fsspec', 'paramiko', 'pyarrow'} & set(sys.modules), 'making'\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
