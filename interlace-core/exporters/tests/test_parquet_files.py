from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from interlace.errors import ExportFailed
from interlace_exporters.parquet_files import Parquet


def read(path):
    return pq.ParquetFile(path).read()


def test_values_are_the_same_by_engine_and_arrow(export):
    sql = """SELECT 1 AS i, 'nan'::DOUBLE AS d, 'grün "x"' AS t, DATE '2024-01-02' AS "the day",
             TIMESTAMP '2024-01-02 03:04:05.5' AS ts, TIMESTAMPTZ '2024-01-02 03:04:05+02' AS tz,
             1.50::DECIMAL(9,2) AS c, true AS b, [1, NULL] AS l, {'a': 1} AS s, MAP {'k': 1} AS m, NULL::INTEGER AS n,
             'x'::ENUM('x') AS e, '\\x00'::BLOB AS y"""
    row = read(export(Parquet, sql)).to_pylist()[0]

    assert math.isnan(row.pop("d"))
    assert {
        "i": 1,
        "t": 'grün "x"',
        "the day": date(2024, 1, 2),
        "ts": datetime(2024, 1, 2, 3, 4, 5, 500_000),  # noqa: DTZ001  a naive one is meant
        "tz": datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC),
        "c": Decimal("1.50"),
        "b": True,
        "l": [1, None],
        "s": {"a": 1},
        "m": [("k", 1)],
        "n": None,
        "e": "x",
        "y": b"\x00",
    } == row


def test_a_sum_of_integers_keeps_its_digits(export):
    table = read(export(Parquet, "SELECT sum(i) + 9007199254740993 AS s FROM range(1) AS r(i)"))

    assert pa.decimal128(38, 0) == table.schema.field("s").type
    assert [Decimal(9007199254740993)] == table["s"].to_pylist()


def test_no_rows_keep_the_columns(export):
    table = read(export(Parquet, "SELECT 1::BIGINT AS a, 'x' AS b WHERE false"))

    assert (0, [("a", "int64"), ("b", "string")]) == (table.num_rows, [(f.name, str(f.type)) for f in table.schema])


@pytest.mark.parametrize(
    ("said", "stored"), [("snappy", "SNAPPY"), ("zstd", "ZSTD"), ("gzip", "GZIP"), ("none", "UNCOMPRESSED")]
)
def test_it_is_compressed_as_asked(export, said, stored):
    path = export(Parquet, "SELECT i FROM range(1000) AS r(i)", compression=said)

    assert stored == pq.ParquetFile(path).metadata.row_group(0).column(0).compression


def test_row_groups_have_the_size_that_was_asked_for(export):
    path = export(Parquet, "SELECT i FROM range(10000) AS r(i)", row_group_size=4096)
    metadata = pq.ParquetFile(path).metadata

    assert [4096, 4096, 1808] == [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]


def test_a_type_that_parquet_has_not_is_named(session, tmp_path):
    path = tmp_path / "out"
    options = Parquet.Config(path=str(path))
    with pytest.raises(ExportFailed, match="out cannot be written"):
        Parquet().export(session, "SELECT 1::HUGEINT AS h, INTERVAL 1 DAY AS i", path, options)

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("options", [{"compression": "lzo"}, {"row_group_size": 0}, {"header": True}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ValidationError):
        Parquet.Config.model_validate({"path": "x", **options})
