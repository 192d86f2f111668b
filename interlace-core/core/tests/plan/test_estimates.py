"""What a plan will take: medians, and the time until the last step ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.contracts.state import BuildRecord
from interlace.plan.estimates import Estimate, estimated, parents_among
from interlace.plan.steps import Reason, Step
from interlace.plan.windows import Batch

DAY = timedelta(days=1)
BEGINS = datetime(2026, 1, 1, tzinfo=UTC)


def step(name: str, **keys) -> Step:
    return Step(name, keys.pop("action", "build"), (Reason("new", "it is new"),), **keys)


def builds(*seconds: float, rows: int | None = None) -> list[BuildRecord]:
    return [BuildRecord(s, rows) for s in seconds]


def test_a_step_takes_the_median_of_its_last_builds():
    found = estimated([step("a")], {"a": [BuildRecord(1, 10), BuildRecord(9, None), BuildRecord(2, 30)]}, {}, 4, [])

    assert {"a": Estimate(20, 2, 3)} == found.models
    assert (20, 2, 2, ()) == (found.rows, found.work, found.elapsed, found.unknown)


def test_nothing_is_known_of_a_step_that_was_never_built():
    found = estimated([step("a"), step("b")], {"b": builds(1)}, {}, 4, [])

    assert (("a",), 1, 1, None) == (found.unknown, found.work, found.elapsed, found.rows)


def test_where_nothing_is_known_of_any_step_all_is_unknown():
    found = estimated([step("a")], {}, {}, 4, [None])

    assert (None, None, None, None) == (found.rows, found.work, found.elapsed, found.saved)


@pytest.mark.parametrize("keys", [{"action": "check"}, {"fresh": True}])
def test_builds_tell_nothing_of_a_check_or_of_a_table_that_is_made_anew(keys):
    assert {"a": Estimate()} == estimated([step("a", **keys)], {"a": builds(1)}, {}, 4, []).models


def test_an_incremental_model_takes_as_often_as_many_intervals_as_it_loads():
    days = tuple(Batch(BEGINS + n * DAY, BEGINS + (n + 1) * DAY, ("gap",)) for n in range(3))

    assert {"a": Estimate(30, 1.5, 1)} == estimated(
        [step("a", intervals=days)], {"a": builds(0.5, rows=10)}, {}, 4, []
    ).models


def test_what_is_up_to_date_saves_what_it_took():
    assert 3.5 == estimated([step("a")], {}, {}, 4, [1.5, None, 2.0]).saved


def test_a_step_begins_when_its_parents_have_ended_and_a_thread_is_free():
    steps = [step(name) for name in "abcd"]
    history = {"a": builds(1), "b": builds(4), "c": builds(2), "d": builds(1)}
    parents = {"c": {"a"}, "d": {"b", "c"}}

    assert [8, 5, 5] == [estimated(steps, history, parents, threads, []).elapsed for threads in (1, 2, 4)]


def test_a_parent_counts_through_models_that_do_not_run():
    reads = {"b": ["x", "y"], "x": ["a"], "y": ["x"], "a": ["raw"]}

    found = parents_among([step("a"), step("b")], lambda name: reads.get(name, []))

    assert {"a": set(), "b": {"a"}} == found


@st.composite
def works(draw: st.DrawFn) -> tuple[dict[str, float], dict[str, set[str]]]:
    names = [f"m{n}" for n in range(draw(st.integers(1, 8)))]
    seconds = {name: float(draw(st.integers(0, 9))) for name in names}
    return seconds, {n: draw(st.sets(st.sampled_from(names[:i]))) if i else set() for i, n in enumerate(names)}


@given(works(), st.integers(1, 4))
def test_the_end_is_never_before_the_longest_path_nor_after_all_of_the_work(work, threads):
    seconds, parents = work
    ends: dict[str, float] = {}
    for name, taken in seconds.items():
        ends[name] = taken + max((ends[p] for p in parents[name]), default=0.0)

    found = estimated([step(n) for n in seconds], {n: builds(s) for n, s in seconds.items()}, parents, threads, [])

    assert found.work is not None
    assert found.elapsed is not None
    assert max(*ends.values(), found.work / threads) <= found.elapsed <= found.work
    assert threads > 1 or found.work == found.elapsed
