from __future__ import annotations

import subprocess
import sys

import interlace_duckdb.plugin
from interlace_duckdb.connection import DuckDBConnection
from interlace_duckdb.lake import DuckLakeConnection


def test_the_provider_leads_to_the_connection():
    found = {}
    for provider in interlace_duckdb.plugin.interlace_connections():
        module, _, name = provider.target.partition(":")
        found[provider.name] = getattr(sys.modules[module], name)

    assert {"duckdb": DuckDBConnection, "ducklake": DuckLakeConnection} == found


def test_describing_and_opening_import_nothing_heavy():
    code = (
        "import sys, pathlib, tempfile, interlace_duckdb.plugin\n"
        "assert not {'duckdb', 'pyarrow', 'pydantic'} & set(sys.modules), 'describing'\n"
        "from interlace_duckdb.connection import DuckDBConnection\n"
        "from interlace_duckdb.config import DuckDBOptions\n"
        "c = DuckDBConnection('c', DuckDBOptions(path=':memory:'), root=pathlib.Path('.'))\n"
        "assert 'duckdb' not in sys.modules, 'until it is opened'\n"
        "s = c.session()\n"
        "with s.transaction():\n"
        "    s.execute('CREATE TABLE t AS SELECT 1 AS a, now() AS b')\n"
        "assert s.fetch('SELECT a FROM t') == [(1,)] and s.catalogue([None])\n"
        "heavy = {'pyarrow', 'pandas', 'numpy', 'ibis', 'sqlglot', 'polars'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
