"""What moved since a plan was approved: whatever differs is told."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.contracts.state import ModelState
from interlace.plan.approval import moved

STATE = {
    "version": "v1",
    "run": "r1",
    "status": "succeeded",
    "relation": "main.a",
    "published_at": "2026-01-01T00:00:00+00:00",
    "checks_failed": False,
}


def step(name: str, **keys: Any) -> dict[str, Any]:
    reason = {"code": "definition", "text": "its definition changed", "details": []}
    interval = {"start": None, "end": "2026-01-02T00:00:00+00:00", "why": ["new"], "partial": False}
    return {
        "model": name, "action": "build", "relation": f"main.{name}", "materialise": "table", "strategy": "replace",
        "tentative": False, "reasons": [reason], "intervals": [interval], "fresh": False, **keys,
    }  # fmt: skip


def seen(**keys: Any) -> dict[str, Any]:
    return {
        "definition": "d", "written": "w", "checks": "c", "attached": "", "exports": {"0:csv": "e"}, "state": dict(STATE),
        "parents": {"raw": "v0"}, "inputs": {"a.csv": "i"}, "files": [["in/b.csv", 3, None, None]], **keys,
    }  # fmt: skip


def plan() -> dict[str, Any]:
    """Two models, one of which reads the other, and one of everything else."""
    return {
        "where": {"default": "data.duckdb"},
        "steps": [step("a"), step("b")],
        "moves": [{"model": "n", "renamed_from": "o", "relation": "main.n", "was": "main.o"}],
        "deferred": [{"model": "d", "environment": "prod", "relation": "main.d"}],
        "transfers": [{"name": "t", "source": "x", "reader": "y", "columns": ["id"], "window": None}],
        "outgoing": [{"model": "a", "connection": "crm", "relation": "main.a", "how": "upsert"}],
        "observed": {"a": seen(), "b": seen(parents={"a": "v1"})},
        "variables": {"salt": "s", "values": {"least": "1"}},
    }


COMPARED = ("where", "steps", "moves", "deferred", "transfers", "outgoing", "observed")


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        if isinstance(inner, (dict, list)) and inner:
            yield from leaves(inner, (*path, key))
        else:
            yield (*path, key)


LEAVES = [(part, *path) for part in COMPARED for path in leaves(plan()[part])]


def changed(before: dict[str, Any], *path: Any) -> dict[str, Any]:
    """The same with another value at one place."""
    now = copy.deepcopy(before)
    inner: Any = now
    for key in path[:-1]:
        inner = inner[key]
    old = inner[path[-1]]
    inner[path[-1]] = not old if isinstance(old, bool) else f"{old} moved"
    return now


def said(before: dict[str, Any], now: dict[str, Any], *states: ModelState, known: Any = "abn") -> list[str]:
    return moved(before, now, {state.name: state for state in states}, known)


def test_of_a_plan_that_is_the_same_nothing_is_told():
    assert [] == said(plan(), plan())


@pytest.mark.parametrize("path", LEAVES, ids=lambda path: ".".join(map(str, path)))
def test_whatever_differs_is_told(path):
    assert said(plan(), changed(plan(), *path))


@given(st.lists(st.sampled_from(LEAVES), min_size=1, max_size=5, unique=True))
def test_several_differences_hide_no_other(paths):
    now = plan()
    for path in paths:
        if path[-1] != "model":  # a model that has another name is another one
            now = changed(now, *path)

    assert bool(said(plan(), now)) == (now != plan())


@pytest.mark.parametrize("part", ["steps", "moves", "deferred", "transfers", "outgoing"])
def test_what_comes_and_what_goes_is_told(part):
    less = plan()
    gone = less[part].pop()
    if part == "steps":
        del less["observed"][gone["model"]]

    assert 1 == len(said(plan(), less)) == len(said(less, plan()))


def test_a_build_of_what_is_in_the_plan_is_told_once():
    now = changed(changed(plan(), "observed", "a", "state", "run"), "observed", "a", "state", "version")
    now["observed"]["b"]["parents"]["a"] = now["observed"]["a"]["state"]["version"]
    now["observed"]["a"]["state"]["published_at"] = "2026-01-02T00:00:00+00:00"

    assert ["a was built by run r1 moved since the plan"] == said(plan(), now)


def test_a_build_of_what_is_read_is_told_with_its_run():
    now = changed(plan(), "observed", "a", "parents", "raw")

    assert ["raw, which a reads, was built by run r9 since the plan"] == said(
        plan(), now, ModelState("raw", data_version="v0 moved", run="r9")
    )
    assert ["raw, which a reads, changed since the plan"] == said(plan(), now)


def test_how_a_model_ended_that_need_not_run_any_more_is_told():
    now = plan()
    now["steps"].pop(0)
    del now["observed"]["a"]
    built = ModelState("a", run="r2", status="succeeded", published_at=datetime(2026, 1, 2, tzinfo=UTC))
    looked_at = replace(built, published_at=datetime(2026, 1, 1, tzinfo=UTC))

    assert ["a was built by run r2 since the plan"] == said(plan(), now, built)
    assert ["a was looked at by run r2 since the plan"] == said(plan(), now, looked_at)
    assert ["a was tried by run r2 since the plan"] == said(plan(), now, replace(built, status="failed"))
    assert ["a need not run any more"] == said(plan(), now, replace(built, run="r1"))
    assert ["a is no model of the project any more"] == said(plan(), now, known="b")


def test_a_connection_that_only_one_of_the_plans_uses_is_no_move():
    now = plan()
    now["where"]["other"] = "other.duckdb"

    assert [] == said(plan(), now)
