from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from interlace.contracts.relation import Column
from interlace.schema.compare import ColumnChange, SchemaChange, compare

names = st.lists(st.sampled_from(["a", "b", "c", "d e", "ü"]), unique=True)
kinds = st.sampled_from(["INTEGER", "INT", "BIGINT", "VARCHAR", "TEXT", "DATE", "TIMESTAMP", "DECIMAL(9,2)"])


@st.composite
def schemas(draw):
    return tuple(Column(name, draw(kinds)) for name in draw(names))


def test_each_kind_of_change_is_told_apart():
    old = [
        Column("same", "INT"),
        Column("gone", "DATE"),
        Column("up", "INTEGER"),
        Column("down", "BIGINT"),
        Column("x", "DATE"),
    ]
    new = [
        Column("SAME", "INTEGER"),
        Column("new", "DATE"),
        Column("up", "BIGINT"),
        Column("down", "INTEGER"),
        Column("x", "BLOB"),
    ]

    assert SchemaChange(
        added=(new[1],),
        missing=(old[1],),
        widened=(ColumnChange(old[2], new[2]),),
        narrowed=(ColumnChange(old[3], new[3]),),
        changed=(ColumnChange(old[4], new[4]),),
    ) == compare(old, new, "duckdb")


@given(schemas())
def test_nothing_differs_from_itself(columns):
    assert not compare(columns, columns, "duckdb")


@given(schemas())
def test_order_and_case_change_nothing(columns):
    other = tuple(Column(c.name.upper(), c.type) for c in reversed(columns))

    assert not compare(columns, other, "duckdb")


@given(schemas(), schemas())
def test_the_other_way_round_is_the_mirror_image(old, new):
    there, back = compare(old, new, "duckdb"), compare(new, old, "duckdb")

    assert set(there.added) == set(back.missing)
    assert set(there.missing) == set(back.added)
    assert {(c.old, c.new) for c in there.widened} == {(c.new, c.old) for c in back.narrowed}
    assert {(c.old, c.new) for c in there.changed} == {(c.new, c.old) for c in back.changed}


@given(schemas(), schemas())
def test_every_column_is_accounted_for_once(old, new):
    change = compare(old, new, "duckdb")
    touched = [c.old.name for group in (change.widened, change.narrowed, change.changed) for c in group]
    both = {c.name for c in old} & {c.name for c in new}

    assert len(touched) == len(set(touched))
    assert set(touched) <= both
    assert {c.name for c in change.missing} == {c.name for c in old} - both
    assert {c.name for c in change.added} == {c.name for c in new} - both
