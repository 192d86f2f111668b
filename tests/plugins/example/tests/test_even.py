from __future__ import annotations

import pytest

from interlace.testing.conformance.check import CheckConformance
from interlace_example.even import Even


class TestEven(CheckConformance):
    @pytest.fixture
    def connect(self, connect):
        return connect

    @pytest.fixture
    def check(self):
        return Even

    @pytest.fixture
    def rows(self):
        return 'SELECT 2 AS id, 3 AS "odd one" UNION ALL SELECT -4, -5 UNION ALL SELECT NULL, 6'

    @pytest.fixture
    def passing(self):
        return {"column": "id"}

    @pytest.fixture
    def failing(self):
        return {"column": "odd one"}

    def test_odd_numbers_are_counted(self, judge, rows, failing):
        assert "2 rows have an odd odd one" == judge(rows, failing).message
