"""Making a table be what a query gives, so that whoever reads it is not disturbed and nothing that stands on it is lost.

A table gives way to a new one, which gets its indexes, constraints, triggers, policies, grants, comments and owner in the same
transaction.  Views, foreign keys, functions and partitions hold on to the table that they were made on: what has such is emptied
and filled again, which readers see at the commit, too (docs/decisions/0011).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from interlace.contracts.relation import Column, Relation
from interlace_postgres.dressing import dress
from interlace_postgres.filling import filled
from interlace_postgres.quoting import OURS, identifier, qualified
from interlace_postgres.standing import refuse_lost_columns, standing

if TYPE_CHECKING:
    from interlace_postgres.session import PostgresSession
    from interlace_postgres.standing import Standing

__all__ = ["Way", "exchanged", "publish", "substitute", "way"]


@dataclass(frozen=True, slots=True)
class Way:
    """How a table comes to its new rows.

    Attributes:
        made: the table that is made and filled first.
        temporary: whether it is one of the session.
        then: the statements after that; none where it is the target itself.
    """

    made: Relation
    temporary: bool = False
    then: tuple[str, ...] = ()


def way(session: PostgresSession, target: Relation, before: Standing | None, new: Sequence[Column]) -> Way:
    """Choose by what stands on the table.

    Args:
        new: the columns that it will have; not looked at where nothing stands on it.

    Raises:
        QueryFailed: a column that something reads would be lost.
    """
    if before is None:
        return Way(target)
    made = substitute(target)
    if before.held:
        refuse_lost_columns(session, target, before.columns, new, stays=True)
        staged = Relation(made.name)
        return Way(staged, temporary=True, then=tuple(filled(session, target, before.columns, staged, new)))
    exchange = exchanged(target, made)
    if not before.dressed:
        return Way(made, then=exchange)
    refuse_lost_columns(session, target, before.columns, new, stays=False)
    has = dress(session, target)
    names = [column.name for column in new]
    return Way(made, then=(*has.before(made, names), *exchange, *has.after(target, names)))


def exchanged(target: Relation, made: Relation) -> tuple[str, ...]:
    """The statements by which a table takes the place of another, on which nothing stands."""
    return (f"DROP TABLE {qualified(target)}", f"ALTER TABLE {qualified(made)} RENAME TO {identifier(target.name)}")


def publish(session: PostgresSession, target: Relation, query: str) -> tuple[str, ...]:
    """The statements that make a table be what a query gives: one message, whose first statement's rows count."""
    before = standing(session, target)
    stands = before is not None and (before.held or before.dressed)
    found = way(session, target, before, session.describe(query) if stands else ())
    if not found.then:
        return (f"CREATE TABLE {qualified(target)} AS {query}",)
    if found.temporary:
        name = identifier(found.made.name)
        then = "; ".join((*found.then, f"DROP TABLE pg_temp.{name}"))
        return (
            f"DROP TABLE IF EXISTS pg_temp.{name}",
            f"CREATE TEMP TABLE {name} ON COMMIT DROP AS {query}\n; {then}",
        )
    return (f"CREATE TABLE {qualified(found.made)} AS {query}\n; {'; '.join(found.then)}",)


def substitute(target: Relation) -> Relation:
    """A name for the table that takes the target's place, in its schema, gone when the transaction ends."""
    return Relation(OURS + sha256(str(target).encode()).hexdigest()[:32], target.schema, target.catalog)
