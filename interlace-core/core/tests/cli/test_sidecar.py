"""Filling a sidecar's columns."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from interlace.cli.sidecar import with_columns
from interlace.contracts.relation import Column
from interlace.errors import UsageError

COLUMNS = [Column("id", "BIGINT"), Column("total amount", "DECIMAL(18,3)"), Column("tags", "VARCHAR[]")]


def test_an_absent_sidecar_becomes_one_with_all_columns():
    assert 'columns:\n  id: BIGINT\n  total amount: DECIMAL(18,3)\n  tags: "VARCHAR[]"\n' == with_columns("", COLUMNS)


def test_other_keys_and_comments_are_kept_and_columns_come_last():
    before = "# about orders\ndescription: Orders  # one row each\n"

    assert before + "columns:\n  id: BIGINT\n" == with_columns(before, COLUMNS[:1])


def test_missing_columns_are_appended_below_those_that_are_written():
    before = "columns:\n  id: INTEGER  # ours\n\n# the end\nowner: me\n"

    assert 'columns:\n  id: INTEGER  # ours\n  tags: "VARCHAR[]"\n\n# the end\nowner: me\n' == with_columns(
        before, [COLUMNS[0], COLUMNS[2]]
    )


def test_a_type_is_added_to_a_column_that_has_none():
    before = "columns:\n  id:\n    description: The key\n  tags: {description: Words}\n  x:\nowner: me\n"
    after = with_columns(before, [COLUMNS[0], COLUMNS[2], Column("x", "DATE")])

    assert (
        "columns:\n  id:\n    type: BIGINT\n    description: The key\n"
        '  tags: {type: "VARCHAR[]", description: Words}\n  x: DATE\nowner: me\n' == after
    )


def test_a_list_of_columns_stays_a_list():
    before = "columns:\n- id\n- name: x\n  description: an x\n"
    after = with_columns(before, [COLUMNS[0], Column("x", "DATE"), Column("y", "DECIMAL(9,2)")])

    assert (
        "columns:\n- {name: id, type: BIGINT}\n- type: DATE\n  name: x\n  description: an x\n"
        '- {name: y, type: "DECIMAL(9,2)"}\n' == after
    )


def test_columns_in_braces_are_filled_in_place():
    assert "columns: {id: INT, x: DATE} # c\n" == with_columns(
        "columns: {id: INT} # c\n", [COLUMNS[0], Column("x", "DATE")]
    )


def test_an_empty_section_is_filled_below_its_comment():
    assert "columns: # todo\n  id: BIGINT\nowner: me\n" == with_columns("columns: # todo\nowner: me\n", COLUMNS[:1])


def test_the_alias_of_columns_is_used_where_it_is_written():
    assert "fields:\n  id: INT\n  x: DATE\n" == with_columns("fields:\n  id: INT\n", [COLUMNS[0], Column("x", "DATE")])


def test_one_of_several_models_gets_its_own_section():
    before = "models:\n  a:\n    owner: me\n  b: {owner: you}\n"

    assert "models:\n  a:\n    owner: me\n    columns:\n      id: BIGINT\n  b: {owner: you}\n" == with_columns(
        before, COLUMNS[:1], model="a"
    )


def test_a_model_that_the_sidecar_does_not_mention_is_added():
    assert "models:\n  a:\n    owner: me\n  c:\n    columns:\n      id: BIGINT\n" == with_columns(
        "models:\n  a:\n    owner: me\n", COLUMNS[:1], model="c"
    )


def test_an_existing_type_is_never_overwritten():
    assert "columns:\n  ID: TEXT\n" == with_columns("columns:\n  ID: TEXT\n", COLUMNS[:1])


@pytest.mark.parametrize("text", ["{owner: me}\n", "- a\n", "columns: null\n", "columns: 3\n"])
def test_what_cannot_be_filled_by_insertion_is_refused(text: str):
    with pytest.raises(UsageError):
        with_columns(text, COLUMNS)


names = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=8)
written = st.dictionaries(
    names,
    st.one_of(st.sampled_from(["INT", None]), st.fixed_dictionaries({"description": names})),
    min_size=1,
    max_size=4,
)


@given(written, st.lists(names, min_size=1, max_size=4, unique_by=str.casefold), st.booleans())
def test_nothing_that_was_written_is_lost_whatever_the_names(present, added, flow):
    before = {"owner": "x", "columns": present, "z": [1]}
    after = yaml.safe_load(
        with_columns(
            yaml.safe_dump(before, allow_unicode=True, default_flow_style=None if flow else False),
            [Column(n, "STRUCT(a INTEGER, b VARCHAR[])") for n in added],
        )
    )

    assert {n.casefold() for n in [*present, *added]} == {n.casefold() for n in after["columns"]}
    assert ("x", [1]) == (after["owner"], after["z"])


@given(st.lists(names, min_size=1, max_size=4, unique_by=str.casefold))
def test_filling_twice_is_filling_once(added):
    columns = [Column(n, "INTEGER") for n in added]
    once = with_columns("owner: x\n", columns)

    assert once == with_columns(once, columns)
