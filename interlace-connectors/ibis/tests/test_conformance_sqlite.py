"""The connection suite, on a SQLite file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from interlace.contracts.connection import Connection
from interlace.testing.conformance.connection import ConnectionConformance
from interlace_ibis.config import SQLiteOptions
from interlace_ibis.connection import SQLiteConnection

pytestmark = pytest.mark.slow  # hundreds of scenarios on a server or a file; DuckDB's are quick


class TestSQLite(ConnectionConformance):
    reported_as = "sqlite"

    @pytest.fixture
    def connect(self, tmp_path: Path) -> Callable[[], Connection]:
        return lambda: SQLiteConnection("shop", SQLiteOptions(path="data/shop.sqlite"), root=tmp_path)

    @pytest.fixture
    def kept_values(self) -> Mapping[str, tuple[pa.DataType, object]]:
        """It has no NaN, no moments and no long decimals; `test_sqlite` says what becomes of those."""
        return {
            "whole": (pa.int64(), 2**53 + 1),
            "real": (pa.float64(), 0.1),
            "text": (pa.string(), "grün \N{SNOWMAN} 'quoted' \"twice\""),
            "empty": (pa.string(), ""),
            "truth": (pa.bool_(), True),
            "bytes": (pa.binary(), b"\x00\xff"),
            "nothing": (pa.int64(), None),
        }
