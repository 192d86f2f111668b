from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from interlace.contracts.relation import Column
from interlace.schema.history import Alteration, alterations

kinds = st.sampled_from(["SMALLINT", "INTEGER", "BIGINT", "VARCHAR", "DATE"])
schemas = st.dictionaries(st.sampled_from(["a", "b", "c"]), kinds).map(
    lambda found: tuple(Column(name, kind) for name, kind in found.items())
)


def columns(**types):
    return tuple(Column(name, kind) for name, kind in types.items())


def test_what_is_gone_comes_first_then_the_rest_in_the_new_order():
    old = columns(a="BIGINT", gone="DATE", b="SMALLINT", c="DATE")
    new = columns(c="VARCHAR", new="DATE", b="INTEGER", a="INTEGER")

    assert [
        Alteration("gone", "removed", "DATE", None),
        Alteration("c", "changed", "DATE", "VARCHAR"),
        Alteration("new", "added", None, "DATE"),
        Alteration("b", "widened", "SMALLINT", "INTEGER"),
        Alteration("a", "narrowed", "BIGINT", "INTEGER"),
    ] == alterations(old, new, "duckdb")


def test_what_readers_notice_is_breaking():
    found = alterations(
        columns(a="BIGINT", b="DATE", c="INTEGER"), columns(a="INTEGER", c="BIGINT", d="DATE"), "duckdb"
    )

    assert {"a": True, "b": True, "c": False, "d": False} == {a.column: a.breaking for a in found}


def test_types_of_two_databases_are_compared_by_their_meaning():
    old, new = columns(a="character varying", n="numeric(9,2)"), columns(a="VARCHAR", n="DECIMAL(12,2)")

    assert [Alteration("n", "widened", "numeric(9,2)", "DECIMAL(12,2)")] == alterations(old, new, "postgres", "duckdb")


@given(schemas)
def test_nothing_changed_in_what_is_the_same(one):
    assert [] == alterations(one, one, "duckdb")


@given(schemas, schemas)
def test_each_column_changes_once_at_most(old, new):
    found = [a.column for a in alterations(old, new, "duckdb")]

    assert len(found) == len(set(found))
    assert set(found) <= {c.name for c in (*old, *new)}


def test_a_declared_rename_is_one_and_breaks_nothing_by_itself():
    old, new = [Column("a", "INTEGER"), Column("b", "DATE")], [Column("aa", "BIGINT"), Column("b", "DATE")]

    found = alterations(old, new, "duckdb", renamed={"AA": "A"})

    assert [
        Alteration("aa", "renamed", "INTEGER", "BIGINT", was="a"),
        Alteration("aa", "widened", "INTEGER", "BIGINT"),
    ] == found
    assert [False, False] == [a.breaking for a in found]


def test_a_rename_that_did_not_happen_between_the_two_is_none():
    both = [Column("a", "INTEGER"), Column("aa", "INTEGER")]

    assert [Alteration("a", "removed", "INTEGER", None)] == alterations(both, both[1:], "duckdb", renamed={"aa": "a"})
