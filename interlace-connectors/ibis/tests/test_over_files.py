"""Files that an engine in this process reads as tables: sources of models that live elsewhere."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

import interlace_ibis.connection as connections
from interlace import Project
from interlace.contracts.relation import Relation
from interlace.errors import ConnectionFailure, InvalidProject, QueryFailed, UnsupportedCapability
from interlace_ibis.config import FilesOptions

ENGINES = ["datafusion", "polars"]

engines = pytest.mark.parametrize("engine", ENGINES)


@pytest.fixture
def connect(tmp_path):
    made = []

    def make(engine, **tables):
        made.append(getattr(connections, engine)("lake", FilesOptions(tables=tables), root=tmp_path))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


@pytest.fixture
def shop(tmp_path):
    """A project whose models are on DuckDB and read two days of orders, and their items in CSV."""
    (tmp_path / "data/orders").mkdir(parents=True)
    (tmp_path / "models").mkdir()
    for day in (1, 2):
        rows = {"id": [day * 10, day * 10 + 1], "item": ["apple", "pear"], "day": [date(2024, 1, day)] * 2}
        pq.write_table(pa.table(rows), tmp_path / f"data/orders/{day}.parquet")
    (tmp_path / "data/items.csv").write_text("item,price\napple,1.5\npear,2.0\n")
    (tmp_path / "models/dear.sql").write_text(
        "SELECT o.id, i.price FROM orders o JOIN items i USING (item) WHERE i.price > 1.8"
    )
    (tmp_path / "models/days.py").write_text(
        "import ibis\nfrom interlace import model\n\n\n@model\ndef days(orders: ibis.Table):\n"
        "    return orders.group_by('day').aggregate(orders=lambda t: t.count())\n"
    )

    def configure(engine, more=""):
        (tmp_path / "config.yaml").write_text(
            "connections:\n"
            "  default: {type: duckdb, path: shop.duckdb}\n"
            f"  lake: {{type: {engine}, tables: {{orders: data/orders/*.parquet, items: data/items.csv}}}}\n"
            "sources:\n"
            "  orders: {connection: lake, relation: orders}\n"
            f"  items: {{connection: lake, relation: items}}\n{more}"
        )
        return tmp_path

    return configure


@engines
def test_models_of_another_engine_read_files_through_it(shop, engine):
    root = shop(engine)
    with Project.load(root) as project:
        outcome = project.run()

    assert 0 == outcome.exit_code
    with duckdb.connect(str(root / "shop.duckdb")) as database:
        assert [(11, 2.0), (21, 2.0)] == database.execute("SELECT * FROM dear ORDER BY id").fetchall()
        assert [(date(2024, 1, 1), 2), (date(2024, 1, 2), 2)] == database.execute(
            "SELECT * FROM days ORDER BY 1"
        ).fetchall()


@engines
@pytest.mark.parametrize("materialise", ["table", "view"])
def test_a_model_on_it_is_refused_before_anything_runs(shop, engine, materialise):
    root = shop(engine)
    (root / "models/more.sql").write_text(
        f"-- @connection: lake\n-- @materialise: {materialise}\nSELECT id FROM orders\n"
    )

    with (
        pytest.raises(UnsupportedCapability, match="more is on connection 'lake', which is only read") as caught,
        Project.load(root) as project,
    ):
        project.run()
    assert "another connection" in caught.value.hint
    assert "more.sql" in str(caught.value)
    assert not (root / "shop.duckdb").exists()


@engines
def test_a_model_that_stands_in_its_readers_queries_may_be_on_it(shop, engine):
    root = shop(engine)
    (root / "models/few.sql").write_text(
        "-- @connection: lake\n-- @materialise: ephemeral\nSELECT id FROM orders WHERE id < 20\n"
    )
    (root / "models/more.py").write_text(
        "import pyarrow as pa\nfrom interlace import model\n\n\n@model\ndef more(few: pa.Table):\n    return few\n"
    )
    with Project.load(root) as project:
        outcome = project.run(select=["more"])

    assert 0 == outcome.exit_code
    with duckdb.connect(str(root / "shop.duckdb")) as database:
        assert [(10,), (11,)] == database.execute("SELECT * FROM more ORDER BY 1").fetchall()


@engines
@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE made AS SELECT 1 AS id",
        "DROP TABLE orders",
        "INSERT INTO orders VALUES (1)",
        "DELETE FROM orders",
        "COPY (SELECT 1 AS id) TO 'made.parquet'",
        "TRUNCATE TABLE orders",
        "SELECT 1; DROP TABLE orders",
    ],
)
def test_what_is_no_query_is_refused(connect, tmp_path, engine, sql):
    pq.write_table(pa.table({"id": [1]}), tmp_path / "orders.parquet")
    session = connect(engine, orders="orders.parquet").session()

    for ask in (session.execute, session.fetch, session.arrow, session.describe):
        with pytest.raises(UnsupportedCapability, match=r"Interlace writes nothing to (DataFusion|Polars)"):
            ask(sql)
    assert [(1,)] == session.fetch("SELECT * FROM main.orders")
    assert [tmp_path / "orders.parquet"] == sorted(tmp_path.iterdir())


@engines
def test_parquet_csv_and_lines_of_json_are_tables_of_these_names(connect, tmp_path, engine):
    table = pa.table({"id": [1, 2], "item": ["a", None]})
    pq.write_table(table, tmp_path / "a.parquet")
    pyarrow.csv.write_csv(table, tmp_path / "b.csv")
    (tmp_path / "c.jsonl").write_text('{"id": 1, "item": "a"}\n{"id": 2, "item": null}\n')
    session = connect(engine, one="a.parquet", two="b.csv", three="c.jsonl").session()

    assert ["one", "three", "two"] == [relation.name for relation in session.catalogue(["main"])]
    for name in ("one", "two", "three"):
        assert [(1, "a"), (2, None)] == session.fetch(f"SELECT id, item FROM {name} ORDER BY id")


@engines
def test_values_come_as_arrow_types_that_others_take(connect, tmp_path, engine):
    at = datetime(2024, 3, 31, 2, 30, 0, 123456, tzinfo=UTC)
    table = pa.table(
        {
            "text": pa.array(["grün", None]).dictionary_encode(),
            "bytes": pa.array([b"\x00\xff", None]),
            "truth": [True, None],
            "money": pa.array([Decimal("12345678901234.56"), None], pa.decimal128(18, 2)),
            "at": pa.array([at, None], pa.timestamp("us", tz="UTC")),
            "day": [date(2024, 2, 29), None],
            "list": [[1, 2], None],
        }
    )
    pq.write_table(table, tmp_path / "all.parquet")
    read = connect(engine, everything="all.parquet").session().arrow("SELECT * FROM everything").read_all()

    assert table.to_pylist() == read.to_pylist()
    assert [
        pa.string(),
        pa.binary(),
        pa.bool_(),
        pa.decimal128(18, 2),
        pa.timestamp("us", tz="UTC"),
    ] == read.schema.types[:5]


@engines
def test_a_large_file_is_streamed(connect, tmp_path, engine):
    pq.write_table(pa.table({"id": range(300_000)}), tmp_path / "a.parquet", row_group_size=50_000)
    reader = connect(engine, a="a.parquet").session().arrow("SELECT id FROM a", batch_size=20_000)
    sizes = [batch.num_rows for batch in reader]

    assert 300_000 == sum(sizes)
    assert max(sizes) <= 20_000


@engines
def test_a_table_that_is_not_there_names_those_that_are(connect, tmp_path, engine):
    pq.write_table(pa.table({"id": [1]}), tmp_path / "a.parquet")

    with pytest.raises(QueryFailed, match=r"no such table: main\.b; there are a"):
        connect(engine, a="a.parquet").session().columns(Relation("b", "main"))


@engines
def test_a_pattern_without_a_file_is_said_when_it_is_opened(connect, engine):
    with pytest.raises(
        ConnectionFailure, match=r"\(lake\): the table 'orders' has no file 'data/\*\.parquet'"
    ) as caught:
        connect(engine, orders="data/*.parquet").open()
    assert not caught.value.transient


@engines
def test_a_file_that_is_none_of_its_kind_is_said_when_it_is_opened(connect, tmp_path, engine):
    (tmp_path / "a.parquet").write_text("no parquet" * 100)

    with pytest.raises(ConnectionFailure, match=r"(DataFusion|Polars) \(lake\): ") as caught:
        connect(engine, orders="a.parquet").open()
    assert not caught.value.transient


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({}, "at least 1 item"),
        ({"orders": "data/orders.xlsx"}, "'data/orders.xlsx' ends in none of .parquet, .csv, .jsonl, .ndjson"),
        ({"my orders": "a.csv"}, "the table 'my orders': its name may have letters, digits and _"),
        ({"a": "a.csv", "A": "b.csv"}, "names a table twice: a, A"),
    ],
)
def test_tables_that_cannot_be_are_refused(tables, said):
    with pytest.raises(ValidationError, match=said.replace(".", r"\.")):
        FilesOptions(tables=tables)


def test_an_unknown_key_of_the_connection_is_named(shop):
    root = shop("polars")
    text = (root / "config.yaml").read_text().replace("tables:", "table:")
    (root / "config.yaml").write_text(text)

    with (
        pytest.raises(
            InvalidProject, match=r"unknown key 'table' under 'connections\.lake'(.|\n)*Did you mean 'tables'"
        ),
        Project.load(root) as project,
    ):
        project.run()


def _write(folder, name, columns, suffix):
    table = pa.table(columns)
    if suffix == "parquet":
        pq.write_table(table, folder / f"{name}.parquet")
    else:
        pyarrow.csv.write_csv(table, folder / f"{name}.csv")


@engines
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_columns_of_several_files_go_by_their_names_or_are_refused(connect, tmp_path, engine, suffix):
    _write(tmp_path, "a", {"one": [1], "two": [2]}, suffix)
    _write(tmp_path, "b", {"two": [20], "one": [10]}, suffix)
    try:
        found = connect(engine, both=f"*.{suffix}").session().fetch("SELECT one, two FROM both ORDER BY 1")
    except (ConnectionFailure, QueryFailed) as error:
        found = str(error)

    assert found == [(1, 2), (10, 20)] or "column" in found or "schema" in found


@engines
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_files_of_other_columns_are_refused(connect, tmp_path, engine, suffix):
    _write(tmp_path, "a", {"one": [1], "two": [2]}, suffix)
    _write(tmp_path, "b", {"one": [10], "three": [30]}, suffix)

    with pytest.raises((ConnectionFailure, QueryFailed), match="three"):
        connect(engine, both=f"*.{suffix}").session().fetch("SELECT * FROM both")
