"""Which values fit, asked of DuckDB itself."""

from __future__ import annotations

import pytest

from interlace.contracts.connection import Capabilities
from interlace.schema.fitting import Fit


@pytest.fixture(scope="module")
def database():
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    yield connection
    connection.close()


@pytest.fixture
def looked_at(database):
    """Gives (does it fit, the value as it is stored, the value under ``lenient``) of a literal."""

    def ask(value, given, stored):
        fit = Fit("x", given, stored, "duckdb", Capabilities(try_cast=True))
        batch = f"(SELECT CAST({value} AS {given}) AS x)"
        misfit, kept = database.execute(
            f"SELECT {fit.misfit().sql('duckdb')}, CAST({fit.cast_or_null().sql('duckdb')} AS VARCHAR) FROM {batch}"
        ).fetchone()
        if misfit:
            return False, None, kept
        stored_value = database.execute(f"SELECT CAST({fit.cast().sql('duckdb')} AS VARCHAR) FROM {batch}").fetchone()[
            0
        ]
        return True, stored_value, kept

    return ask


@pytest.mark.parametrize(
    ("value", "given", "stored", "text"),
    [
        ("12", "VARCHAR", "INTEGER", "12"),
        ("' 12 '", "VARCHAR", "INTEGER", "12"),
        ("'12.0'", "VARCHAR", "INTEGER", "12"),
        ("'9223372036854775807'", "VARCHAR", "BIGINT", "9223372036854775807"),
        ("'170141183460469231731687303715884105727'", "VARCHAR", "HUGEINT", "170141183460469231731687303715884105727"),
        ("'1.5'", "VARCHAR", "DECIMAL(9,2)", "1.50"),
        ("'0.1'", "VARCHAR", "DOUBLE", "0.1"),
        ("'2024-01-02'", "VARCHAR", "DATE", "2024-01-02"),
        ("'2024-01-02 03:04:05.678'", "VARCHAR", "TIMESTAMP", "2024-01-02 03:04:05.678"),
        ("'true'", "VARCHAR", "BOOLEAN", "true"),
        ("12", "BIGINT", "INTEGER", "12"),
        ("12.0", "DOUBLE", "INTEGER", "12"),
        ("0.1", "DOUBLE", "FLOAT", "0.1"),
        ("0.1", "DOUBLE", "DECIMAL(4,2)", "0.10"),
        ("'nan'", "DOUBLE", "FLOAT", "nan"),
        ("1", "INTEGER", "BOOLEAN", "true"),
        ("'2024-01-02 00:00:00'", "TIMESTAMP", "DATE", "2024-01-02"),
        ("'2024-01-02 03:04:05'", "TIMESTAMP", "TIMESTAMPTZ", "2024-01-02 03:04:05+00"),
        ("'a'", "VARCHAR", "ENUM('a')", "a"),
        ("12", "INTEGER", "VARCHAR", "12"),
        ("NULL", "VARCHAR", "INTEGER", None),
        ("[1, 2]", "BIGINT[]", "SMALLINT[]", "[1, 2]"),
        ("{'a': 1}", "STRUCT(a BIGINT)", "STRUCT(a INTEGER, b DATE)", "{'a': 1, 'b': NULL}"),
        ("{'a': 1, 'b': NULL}", "STRUCT(a BIGINT, b DATE)", "STRUCT(a INTEGER)", "{'a': 1}"),
        ("{'a': 1}", "STRUCT(a INTEGER)", "JSON", '{"a":1}'),
    ],
)
def test_a_value_that_fits_is_stored_as_itself(looked_at, value, given, stored, text):
    assert (True, text, text) == looked_at(value, given, stored)


@pytest.mark.parametrize(
    ("value", "given", "stored"),
    [
        ("'twelve'", "VARCHAR", "INTEGER"),
        ("'12.5'", "VARCHAR", "INTEGER"),
        ("'9007199254740993.5'", "VARCHAR", "BIGINT"),
        ("'3000000000'", "VARCHAR", "INTEGER"),
        ("'1.555'", "VARCHAR", "DECIMAL(9,2)"),
        ("'2024-01-02 03:04:05'", "VARCHAR", "DATE"),
        ("'2024-01-02 03:04:05.678'", "VARCHAR", "TIMESTAMP_S"),
        ("'maybe'", "VARCHAR", "BOOLEAN"),
        ("''", "VARCHAR", "INTEGER"),
        ("3000000000", "BIGINT", "INTEGER"),
        ("-1", "INTEGER", "UINTEGER"),
        ("12.5", "DOUBLE", "INTEGER"),
        ("1e300", "DOUBLE", "FLOAT"),
        ("'nan'", "DOUBLE", "INTEGER"),
        ("1.555", "DECIMAL(9,3)", "DECIMAL(9,2)"),
        ("9007199254740993", "BIGINT", "DECIMAL(9,2)"),
        ("2", "INTEGER", "BOOLEAN"),
        ("'2024-01-02 03:04:05'", "TIMESTAMP", "DATE"),
        ("'2024-01-02'", "DATE", "INTEGER"),
        ("'b'", "VARCHAR", "ENUM('a')"),
        ("[1, 3000000000]", "BIGINT[]", "INTEGER[]"),
        ("[1, 2]", "INTEGER[]", "INTEGER[3]"),
        ("{'a': 1, 'b': '2024-01-02'}", "STRUCT(a BIGINT, b DATE)", "STRUCT(a INTEGER)"),
        ("{'a': 'x'}", "STRUCT(a VARCHAR)", "STRUCT(a INTEGER)"),
    ],
)
def test_a_value_that_would_be_lost_or_rounded_does_not_fit(looked_at, value, given, stored):
    assert (False, None, None) == looked_at(value, given, stored)
