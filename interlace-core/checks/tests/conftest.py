from __future__ import annotations

import pytest


@pytest.fixture
def connect(tmp_path):
    """Makes connections to DuckDB databases in memory."""
    from interlace_duckdb.connection import DuckDBConnection

    return lambda: DuckDBConnection("db", DuckDBConnection.Config(path=":memory:"), root=tmp_path)


@pytest.fixture
def session(connect):
    """A session on an empty DuckDB database."""
    connection = connect()
    connection.open()
    session = connection.session()
    yield session
    session.close()
    connection.close()


@pytest.fixture
def ask(session):
    """Runs one check over a query's rows: the verdict, and the failing rows."""
    from datetime import UTC, datetime

    from sqlglot import exp

    from interlace.contracts.check import CheckTarget
    from interlace.contracts.relation import Relation

    def run(check, query, options, *, parent=None, now=datetime(2024, 1, 10, tzinfo=UTC)):
        target = Relation("a table", "main")
        session.execute(f'CREATE OR REPLACE TABLE "a table" AS {query}')
        if parent is not None:
            session.execute(f"CREATE OR REPLACE TABLE parent AS {parent}")
        given = check.Config.model_validate(options)
        columns = session.columns(target)
        measure = check().compile(CheckTarget(target, columns, "duckdb", lambda name: Relation(name, "main")), given)
        asked = exp.select(exp.Count(this=exp.Star()), measure.value).from_(exp.table_("a table", quoted=True))
        verdict = check().judge(session.fetch(asked.sql("duckdb"))[0][1], given, now)
        rows = [] if measure.failing is None else session.fetch(measure.failing.sql("duckdb"))
        return verdict, rows

    return run
