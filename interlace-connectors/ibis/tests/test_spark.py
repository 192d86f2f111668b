"""Files that Spark reads as tables, with a real Spark."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import interlace_ibis.connection as connections
from interlace import Project
from interlace.errors import ConnectionFailure, QueryFailed, UnsupportedCapability
from interlace_ibis.config import SparkOptions

pytestmark = [
    pytest.mark.soak,  # Spark's Java takes seconds to begin
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("spark_session"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),  # the socket to Java lives as long as the process
]


@pytest.fixture
def connect(tmp_path):
    made = []

    def make(**tables):
        made.append(connections.pyspark("lake", SparkOptions(tables=tables), root=tmp_path))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


def test_models_of_another_engine_read_files_through_it(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "config.yaml").write_text(
        "connections:\n"
        "  default: {type: duckdb, path: shop.duckdb}\n"
        "  lake: {type: pyspark, tables: {orders: orders/*.parquet}}\n"
        "sources:\n"
        "  orders: {connection: lake, relation: orders}\n"
    )
    (tmp_path / "models/dear.sql").write_text("SELECT id, price * 2 AS twice FROM orders WHERE price > 1")
    (tmp_path / "orders").mkdir()
    pq.write_table(pa.table({"id": [1, 2], "price": [0.5, 1.5]}), tmp_path / "orders/a.parquet")
    pq.write_table(pa.table({"price": [2.5], "id": [3]}), tmp_path / "orders/b.parquet")
    with Project.load(tmp_path) as project:
        assert 0 == project.run().exit_code

    with duckdb.connect(str(tmp_path / "shop.duckdb")) as database:
        assert [(2, 3.0), (3, 5.0)] == database.execute("SELECT * FROM dear ORDER BY id").fetchall()
    assert ["a.parquet", "b.parquet"] == sorted(path.name for path in (tmp_path / "orders").iterdir())


def test_a_model_on_it_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "config.yaml").write_text("connections: {default: {type: spark, tables: {orders: orders.csv}}}\n")
    (tmp_path / "models/dear.sql").write_text("SELECT 1 AS id")
    (tmp_path / "orders.csv").write_text("id\n1\n")

    with (
        pytest.raises(UnsupportedCapability, match="dear is on connection 'default', which is only read"),
        Project.load(tmp_path) as project,
    ):
        project.run()


def test_files_that_came_since_are_there_when_it_is_opened_again(connect, tmp_path):
    pq.write_table(pa.table({"id": [1]}), tmp_path / "a.parquet")
    first = connect(orders="*.parquet")
    seen = [first.session().fetch("SELECT id FROM orders")]
    first.close()
    pq.write_table(pa.table({"id": [2]}), tmp_path / "b.parquet")
    seen.append(connect(orders="*.parquet").session().fetch("SELECT id FROM orders ORDER BY id"))

    assert [[(1,)], [(1,), (2,)]] == seen


def test_files_of_other_columns_are_refused(connect, tmp_path):
    for name, columns in (("a", {"one": [1]}), ("b", {"two": [2]})):
        pq.write_table(pa.table(columns), tmp_path / f"{name}.parquet")
        pyarrow.csv.write_csv(pa.table(columns), tmp_path / f"{name}.csv")

    with pytest.raises(ConnectionFailure, match=r"b\.parquet has the columns two, and others of orders have one"):
        connect(orders="*.parquet").open()
    with pytest.raises((ConnectionFailure, QueryFailed), match="CSV header does not conform"):
        connect(orders="*.csv").session().fetch("SELECT * FROM orders")


def test_a_path_that_spark_takes_for_a_pattern_is_refused(connect, tmp_path):
    pq.write_table(pa.table({"id": [1]}), tmp_path / "a[1].parquet")

    with pytest.raises(ConnectionFailure, match=r"Spark takes the path .*a\[1\]\.parquet for a pattern: rename it"):
        connect(orders="*.parquet").open()
