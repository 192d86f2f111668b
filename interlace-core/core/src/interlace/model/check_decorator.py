"""``@check`` makes a function a check of a model's rows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

__all__ = ["CheckDeclaration", "check", "check_declaration_of"]

F = TypeVar("F", bound=Callable[..., Any])

_ATTRIBUTE: Final = "__interlace_check__"
_OPTIONS: Final = ("model", "severity", "name", "where", "max_rows", "max_fraction", "scope")


@dataclass(frozen=True, slots=True)
class CheckDeclaration:
    """What ``@check(...)`` said: the model's name, the options as written, and the line of the decorator."""

    model: str
    options: Mapping[str, object]
    file: str
    line: int


def check(
    *positional: object,
    model: str | None = None,
    severity: Literal["error", "warn"] = "error",
    name: str | None = None,
    where: str | None = None,
    max_rows: int | None = None,
    max_fraction: float | None = None,
    scope: Literal["table", "batch"] | None = None,
    **unknown: object,
) -> Callable[[F], F]:
    """Make a function a check of a model's rows, run before these are published: ``@check(model="orders")``.

    Its one parameter is given the rows as its annotation asks: ``ibis.Table`` (the default), ``pyarrow.Table``,
    ``pyarrow.RecordBatchReader``, ``pandas.DataFrame``, ``polars.DataFrame`` or ``polars.LazyFrame``.  It returns whether all
    is well, the number of rows that fail, or these rows, in any form that a model may return; or it raises
    ``AssertionError`` with what is wrong.  None says that all is well.

    Args:
        model: the model, seed or source whose rows it checks.
        severity: ``error`` blocks publication, ``warn`` only says so.
        name: the name that results go by; the function's name by default.
        where: a condition in SQL; only the rows for which it is true are given.
        max_rows: how many rows may fail.
        max_fraction: which part of the rows may fail, from 0 to 1.
        scope: ``table`` checks what will be published, ``batch`` the rows that the load brings.

    Raises:
        TypeError: what is decorated is no function, the model is no name, or an option is none; says how it is written.
    """
    if positional:
        raise TypeError(_by_keyword(positional[0]))
    if unknown:
        raise TypeError(_no_option(next(iter(unknown))))
    if not isinstance(model, str) or not model:
        was = f", not {model!r}" if model is not None else ""
        raise TypeError(f'@check takes the name of a model: @check(model="orders"){was}')
    given = {
        "severity": severity,
        "name": name,
        "where": where,
        "max_rows": max_rows,
        "max_fraction": max_fraction,
        "scope": scope,
    }
    caller = sys._getframe(1)  # noqa: SLF001  the decorator's own line, for messages
    said = {word: value for word, value in given.items() if value is not None}
    declaration = CheckDeclaration(model, said, caller.f_code.co_filename, caller.f_lineno)

    def declare(decorated: F) -> F:
        if not callable(decorated) or isinstance(decorated, type):
            raise TypeError(f"@check stands on a function, not on {decorated!r}")
        setattr(decorated, _ATTRIBUTE, declaration)
        return decorated

    return declare


def _by_keyword(given: object) -> str:
    """What is said to ``@check("orders")``, and to ``@check`` without parentheses."""
    name = given if isinstance(given, str) else "orders"
    was = f", not {given!r} by its place" if isinstance(given, str) else ""
    return f'@check takes the name of a model: @check(model="{name}"){was}'


def _no_option(word: str) -> str:
    from interlace.errors import did_you_mean

    return f"@check has no option {word!r}. {did_you_mean(word, _OPTIONS, label='Options')}".rstrip()


def check_declaration_of(function: object) -> CheckDeclaration | None:
    """What ``@check`` said of a function; None where it is no check."""
    found = getattr(function, _ATTRIBUTE, None)
    return found if isinstance(found, CheckDeclaration) else None
