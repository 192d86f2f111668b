"""What other engines read of PostgreSQL by themselves: how they enter, and what they would read wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from interlace.contracts.direct import Door
from interlace_postgres.pooling import parameters
from interlace_postgres.quoting import identifier, literal, qualified

if TYPE_CHECKING:
    from interlace.contracts.relation import Relation
    from interlace_postgres.config import PostgresOptions
    from interlace_postgres.session import PostgresSession

__all__ = ["door_of", "is_worth", "readable"]

WORTH: Final = 16 * 2**20
"""Bytes of a table; what is smaller is moved before another engine has connected."""

_AS_THEY_ARE: Final = frozenset({16, 17, 20, 21, 23, 25, 700, 701, 1043, 1082, 1114, 1184, 2950})
_NUMERIC: Final = 1700
_HEADER: Final = 4
_MOST_DIGITS: Final = 38


def door_of(options: PostgresOptions) -> Door | None:
    """How to enter with the session's settings; None where a role is taken, or a key has a password."""
    if options.role is not None or options.sslpassword is not None:
        return None
    settings = " ".join(f"-c {name}={_escaped(value)}" for name, value in options.session_settings().items())
    given = {name: str(value) for name, value in parameters(options).items() if value is not None}
    return Door("postgres", {**given, "options": " ".join(filter(None, (given.get("options"), settings)))})


def is_worth(session: PostgresSession, relation: Relation) -> bool:
    """Whether a table is large."""
    size = session.fetch(f"SELECT pg_relation_size(to_regclass({literal(qualified(relation))}))")[0][0]
    return size is not None and int(size) >= WORTH


def readable(session: PostgresSession, sql: str) -> str | None:
    """The query as DuckDB reads it right; None where a column is of a type that it reads in its own way.

    It reads the NaN of a numeric as 0.
    """
    columns = session.bound(sql)
    if not all(oid in _AS_THEY_ARE or _digits(oid, modifier) for _, oid, modifier in columns):
        return None
    names = [identifier(f"c{number}") for number in range(len(columns))]
    numbers = [_no_nan(name, title) for name, (title, oid, _) in zip(names, columns, strict=True) if oid == _NUMERIC]
    where = f" WHERE {' AND '.join(numbers)}" if numbers else ""
    return f"SELECT {', '.join(names)} FROM ({sql}\n) AS q({', '.join(names)}){where}"


def _no_nan(name: str, title: str) -> str:
    """A condition that holds for each row, or raises; in the list of columns it would cost half of the whole."""
    said = literal(f"NaN in column {title!r}, which no DECIMAL holds: ")
    return f"CASE WHEN {name} = 'NaN' THEN ({said} || {name})::numeric IS NULL ELSE true END"


def _digits(oid: int, modifier: int) -> Sequence[int]:
    """Of a numeric that says how many it has, and that a DECIMAL holds."""
    if oid != _NUMERIC or modifier < _HEADER:
        return ()
    precision, scale = (modifier - _HEADER) >> 16 & 0xFFFF, (modifier - _HEADER) & 0x7FF
    return (precision, scale) if scale <= precision <= _MOST_DIGITS else ()


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")
