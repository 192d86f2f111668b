from __future__ import annotations

import pytest

from interlace.contracts.load import Rename
from interlace.contracts.relation import Column, Relation
from interlace.errors import InvalidModel
from interlace.schema.renaming import renames

ORDERS = Relation("orders")


def table(*names):
    return tuple(Column(name, "INTEGER") for name in names)


def test_the_column_keeps_its_place():
    steps, columns = renames(ORDERS, table("a", "b", "c"), {"x": "b"})

    assert (Rename(ORDERS, "b", "x"),) == steps
    assert table("a", "x", "c") == columns


def test_the_names_are_compared_without_case():
    steps, _ = renames(ORDERS, table("Amount"), {"Total": "amount"})

    assert (Rename(ORDERS, "Amount", "Total"),) == steps


@pytest.mark.parametrize("declared", [{"x": "b"}, {"X": "B"}, {"a": "a"}, {}])
def test_what_was_renamed_before_is_left(declared):
    assert ((), table("a", "x")) == renames(ORDERS, table("a", "x"), declared)


def test_a_chain_is_renamed_from_its_free_end():
    steps, columns = renames(ORDERS, table("a", "b"), {"b": "a", "c": "b"})

    assert (Rename(ORDERS, "b", "c"), Rename(ORDERS, "a", "b")) == steps
    assert table("b", "c") == columns


def test_a_chain_that_was_renamed_is_left():
    assert ((), table("b", "c")) == renames(ORDERS, table("b", "c"), {"b": "a", "c": "b"})


def test_a_circle_is_refused():
    with pytest.raises(InvalidModel, match="in a circle: a, b"):
        renames(ORDERS, table("a", "b"), {"a": "b", "b": "a"})


def test_a_name_that_never_was_is_refused_with_the_nearest():
    with pytest.raises(InvalidModel, match="neither of them") as caught:
        renames(ORDERS, table("amount", "id"), {"total": "amuont"})

    assert "Did you mean 'amount'?" in caught.value.hint


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(InvalidModel, match="but the table has both"):
        renames(ORDERS, table("amount", "total"), {"total": "amount"})
