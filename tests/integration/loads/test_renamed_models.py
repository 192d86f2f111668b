"""Relations that get the new names of their models, on real databases."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from interlace.contracts.relation import Relation
from interlace.errors import InvalidModel
from interlace.plan.renames import Move
from interlace.run.renaming import rename_models


@pytest.fixture(params=["duckdb", "postgres"])
def connection(request, tmp_path):
    if request.param == "duckdb":
        from interlace_duckdb.connection import DuckDBConnection

        connection = DuckDBConnection("db", DuckDBConnection.Config(path="test.duckdb"), root=tmp_path)
    else:
        from interlace_postgres.connection import PostgresConnection

        options = PostgresConnection.Config(url=request.getfixturevalue("postgres_url"))
        connection = PostgresConnection("db", options, root=tmp_path)
    connection.open()
    yield connection
    connection.close()


@pytest.fixture
def session(connection):
    session = connection.session()
    session.execute("CREATE TABLE orders AS SELECT 1 AS id")
    yield session
    session.close()


@pytest.fixture
def rename(connection):
    """Renames ``orders``; gives what the state was told."""

    def run(target=None, source=None, kind="table"):
        schema = connection.default_schema()
        source, target = source or Relation("orders", schema), target or Relation("sales", schema)
        told = []
        store = SimpleNamespace(rename_model=lambda *names: told.append(names))
        view = SimpleNamespace(environment="dev", models={"sales": None}, connection=lambda _: connection)
        rename_models(view, store, [Move("orders", "sales", source, target, kind)])
        return told

    return run


def test_the_table_gets_the_new_name_and_the_state_follows(session, rename, connection):
    assert [("dev", "orders", "sales", f"{connection.default_schema()}.sales")] == rename()
    assert [(1,)] == session.fetch("SELECT * FROM sales")


def test_the_table_may_go_to_a_schema_that_is_made_for_it(session, rename, connection):
    rename(Relation("sales", "marts"))

    assert [(1,)] == session.fetch("SELECT * FROM marts.sales")
    assert ["sales"] == [r.name for r in session.catalogue([connection.default_schema(), "marts"])]


def test_a_view_is_renamed(session, rename, connection):
    session.execute("CREATE VIEW latest AS SELECT * FROM orders")
    rename(source=Relation("latest", connection.default_schema()), kind="view")

    assert [(1,)] == session.fetch("SELECT * FROM sales")


def test_what_was_renamed_before_only_reaches_the_state(session, rename):
    session.execute("ALTER TABLE orders RENAME TO sales")

    assert 1 == len(rename())
    assert [(1,)] == session.fetch("SELECT * FROM sales")


def test_a_relation_in_the_way_is_refused_and_nothing_is_told(session, rename):
    session.execute("CREATE TABLE sales AS SELECT 9 AS id")
    with pytest.raises(InvalidModel, match="is there beside"):
        rename()

    assert [(1,)] == session.fetch("SELECT * FROM orders")
    assert [(9,)] == session.fetch("SELECT * FROM sales")
