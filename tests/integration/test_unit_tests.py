"""Unit tests of models that run on a server, in schemas of their own."""

from __future__ import annotations

import pytest

from interlace.errors import InvalidTest
from interlace.testing import Bench, Run, test_model_sync

CONFIG = """
connections:
  default: {type: duckdb, path: warehouse.duckdb}
  server: {type: postgres, url: "%s"}
"""
SOURCES = "events: {connection: server, relation: shop.events, columns: {id: BIGINT, kind: VARCHAR}}\n"
LOG = """-- @connection: server
-- @schema: marts
-- @strategy: append
SELECT id, kind, kind::text ~ '^a' AS is_a, $env::text AS env FROM shop.events
"""


@pytest.fixture
def bench(tmp_path, postgres_url):
    (tmp_path / "models").mkdir()
    (tmp_path / "config.yaml").write_text(CONFIG % postgres_url)
    (tmp_path / "models" / "sources.yaml").write_text(SOURCES)
    (tmp_path / "models" / "log.sql").write_text(LOG)
    return Bench.load(tmp_path)


def test_a_model_of_a_server_is_tested_there_and_nothing_is_left(bench, postgres_url):
    import psycopg

    test_model_sync(
        "log",
        runs=[
            Run({"events": [{"id": 1, "kind": "a"}]}, [{"id": 1, "kind": "a", "is_a": True, "env": "dev"}]),
            Run(
                {"shop.events": [{"id": 2, "kind": None}]},
                "id,kind,is_a,env\n1,a,true,dev\n2,,,dev\n",
            ),
        ],
        project=bench,
        connection="server",
    )

    with psycopg.connect(postgres_url) as connection:
        left = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'interlace_test%'").fetchall()
        markers = connection.execute("SELECT count(*) FROM _interlace.commits").fetchone()
    assert ([], (0,)) == (left, markers)


def test_a_model_of_a_server_says_where_it_has_to_be_tested(bench):
    with pytest.raises(InvalidTest, match="log is written for postgres, and tests run on DuckDB in memory") as caught:
        test_model_sync("log", {"events": []}, project=bench)

    assert "connection: server" in caught.value.hint
