from __future__ import annotations

import subprocess
import sys

import interlace_postgres.plugin
from interlace_postgres.connection import PostgresConnection


def test_the_provider_leads_to_the_connection():
    (provider,) = interlace_postgres.plugin.interlace_connections()
    module, _, name = provider.target.partition(":")

    assert ("postgres", ("postgresql",)) == (provider.name, provider.aliases)
    assert PostgresConnection is getattr(sys.modules[module], name)


def test_describing_and_opening_import_nothing_heavy(postgres_url):
    code = (
        "import sys, pathlib, interlace_postgres.plugin\n"
        "assert not {'psycopg', 'pyarrow', 'pydantic'} & set(sys.modules), 'describing'\n"
        "from interlace_postgres.connection import PostgresConnection\n"
        "from interlace_postgres.config import PostgresOptions\n"
        f"c = PostgresConnection('c', PostgresOptions(url={postgres_url!r}), root=pathlib.Path('.'))\n"
        "s = c.session()\n"
        "with s.transaction():\n"
        "    s.execute('CREATE TABLE t AS SELECT 1 AS a, now() AS b')\n"
        "assert s.fetch('SELECT a FROM t') == [(1,)] and s.catalogue([None])\n"
        "heavy = {'pyarrow', 'pandas', 'numpy', 'ibis', 'sqlglot', 'polars', 'sqlalchemy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "c.close()\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
