"""The selector language, the same wherever nodes are chosen.

=====================  ==========================================================================
``orders``             the node of that name; ``*``, ``?`` and ``[…]`` are globs
``+orders``            with all that it depends on; ``2+orders`` over two steps
``orders+``            with all that depends on it; ``orders+1`` over one step
``tag:daily``          by tag; also ``owner:``, ``group:``, each with globs
``path:models/raw``    by folder, file or glob, relative to the project
``source:raw_orders``  sources by name
``state:modified``     by state; also ``state:failed``, ``state:new``
``a b``                both: a union; so are several arguments
``tag:daily,owner:x``  what is in each: an intersection
``"my orders"``        a name with spaces, commas or plus signs
=====================  ==========================================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from interlace.errors import UsageError, did_you_mean
from interlace.model.definition import Model, Source

if TYPE_CHECKING:
    from interlace.graph.build import Graph
    from interlace.model.definition import Node

__all__ = ["METHODS", "STATES", "select"]

METHODS: Final = ("tag", "path", "owner", "group", "source", "state")
STATES: Final = ("modified", "failed", "new")

State = Callable[[str], frozenset[str]]

_ATOM: Final = re.compile(r"(?:(?P<up>\d*)(?P<above>\+))?(?P<core>.*?)(?:(?P<below>\+)(?P<down>\d*))?", re.DOTALL)
_GLOB: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class _Atom:
    """One selector: what it names, and how far up and down; None for all the way, 0 for not at all."""

    text: str
    method: str | None
    value: str
    up: int | None
    down: int | None


def select(
    graph: Graph, include: Iterable[str], exclude: Iterable[str] = (), *, state: State | None = None
) -> frozenset[str]:
    """The names of the chosen nodes, sources included.

    Args:
        graph: where to choose.
        include: selectors, joined by union; none of them chooses everything.
        exclude: selectors of what to leave out.
        state: gives the names of the nodes in a state, for ``state:``; needed when a selector asks for it.

    Raises:
        UsageError: a selector that cannot be read or that names nothing; an empty state is no error.
    """
    chosen = list(include)
    found = _union(graph, chosen, state) if chosen else frozenset(graph.nodes)
    return found - _union(graph, exclude, state)


def _union(graph: Graph, selectors: Iterable[str], state: State | None) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for selector in selectors:
        named = graph.find((selector.strip(),))
        if named is not None:
            found |= {named}
            continue
        terms = _split(selector, " \t\n")
        if not terms:
            raise UsageError("an empty selector chooses nothing")
        for term in terms:
            found |= _intersection(graph, term, state)
    return found


def _intersection(graph: Graph, term: str, state: State | None) -> frozenset[str]:
    atoms = _split(term, ",")
    if not atoms:
        raise UsageError(f"the selector {term!r} names nothing")
    found = [_with_neighbours(graph, _atom(atom), state) for atom in atoms]
    return frozenset.intersection(*found)


def _split(text: str, separators: str) -> list[str]:
    """Split outside of double quotes; the quotes stay."""
    parts = [""]
    quoted = False
    for character in text:
        if character == '"':
            quoted = not quoted
        if not quoted and character in separators:
            parts.append("")
        else:
            parts[-1] += character
    if quoted:
        raise UsageError(f"a quote in the selector {text!r} is never closed")
    return [part for part in parts if part]


def _atom(text: str) -> _Atom:
    match = _ATOM.fullmatch(text)
    core = match["core"] if match else ""
    if match is None or not core:
        raise UsageError(f"the selector {text!r} names nothing", hint="Write a name, such as +orders or orders+1.")
    up = _steps(match["above"], match["up"])
    down = _steps(match["below"], match["down"])
    quoted = re.fullmatch(r'"([^"]*)"', core)
    if quoted:
        return _Atom(text, None, quoted.group(1), up, down)
    method, colon, value = core.partition(":")
    if not colon:
        return _Atom(text, None, core, up, down)
    if method not in METHODS:
        hint = did_you_mean(method, METHODS, label="Known")
        raise UsageError(f"the selector {text!r} asks for {method + ':'!r}, which is unknown", hint=hint)
    value = value.strip('"')
    if not value:
        raise UsageError(f"the selector {text!r} says nothing after the colon")
    return _Atom(text, method, value, up, down)


def _steps(sign: str | None, digits: str | None) -> int | None:
    if sign is None:
        return 0
    return int(digits) if digits else None


def _with_neighbours(graph: Graph, atom: _Atom, state: State | None) -> frozenset[str]:
    cores = _core(graph, atom, state)
    found = set(cores)
    for name in cores:
        if atom.up != 0:
            found |= graph.ancestors(name, atom.up)
        if atom.down != 0:
            found |= graph.descendants(name, atom.down)
    return frozenset(found)


def _core(graph: Graph, atom: _Atom, state: State | None) -> frozenset[str]:
    match atom.method:
        case None:
            return _by_name(graph, atom)
        case "state":
            return _by_state(graph, atom, state)
        case "source":
            sources = [n for n in graph.nodes.values() if isinstance(n, Source)]
            return _by_label(sources, atom, lambda node: (node.name,), "Sources")
        case "path":
            return _by_path(graph, atom)
        case "tag":
            return _by_label(graph.nodes.values(), atom, lambda node: node.tags, "Tags")
        case "owner":
            return _by_label(graph.nodes.values(), atom, lambda node: _one(node.owner), "Owners")
        case _:
            return _by_label(graph.nodes.values(), atom, _group, "Groups")


def _by_name(graph: Graph, atom: _Atom) -> frozenset[str]:
    literal = graph.find((atom.value,)) or graph.find(tuple(atom.value.split(".")))
    if literal is not None:
        return frozenset({literal})
    if _GLOB.search(atom.value):
        pattern = atom.value.casefold()
        found = frozenset(name for name in graph.nodes if fnmatchcase(name.casefold(), pattern))
        if found:
            return found
    raise UsageError(f"the selector {atom.text!r} matches no model", hint=did_you_mean(atom.value, graph.nodes) or None)


def _by_state(graph: Graph, atom: _Atom, state: State | None) -> frozenset[str]:
    if atom.value not in STATES:
        hint = did_you_mean(atom.value, STATES, label="States")
        raise UsageError(f"the selector {atom.text!r} asks for an unknown state", hint=hint)
    if state is None:
        raise UsageError(f"the selector {atom.text!r} needs the project's state, which is not at hand here")
    return state(atom.value) & frozenset(graph.nodes)


def _by_path(graph: Graph, atom: _Atom) -> frozenset[str]:
    pattern = atom.value.removeprefix("./").rstrip("/")
    found = frozenset(
        name
        for name, node in graph.nodes.items()
        if node.file == pattern or node.file.startswith(f"{pattern}/") or fnmatchcase(node.file, pattern)
    )
    if not found:
        files = {node.file for node in graph.nodes.values()}
        known = files | {file.rpartition("/")[0] for file in files}
        raise UsageError(f"the selector {atom.text!r} matches no file", hint=did_you_mean(pattern, known) or None)
    return found


def _by_label(nodes: Iterable[Node], atom: _Atom, labels: Callable[[Node], Iterable[str]], many: str) -> frozenset[str]:
    everything = list(nodes)
    pattern = atom.value.casefold()
    found = frozenset(
        node.name
        for node in everything
        if any(label.casefold() == pattern or fnmatchcase(label.casefold(), pattern) for label in labels(node))
    )
    if not found:
        known = {label for node in everything for label in labels(node)}
        hint = did_you_mean(atom.value, known, label=many) or None
        raise UsageError(f"the selector {atom.text!r} matches nothing", hint=hint)
    return found


def _one(label: str | None) -> tuple[str, ...]:
    return () if label is None else (label,)


def _group(node: Node) -> tuple[str, ...]:
    return _one(node.group) if isinstance(node, Model) else ()
