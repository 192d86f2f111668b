"""Who reads a table, or one of its columns: models, by the file and line where they do."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from interlace.errors import Location
from interlace.model.definition import Model, SqlBody

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interlace.migrate.names import Names
    from interlace.model.definition import Node

__all__ = ["givers", "readers"]


def readers(names: Names, nodes: Iterable[Node], column: str | None) -> list[Location]:
    """Where models read one of these nodes.

    A SQL model reads a column that it names, or all by a star; a Python model reads all.

    Args:
        names: of the migration's connection.
        nodes: the models, seeds and sources at one relation.
        column: which column; None for any.
    """
    view = names.view
    found: list[Location] = []
    for node in nodes:
        for child in view.loaded.graph.children(node.name):
            model = view.models[child]
            found += _places(model, node, column, view.connection(model).dialect, names)
    return sorted(set(found), key=str)


def givers(names: Names, nodes: Iterable[Node], column: str) -> list[Location]:
    """Where the queries of models at a relation name one of its columns: their next load gives it again."""
    found = []
    for model in nodes:
        if isinstance(model, Model) and isinstance(model.body, SqlBody):
            offsets = _column_offsets(model.body.text, column, names.dialect)
            found += [_place(model, model.body, min(offsets))] if offsets else []
    return found


def _places(model: Model, node: Node, column: str | None, dialect: str, names: Names) -> list[Location]:
    body = model.body
    if not isinstance(body, SqlBody):
        return [Location(model.file, model.line)]
    if column is not None:
        offsets = _column_offsets(body.text, column, dialect)
        if offsets is not None:
            return [_place(model, body, min(offsets))] if offsets else []
    meant = names.view.loaded.graph.references(model.name)
    spans = [r.start for r in body.references if meant.get(r.parts) == node.name]
    return [_place(model, body, min(spans))] if spans else [Location(model.file, model.line)]


def _place(model: Model, body: SqlBody, offset: int) -> Location:
    return Location(model.file, body.line + body.text.count("\n", 0, offset))


def _column_offsets(text: str, column: str, dialect: str) -> list[int] | None:
    """Where a query names a column, or takes all; None where it cannot be told."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    log = logging.getLogger("sqlglot")
    before, log.disabled = log.disabled, True
    try:
        tree = sqlglot.parse_one(text, dialect=dialect)
    except (SqlglotError, RecursionError):
        return None
    finally:
        log.disabled = before
    return list(_offsets(tree, column))


def _offsets(tree: object, column: str) -> Iterator[int]:
    from sqlglot import exp

    if not isinstance(tree, exp.Expr):
        return
    for node in tree.find_all(exp.Star, exp.Identifier):
        if isinstance(node, exp.Star):
            named = not isinstance(node.parent, exp.Count)
        else:
            named = node.name.casefold() == column.casefold()
            named = named and not isinstance(node.parent, (exp.Table, exp.TableAlias))
        if named:
            yield node.meta.get("start", 0)
