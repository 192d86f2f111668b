"""From the author's text to the text that runs: names become relations, variables become literals.

The author's text is kept as it is; only the spans that the loader found are replaced, so that an error of the
database points at what the author wrote, and nothing is parsed or rendered again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from interlace.errors import InvalidModel, Location, did_you_mean
from interlace.model.definition import Reference, Variable

if TYPE_CHECKING:
    from interlace.model.definition import SqlBody

__all__ = ["Compiled", "Inline", "Renamed", "compile_query", "literal", "unknown_variable"]


class Inline(str):
    """The SQL of a query that stands in place of a relation."""

    __slots__ = ()


class Renamed(str):
    """The quoted name of a relation that is called otherwise than what it stands for: columns are still qualified as written."""

    __slots__ = ()


Compiled = str | Inline | Renamed
"""What stands for a reference: the quoted name of a relation, or the query of a model that is inlined."""


def compile_query(
    body: SqlBody,
    relation: Callable[[Reference], Compiled],
    variables: Mapping[str, object],
    quote: Callable[[str], str],
    where: str,
    special: Callable[[Variable], str | None] = lambda _: None,
) -> str:
    """Fill in a query's references and variables.

    Args:
        body: the text and its spans.
        relation: gives what stands for a reference.
        variables: the values of ``$name``.
        quote: quotes an identifier.
        where: the file, for errors.
        special: gives the text of a variable that is no value, such as ``$this``.

    Raises:
        InvalidModel: a variable that is not known: names the line and the nearest one.
    """
    spans: list[Reference | Variable] = sorted([*body.references, *body.variables], key=lambda s: s.start)
    if not spans:
        return body.text
    parts: list[str] = []
    at = 0
    for span in spans:
        parts.append(body.text[at : span.start])
        parts.append(_replacement(span, body, relation, variables, quote, where, special))
        at = span.end
    parts.append(body.text[at:])
    return "".join(parts)


def _replacement(
    span: Reference | Variable,
    body: SqlBody,
    relation: Callable[[Reference], Compiled],
    variables: Mapping[str, object],
    quote: Callable[[str], str],
    where: str,
    special: Callable[[Variable], str | None],
) -> str:
    match span:
        case Reference():
            found = relation(span)
            alias = "" if span.aliased else f" AS {_alias(span, body, quote)}"
            if isinstance(found, Renamed):
                return f"{found}{alias}"
            if not isinstance(found, Inline):
                return found
            return f"(\n{found}\n){alias}"
        case Variable():
            text = special(span)
            if text is not None:
                return text
            if span.name not in variables:
                raise unknown_variable(span, body, variables, where)
            return literal(variables[span.name])


def _alias(span: Reference, body: SqlBody, quote: Callable[[str], str]) -> str:
    """The bare name that columns are qualified by; one in capitals stays without quotes, for databases that fold it."""
    name = span.parts[-1]
    folds = name != name.lower() and body.text[span.start : span.end].endswith(name)
    return name if folds else quote(name)


def unknown_variable(span: Variable, body: SqlBody, variables: Iterable[str], where: str) -> InvalidModel:
    """The error about a ``$name`` that is no variable: its line and the nearest name."""
    before = body.text[: span.start]
    column = len(before) - before.rfind("\n")
    line = body.line + before.count("\n")
    excerpt = body.text.split("\n")[line - body.line]
    near = did_you_mean(span.name, variables, label="Known")
    return InvalidModel(
        f"${span.name} is no variable of this project",
        where=Location(where, line, column, excerpt),
        hint=f"{near} Declare it under 'vars:' in config.yaml or give it with --var {span.name}=…".strip(),
    )


def literal(value: object) -> str:
    """A value as a literal of standard SQL.

    Raises:
        TypeError: a type that a variable cannot have.
    """
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value) if value >= 0 else f"({value})"
        case float():
            return _float(value)
        case str():
            return "'" + value.replace("'", "''") + "'"
        case datetime():
            kind = "TIMESTAMP" if value.tzinfo is None else "TIMESTAMPTZ"
            return f"CAST('{value.isoformat(sep=' ')}' AS {kind})"
        case date():
            return f"CAST('{value.isoformat()}' AS DATE)"
        case list() | tuple():
            return _tuple(value)
    raise TypeError(f"a variable cannot be a {type(value).__name__}")


def _float(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124
        return f"CAST('{value}' AS DOUBLE PRECISION)"
    return repr(value) if value >= 0 else f"({value!r})"


def _tuple(values: Sequence[object]) -> str:
    return "(" + ", ".join(literal(v) for v in values) + ")"
