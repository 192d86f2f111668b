"""A graph as a tree of text, for terminals."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlace.graph.build import Graph

__all__ = ["draw_tree"]


def draw_tree(graph: Graph, chosen: Collection[str] | None = None) -> str:
    """The chosen nodes below those that they read; what was drawn before is drawn once more without its children.

    Args:
        graph: what to draw.
        chosen: the names to draw; None draws all.

    Returns:
        lines without a newline at the end, such as ``orders`` and ``└── daily (again)``.
    """
    names = set(graph.nodes if chosen is None else chosen)
    roots = [name for name in graph.order() if name in names and not names.intersection(graph.parents(name))]
    return "\n".join(_lines(graph, names, roots))


def _lines(graph: Graph, names: set[str], roots: list[str]) -> Iterator[str]:
    drawn: set[str] = set()
    todo = [(root, "", "") for root in reversed(roots)]
    while todo:
        name, lead, below = todo.pop()
        children = [child for child in graph.children(name) if child in names]
        again = name in drawn and bool(children)
        yield f"{lead}{name}{' (again)' if again else ''}"
        if again:
            continue
        drawn.add(name)
        last = len(children) - 1
        todo.extend(
            (child, below + ("└── " if i == last else "├── "), below + ("    " if i == last else "│   "))
            for i, child in reversed(list(enumerate(children)))
        )
