"""Order in a graph of names: iterative, so that a chain may be as long as it likes."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping

__all__ = ["cycle_among", "topological"]


def topological(parents: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """The names, each after its parents; those of equal standing in the order in which they are given.

    Names on a cycle, and those below one, are left out.
    """
    waiting = {name: len(above) for name, above in parents.items()}
    children: dict[str, list[str]] = {name: [] for name in parents}
    for name, above in parents.items():
        for parent in above:
            children[parent].append(name)
    ready = deque(name for name, count in waiting.items() if count == 0)
    order: list[str] = []
    while ready:
        name = ready.popleft()
        order.append(name)
        for child in children[name]:
            waiting[child] -= 1
            if waiting[child] == 0:
                ready.append(child)
    return tuple(order)


def cycle_among(parents: Mapping[str, Collection[str]], left: Collection[str]) -> list[str]:
    """One cycle, along the data, beginning at its least name.

    Args:
        parents: the graph.
        left: the names that `topological` left out, at least one.
    """
    names = set(left)
    # Each of them has a parent among them: walking upwards must come back to where it was.
    path: list[str] = []
    position: dict[str, int] = {}
    name = min(names)
    while name not in position:
        position[name] = len(path)
        path.append(name)
        name = min(parent for parent in parents[name] if parent in names)
    cycle = path[position[name] :][::-1]
    least = cycle.index(min(cycle))
    return cycle[least:] + cycle[:least]
