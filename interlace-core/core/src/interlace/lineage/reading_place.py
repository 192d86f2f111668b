"""Where in a model's file it reads a column: found without parsing, for who has to look there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from interlace.model.definition import Model, PythonBody, SqlBody

if TYPE_CHECKING:
    from interlace.model.definition import Node, Reference

__all__ = ["identifiers", "reading_place"]

_TOKEN: Final = re.compile(
    r"""'(?:[^']|'')*' | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ | --[^\n]* | /\*.*?\*/ | \$\w+
    | "(?P<quoted>(?:[^"]|"")*)" | (?P<bare>[^\W\d]\w*)""",
    re.VERBOSE | re.DOTALL,
)


def identifiers(text: str) -> Iterator[tuple[str, int]]:
    """The words of a SQL text that may be names, unquoted, with their offsets; none out of strings and comments."""
    for match in _TOKEN.finditer(text):
        if (quoted := match["quoted"]) is not None:
            yield quoted.replace('""', '"'), match.start()
        elif (bare := match["bare"]) is not None:
            yield bare, match.start()


def reading_place(
    node: Node, references: Mapping[tuple[str, ...], str], relation: str, column: str | None
) -> tuple[str, int]:
    """The file and the line where a model first writes the column's name, else the relation's.

    Args:
        node: the reader.
        references: the nodes that its names mean.
        relation: the node that it reads.
        column: of it; None for its rows.
    """
    body = node.body if isinstance(node, Model) else None
    if isinstance(body, PythonBody):
        return body.file, body.line
    if not isinstance(body, SqlBody):
        return node.file, node.line
    offset = None if column is None else _first(body, column)
    if offset is None:
        offset = next((r.start for r in body.references if references.get(r.parts) == relation), 0)
    return node.file, body.line + body.text.count("\n", 0, offset)


def _first(body: SqlBody, column: str) -> int | None:
    folded = column.casefold()
    if folded not in body.text.casefold():
        return None
    for word, offset in identifiers(body.text):
        if word.casefold() == folded and not any(_within(offset, r) for r in body.references):
            return offset
    return None


def _within(offset: int, reference: Reference) -> bool:
    return reference.start <= offset < reference.end
