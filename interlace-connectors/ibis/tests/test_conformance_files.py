"""The connection suite, on files that DataFusion, Polars and Spark read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import interlace_ibis.connection
from interlace.contracts.connection import Connection
from interlace.contracts.relation import Relation
from interlace.testing.conformance.connection import ConnectionConformance
from interlace_ibis.config import FilesOptions, SparkOptions

pytestmark = pytest.mark.slow  # hundreds of scenarios; DuckDB's are quick


class OverFiles(ConnectionConformance):
    """What is only read has its table before it is opened."""

    backend: str
    options: type[FilesOptions] = FilesOptions

    @pytest.fixture
    def connect(self, tmp_path: Path) -> Callable[[], Connection]:
        rows = {"id": pa.array([1, 2, 3], pa.int32()), "item": pa.array(["apple", "pear", None])}
        pq.write_table(pa.table(rows), tmp_path / "orders.parquet")
        made = getattr(interlace_ibis.connection, self.backend)
        return lambda: made("files", self.options(tables={"orders": "*.parquet"}), root=tmp_path)

    @pytest.fixture
    def orders(self, schema: str) -> Relation:
        return Relation("orders", schema)

    @pytest.fixture
    def slow_query(self) -> str:
        return "SELECT count(*) AS n FROM " + ", ".join(f"orders AS o{n}" for n in range(30))


class TestDataFusion(OverFiles):
    backend = "datafusion"
    reported_as = "datafusion"


class TestPolars(OverFiles):
    backend = "polars"
    reported_as = "polars"


@pytest.mark.soak  # Spark's Java takes seconds to begin, and each query a tenth of one
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # the socket to Java lives as long as the process
class TestSpark(OverFiles):
    backend = "pyspark"
    reported_as = "pyspark"
    options = SparkOptions

    @pytest.fixture(autouse=True)
    def spark(self, spark_session) -> None:
        """It stays up between the tests."""
