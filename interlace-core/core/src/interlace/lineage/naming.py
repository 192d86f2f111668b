"""What beside a query names the columns of a node: its key, its indexes, its strategy's options and the like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlace.lineage.reading_place import identifiers
from interlace.model.definition import Model

if TYPE_CHECKING:
    from interlace.model.definition import ExportUse, Node

__all__ = ["Naming", "exports_of", "namings_of", "words_of"]

_NO_COLUMNS: Final = frozenset({"name", "format", "path", "connection", "table", "severity", "values", "message"})
"""Options whose values are no names of columns, whatever they look like."""


@dataclass(frozen=True, slots=True)
class Naming:
    """Something that names a column of a node, or that has all of its columns.

    Attributes:
        model: the node whose column it is.
        column: None where it is about all of them.
        what: the kind of thing, such as ``check``, ``key`` or ``export``.
        text: which one.
        owner: the node that declares it: for the check of another model that one.
        file: where that node is defined; `line` counts from 1.
    """

    model: str
    column: str | None
    what: str
    text: str
    owner: str
    file: str
    line: int


def namings_of(node: Node, columns: Iterable[str]) -> Iterator[Naming]:
    """What names one of these columns in the keys of a node, but for its checks and exports."""
    wanted = {c.casefold(): c for c in columns}
    for what, text, words in _said(node):
        for word in dict.fromkeys(w.casefold() for w in words):
            if (column := wanted.get(word)) is not None:
                yield Naming(node.name, column, what, text, node.name, node.file, node.line)


def exports_of(node: Node) -> Iterator[Naming]:
    """The exports of a node: they have all of its columns."""
    for use in node.export if isinstance(node, Model) else ():
        yield Naming(node.name, None, "export", _export(use), node.name, node.file, node.line)


def _said(node: Node) -> Iterator[tuple[str, str, Iterable[str]]]:
    """The kind, the text and the words of each thing."""
    for column in node.columns:
        if column.contract:
            yield "contract", f"{column.name}: {column.type}", (column.name,)
    if not isinstance(node, Model):
        lists: tuple[tuple[str, tuple[str, ...]], ...] = (
            ("freshness", () if node.freshness_column is None else (node.freshness_column,)),
            ("sample_by", node.sample_by),
        )
    else:
        lists = (("key", node.key), ("cluster_by", node.cluster_by))
        yield from _said_of_loads(node)
        yield from _said_of_relations(node)
    for what, words in lists:
        if words:
            yield what, ", ".join(words), words


def _said_of_loads(model: Model) -> Iterator[tuple[str, str, Iterable[str]]]:
    if (by := model.incremental) is not None:
        yield "incremental", f"{by.by}({by.column})", (by.column,)
    if model.strategy is not None and model.strategy.options:
        yield "strategy", model.strategy.name, words_of(model.strategy.options)
    for what, statements in (("pre", model.pre), ("post", model.post)):
        for statement in statements:
            yield what, statement, words_of(statement)


def _said_of_relations(model: Model) -> Iterator[tuple[str, str, Iterable[str]]]:
    for index in model.indexes:
        yield "index", ", ".join(index.columns), [*index.columns, *words_of(index.where)]
    for constraint in model.constraints:
        text = constraint.check or f"unique ({', '.join(constraint.unique)})"
        yield "constraint", text, [*constraint.unique, *words_of(constraint.check)]


def words_of(value: object) -> tuple[str, ...]:
    """The words in options that may be names of columns, each once."""
    return tuple(dict.fromkeys(_words(value)))


def _words(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
            yield from (word for word, _ in identifiers(value))
        case Mapping():
            for key, inner in value.items():
                if key not in _NO_COLUMNS:
                    yield from _words(inner)
        case list() | tuple():
            for inner in value:
                yield from _words(inner)


def _export(use: ExportUse) -> str:
    to = use.options.get("path") or use.options.get("table")
    return f"{use.format} to {to}" if to else use.format
