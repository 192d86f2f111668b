"""A check's query: as a model's, but for ``$this``, which is the relation that is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlace.errors import InvalidModel, did_you_mean
from interlace.model.definition import Reference, Variable
from interlace.model.sql_text import find_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interlace.model.definition import SqlBody

__all__ = ["THIS", "filled", "read_check_query"]

THIS: Final = "__interlace_this"
"""The name that ``$this`` goes by in what was read."""


def read_check_query(text: str, dialect: str, file: str = "query", line: int = 1) -> SqlBody:
    """Read a query in which ``$this`` may stand for a relation, and for the qualifier of its columns.

    Raises:
        InvalidSql: it does not parse, or is no query.
    """
    from interlace.model.sql_query import QueryReader

    parts, at = [], 0
    for variable in find_variables(text, dialect):
        if variable.name == "this":
            parts += [text[at : variable.start], THIS]
            at = variable.end
    return QueryReader(dialect).read("".join([*parts, text[at:]]), file, line)[0]


def filled(body: SqlBody, relation: Callable[[Reference], str], variables: Mapping[str, str]) -> str:
    """The query with what its names and variables stand for.

    Args:
        body: what `read_check_query` gave.
        relation: gives the text that stands for a name.
        variables: the text that stands for each ``$name``.

    Raises:
        InvalidModel: there is no such variable: names the nearest.
    """
    parts, at = [], 0
    spans: list[Reference | Variable] = sorted([*body.references, *body.variables], key=lambda s: s.start)
    for span in spans:
        parts.append(body.text[at : span.start])
        if isinstance(span, Reference):
            parts.append(relation(span))
        elif span.name in variables:
            parts.append(variables[span.name])
        else:
            near = did_you_mean(span.name, variables, label="Known")
            raise InvalidModel(f"${span.name} is no variable of this project", hint=near)
        at = span.end
    return "".join([*parts, body.text[at:]])
