"""Expressions that a project writes in options."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from interlace.errors import InvalidModel, did_you_mean
from interlace.model.sql_condition import parse_over_one_row
from interlace_strategies.expressions import column

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["over_one_row", "over_two_rows"]


def over_one_row(text: str, dialect: str, columns: Iterable[str], what: str) -> exp.Expr:
    """An expression over the columns of one row, which are spelt and quoted as they are stored.

    Args:
        text: as written.
        dialect: sqlglot's name of the connection's dialect.
        columns: what it may use; ``source.name`` is ``name``.
        what: the option, for messages.

    Raises:
        InvalidModel: it does not parse, is no expression over one row, or names what is no column.
    """
    known = {name.casefold(): name for name in columns}

    def resolve(found: exp.Column) -> exp.Column:
        if found.table and found.table.casefold() != "source":
            raise InvalidModel(f"{what} {text!r} names {found.table!r}; it is over one row of the batch, 'source'")
        return column(_known(found.name, known, text, what))

    return _resolved(text, dialect, what, resolve)


def over_two_rows(text: str, dialect: str, rows: Mapping[str, Iterable[str]], what: str) -> exp.Expr:
    """An expression over columns that say whose they are: ``target.name``, ``source.name``.

    Args:
        text: as written.
        dialect: sqlglot's name of the connection's dialect.
        rows: the columns of each row, by its alias.
        what: the option, for messages.

    Raises:
        InvalidModel: as for `over_one_row`, or a column does not say whose it is.
    """
    known = {alias: {name.casefold(): name for name in names} for alias, names in rows.items()}

    def resolve(found: exp.Column) -> exp.Column:
        alias = found.table.casefold()
        if alias not in known:
            either = " or ".join(f"{alias}.{found.name}" for alias in known)
            raise InvalidModel(f"{what} {text!r} names {found.sql()!r} without saying whose it is: write {either}")
        return column(_known(found.name, known[alias], text, what), alias)

    return _resolved(text, dialect, what, resolve)


def _known(name: str, known: Mapping[str, str], text: str, what: str) -> str:
    if name.casefold() not in known:
        near = did_you_mean(name, known.values(), label="Columns")
        raise InvalidModel(f"{what} {text!r} names {name!r}, which is no column. {near}".rstrip())
    return known[name.casefold()]


def _resolved(text: str, dialect: str, what: str, resolve: Callable[[exp.Column], exp.Column]) -> exp.Expr:
    found = parse_over_one_row(text, dialect, what, wanted="one expression", nature="computed row by row")
    parsed = exp.Paren(this=found)
    for name in list(parsed.find_all(exp.Column)):
        name.replace(resolve(name))
    return parsed
