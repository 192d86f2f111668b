"""Rows that fail a check, kept aside in ``<relation>__quarantine``, so that the good ones can be published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlace.contracts.load import AddColumn, AlterType
from interlace.contracts.relation import Column, Relation

if TYPE_CHECKING:
    from datetime import datetime

    from sqlglot import exp

    from interlace.contracts.connection import Session

__all__ = ["SUFFIX", "Quarantine", "quarantine_of", "set_aside"]

SUFFIX: Final = "__quarantine"

_TECHNICAL: Final = ("_check", "_run_id", "_quarantined_at")


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Where a run keeps the bad rows of one relation."""

    relation: Relation
    run: str
    at: datetime


def quarantine_of(relation: Relation) -> Relation:
    """The side table of a relation: beside it, in the same schema."""
    return Relation(f"{relation.name}{SUFFIX}", relation.schema, relation.catalog)


def set_aside(
    session: Session,
    relation: Relation,
    columns: Sequence[Column],
    bad: Sequence[tuple[str, exp.Expr]],
    quarantine: Quarantine,
) -> int:
    """Move rows from a relation to its quarantine, inside the open transaction.

    A row that fails two checks is there twice, once for each.

    Args:
        session: the transaction is open.
        relation: what was built, or the batch.
        columns: its columns.
        bad: the checks, each with the condition that its failing rows fulfil.
        quarantine: where to.

    Returns:
        how many rows were moved; a row that fails two checks counts once.
    """
    from sqlglot import exp

    dialect = session.connection.dialect
    texts = _ready(session, columns, quarantine.relation)
    names = ", ".join(session.quote(c.name) for c in columns)
    values = ", ".join(
        f"CAST({session.quote(c.name)} AS VARCHAR)" if c.name.casefold() in texts else session.quote(c.name)
        for c in columns
    )
    at = f"CAST('{quarantine.at.isoformat(sep=' ')}' AS TIMESTAMPTZ)"
    target, technical = session.name(quarantine.relation), ", ".join(map(session.quote, _TECHNICAL))
    for check, broken in bad:
        facts = ", ".join([exp.Literal.string(check).sql(dialect), exp.Literal.string(quarantine.run).sql(dialect), at])
        session.execute(
            f"INSERT INTO {target} ({names}, {technical}) SELECT {values}, {facts}"
            f" FROM {session.name(relation)} WHERE {broken.sql(dialect)}"
        )
    # All conditions in one statement: what one of them deletes must not decide what another one finds.
    any_of = " OR ".join(f"({broken.sql(dialect)})" for _, broken in bad)
    where = f"FROM {session.name(relation)} WHERE {any_of}"
    count = int(session.fetch(f"SELECT COUNT(*) {where}")[0][0])
    session.execute(f"DELETE {where}")
    return count


def _ready(session: Session, columns: Sequence[Column], side: Relation) -> frozenset[str]:
    """Make the side table, or fit it to new columns; gives the columns that it keeps as text.

    A column that has another type than before becomes text there: what is set aside is never refused.
    """
    standing = _columns_of(session, side)
    if standing is None:
        described = [*(f"{session.quote(c.name)} {c.type}" for c in columns), *_technical(session)]
        session.execute(f"CREATE TABLE {session.name(side)} ({', '.join(described)})")
        return frozenset()
    there = {c.name.casefold(): c for c in standing}
    texts: set[str] = set()
    for column in columns:
        known = there.get(column.name.casefold())
        if known is None:
            _perform(session, AddColumn(side, column))
        elif known.type != column.type:
            texts.add(column.name.casefold())
            if known.type.upper() not in ("VARCHAR", "TEXT", "CHARACTER VARYING"):
                _perform(session, AlterType(side, known.name, "VARCHAR"))
    return frozenset(texts)


def _columns_of(session: Session, side: Relation) -> tuple[Column, ...] | None:
    """The columns of the side table, by the catalogue: asking for what is not there would end a transaction."""
    for relation, info in session.catalogue([side.schema]).items():
        if relation.name.casefold() == side.name.casefold():
            return info.columns
    return None


def _technical(session: Session) -> list[str]:
    types = ("VARCHAR", "VARCHAR", "TIMESTAMP WITH TIME ZONE")
    return [f"{session.quote(name)} {type_}" for name, type_ in zip(_TECHNICAL, types, strict=True)]


def _perform(session: Session, step: AddColumn | AlterType) -> None:
    for statement in session.statements(step):
        session.execute(statement)
