from __future__ import annotations

import importlib

import pytest

from interlace.testing.conformance.check import CheckConformance
from interlace_checks import plugin

ROWS = """
SELECT * FROM (VALUES
    (1, 'open', 10.5, 1, TIMESTAMP '2024-01-09 00:00:00'),
    (2, 'shut', 20.5, 1, TIMESTAMP '2024-01-08 00:00:00'),
    (3, 'open', NULL, 2, NULL),
    (4, 'x y', 30.5, 9, TIMESTAMP '2024-01-01 00:00:00')
) AS orders(id, status, "unit price", parent, "at")
"""
CASES = {
    "accepted_values": (
        {"column": "status", "values": ["open", "shut", "x y"]},
        {"column": "status", "values": ["open"]},
    ),
    "anomaly": ({"metric": "row_count"}, {"metric": "null_fraction", "column": "unit price", "threshold": 1}),
    "expression": ({"expression": '"unit price" > 10'}, {"expression": "id < 3 AND status <> 'shut'"}),
    "freshness": ({"column": "at", "max_age": "2d"}, {"column": "at", "max_age": "1h30m"}),
    "not_null": ({"columns": ["id", "status"]}, {"columns": "unit price"}),
    "pattern": ({"column": "status", "regex": "^[a-z ]+$"}, {"column": "status", "regex": "^[a-z]+$"}),
    "query": (
        {"query": "SELECT * FROM $this WHERE id > 4"},
        {"query": "SELECT a.* FROM $this AS a JOIN orders ON orders.id = a.parent WHERE a.id > 2"},
    ),
    "range": ({"column": "unit price", "min": 10, "max": 31}, {"column": "unit price", "min": 11, "max": 30}),
    "relationships": (
        {"column": "id", "to": "orders", "field": "id"},
        {"column": "parent", "to": "orders", "field": "id"},
    ),
    "row_count": ({"equals": 4}, {"min": 5}),
    "unique": ({"columns": ["status", "id"]}, {"columns": "status"}),
}


@pytest.fixture(params=[provider.name for provider in plugin.interlace_checks()])
def word(request):
    return request.param


class TestOurChecks(CheckConformance):
    @pytest.fixture
    def connect(self, connect):
        return connect

    @pytest.fixture
    def check(self, word):
        module, _, name = next(p.target for p in plugin.interlace_checks() if p.name == word).partition(":")
        return getattr(importlib.import_module(module), name)

    @pytest.fixture
    def rows(self):
        return ROWS

    @pytest.fixture
    def passing(self, word):
        return CASES[word][0]

    @pytest.fixture
    def failing(self, word):
        return CASES[word][1]

    @pytest.fixture
    def history(self, word):
        return (4.0, 3.0, 5.0, 4.0, 4.0, 4.0, 5.0) if word == "anomaly" else ()
