"""The connection suite, on a MariaDB server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

import interlace_ibis.connection
from interlace.contracts.connection import Connection
from interlace.testing.conformance.connection import ConnectionConformance
from interlace_ibis.config import ServerOptions

pytestmark = pytest.mark.slow  # hundreds of scenarios on a server or a file; DuckDB's are quick


class TestMariaDB(ConnectionConformance):
    reported_as = "mysql"

    @pytest.fixture
    def connect(self, mariadb_url: str, tmp_path: Path) -> Callable[[], Connection]:
        return lambda: interlace_ibis.connection.mysql("shop", ServerOptions(url=mariadb_url), root=tmp_path)

    @pytest.fixture
    def slow_query(self) -> str:
        """Joins; a recursion ends after a thousand steps there."""
        return "SELECT count(*) AS n FROM seq_1_to_1000000 AS a CROSS JOIN seq_1_to_1000000 AS b"

    @pytest.fixture
    def kept_values(self) -> Mapping[str, tuple[pa.DataType, object]]:
        """It has no NaN, and a moment with a zone comes without it from `fetch`."""
        return {
            "whole": (pa.int64(), 2**53 + 1),
            "real": (pa.float64(), 0.1),
            "text": (pa.string(), "grün \N{SNOWMAN} 'quoted' \"twice\""),
            "empty": (pa.string(), ""),
            "truth": (pa.bool_(), True),
            "bytes": (pa.binary(), b"\x00\xff"),
            "day": (pa.date32(), date(1970, 2, 28)),
            "moment": (pa.timestamp("us"), datetime(2024, 3, 31, 2, 30, 0, 123456)),  # noqa: DTZ001  a naive one is meant
            "money": (pa.decimal128(18, 2), Decimal("1234567890123456.78")),
            "nothing": (pa.int64(), None),
        }
