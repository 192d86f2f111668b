"""The part of time that a load is about, as a condition on its rows."""

from __future__ import annotations

from datetime import datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from sqlglot import exp

from interlace.errors import InvalidModel
from interlace_strategies.expressions import all_of, column
from interlace_strategies.lookup import spelt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.load import Interval
    from interlace.contracts.relation import Column

__all__ = ["inside"]

_SLOT: Final = "__interlace_moment"


def inside(interval: Interval, columns: Sequence[Column], dialect: str, model: str, of: str | None = None) -> exp.Expr:
    """Whether a row is in ``[start, end)``; NULL is in no interval.

    A column without a zone is in that of the interval, which is the project's.

    Args:
        interval: the part of time.
        columns: those of the rows.
        dialect: sqlglot's name of the dialect of their types.
        model: the model's name, for messages.
        of: the alias of the rows.

    Raises:
        InvalidModel: there is no such column, or it is neither a date nor a timestamp.
    """
    name = spelt([interval.column], [c.name for c in columns], "'incremental'", model)[0]
    type_ = next(c.type for c in columns if c.name == name)
    start, end = (_bound(at, type_, dialect, name, model) for at in (interval.start, interval.end))
    return all_of(
        [exp.GTE(this=column(name, of), expression=start), exp.LT(this=column(name, of), expression=end)],
    )


def _bound(at: datetime, type_: str, dialect: str, name: str, model: str) -> exp.Expr:
    local = at.replace(tzinfo=None).isoformat(sep=" ")
    match _kind(type_, dialect):
        case "zoned":
            return _literal(at.isoformat(sep=" "), "TIMESTAMPTZ", dialect)
        case "date" if at.time() == time():
            return _literal(at.date().isoformat(), "DATE", dialect)
        case "local" | "date":
            return _literal(local, "TIMESTAMP", dialect)
        case _:
            raise InvalidModel(
                f"{model} is incremental by {name!r}, which is {type_}: it must be a date or a timestamp",
                hint=f"Cast it in the model, such as CAST({name} AS TIMESTAMP).",
                model=model,
            )


@lru_cache(maxsize=256)
def _kind(type_: str, dialect: str) -> Literal["zoned", "local", "date"] | None:
    from interlace.schema.sql_types import Other, Timestamp, parse_type

    match parse_type(type_, dialect):
        case Timestamp(zoned=True):
            return "zoned"
        case Timestamp():
            return "local"
        case Other("date"):
            return "date"
        case _:
            return None


def _literal(text: str, type_: str, dialect: str) -> exp.Var:
    """A moment as text of the dialect: a cast is rendered once, for that takes sqlglot as long as a whole statement."""
    return exp.Var(this=_cast(type_, dialect).replace(_SLOT, text))


@lru_cache(maxsize=256)
def _cast(type_: str, dialect: str) -> str:
    return exp.cast(exp.Literal.string(_SLOT), type_).sql(dialect=dialect)
