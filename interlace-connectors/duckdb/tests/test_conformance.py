"""The connection suite, on a DuckDB file and in memory."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from interlace.contracts.connection import Connection
from interlace.testing.conformance.connection import ConnectionConformance
from interlace_duckdb.config import DuckDBOptions
from interlace_duckdb.connection import DuckDBConnection
from interlace_duckdb.lake import DuckLakeConnection, DuckLakeOptions

# ibis 12 asks DuckDB 1.5 for Arrow by a name that is deprecated there.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


class TestFile(ConnectionConformance):
    reported_as = "duckdb"

    @pytest.fixture
    def connect(self, tmp_path: Path) -> Callable[[], Connection]:
        return lambda: DuckDBConnection("warehouse", DuckDBOptions(path="data/warehouse.duckdb"), root=tmp_path)


class TestMemory(ConnectionConformance):
    reported_as = "duckdb in memory"

    @pytest.fixture
    def connect(self, tmp_path: Path) -> Callable[[], Connection]:
        return lambda: DuckDBConnection("memory", DuckDBOptions(path=":memory:"), root=tmp_path)


@pytest.mark.slow  # each scenario loads DuckLake, which takes a tenth of a second
class TestLake(ConnectionConformance):
    reported_as = "ducklake"

    @pytest.fixture
    def connect(self, tmp_path: Path, need: Callable[..., None]) -> Callable[[], Connection]:
        need(*([] if find_spec("duckdb_extension_ducklake") else ["duckdb-extension-ducklake"]))
        options = DuckLakeOptions(catalog="lake/catalog.ducklake", data_path="lake/data")
        return lambda: DuckLakeConnection("lake", options, root=tmp_path)
