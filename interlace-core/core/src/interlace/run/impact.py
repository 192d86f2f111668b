"""What a change of a column would touch: columns and rows of other models, and what names them in checks and keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interlace.contracts.check import Check
from interlace.lineage.follow import columns_of
from interlace.lineage.impact import affected_by
from interlace.lineage.naming import Naming, exports_of, namings_of, words_of
from interlace.lineage.reading_place import reading_place
from interlace.run.check_words import PYTHON
from interlace.run.columns_named import columns_named, columns_read, model_meant

if TYPE_CHECKING:
    from interlace.lineage.follow import Place
    from interlace.lineage.impact import Affected, Spot
    from interlace.lineage.models import ModelLineage
    from interlace.model.definition import CheckUse, Node
    from interlace.run.view import View

__all__ = ["Impact", "impact_of"]


@dataclass(frozen=True, slots=True)
class Impact:
    """All that depends on one or more columns.

    Attributes:
        columns: what was asked for.
        affected: other columns, and rows of models, each with a shortest path: what is certain first.
        places: the file and the line where each of them reads what it depends on.
        namings: checks, exports, contracts, keys, indexes and the like of the columns that were asked for, and of those
            that are affected.
    """

    columns: tuple[Place, ...]
    affected: tuple[Affected, ...]
    places: dict[Spot, tuple[str, int]]
    namings: tuple[Naming, ...]


def impact_of(view: View, models: ModelLineage, word: str, depth: int | None = None) -> Impact:
    """What depends on the columns that a word means, over at most `depth` models.

    A word without a column means any column of the model, and its rows.

    Raises:
        UsageError: there is no such node or column.
    """
    whole = model_meant(models, word)
    rows: tuple[Spot, ...] = ()
    if whole is None:
        columns = columns_named(models, word)
    else:
        columns, rows = columns_of(models, whole) or columns_read(models, whole), ((whole, None),)
    affected = tuple(affected_by(models, (*columns, *rows), depth))
    return Impact(columns, affected, _places(models, affected), tuple(_namings(view, columns, affected)))


def _places(models: ModelLineage, affected: tuple[Affected, ...]) -> dict[Spot, tuple[str, int]]:
    graph = models.graph
    return {a.spot: reading_place(graph.nodes[a.spot[0]], graph.references(a.spot[0]), *a.came_from) for a in affected}


def _namings(view: View, columns: tuple[Place, ...], affected: tuple[Affected, ...]) -> Iterator[Naming]:
    touched: dict[str, list[str]] = {}
    for name, column in (*columns, *(a.spot for a in affected)):
        touched.setdefault(name, []).extend([] if column is None else [column])
    nodes = view.loaded.graph.nodes
    checks = _Checks(view)
    for name, named in touched.items():
        yield from namings_of(nodes[name], named)
        yield from checks.of(nodes[name], named)
        yield from exports_of(nodes[name])
    yield from checks.elsewhere(touched)


@dataclass(slots=True)
class _Checks:
    """Finds the checks that read columns."""

    view: View

    def of(self, node: Node, columns: list[str]) -> Iterator[Naming]:
        """The checks of a node that read one of these columns."""
        wanted = {c.casefold(): c for c in columns}
        for use in node.checks:
            text, words = self._read(use)
            if use.type == PYTHON:
                yield Naming(node.name, None, "check", text, node.name, node.file, node.line)
            for word in dict.fromkeys(w.casefold() for w in words):
                if word in wanted:
                    yield Naming(node.name, wanted[word], "check", text, node.name, node.file, node.line)

    def elsewhere(self, touched: dict[str, list[str]]) -> Iterator[Naming]:
        """The checks of other nodes that look one of these columns up, by name: node and columns."""
        graph = self.view.loaded.graph
        for node in graph.nodes.values():
            for use in node.checks:
                target = use.options.get("to")
                found = graph.find(tuple(target.split("."))) if isinstance(target, str) else None
                if found not in touched or found is None or found == node.name:
                    continue
                field = str(use.options.get("field") or use.options.get("column"))
                column = next((c for c in touched[found] if c.casefold() == field.casefold()), None)
                if column is not None:
                    yield Naming(found, column, "check", self._read(use)[0], node.name, node.file, node.line)

    def _read(self, use: CheckUse) -> tuple[str, tuple[str, ...]]:
        """The name of a check as results have it, and the words in it that may be columns."""
        if use.type == PYTHON:
            return str(use.options.get("name") or use.options.get("function") or use.type), ()
        cls = self.view.loaded.plugins.registry(Check).get(use.type)
        check = cls()
        options: Any = cls.Config.model_validate(dict(use.options))
        named = use.options.get("name")
        subject = check.subject(options)
        text = str(named) if named else f"{use.type}({subject})" if subject else use.type
        said = {k: v for k, v in use.options.items() if k in ("where", "query", "expression")}
        return text, (*check.columns(options), *words_of(said))
