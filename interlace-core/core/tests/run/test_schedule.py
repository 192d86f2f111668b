"""The order of a run: `Ready` against what a naive reading of the graph says."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from interlace.run.schedule import Ready


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    """Acyclic graphs, parents first."""
    size = draw(st.integers(1, 12))
    graph: dict[str, tuple[str, ...]] = {}
    for i in range(size):
        known = list(graph)
        graph[f"m{i}"] = tuple(draw(st.lists(st.sampled_from(known), unique=True, max_size=3))) if known else ()
    return graph


def below(graph: dict[str, tuple[str, ...]], name: str) -> set[str]:
    found = {name}
    for child, parents in graph.items():
        if found & set(parents):
            found.add(child)
    return found - {name}


@given(graphs())
def test_every_task_is_taken_once_and_after_its_parents(graph):
    ready = Ready(graph)
    order = []

    while (name := ready.take(lambda _: True)) is not None:
        order.append(name)
        ready.done([name])

    assert sorted(graph) == sorted(order)
    assert all(order.index(p) < order.index(n) for n, ps in graph.items() for p in ps)
    assert ready.left == 0


@given(graphs(), st.data())
def test_a_failure_blocks_what_is_below_and_nothing_else(graph, data):
    failing = data.draw(st.sampled_from(sorted(graph)))
    ready = Ready(graph)
    done = set()
    blocked: list[str] = []

    while (name := ready.take(lambda _: True)) is not None:
        if name == failing:
            blocked = ready.block(name)
        else:
            ready.done([name])
            done.add(name)

    assert below(graph, failing) == set(blocked)
    assert set(graph) - {failing} - set(blocked) == done
    assert ready.left == 0


@given(graphs(), st.integers(1, 5))
def test_a_group_takes_only_what_sees_its_parents(graph, size):
    ready = Ready(graph)
    committed: list[str] = []

    while (first := ready.take(lambda _: True)) is not None:
        since, group, candidates = ready.clock, set(), deque()
        seen = set(committed)
        name: str | None = first
        while name is not None:
            assert set(graph[name]) <= seen | group
            group.add(name)
            candidates.extend(ready.joined(name, group, since, lambda _: True))
            name = ready.take_into(group, since, lambda _: True, candidates) if len(group) < size else None
        ready.done(group)
        committed += sorted(group)

    assert sorted(graph) == sorted(committed)


def test_a_transaction_does_not_take_a_task_whose_parent_was_committed_after_it_began():
    ready = Ready({"a": (), "b": (), "c": ("b",)})
    first = ready.take(lambda _: True)
    since = ready.clock
    assert first == "a"
    other = ready.take(lambda _: True)
    ready.done([other])

    assert ready.take_into({"a"}, since, lambda _: True, deque()) is None
    assert ready.take(lambda _: True) == "c"


def test_a_group_that_rolled_back_is_given_back_in_order():
    ready = Ready({"a": (), "b": ("a",)})
    ready.take(lambda _: True)
    candidates = deque(ready.joined("a", {"a"}, ready.clock, lambda _: True))
    ready.take_into({"a"}, ready.clock, lambda _: True, candidates)

    ready.give_back(["a", "b"])

    assert ready.take(lambda _: True) == "a"
    assert ready.take(lambda _: True) is None


def test_a_wide_graph_of_ten_thousand_is_taken_apart_with_one_look_for_each_task():
    looks = 0
    ready = Ready({f"m{i}": () for i in range(10_000)})

    def fits(_: str) -> bool:
        nonlocal looks
        looks += 1
        return True

    while (name := ready.take(fits)) is not None:
        ready.done([name])

    assert looks == 10_000
