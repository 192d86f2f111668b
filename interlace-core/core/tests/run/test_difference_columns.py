from __future__ import annotations

import pytest

from interlace.contracts.relation import Column
from interlace.run.difference_columns import Columns, columns_differ, pair, paired


def columns(**types):
    return [Column(name, kind) for name, kind in types.items()]


def test_columns_pair_by_name_and_then_without_case():
    old = [Column("ID", "INT"), Column("a", "INT"), Column("A", "INT"), Column("gone", "INT")]
    new = [Column("A", "INT"), Column("id", "INT"), Column("a", "INT"), Column("new", "INT")]

    assert [("A", "A"), ("ID", "id"), ("a", "a")] == [(o.name, n.name) for o, n in paired(old, new)]


def test_a_name_in_another_case_is_taken_once():
    assert [("a", "a")] == [(o.name, n.name) for o, n in paired(columns(a="INT"), columns(a="INT", A="INT"))]


def test_columns_of_one_side_and_other_types_are_told_apart():
    old, new = columns(id="INT", x="VARCHAR", gone="DATE"), columns(id="INTEGER", x="DATE", new="DATE")

    assert Columns((old[2],), (new[2],), (("x", "VARCHAR", "DATE"),)) == columns_differ(old, new, "duckdb")
    assert not columns_differ(old, old, "duckdb")


@pytest.mark.parametrize(
    ("postgres", "duckdb"),
    [
        ("integer", "INTEGER"),
        ("bigint", "HUGEINT"),
        ("numeric(10,2)", "DECIMAL(18,2)"),
        ("character varying(20)", "VARCHAR"),
        ("text", "VARCHAR"),
        ("double precision", "DOUBLE"),
        ("timestamp with time zone", "TIMESTAMP WITH TIME ZONE"),
        ("timestamp without time zone", "TIMESTAMP"),
        ("date", "DATE"),
        ("boolean", "BOOLEAN"),
        ("bytea", "BLOB"),
        ("uuid", "UUID"),
        ("integer[]", "INTEGER[]"),
    ],
)
def test_between_engines_a_type_has_another_name(postgres, duckdb):
    assert () == columns_differ(columns(x=postgres), columns(x=duckdb), "postgres", "duckdb").types
    assert () == columns_differ(columns(x=duckdb), columns(x=postgres), "duckdb", "postgres").types


@pytest.mark.parametrize(
    ("postgres", "duckdb"),
    [
        ("numeric", "DOUBLE"),
        ("text", "INTEGER"),
        ("date", "TIMESTAMP"),
        ("timestamp without time zone", "TIMESTAMP WITH TIME ZONE"),
    ],
)
def test_between_engines_other_values_are_other_types(postgres, duckdb):
    assert (("x", postgres, duckdb),) == columns_differ(
        columns(x=postgres), columns(x=duckdb), "postgres", "duckdb"
    ).types


@pytest.mark.parametrize(
    ("old", "new", "dialect", "how"),
    [
        ("INTEGER", "BIGINT", "duckdb", "value"),
        ("DECIMAL(18,2)", "DOUBLE", "duckdb", "value"),
        ("VARCHAR", "VARCHAR(3)", "duckdb", "value"),
        ("DATE", "DATE", "duckdb", "value"),
        ("JSON", "JSON", "duckdb", "value"),
        ("INTEGER[]", "INTEGER[]", "duckdb", "value"),
        ("INTEGER", "VARCHAR", "duckdb", "text"),
        ("DATE", "TIMESTAMP", "duckdb", "text"),
        ("UUID", "VARCHAR", "duckdb", "text"),
        ("ENUM('a', 'b')", "ENUM('b')", "duckdb", "text"),
        ("jsonb", "jsonb", "postgres", "value"),
        ("json", "json", "postgres", "text"),
        ("json[]", "json[]", "postgres", "text"),
        ("point", "point", "postgres", "text"),
    ],
)
def test_values_are_compared_as_what_both_are(old, new, dialect, how):
    assert how == pair(Column("x", old), Column("x", new), dialect).how


@pytest.mark.parametrize(
    ("old", "new", "how"),
    [("DOUBLE", "DOUBLE", "near"), ("DECIMAL(9,2)", "REAL", "near"), ("INT", "INT", "value"), ("INT", "TEXT", "text")],
)
def test_a_tolerance_is_for_floats(old, new, how):
    assert how == pair(Column("x", old), Column("x", new), "duckdb", tolerant=True).how
