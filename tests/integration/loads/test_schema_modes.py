"""The schema modes on real databases: each mode with each difference, and what stands in the table afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from interlace.contracts.load import Insert, LoadPlan, LoadSpec, Query, SchemaMode, Stage
from interlace.contracts.options import Options
from interlace.contracts.relation import Relation
from interlace.errors import InterlaceError, InvalidModel, LoadRefused
from interlace.schema.evolve import evolve

TARGET = Relation("orders")
BATCH = Relation("__interlace_orders_batch")

BATCHES = {
    "new": "SELECT 2 AS id, 20 AS n, DATE '2024-01-02' AS extra",
    "missing": "SELECT 2 AS id",
    "wider": "SELECT 2 AS id, CAST(20 AS BIGINT) AS n",
    "too_wide": "SELECT 2 AS id, CAST(3000000000 AS BIGINT) AS n",
    "narrower": "SELECT 2 AS id, CAST(20 AS SMALLINT) AS n",
    "text": "SELECT 2 AS id, CAST('20' AS VARCHAR) AS n",
    "no_number": "SELECT 2 AS id, CAST('twenty' AS VARCHAR) AS n UNION ALL SELECT 3, '30'",
    "rounded": "SELECT 2 AS id, CAST(20.5 AS DECIMAL(9,1)) AS n",
}
ERROR = "error"
ROWS = {
    "new": [(1, 10, None), (2, 20, date(2024, 1, 2))],
    "left": [(1, 10), (2, 20)],
    "missing": [(1, 10), (2, None)],
    "large": [(1, 10), (2, 3_000_000_000)],
    "emptied": [(1, 10), (2, None), (3, 30)],
}
#                      strict  safe       flexible   lenient    ignore
EXPECTED = {
    "new":            (ERROR, "new",     "new",     "new",     "left"),
    "missing":        (ERROR, "missing", "missing", "missing", "missing"),
    "wider":          (ERROR, "left",    "left",    "left",    "left"),
    "too_wide":       (ERROR, "large",   "large",   "large",   ERROR),
    "narrower":       (ERROR, "left",    "left",    "left",    "left"),
    "text":           (ERROR, ERROR,     "left",    "left",    "left"),
    "no_number":      (ERROR, ERROR,     ERROR,     "emptied", ERROR),
    "rounded":        (ERROR, ERROR,     ERROR,     "missing", ERROR),
}  # fmt: skip


@pytest.fixture(params=["duckdb", "postgres", "postgres_asked"])
def session(request, tmp_path):
    """A session on an empty database; once of a PostgreSQL that is asked whether a text is valid (16 and newer)."""
    if request.param == "duckdb":
        from interlace_duckdb.connection import DuckDBConnection

        connection = DuckDBConnection("db", DuckDBConnection.Config(path="test.duckdb"), root=tmp_path)
    else:
        from interlace_postgres.connection import PostgresConnection

        options = PostgresConnection.Config(url=request.getfixturevalue("postgres_url"))
        connection = PostgresConnection("db", options, root=tmp_path)
    connection.open()
    if request.param != "duckdb":
        asked = request.param == "postgres_asked"
        connection.capabilities = replace(connection.capabilities, validates_input=asked)
    session = connection.session()
    yield session
    session.close()
    connection.close()


@pytest.fixture
def load(session):
    """Adds a batch to ``orders`` as the simplest strategy would; gives the counts."""

    def run(query, mode=SchemaMode.SAFE, **changes):
        spec = LoadSpec(
            target=TARGET,
            source=Query(query),
            source_columns=session.describe(query),
            target_columns=session.columns(TARGET),
            key=(),
            options=Options(),
            execution_time=datetime(2024, 1, 2, tzinfo=UTC),
            capabilities=session.connection.capabilities,
            dialect=session.connection.dialect,
            schema_mode=mode,
        )
        found = evolve(replace(spec, **changes), BATCH)
        looked = found.examine(BATCH)
        insert = Insert(TARGET, tuple(name for name, _ in found.projection), found.select(BATCH))
        steps = [Stage(BATCH, spec.source), *found.steps, *([looked] if looked else []), insert]
        with session.transaction():
            return session.apply(LoadPlan(steps, idempotent=False))

    return run


@pytest.fixture
def table(session):
    """Makes ``orders`` by a query."""

    def make(query="SELECT 1 AS id, 10 AS n"):
        session.execute(f"CREATE TABLE orders AS {query}")

    return make


@pytest.fixture
def rows(session):
    return lambda: session.fetch("SELECT * FROM orders ORDER BY 1")


def expected_of(case, mode, session):
    if mode is SchemaMode.LENIENT and not session.connection.capabilities.try_cast:
        return ERROR
    return EXPECTED[case][list(SchemaMode).index(mode)]


@pytest.mark.parametrize("mode", list(SchemaMode))
@pytest.mark.parametrize("case", list(BATCHES))
def test_each_mode_loads_each_batch_as_the_table_says_or_writes_nothing(session, load, table, rows, mode, case):
    table()
    before = session.columns(TARGET)
    expected = expected_of(case, mode, session)
    if expected is not ERROR:
        load(BATCHES[case], mode)

        assert ROWS[expected] == rows()
        return
    with pytest.raises(InterlaceError) as caught:
        load(BATCHES[case], mode)

    assert caught.value.code in {"ILC-210", "ILC-310", "ILC-608", "ILC-601"}
    assert [(1, 10)] == rows()
    assert before == session.columns(TARGET)


@pytest.mark.parametrize(
    ("stored", "kept", "lost"),
    [
        ("INTEGER", "CAST('20' AS VARCHAR)", "CAST('20.5' AS VARCHAR)"),
        ("DECIMAL(9,2)", "CAST('20.25' AS VARCHAR)", "CAST('20.255' AS VARCHAR)"),
        ("DATE", "TIMESTAMP '2024-01-02 00:00:00'", "TIMESTAMP '2024-01-02 03:04:05'"),
        ("DATE", "CAST('2024-01-02' AS VARCHAR)", "CAST('2024-02-30' AS VARCHAR)"),
        ("SMALLINT", "CAST(20.0 AS DOUBLE PRECISION)", "CAST(20.5 AS DOUBLE PRECISION)"),
        ("SMALLINT", "CAST(32767 AS BIGINT)", "CAST(32768 AS BIGINT)"),
        ("DECIMAL(4,2)", "CAST(0.1 AS DOUBLE PRECISION)", "CAST(0.125 AS DOUBLE PRECISION)"),
        ("DECIMAL(4,2)", "CAST(99.99 AS DECIMAL(9,3))", "CAST(99.996 AS DECIMAL(9,3))"),
        ("REAL", "CAST(0.1 AS DOUBLE PRECISION)", "CAST(1e300 AS DOUBLE PRECISION)"),
        ("BOOLEAN", "CAST('true' AS VARCHAR)", "CAST('maybe' AS VARCHAR)"),
    ],
)
def test_a_value_fits_or_ends_the_load_with_a_sample(session, load, table, rows, stored, kept, lost):
    table(f"SELECT CAST(NULL AS {stored}) AS x")
    load(f"SELECT {kept} AS x", SchemaMode.IGNORE)

    assert 1 == sum(x is not None for (x,) in rows())
    asks = session.connection.capabilities.try_cast or session.connection.capabilities.validates_input
    with pytest.raises(LoadRefused if asks else InterlaceError) as caught:
        load(f"SELECT {lost} AS x", SchemaMode.IGNORE)

    assert 2 == len(rows())
    if isinstance(caught.value, LoadRefused):
        assert 1 == len(caught.value.sample)
        assert "Values that do not fit: 1." in str(caught.value)


def test_lenient_says_how_many_values_became_null(session, load, table):
    if not session.connection.capabilities.try_cast:
        pytest.skip("the session cannot TRY_CAST, so 'lenient' is refused")
    table()
    counts = load(BATCHES["no_number"], SchemaMode.LENIENT)

    assert 2 == counts.inserted
    assert ["Values that did not fit and became NULL: 1."] == [n.split(". ", 1)[1] for n in counts.notices]


def test_a_renamed_column_keeps_its_values(session, load, table, rows):
    table()
    load("SELECT 2 AS id, 20 AS amount", renamed={"amount": "n"})

    assert [(1, 10), (2, 20)] == rows()
    assert ["id", "amount"] == [c.name for c in session.columns(TARGET)]


def test_a_rename_that_was_done_is_no_rename_any_more(load, table, rows):
    table()
    for number in (2, 3):
        load(f"SELECT {number} AS id, 20 AS amount", renamed={"amount": "n"})

    assert [(1, 10), (2, 20), (3, 20)] == rows()


def test_a_type_that_neither_side_holds_says_what_to_do(load, table):
    table()
    with pytest.raises(InvalidModel) as caught:
        load(BATCHES["text"])

    assert "'n' is INTEGER in the table and" in str(caught.value).replace("integer", "INTEGER")
    assert "flexible" in str(caught.value.hint)


def test_lists_widen_by_their_elements(session, load, table, rows):
    brackets = session.connection.dialect == "duckdb"
    table("SELECT [1] AS l" if brackets else "SELECT ARRAY[1] AS l")
    load("SELECT [3000000000::BIGINT] AS l" if brackets else "SELECT ARRAY[3000000000::BIGINT] AS l")

    assert [([1],), ([3_000_000_000],)] == rows()


def test_structures_get_the_fields_of_both(session, load, table, rows):
    if session.connection.dialect != "duckdb":
        pytest.skip("only DuckDB has structures")
    table("SELECT {'a': 1::SMALLINT, 'b': 'x'} AS s")
    load("SELECT {'c': DATE '2024-01-02', 'a': 70000} AS s")

    assert [({"a": 1, "b": "x", "c": None},), ({"a": 70000, "b": None, "c": date(2024, 1, 2)},)] == rows()


def test_decimals_widen(load, table, rows):
    table("SELECT CAST(1.5 AS DECIMAL(4,1)) AS d")
    load("SELECT CAST(12345.25 AS DECIMAL(9,2)) AS d")

    assert [(Decimal("1.50"),), (Decimal("12345.25"),)] == rows()
