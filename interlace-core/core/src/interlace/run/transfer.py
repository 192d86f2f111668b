"""What a model reads on other connections than its own: what has to be copied, and what cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlace.contracts.relation import Relation
from interlace.errors import InvalidModel, Location
from interlace.model.definition import Model, PythonBody, SqlBody
from interlace.plan.steps import Transfer

if TYPE_CHECKING:
    from interlace.model.definition import Node
    from interlace.plan.planner import Facts
    from interlace.plan.steps import Step
    from interlace.plan.windows import Batch
    from interlace.run.transfer_window import Window
    from interlace.run.view import View

__all__ = [
    "SCHEMA",
    "Need",
    "across",
    "copy_relation",
    "joined",
    "needs_of",
    "refuse_impossible",
    "transfers_of",
    "with_need",
]

SCHEMA: Final = "_interlace"
"""Where copies live: the schema of the reader's database that is Interlace's own."""

_LAZY: Final = "ibis.Table"
_READING: Final = frozenset({"relationships", "query"})
"""Checks that may look at all rows of a relation."""


@dataclass(frozen=True, slots=True)
class Need:
    """A node that has to be copied to another connection before a model can read it.

    Attributes:
        name: the model or source.
        source: the connection where it is.
        reader: the connection where it is read.
        columns: the names that the reader may use, in lower case; None for all.
        window: the part of time that it reads; None for all.
    """

    name: str
    source: str
    reader: str
    columns: frozenset[str] | None = None
    window: Window | None = None


def copy_relation(name: str, run: str | None = None) -> Relation:
    """Where a copy is while a run goes on; without one, where it would be, for people."""
    from interlace.plan.versions import digest

    marked = "of" if run is None else digest(run, name)[:16]
    return Relation(f"copy_{marked}_{name}"[:60], SCHEMA)


def needs_of(view: View, name: str, batches: Sequence[Batch] = ()) -> tuple[Need, ...]:
    """What has to be copied before a model is built, in an order in which it can be.

    A Python model reads rows where they are; only an ibis table has to be in the model's own database, so that
    expressions over several of them can be computed there.

    Args:
        batches: the parts of time that a model loads that is incremental by datetime; what it shows to need of no
            other is not copied.
    """
    if name not in view.across:
        return ()
    found: dict[tuple[str, str], Need] = {}
    for need in _needs(view, view.models[name], set(), batches):
        before = found.get((need.name, need.reader))
        found[need.name, need.reader] = need if before is None else joined(before, need)
    return tuple(found.values())


def joined(one: Need, other: Need) -> Need:
    """The need that serves two readers."""
    both = None if one.columns is None or other.columns is None else one.columns | other.columns
    if one.window is None or other.window is None:
        return Need(one.name, one.source, one.reader, both)
    from interlace.run.transfer_window import united

    return Need(one.name, one.source, one.reader, both, united(one.window, other.window))


def with_need(needs: tuple[Need, ...], more: Need) -> tuple[Need, ...]:
    """The needs and one more, each relation once for each reader."""
    found = {(need.name, need.reader): need for need in needs}
    before = found.get((more.name, more.reader))
    found[more.name, more.reader] = more if before is None else joined(before, more)
    return tuple(found.values())


def _needs(view: View, model: Model, seen: set[str], batches: Sequence[Batch] = ()) -> Iterator[Need]:
    own = view.connection_name(model)
    for name in _read(view, model):
        node = view.loaded.graph.nodes[name]
        there = view.connection_name(node)
        if name in view.inlined and isinstance(node, Model):
            if name not in seen:
                seen.add(name)
                yield from _needs(view, node, seen)
            if isinstance(node.body, PythonBody):
                continue  # its rows are loaded into the reader's session as they come
        if there != own:
            window = _window(view, model, name, batches) if batches else None
            yield Need(name, there, own, _columns(view, model, name), window)


def _read(view: View, model: Model) -> list[str]:
    """The nodes that have to be in the model's own database: what its query names, what it takes as ibis tables."""
    references = view.loaded.graph.references(model.name)
    match model.body:
        case SqlBody():
            return list(dict.fromkeys(references.values()))
        case PythonBody(parameters=parameters):
            names = {references[p.reference]: p.wants for p in parameters}
            return [n for n, wants in names.items() if wants == _LAZY or n in view.inlined]
    return []


