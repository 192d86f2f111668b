"""Order in a graph of names: iterative, so that a chain may be as long as it likes."""

from __future__ import annotations

from collections.abc import Collection, Mapping

__all__ = ["children_of", "cycle_among", "topological"]


def children_of(parents: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """The edges the other way round; children in the order in which the names are given."""
    children: dict[str, list[str]] = {name: [] for name in parents}
    for name, above in parents.items():
        for parent in above:
            children[parent].append(name)
    return children


def topological(parents: Mapping[str, Collection[str]], children: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """The names, each after its parents; those of equal standing in the order in which they are given.

    Names on a cycle, and those below one, are left out.
    """
    waiting = {name: len(above) for name, above in parents.items()}
    order = [name for name, count in waiting.items() if count == 0]
    for name in order:
        for child in children[name]:
            waiting[child] -= 1
            if waiting[child] == 0:
                # The list is the queue too: what is ready is appended while it is walked.
                order.append(child)
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
