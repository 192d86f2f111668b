from __future__ import annotations

import gzip
import math
import struct

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from interlace.contracts.relation import Relation
from interlace_exporters.csv_files import Csv, _write, _write_arrow

ODD = """
SELECT * FROM (VALUES
  (1, 1.0::DOUBLE, 'plain', DATE '2024-01-02', TIMESTAMP '2024-01-02 03:04:05', 1.50::DECIMAL(9,2), true, TIME '01:02:03.25'),
  (2, 'nan'::DOUBLE, 'it''s "x", y', NULL, NULL, NULL, NULL, NULL),
  (3, '-inf'::DOUBLE, '', DATE '0044-03-15', TIMESTAMP '2024-01-02 00:00:00.5', -0.05, false, TIME '00:00:00'),
  (4, 1e20, NULL, DATE '9999-12-31', TIMESTAMP '1969-12-31 23:59:59.999999', 0, NULL, NULL),
  (5, 1e-7, '#c', NULL, NULL, NULL, NULL, NULL),
  (6, '-0.0'::DOUBLE, E'two\\nlines', NULL, NULL, NULL, NULL, NULL),
  (7, 123456789.125, 'grün ☃ 𝄞', NULL, NULL, NULL, NULL, NULL)
) AS t(i, d, "te,xt", "day", ts, "dec", b, tm) ORDER BY i
"""


def test_values_are_written_the_same_by_engine_and_arrow(export):
    lines = export(Csv, ODD).read_text(encoding="utf-8")

    assert (
        'i,d,"te,xt",day,ts,dec,b,tm\n'
        "1,1.0,plain,2024-01-02,2024-01-02 03:04:05,1.50,true,01:02:03.25\n"
        '2,nan,"it\'s ""x"", y",,,,,\n'
        '3,-inf,"",0044-03-15,2024-01-02 00:00:00.5,-0.05,false,00:00:00\n'
        "4,1e+20,,9999-12-31,1969-12-31 23:59:59.999999,0.00,,\n"
        '5,1e-07,"#c",,,,,\n'
        '6,-0.0,"two\nlines",,,,,\n'
        "7,123456789.125,grün ☃ 𝄞,,,,,\n"
    ) == lines


def test_rarer_types_are_written_the_same(export):
    sql = (
        "SELECT 0.1::FLOAT AS f, 16777216::FLOAT AS g, 2::HUGEINT AS h, 255::UTINYINT AS u, 'x'::ENUM('x') AS e, "
        "'\\x00a\\x22'::BLOB AS b, TIMESTAMPTZ '2024-01-02 03:04:05.5+02' AS z, "
        "TIMESTAMP_NS '2024-01-01 00:00:00.123456789' AS n, TIMESTAMP_S '2024-01-01 00:00:00' AS s, "
        "'00000000-0000-0000-0000-000000000001'::UUID AS id, NULL AS nothing"
    )

    assert (
        "f,g,h,u,e,b,z,n,s,id,nothing\n"
        "0.1,16777216.0,2,255,x,\\x00a\\x22,2024-01-02 01:04:05.5+00,2024-01-01 00:00:00.123456789,"
        "2024-01-01 00:00:00,00000000-0000-0000-0000-000000000001,\n"
    ) == export(Csv, sql).read_text(encoding="utf-8")


def test_nested_values_are_json(export):
    sql = "SELECT 1 AS id, {'a': [1, NULL], 'b c': 'x\"y'} AS s, MAP {'k': 1.5::DOUBLE} AS m, NULL::INTEGER[] AS l"

    assert ('id,s,m,l\n1,"{""a"":[1,null],""b c"":""x\\""y""}","{""k"":1.5}",\n') == export(Csv, sql).read_text(
        encoding="utf-8"
    )


def test_options_are_followed(export):
    sql = "SELECT * FROM (VALUES ('a|b', NULL, 'it''s'), ('NULL', 1, '')) AS t(x, y, z)"
    path = export(Csv, sql, header=False, delimiter="|", quote="'", null="NULL")

    assert "'a|b'|NULL|'it''s'\n'NULL'|1|\n" == path.read_text(encoding="utf-8")


def test_no_rows_leave_the_header(export):
    assert "a,b\n" == export(Csv, "SELECT 1 AS a, 2 AS b WHERE false").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "options"), [("out.csv.gz", {}), ("out.csv", {"compression": "gzip"})])
def test_it_is_compressed_as_asked_or_as_the_path_ends(export, name, options):
    path = export(Csv, "SELECT 1 AS a", name=name, **options)

    assert b"a\n1\n" == gzip.decompress(path.read_bytes())


def test_zstd(export):
    path = export(Csv, "SELECT 1 AS a", name="out.csv.zst")
    with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
        assert b"a\n1\n" == stream.read()


def test_many_batches_are_written_in_order(export):
    path = export(Csv, "SELECT i FROM range(250000) AS r(i)")

    assert [str(i) for i in range(250_000)] == path.read_text(encoding="utf-8").split()[1:]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"delimiter": ";;"}, "delimiter"),
        ({"delimiter": "\n"}, "delimiter"),
        ({"delimiter": '"'}, "delimiter and quote are both"),
        ({"null": "a,b"}, "holds the delimiter"),
        ({"compression": "zip"}, "compression"),
        ({"sep": ";"}, "sep"),
    ],
)
def test_wrong_options_are_refused(options, reason):
    with pytest.raises(ValidationError, match=reason):
        Csv.Config.model_validate({"path": "x", **options})


texts = (
    st.none()
    | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6)
    | st.sampled_from(["", "NULL", '"', ",", "#", "\n", "\r", " ", "a,b", '""', "\\"])
)


def floats(**kind):
    """All floats; NaN without a sign, which DuckDB would write."""
    return st.floats(**kind).map(lambda number: math.nan if math.isnan(number) else number)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.lists(st.tuples(texts, floats()), min_size=1, max_size=20))
def test_engine_and_arrow_write_the_same_bytes(session, tmp_path, rows):
    table = pa.table(
        {
            "n": pa.array(range(len(rows)), pa.int64()),
            "t": pa.array([row[0] for row in rows], pa.string()),
            "d": pa.array([row[1] for row in rows], pa.float64()),
        }
    )
    session.load_arrow(Relation("rows_to_write"), iter(table.to_batches()), table.schema)
    sql, options = "SELECT * FROM rows_to_write ORDER BY n", Csv.Config(path="x")
    _write(session, sql, tmp_path / "engine", options)
    _write_arrow(session, sql, tmp_path / "arrow", options)

    assert (tmp_path / "engine").read_bytes() == (tmp_path / "arrow").read_bytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.lists(floats(width=32), min_size=1, max_size=20))
def test_engine_and_arrow_write_the_same_numbers_of_32_bits(session, tmp_path, numbers):
    """Not the same digits: DuckDB writes now and then one more than it takes to tell a number from its neighbours."""
    table = pa.table({"n": pa.array(range(len(numbers)), pa.int64()), "f": pa.array(numbers, pa.float32())})
    session.load_arrow(Relation("rows_to_write"), iter(table.to_batches()), table.schema)
    sql, options = "SELECT f FROM rows_to_write ORDER BY n", Csv.Config(path="x")
    _write(session, sql, tmp_path / "engine", options)
    _write_arrow(session, sql, tmp_path / "arrow", options)

    engine, arrow = (
        [struct.pack("f", float(cell)) for cell in (tmp_path / name).read_text().split()[1:]]
        for name in ("engine", "arrow")
    )
    assert [struct.pack("f", number) for number in numbers] == engine == arrow