def _columns(view: View, model: Model, name: str) -> frozenset[str] | None:
    if not isinstance(model.body, SqlBody):
        return None
    from interlace.run.transfer_columns import columns_read

    references = view.loaded.graph.references(model.name)
    parts = frozenset(p for p, meant in references.items() if meant == name)
    return columns_read(model.body, parts, view.connection(model).dialect)


def _window(view: View, model: Model, name: str, batches: Sequence[Batch]) -> Window | None:
    """The part of time that a model reads; all of it where its checks may look, too."""
    incremental = model.incremental
    if not isinstance(model.body, SqlBody) or incremental is None or incremental.by != "datetime":
        return None
    if any(use.type in _READING for use in model.checks):
        return None
    from interlace.run.transfer_window import window_of

    references = view.loaded.graph.references(model.name)
    parts = frozenset(p for p, meant in references.items() if meant == name)
    dialect, zone = view.connection(model).dialect, view.loaded.config.config.timezone
    return window_of(model.body, parts, incremental.column, dialect, batches, zone)


def refuse_impossible(view: View, names: Iterable[str]) -> None:
    """Refuse models that read from another connection in a way that cannot be.

    Raises:
        InvalidModel: names both connections.
    """
    for name in sorted(set(names) & view.across):
        model = view.models[name]
        if view.kinds[model.materialise].inlined:
            continue
        for need in needs_of(view, name):
            why, hint = _impossible(view, model, need)
            if why:
                raise InvalidModel(
                    f"{name} is on connection {need.reader!r} and reads {need.name}, which is on {need.source!r}: {why}",
                    where=Location(model.file, model.line),
                    hint=hint,
                    model=name,
                )


def _impossible(view: View, model: Model, need: Need) -> tuple[str, str]:
    source, reader = view.loaded.connections.get(need.source), view.loaded.connections.get(need.reader)
    if view.kinds[model.materialise].relation == "view":
        return "a view cannot look into another database", "Give it 'materialise: table'."
    if not source.capabilities.arrow_out:
        return f"{need.source!r} gives no rows to others", f"Put {model.name} on {need.source!r}."
    if not reader.capabilities.arrow_in:
        return f"{need.reader!r} takes no rows from others", f"Put {model.name} on {need.source!r}."
    return "", ""


def transfers_of(view: View, steps: Iterable[Step], facts: Facts) -> tuple[Transfer, ...]:
    """What the steps of a plan copy, each once, with its rows where the state knows them."""
    found: dict[tuple[str, str], Need] = {}
    for step in steps:
        if step.action != "build":
            continue
        for need in needs_of(view, step.model, step.intervals):
            before = found.get((need.name, need.reader))
            found[need.name, need.reader] = need if before is None else joined(before, need)
    known = {name: state.rows for name, state in facts.state.models.items()}
    known |= {name: there.state.rows for name, there in facts.deferral.read.items()}
    return tuple(
        Transfer(
            n.name,
            n.source,
            n.reader,
            known.get(n.name),
            None if n.columns is None else tuple(sorted(n.columns)),
            None if n.window is None else str(n.window),
        )
        for n in found.values()
    )


def across(view: View) -> frozenset[str]:
    """The models that read something on another connection, or read a model in place that does."""
    found: set[str] = set()
    for name in view.loaded.graph.order():
        model = view.models.get(name)
        if model is None:
            continue
        own = view.connection_name(model)
        parents = view.loaded.graph.parents(name)
        if any(
            _is_elsewhere(view, view.loaded.graph.nodes[p], own) or (p in found and p in view.inlined) for p in parents
        ):
            found.add(name)
    return frozenset(found)


def _is_elsewhere(view: View, node: Node, own: str) -> bool:
    return view.connection_name(node) != own
