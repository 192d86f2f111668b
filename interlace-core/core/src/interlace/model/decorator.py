"""``@model`` makes a function a model; ``ref`` names what no parameter can.

The function is not changed: what was said is kept on it as a `Declaration`, read when its file is loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

if TYPE_CHECKING:
    from interlace.model.definition import Retry

__all__ = ["Declaration", "Ref", "declaration_of", "model", "ref"]

F = TypeVar("F", bound=Callable[..., Any])

_ATTRIBUTE: Final = "__interlace_model__"
_UNSET: Final[Any] = object()

Columns = Mapping[str, str | Mapping[str, object]] | Sequence[str | Mapping[str, object]]
Check = str | Mapping[str, object]
Export = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Declaration:
    """What ``@model(...)`` said: the keywords as written, and the line of the decorator."""

    keys: Mapping[str, object]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Ref:
    """A name of a model, seed or source, as in ``Annotated[Table, ref("staging.orders")]``."""

    name: str


def ref(name: str) -> Ref:
    """Say which model a parameter stands for, where its name cannot be that of the model.

    It stands in the annotation: ``Annotated[ibis.Table, ref("my orders")]``.

    Raises:
        TypeError: the name is not text.
    """
    if not isinstance(name, str) or not name:
        raise TypeError(f"ref() takes the name of a model as text, not {name!r}")
    return Ref(name)


@overload
def model(function: F, /) -> F: ...


@overload
def model(
    *,
    name: str = ...,
    schema: str = ...,
    connection: str = ...,
    materialise: str = ...,
    strategy: str | Mapping[str, object] = ...,
    key: str | Sequence[str] = ...,
    dependencies: str | Sequence[str] = ...,
    columns: Columns = ...,
    checks: Sequence[Check] = ...,
    timeout: float | str | timedelta = ...,
    cache: Mapping[str, object] = ...,
    export: Export | Sequence[Export] = ...,
    tags: str | Sequence[str] = ...,
    owner: str = ...,
    description: str = ...,
    indexes: str | Sequence[str | Sequence[str] | Mapping[str, object]] = ...,
    constraints: Mapping[str, object] | Sequence[Mapping[str, object]] = ...,
    grants: Mapping[str, str | Sequence[str]] = ...,
    group: str = ...,
    meta: Mapping[str, object] = ...,
    enabled: bool = ...,
    pre: str | Sequence[str] = ...,
    post: str | Sequence[str] = ...,
    cluster_by: str | Sequence[str] = ...,
    lineage: Mapping[str, str | Sequence[str]] = ...,
    lint: Mapping[str, str | bool] = ...,
    inputs: str | Sequence[str] = ...,
    volatile: bool = ...,
    incremental: str | Mapping[str, object] = ...,
    files: Mapping[str, object] = ...,
    schema_mode: str = ...,
    retry: str | int | Mapping[str, object] | Retry = ...,
    full_refresh: str = ...,
    renamed_from: str = ...,
    **aliases: Any,
) -> Callable[[F], F]: ...


def model(
    function: F | None = None,
    /,
    *,
    name: str = _UNSET,
    schema: str = _UNSET,
    connection: str = _UNSET,
    materialise: str = _UNSET,
    strategy: str | Mapping[str, object] = _UNSET,
    key: str | Sequence[str] = _UNSET,
    dependencies: str | Sequence[str] = _UNSET,
    columns: Columns = _UNSET,
    checks: Sequence[Check] = _UNSET,
    timeout: float | str | timedelta = _UNSET,
    cache: Mapping[str, object] = _UNSET,
    export: Export | Sequence[Export] = _UNSET,
    tags: str | Sequence[str] = _UNSET,
    owner: str = _UNSET,
    description: str = _UNSET,
    indexes: str | Sequence[str | Sequence[str] | Mapping[str, object]] = _UNSET,
    constraints: Mapping[str, object] | Sequence[Mapping[str, object]] = _UNSET,
    grants: Mapping[str, str | Sequence[str]] = _UNSET,
    group: str = _UNSET,
    meta: Mapping[str, object] = _UNSET,
    enabled: bool = _UNSET,
    pre: str | Sequence[str] = _UNSET,
    post: str | Sequence[str] = _UNSET,
    cluster_by: str | Sequence[str] = _UNSET,
    lineage: Mapping[str, str | Sequence[str]] = _UNSET,
    lint: Mapping[str, str | bool] = _UNSET,
    inputs: str | Sequence[str] = _UNSET,
    volatile: bool = _UNSET,
    incremental: str | Mapping[str, object] = _UNSET,
    files: Mapping[str, object] = _UNSET,
    schema_mode: str = _UNSET,
    retry: str | int | Mapping[str, object] | Retry = _UNSET,
    full_refresh: str = _UNSET,
    renamed_from: str = _UNSET,
    **aliases: Any,
) -> F | Callable[[F], F]:
    """Make a function a model; its parameters are what it reads, its result is its rows.

    Args:
        function: given when the decorator is used bare, as ``@model``.
        name: unique in the project; the function's name by default.
        schema: where the relation lives; the connection's default schema by default.
        connection: the name of a connection of the project.
        materialise: ``table`` (default), ``view``, ``ephemeral``, ``none`` or what a plugin offers.
        strategy: how rows reach the table: ``replace`` (default), or ``{"name": ..., option: value}``.
        key: the columns that identify a row.
        dependencies: models to come after, beside those that parameters name.
        columns: types and facts of columns: ``{"id": "BIGINT", "email": {"type": "VARCHAR", "tags": ["pii"]}}``; by default those of the
            ``TypedDict`` that the function says its rows are: ``-> list[Order]``.
        checks: checks of the rows before they are published: ``[{"unique": "id"}, {"row_count": {"min": 1}}]``.
        timeout: seconds, or text such as ``"10m"``.
        cache: ``{"ttl": "1h"}``: how long what Interlace cannot see into counts as unchanged.
        export: files to write after publication: ``{"format": "csv", "path": "out/orders.csv"}``, or a list.
        tags: words to select by.
        owner: who answers for it.
        description: the docstring by default.
        indexes: of its table: ``["customer", ["customer", "ordered_on"], {"columns": "email", "unique": True}]``.
        constraints: what the database holds the rows of its table to: ``[{"check": "amount >= 0"}, {"unique": ["id"]}]``.
        grants: who may do what with its relation: ``{"select": ["analyst", "public"]}``.
        group: a word to select by.
        meta: anything of your own.
        enabled: False leaves it out of the graph.
        pre: SQL statements that run before it, in its transaction.
        post: SQL statements that run after it, in its transaction.
        cluster_by: the columns by which its rows are ordered when they replace the table, so that looking for some of them reads little.
        lineage: what its columns are made of, where no query says it: ``{"revenue": ["orders.amount"], "*": ["orders.status"]}``,
            with ``*`` for what decides which rows there are; trusted.
        lint: how much rules of ``interlace validate`` weigh for it: ``{"select_star_from_source": "off"}``.
        inputs: files or globs that it reads, relative to the project.
        volatile: True runs it each time, False only when something that Interlace sees has changed.
        incremental: load only what is new: ``"datetime(created_at)"``, ``"key(id)"``, or a mapping with ``by``, ``column``,
            ``grain``, ``lookback``, ``batch_size``, ``start``, ``allow_partial``.
        files: takes in files that arrive, each once: ``{"connection": "drop", "path": "in/*.csv"}``; see ``context.arrivals``.
        schema_mode: what a load does where its columns are not the table's: ``strict``, ``safe`` (default), ``flexible``,
            ``lenient`` or ``ignore``.
        retry: tries a failed attempt again: ``"default"``, ``"api"``, ``"database"``, ``"none"``, a number of attempts, or a mapping.
        full_refresh: ``never`` refuses ``--full-refresh``; ``allow`` is the default, but for history.
        renamed_from: the model's former name: its relation and its history move along.
        aliases: the other words for these keys (``primary_key``, ``depends_on``, ``fields``, ``tests``, ...); anything
            else is an error when the file is loaded.

    Raises:
        TypeError: what is decorated is not a function.
    """
    given = {word: value for word, value in locals().items() if word not in ("function", "aliases")}
    keys = {word: value for word, value in given.items() if value is not _UNSET} | aliases
    caller = sys._getframe(1)  # noqa: SLF001  the decorator's own line, for messages
    declaration = Declaration(keys, caller.f_code.co_filename, caller.f_lineno)

    def declare(decorated: F) -> F:
        if not callable(decorated) or isinstance(decorated, type):
            raise TypeError(f"@model stands on a function, not on {decorated!r}; keys are given by keyword")
        setattr(decorated, _ATTRIBUTE, declaration)
        return decorated

    return declare if function is None else declare(function)


def declaration_of(function: object) -> Declaration | None:
    """What ``@model`` said of a function; None where it is no model."""
    found = getattr(function, _ATTRIBUTE, None)
    return found if isinstance(found, Declaration) else None
