"""Lineage as text: a tree for terminals, graphs for Graphviz and Mermaid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from interlace.lineage.follow import Followed, Hop, Place

__all__ = ["draw_dot", "draw_mermaid", "draw_tree"]


def draw_tree(followed: Followed, direction: Literal["upstream", "downstream"]) -> str:
    """Each column above those that were found from it; what was drawn before is drawn once more without them."""
    below: dict[Place, list[tuple[Place, str]]] = {}
    for hop in followed.hops:
        near, far = (hop.target, hop.source) if direction == "upstream" else (hop.source, hop.target)
        below.setdefault(near, []).append((far, hop.kind))
    return "\n".join(_lines(followed.starts, below))


def _lines(starts: Iterable[Place], below: dict[Place, list[tuple[Place, str]]]) -> Iterator[str]:
    drawn: set[Place] = set()
    todo = [(start, "", "", "") for start in reversed(tuple(starts))]
    while todo:
        place, kind, lead, lower = todo.pop()
        children = below.get(place, [])
        again = place in drawn and bool(children)
        yield f"{lead}{_shown(place)}{f'  {kind}' if kind else ''}{' (again)' if again else ''}"
        if again:
            continue
        drawn.add(place)
        last = len(children) - 1
        todo.extend(
            (child, word, lower + ("└── " if i == last else "├── "), lower + ("    " if i == last else "│   "))
            for i, (child, word) in reversed(list(enumerate(children)))
        )


def draw_dot(hops: Iterable[Hop], starts: Iterable[Place]) -> str:
    """A graph in Graphviz's language, the data from left to right; what only decides rows is dashed."""
    edges = list(hops)
    lines = ["digraph lineage {", "  rankdir=LR;", "  node [shape=box];"]
    lines += [f"  {_quoted(place)};" for place in _places(edges, starts)]
    for hop in edges:
        style = ", style=dashed" if hop.kind.endswith("_only") else ""
        lines.append(f'  {_quoted(hop.source)} -> {_quoted(hop.target)} [label="{hop.kind}"{style}];')
    return "\n".join([*lines, "}"])


def draw_mermaid(hops: Iterable[Hop], starts: Iterable[Place]) -> str:
    """A Mermaid flowchart, the data from left to right; what only decides rows is dotted."""
    edges = list(hops)
    numbers = {place: f"c{i}" for i, place in enumerate(_places(edges, starts))}
    lines = ["flowchart LR"]
    lines += [f'  {number}["{_escaped(_shown(place))}"]' for place, number in numbers.items()]
    for hop in edges:
        arrow = "-.->" if hop.kind.endswith("_only") else "-->"
        lines.append(f"  {numbers[hop.source]} {arrow}|{hop.kind}| {numbers[hop.target]}")
    return "\n".join(lines)


def _places(hops: Iterable[Hop], starts: Iterable[Place]) -> list[Place]:
    return list(dict.fromkeys([*starts, *(p for h in hops for p in (h.source, h.target))]))


def _shown(place: Place) -> str:
    return ".".join(place)


def _quoted(place: Place) -> str:
    return '"' + _shown(place).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
