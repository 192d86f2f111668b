"""Rows that trip others: differing shapes, NaN, NULL, time zones, decimals, nested types, nothing at all."""

from __future__ import annotations

import math

import pytest


@pytest.fixture
def rows(project):
    """A function that loads what a Python expression gives, and asks the table."""

    def load(expression, select="*", imports=""):
        project.write(
            "models/a.py", f"from interlace import model\n{imports}\n\n@model()\ndef a():\n    return {expression}\n"
        )
        project.run()
        return project.query(f"SELECT {select} FROM a")

    return load


def test_rows_of_differing_shapes_are_joined_by_name(rows):
    assert [(1, None), (2, "two"), (None, "three")] == rows("[{'id': 1}, {'id': 2, 'name': 'two'}, {'name': 'three'}]")


def test_a_generator_of_differing_shapes_is_joined_by_name(project):
    project.write(
        "models/a.py",
        "from interlace import model\n\n@model()\ndef a():\n    yield {'id': 1}\n    yield {'id': 2, 'name': 'two'}\n",
    )

    project.run()

    assert [(1, None), (2, "two")] == project.query("SELECT id, name FROM a ORDER BY id")


def test_whole_numbers_and_fractions_in_one_column_become_fractions(rows):
    assert [(1.0,), (2.5,)] == rows("[{'n': 1}, {'n': 2.5}]")


def test_nan_and_null_stay_apart(rows):
    [(nan,), (null,), (one,)] = rows("[{'n': float('nan')}, {'n': None}, {'n': 1.0}]")

    assert math.isnan(nan)
    assert null is None
    assert 1.0 == one


def test_nan_and_none_of_pandas_are_what_pandas_says(rows):
    found = rows("pd.DataFrame({'n': [1.0, float('nan')], 's': ['x', None]})", imports="import pandas as pd")

    assert (1.0, "x") == found[0]
    assert found[1][1] is None


def test_decimals_are_exact(rows):
    import decimal

    found = rows(
        "[{'n': Decimal('0.10')}, {'n': Decimal('12345678901234567890.123')}]", imports="from decimal import Decimal"
    )

    assert [decimal.Decimal("0.100"), decimal.Decimal("12345678901234567890.123")] == [n for (n,) in found]


def test_moments_with_different_zones_are_one_moment(rows):
    imports = "from datetime import datetime\nfrom zoneinfo import ZoneInfo"
    expression = "[{'moment': datetime(2026, 7, 1, 12, tzinfo=ZoneInfo('Europe/Berlin'))}, {'moment': datetime(2026, 7, 1, 10, tzinfo=ZoneInfo('UTC'))}]"

    assert [(1,)] == rows(expression, "count(DISTINCT moment)", imports)


def test_a_moment_with_a_zone_keeps_it_and_one_without_has_none(project):
    project.python(
        "a",
        """
        from datetime import UTC, datetime
        from interlace import model

        @model()
        def a():
            return [{"aware": datetime(2026, 7, 1, 10, tzinfo=UTC), "naive": datetime(2026, 7, 1, 10)}]
    """,
    )

    project.run()

    assert {"aware": "TIMESTAMP WITH TIME ZONE", "naive": "TIMESTAMP"} == project.types("a")


def test_lists_and_structs_are_kept(rows):
    assert [([1, 2], {"x": 1, "y": "z"}, [{"k": 1}])] == rows(
        "[{'l': [1, 2], 's': {'x': 1, 'y': 'z'}, 'd': [{'k': 1}]}]"
    )


def test_nested_rows_of_differing_shapes_are_joined(rows):
    assert [({"x": 1, "y": None},), ({"x": None, "y": 2},)] == rows("[{'s': {'x': 1}}, {'s': {'y': 2}}]")


def test_bytes_dates_times_intervals_uuids_and_booleans_have_their_types(project):
    project.python(
        "a",
        """
        from datetime import date, time, timedelta
        from uuid import UUID
        from interlace import model

        @model()
        def a():
            return [{
                "b": b"\\x00\\xff", "d": date(2026, 1, 2), "t": time(3, 4, 5), "i": timedelta(hours=1),
                "u": UUID(int=1), "f": True,
            }]
    """,
    )

    project.run()

    types = project.types("a")
    assert ("BLOB", "DATE", "TIME", "INTERVAL", "BOOLEAN") == tuple(types[c] for c in "bdtif")
    assert types["u"] in ("UUID", "VARCHAR")


def test_a_column_of_only_nulls_is_loaded(project):
    project.write(
        "models/a.py", "from interlace import model\n\n@model()\ndef a():\n    return [{'id': 1, 'note': None}]\n"
    )

    project.run()

    assert [(1, None)] == project.query("FROM a")


def test_a_large_integer_is_exact(rows):
    assert [(2**63 - 1,)] == rows("[{'n': 2**63 - 1}]")


def test_text_with_every_kind_of_character_is_kept(rows):
    text = "a'b\"c\\d\n\t€ 🦆 \u202e"

    assert [(text,)] == rows(f"[{{'t': {text!r}}}]")


def test_zero_rows_of_arrow_keep_their_columns(project):
    project.write(
        "models/a.py",
        "import pyarrow as pa\nfrom interlace import model\n\n@model()\ndef a():\n    return pa.table({'id': pa.array([], pa.int32())})\n",
    )

    project.run()

    assert {"id": "INTEGER"} == project.types("a")


def test_zero_columns_are_refused(project):
    project.write(
        "models/a.py",
        "import pyarrow as pa\nfrom interlace import model\n\n@model()\ndef a():\n    return pa.table({})\n",
    )

    assert "column" in project.fails("run", code=1)


def test_a_table_that_becomes_empty_is_a_warning(project):
    project.sql("a", "SELECT 1 AS id")
    project.run()
    project.sql("a", "SELECT 1 AS id WHERE false")

    said = project.run()

    assert "a is empty now and had 1 rows" in said.out
    assert [] == project.query("FROM a")


def test_a_table_that_becomes_empty_is_refused_where_the_project_says_so(project):
    project.write(
        "config.yaml", "connections:\n  default: {type: duckdb, path: warehouse.duckdb}\nallow_empty: error\n"
    )
    project.sql("a", "SELECT 1 AS id")
    project.run()
    project.sql("a", "SELECT 1 AS id WHERE false")

    project.fails("run", code=1)

    assert [(1,)] == project.query("FROM a")


def test_two_columns_that_differ_only_by_case_are_refused(project):
    project.write("models/a.py", "from interlace import model\n\n@model()\ndef a():\n    return [{'id': 1, 'ID': 2}]\n")

    assert "ID" in project.fails("run", code=1)


def test_a_million_rows_pass_through_in_batches(project):
    project.python(
        "a",
        """
        import pyarrow as pa
        from interlace import model

        @model()
        def a():
            for start in range(0, 1_000_000, 100_000):
                yield pa.table({"id": pa.array(range(start, start + 100_000))})
    """,
    )
    project.python(
        "b",
        """
        import pyarrow as pa
        from interlace import model

        @model()
        def b(a: pa.RecordBatchReader):
            for batch in a:
                yield batch
    """,
    )

    project.run()

    assert [(1_000_000, 999_999)] == project.query("SELECT count(*), max(id) FROM b")
