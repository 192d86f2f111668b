from __future__ import annotations

import gzip
import json
from decimal import Decimal

import pytest
from pydantic import ValidationError

from interlace_exporters.json_files import Json, JsonLines

ODD = """
SELECT * FROM (VALUES
  (1, 1.5::DOUBLE, 'it''s "x"', DATE '2024-01-02', TIMESTAMP '2024-01-02 03:04:05.5', 12345678901234567890.123456789::DECIMAL(38,9), true),
  (2, 'nan'::DOUBLE, '', NULL, NULL, NULL, NULL),
  (3, '-inf'::DOUBLE, NULL, NULL, NULL, NULL, false),
  (4, 'inf'::DOUBLE, E'grün ☃\\n\\t', NULL, NULL, NULL, NULL)
) AS t(i, d, "te xt", "day", ts, "dec", b) ORDER BY i
"""


def strictly(text):
    """As a strict reader takes it: NaN is no JSON, decimals are exact."""

    def refuse(word):
        raise ValueError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse, parse_float=Decimal)


def test_values_are_the_same_by_engine_and_arrow(export):
    def row(*values):
        return dict(zip(["i", "d", "te xt", "day", "ts", "dec", "b"], values, strict=True))

    assert [
        row(
            1,
            Decimal("1.5"),
            'it\'s "x"',
            "2024-01-02",
            "2024-01-02 03:04:05.5",
            Decimal("12345678901234567890.123456789"),
            True,
        ),
        row(2, None, "", None, None, None, None),
        row(3, None, None, None, None, None, False),
        row(4, None, "grün ☃\n\t", None, None, None, None),
    ] == strictly(export(Json, ODD).read_text(encoding="utf-8"))


def test_nested_values_keep_their_shape(export):
    sql = """SELECT {'a': [1, NULL], 'b c': {'x': DATE '2024-01-01'}} AS s, MAP {'k': 2, 'l': NULL} AS m,
             [[1], NULL, []] AS l, NULL::INTEGER[] AS n, '{"j": [1, 2.50]}'::JSON AS j, 'x'::ENUM('x') AS e"""

    assert [
        {
            "s": {"a": [1, None], "b c": {"x": "2024-01-01"}},
            "m": {"k": 2, "l": None},
            "l": [[1], None, []],
            "n": None,
            "j": {"j": [1, Decimal("2.50")]},
            "e": "x",
        }
    ] == strictly(export(Json, sql).read_text(encoding="utf-8"))


def test_nan_deep_inside_is_null_too(export):
    sql = "SELECT [1.5, 'nan'::DOUBLE] AS l, {'x': 'inf'::FLOAT} AS s, MAP {'k': 'nan'::DOUBLE} AS m"

    assert [{"l": [1.5, None], "s": {"x": None}, "m": {"k": None}}] == strictly(export(Json, sql).read_text())


def test_large_numbers_keep_their_digits(export):
    sql = "SELECT 170141183460469231731687303715884105726::HUGEINT AS h, 9223372036854775807 AS b"

    assert [{"h": 170141183460469231731687303715884105726, "b": 9223372036854775807}] == strictly(
        export(Json, sql).read_text()
    )


@pytest.mark.parametrize(("exporter", "options"), [(Json, {"lines": True}), (JsonLines, {})])
def test_lines_hold_a_record_each(export, exporter, options):
    path = export(exporter, 'SELECT i, \'x\' AS "odd ""name""" FROM range(3) AS r(i) ORDER BY i', **options)

    assert [{"i": i, 'odd "name"': "x"} for i in range(3)] == [strictly(line) for line in path.read_text().splitlines()]


def test_no_rows_are_an_empty_array(export):
    assert [] == strictly(export(Json, "SELECT 1 AS a WHERE false").read_text())


def test_no_rows_are_an_empty_file_of_lines(export):
    assert "" == export(JsonLines, "SELECT 1 AS a WHERE false").read_text()


def test_many_batches_are_one_array(export):
    path = export(Json, "SELECT i FROM range(250000) AS r(i)")

    assert [{"i": i} for i in range(250_000)] == strictly(path.read_text())


def test_it_is_compressed_as_the_path_ends(export):
    path = export(JsonLines, "SELECT 1 AS a", name="out.jsonl.gz")

    assert {"a": 1} == strictly(gzip.decompress(path.read_bytes()))


def test_lines_are_no_option_of_lines():
    with pytest.raises(ValidationError, match="lines"):
        JsonLines.Config.model_validate({"path": "x", "lines": True})
