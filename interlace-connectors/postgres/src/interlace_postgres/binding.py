"""What a query would give, asked of the server without running it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg.pq import ExecStatus

from interlace.contracts.relation import Column
from interlace_postgres.catalogue import types_query

if TYPE_CHECKING:
    from psycopg.types import TypesRegistry

__all__ = ["Bound", "bind", "columns_bound", "elements_of"]

Bound = tuple[str, int, int]
"""A column's name, the number of its type and the modifier of that."""

Fetch = Callable[[str], list[tuple[Any, ...]]]

_FIRST_OF_USERS: Final = 16384
_names: Final[dict[tuple[int, int], str]] = {}


def bind(server: psycopg.Connection[Any], sql: str) -> list[Bound]:
    """Have a statement without a name prepared, and described."""
    _good(server.pgconn.prepare(b"", sql.encode()))
    result = _good(server.pgconn.describe_prepared(b""))
    return [((result.fname(n) or b"").decode(), result.ftype(n), result.fmod(n)) for n in range(result.nfields)]


def _good(result: Any) -> Any:
    if result.status == ExecStatus.COMMAND_OK:
        return result
    raise psycopg.errors.error_from_result(result)


def columns_bound(bound: Sequence[Bound], fetch: Fetch) -> tuple[Column, ...]:
    """The columns, their types by name; the names of types that every server has are asked for once."""
    types = dict.fromkeys((oid, modifier) for _, oid, modifier in bound)
    unknown = [kind for kind in types if kind not in _names]
    names = (
        {kind: str(row[0]) for kind, row in zip(unknown, fetch(types_query(unknown)), strict=True)} if unknown else {}
    )
    _names.update({kind: name for kind, name in names.items() if kind[0] < _FIRST_OF_USERS})
    return tuple(Column(name, names.get((oid, mod)) or _names[oid, mod]) for name, oid, mod in bound)


def elements_of(types: Iterable[int], known: TypesRegistry, fetch: Fetch) -> dict[int, int]:
    """The types of the elements of those types that are arrays."""
    asked = set(types)
    found = {}
    for oid in asked:
        info = known.get(oid)
        if info is not None and info.array_oid == oid:
            found[oid] = info.oid
    rest = [str(oid) for oid in asked if known.get(oid) is None]
    if rest:
        sql = "SELECT oid::bigint, typelem::bigint FROM pg_catalog.pg_type WHERE typcategory = 'A' AND typelem <> 0 "
        found.update(dict(fetch(f"{sql} AND oid IN ({', '.join(rest)})")))
    return found
