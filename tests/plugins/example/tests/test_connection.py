from __future__ import annotations

import pyarrow as pa
import pytest

from interlace.testing.conformance.connection import ConnectionConformance


class TestExampleConnection(ConnectionConformance):
    @pytest.fixture
    def connect(self, connect):
        return connect

    # YOURS: leave it out where the system has all the types of the suite.
    @pytest.fixture
    def kept_values(self):
        """SQLite keeps whole numbers, reals, texts and bytes; NaN is NULL in it, dates and decimals are text."""
        return {
            "whole": (pa.int64(), 2**53 + 1),
            "real": (pa.float64(), 0.1),
            "text": (pa.string(), "grün \N{SNOWMAN} 'quoted' \"twice\""),
            "empty": (pa.string(), ""),
            "bytes": (pa.binary(), b"\x00\xff"),
            "nothing": (pa.int64(), None),
        }
