"""What is looked at in a table that something else loaded, before a strategy goes on from there."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.contracts.load import Examine, Refusal
from interlace.errors import InvalidModel, did_you_mean
from interlace_strategies import expressions as sql
from interlace_strategies.lookup import spelt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.load import LoadSpec
    from interlace.contracts.options import Options
    from interlace_strategies.scd_type_2 import ScdType2Options

__all__ = ["history", "unique_key"]

NEXT: Final = "__interlace_next"


def unique_key(
    spec: LoadSpec[Options], *, nulls: bool, only: exp.Expr | None = None, what: str = "more than once"
) -> Examine:
    """No key is there more than once.

    Args:
        spec: of a load into the table.
        nulls: whether NULL in a key is a value; without, rows with NULL in it have no key.
        only: a condition on the rows that are looked at.
        what: the table holds such keys, for the message.
    """
    key = _names(spec, spec.key, "key")
    conditions = [only] if only is not None else []
    if not nulls:
        conditions += [sql.has_value(sql.column(name)) for name in key]
    grouped = sql.select(key, sql.table(spec.target), conditions).group_by(*map(sql.column, key), copy=False)
    twice = grouped.having(exp.GT(this=exp.Count(this=exp.Star()), expression=sql.number(1)), copy=False)
    query = sql.select({"found": exp.Count(this=exp.Star())}, sql.subquery(twice, "n"))
    message = f"Keys ({_said(', '.join(key))}) that {_said(spec.target)} holds {what}: {{count}}."
    return Examine(query, (Refusal("found", message, "Make them unique, or name another key.", twice.copy()),))


def history(spec: LoadSpec[ScdType2Options]) -> Sequence[Examine]:
    """The table is a history.

    Raises:
        InvalidModel: it lacks one of the two columns that say since when and until when a version is valid.
    """
    options = spec.options
    begins = _validity(spec, "valid_from", options.valid_from)
    ends = _validity(spec, "valid_to", options.valid_to)
    nulls = options.null_keys == "match"
    open_ = _is_open(options, ends)
    return (
        unique_key(spec, nulls=nulls, only=open_, what="more than one open row of"),  # type: ignore[arg-type]
        _lasting(spec, begins, ends),
        _apart(spec, begins, ends),
    )


def _is_open(options: ScdType2Options, ends: str) -> exp.Expr:
    if options.open_valid_to is None:
        return sql.is_null(sql.column(ends))
    at = options.open_valid_to
    never = sql.moment(at if at.tzinfo is not None else at.replace(tzinfo=UTC))
    return sql.any_of([sql.is_null(sql.column(ends)), exp.EQ(this=sql.column(ends), expression=never)])


def _validity(spec: LoadSpec[ScdType2Options], option: str, name: str) -> str:
    stored = {c.name.casefold(): c for c in spec.target_columns or ()}
    column = stored.get(name.casefold())
    if column is None:
        near = did_you_mean(name, [c.name for c in stored.values()], label="Columns")
        raise InvalidModel(
            f"{spec.target} has no column {name!r}, in which a history keeps '{option}'",
            hint=f"Name the column that it has: strategy: {{name: scd_type_2, {option}: ...}}. {near}".rstrip(),
            model=spec.target.name,
        )
    return column.name


def _lasting(spec: LoadSpec[ScdType2Options], begins: str, ends: str) -> Examine:
    """Each version begins, and ends later."""
    wrong = sql.any_of(
        [sql.is_null(sql.column(begins)), exp.GTE(this=sql.column(begins), expression=sql.column(ends))],
    )
    rows = sql.select((*_names(spec, spec.key, "key"), begins, ends), sql.table(spec.target), [wrong])
    query = sql.select({"found": exp.Count(this=exp.Star())}, sql.subquery(rows, "n"))
    message = f"Rows of {_said(spec.target)} that do not begin, or not before they end: {{count}}."
    return Examine(query, (Refusal("found", message, "A version is valid in [valid_from, valid_to).", rows.copy()),))


def _apart(spec: LoadSpec[ScdType2Options], begins: str, ends: str) -> Examine:
    """No version begins before the one before it ends."""
    key = _names(spec, spec.key, "key")
    following = exp.Window(
        this=exp.Lead(this=sql.column(begins)),
        partition_by=[sql.column(name) for name in key],
        order=exp.Order(expressions=[exp.Ordered(this=sql.column(begins))]),
    )
    values: dict[str, exp.Expr] = {name: sql.column(name) for name in (*key, begins, ends)}
    values[NEXT] = following
    late = exp.GT(this=sql.column(ends), expression=sql.column(NEXT))
    unended = sql.all_of([sql.is_null(sql.column(ends)), sql.has_value(sql.column(NEXT))])
    rows = sql.select(
        (*key, begins, ends),
        sql.subquery(sql.select(values, sql.table(spec.target)), "v"),
        [sql.any_of([late, exp.Paren(this=unended)])],
    )
    query = sql.select({"found": exp.Count(this=exp.Star())}, sql.subquery(rows, "n"))
    message = f"Versions of {_said(spec.target)} that are still valid when the next one begins: {{count}}."
    return Examine(query, (Refusal("found", message, "Versions of a key may not overlap.", rows.copy()),))


def _names(spec: LoadSpec[Options] | LoadSpec[ScdType2Options], names: Sequence[str], what: str) -> tuple[str, ...]:
    return spelt(names, [c.name for c in spec.target_columns or ()], what, spec.target.name)


def _said(name: object) -> str:
    """A name inside a message that is formatted later."""
    return str(name).replace("{", "{{").replace("}", "}}")
