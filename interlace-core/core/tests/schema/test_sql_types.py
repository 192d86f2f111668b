from __future__ import annotations

import pytest

from interlace.schema.sql_types import (
    Enumeration,
    Fixed,
    Integer,
    Map,
    Nothing,
    Other,
    Sequence,
    Struct,
    Text,
    Timestamp,
    parse_type,
    same_type,
)


@pytest.mark.parametrize(
    ("one", "other", "dialect"),
    [
        ("INT", "INTEGER", "duckdb"),
        ("INT", "INT4", "duckdb"),
        ("TEXT", "VARCHAR", "duckdb"),
        ("STRING", "VARCHAR", "duckdb"),
        ("NUMERIC", "DECIMAL(18,3)", "duckdb"),
        ("FLOAT8", "double", "duckdb"),
        ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", "duckdb"),
        ("STRUCT(a INT, b TEXT)", "STRUCT(A INTEGER, B VARCHAR)", "duckdb"),
        ("STRUCT(a INT, b TEXT)", "STRUCT(b VARCHAR, a INTEGER)", "duckdb"),
        ("INT[]", "INTEGER[]", "duckdb"),
        ("int4", "integer", "postgres"),
        ("varchar", "text", "postgres"),
        ("character varying(10)", "varchar(10)", "postgres"),
        ("timestamp without time zone", "timestamp", "postgres"),
        ("mood", "MOOD", "postgres"),
    ],
)
def test_names_of_one_type_are_the_same(one, other, dialect):
    assert same_type(one, other, dialect)


@pytest.mark.parametrize(
    ("one", "other", "dialect"),
    [
        ("INTEGER", "BIGINT", "duckdb"),
        ("INTEGER", "UINTEGER", "duckdb"),
        ("DECIMAL(10,2)", "DECIMAL(10,3)", "duckdb"),
        ("TIMESTAMP", "TIMESTAMPTZ", "duckdb"),
        ("INTEGER[]", "INTEGER[3]", "duckdb"),
        ("ENUM('a')", "ENUM('b')", "duckdb"),
        ("varchar(10)", "varchar(11)", "postgres"),
        ("char(10)", "varchar(10)", "postgres"),
        ("mood", "spirit", "postgres"),
    ],
)
def test_different_types_are_not(one, other, dialect):
    assert not same_type(one, other, dialect)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("UBIGINT", Integer(64, signed=False)),
        ("DECIMAL(9)", Fixed(9, 0)),
        ("VARCHAR", Text()),
        ("TIMESTAMP_NS", Timestamp(9)),
        ("TIMESTAMPTZ", Timestamp(6, zoned=True)),
        ("INTEGER[3][]", Sequence(Sequence(Integer(32), 3))),
        ('STRUCT("a b" DATE)', Struct((("a b", Other("date")),))),
        ("MAP(VARCHAR, INTEGER)", Map(Text(), Integer(32))),
        ("ENUM('it''s', 'b')", Enumeration(("it's", "b"))),
        ('"NULL"', Nothing()),
        ("no such type", Other("no such type")),
        ("", Other("")),
    ],
)
def test_a_text_is_read(text, expected):
    assert expected == parse_type(text, "duckdb")
