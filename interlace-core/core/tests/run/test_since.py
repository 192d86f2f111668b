"""What a publication is said to have moved, and when nobody knows."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from interlace.contracts.relation import Column
from interlace.contracts.state import ModelState
from interlace.plan.versions import Versions
from interlace.run.since import KEPT, is_spared, since_of

ID, NOTE = Column("id", "INTEGER"), Column("Note", "VARCHAR")


def versions(**since) -> Versions:
    """b reads a, whose version is v-a."""
    states = {"a": ModelState("a", data_version="v-a", since=since)}
    return Versions({"a": "v-a", "b": "v1"}, {}, lambda name: ("a",) if name == "b" else (), states)


def task(**step):
    """b, as the state has it, and what the plan says of it."""
    given = {"columns": frozenset({"note"}), "parents": {}, "spared": frozenset(), **step}
    return SimpleNamespace(
        name="b",
        replaces=True,
        materialiser=SimpleNamespace(kind="table"),
        step=SimpleNamespace(**given),
        state=ModelState("b", data_version="v1", parents={"a": "v-a"}, columns=(ID, NOTE), rows=3),
    )


def built(*columns: Column, rows: int | None = 3):
    return SimpleNamespace(columns=columns or (ID, NOTE), rows=rows)


def test_what_was_published_with_known_columns_says_them_of_the_version_before():
    assert {"v1": ("note",)} == since_of(task(), "v2", built(), versions())


def test_what_moved_since_older_versions_is_added_up():
    given = task()
    given.state = replace(given.state, since={"v0": ("id",)})

    assert {"v1": ("note",), "v0": ("id", "note")} == since_of(given, "v2", built(), versions())


def test_only_the_newest_versions_are_kept():
    given = task()
    given.state = replace(given.state, since={f"old{i}": ("id",) for i in range(KEPT)})
    found = since_of(given, "v2", built(), versions())

    assert (KEPT, "v1", False) == (len(found), next(iter(found)), f"old{KEPT - 1}" in found)


def test_what_did_not_move_goes_on_as_it_was():
    given = task(columns=None)
    given.state = replace(given.state, since={"v0": ("id",)})

    assert {"v0": ("id",)} == since_of(given, "v1", built(), versions())


@pytest.mark.parametrize(
    ("planned", "published"),
    [
        (None, built()),
        ({"other"}, built(ID)),
        ({"other"}, built(ID, replace(NOTE, type="INTEGER"))),
        ({"other"}, built(ID, NOTE, Column("more", "INTEGER"))),
        ({"note"}, built(NOTE, ID)),
        ({"note"}, built(rows=4)),
    ],
    ids=["not planned", "removed", "retyped", "added", "in another order", "other rows"],
)
def test_where_it_did_not_go_as_planned_anything_may_have_moved(planned, published):
    columns = None if planned is None else frozenset(planned)

    assert {} == since_of(task(columns=columns), "v2", published, versions())


def test_an_added_column_that_was_planned_is_said():
    planned = task(columns=frozenset({"more"}))

    assert {"v1": ("more",)} == since_of(planned, "v2", built(ID, Column("more", "INTEGER"), NOTE), versions())


def test_a_first_publication_says_nothing():
    given = task()
    given.state = ModelState("b")

    assert {} == since_of(given, "v2", built(rows=None), versions())


def test_a_parent_that_moved_more_than_was_planned_moves_everything():
    given = task(parents={"a": frozenset({"x"})})
    given.state = replace(given.state, parents={"a": "v0"})

    assert ({"v1": ("note",)}, {}, {}) == (
        since_of(given, "v2", built(), versions(v0=("x",))),
        since_of(given, "v2", built(), versions(v0=("x", "y"))),
        since_of(given, "v2", built(), versions()),
    )


def test_a_parent_is_spared_while_no_more_of_it_moves_than_was_planned():
    given = task(parents={"a": frozenset({"x"})}, spared=frozenset({"a"}))
    given.state = replace(given.state, parents={"a": "v0"})

    assert [True, False, False] == [
        is_spared(given, "a", versions(v0=("x",))),
        is_spared(given, "a", versions(v0=("x", "y"))),
        is_spared(given, "a", versions()),
    ]


def through(stg: str = "stg-1", **since) -> Versions:
    """b reads stg, which is inlined and reads a, whose version is v-a."""
    states = {"a": ModelState("a", data_version="v-a", since=since)}
    parents = {"b": ("stg",), "stg": ("a",)}
    return Versions({"a": "v-a", "b": "v1"}, {"stg": stg}, lambda name: parents.get(name, ()), states)


def older(version: str) -> dict[str, str]:
    """What b read when a had this version."""
    known = through()
    known.move("a", version)
    return known.read_by("b")


def test_what_is_read_through_an_inlined_model_is_spared_while_no_more_of_it_moves_than_was_planned():
    given = task(parents={"stg": frozenset(), "a": frozenset({"x"})}, spared=frozenset({"stg"}))
    given.state = replace(given.state, parents=older("v0"))

    assert [True, False, False] == [
        is_spared(given, "stg", through(v0=("x",))),
        is_spared(given, "stg", through(v0=("x", "y"))),
        is_spared(given, "stg", through()),
    ]


def test_an_inlined_model_of_which_nothing_was_planned_moves_everything():
    given = task()
    given.state = replace(given.state, parents=older("v-a"))
    as_it_was = since_of(given, "v2", built(), through())

    assert ({"v1": ("note",)}, {}) == (as_it_was, since_of(given, "v2", built(), through("stg-2")))


def test_a_version_that_is_put_back_has_what_moved_before_it():
    known = versions(v0=("x",))
    known.move("a", "v-new", {"v-a": ("y",)})
    moved = known.since("a", "v-a")
    known.move("a", "v-a")

    assert ({"y"}, {"x"}, frozenset(), None) == (
        moved,
        known.since("a", "v0"),
        known.since("a", "v-a"),
        known.since("a", "other"),
    )
