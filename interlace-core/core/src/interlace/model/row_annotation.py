"""The columns of a Python model whose function says by its annotation what its rows are: ``-> list[Order]``."""

from __future__ import annotations

import collections.abc
import inspect
import sys
import typing
from collections.abc import Callable, Mapping
from datetime import date, time
from types import UnionType
from typing import Any, Final
from uuid import UUID

__all__ = ["columns_by_annotation"]

_SHARED: Final = frozenset({"duckdb", "postgres"})
"""The dialects that have the words of `_TYPES`."""

_MANY: Final = frozenset({
    list,
    collections.abc.AsyncGenerator,
    collections.abc.AsyncIterable,
    collections.abc.AsyncIterator,
    collections.abc.Collection,
    collections.abc.Generator,
    collections.abc.Iterable,
    collections.abc.Iterator,
    collections.abc.Sequence,
})  # fmt: skip
"""What rows may come in: the first argument is a row, or such a thing again."""

# Words that DuckDB and PostgreSQL share.  A datetime may have a zone or not, a Decimal any scale: their values say it.
_TYPES: Final[Mapping[object, str]] = {
    bool: "BOOLEAN",
    int: "BIGINT",
    float: "DOUBLE PRECISION",
    str: "VARCHAR",
    bytes: "BYTEA",
    date: "DATE",
    time: "TIME",
    UUID: "UUID",
}


def columns_by_annotation(function: Callable[..., Any], dialect: Callable[[], str]) -> dict[str, dict[str, str]] | None:
    """What ``columns`` would say: types and descriptions by column.

    The annotation of the result is a ``TypedDict``, or rows of one; a type that has no word in SQL is left to the values,
    and ``Annotated[float, "in euros"]`` describes.

    Args:
        function: the model's function.
        dialect: gives that of its connection; one that has other words for types gets descriptions only.

    Returns:
        None where the annotation says something else, or cannot be told without what is only imported for type checkers.
    """
    function = inspect.unwrap(function)
    row = _row(_resolved(getattr(function, "__annotations__", {}).get("return"), function.__module__))
    if row is None:
        return None
    typed = dialect() in _SHARED
    fields = ((name, _resolved(kind, row.__module__)) for name, kind in row.__annotations__.items())
    return {name: _column(kind, typed=typed) for name, kind in fields}


def _resolved(annotation: object, module: str) -> object:
    """What an annotation that is text stands for; None where a name in it is not there at run time."""
    if isinstance(annotation, typing.ForwardRef):
        module = annotation.__forward_module__ or module
        annotation = annotation.__forward_arg__
    # Twice: what is quoted in a file of which all annotations are text is text in text.
    for _ in range(2):
        if isinstance(annotation, str):
            try:
                annotation = eval(annotation, dict(vars(sys.modules[module])))  # noqa: S307  the user's own code
            except Exception:  # noqa: BLE001  whatever that raises
                return None
    return annotation


def _row(annotation: object) -> Any:
    """The ``TypedDict`` that rows are; None for anything else."""
    if isinstance(annotation, type) and issubclass(annotation, dict) and hasattr(annotation, "__required_keys__"):
        return annotation
    arguments = typing.get_args(annotation)
    return _row(arguments[0]) if typing.get_origin(annotation) in _MANY and arguments else None


def _column(kind: object, *, typed: bool) -> dict[str, str]:
    described: str | None = None
    while (origin := typing.get_origin(kind)) is typing.Annotated or origin in _wrappers():
        kind, *more = typing.get_args(kind)
        described = described or next((a for a in more if isinstance(a, str)), None)
    kind = _without_none(kind)
    type_ = _TYPES.get(kind) if typed and isinstance(kind, type) else None
    found = {"type": type_, "description": described}
    return {word: value for word, value in found.items() if value is not None}


def _wrappers() -> set[object]:
    """What says of a key that it may be missing, or must not change; of either package that has these words."""
    # What an annotation was made with is there: nothing need be imported to recognise it.
    modules = (typing, sys.modules.get("typing_extensions"))
    return {getattr(m, word) for m in modules for word in ("Required", "NotRequired", "ReadOnly") if hasattr(m, word)}


def _without_none(kind: object) -> object:
    """``int | None`` is an int that may be missing."""
    arguments = [a for a in typing.get_args(kind) if a is not type(None)]
    union = typing.get_origin(kind) in (typing.Union, UnionType)
    return arguments[0] if union and len(arguments) == 1 else kind
