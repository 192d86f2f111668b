"""Making a table be what a query gives, so that whoever reads it is not disturbed.

A table that nothing depends on gives way to a new one.  Views hold on to the table that they were made on, and so do
foreign keys: what has such is emptied and filled again, which readers see at the commit, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from interlace.contracts.relation import Column, Relation
from interlace_postgres.catalogue import COLUMNS_OF_C, columns_of
from interlace_postgres.quoting import OURS, identifier, identifiers, literal, qualified

if TYPE_CHECKING:
    from interlace_postgres.session import PostgresSession

__all__ = ["Standing", "exchange", "publish", "refill", "standing", "substitute"]

_DEPENDENTS = (
    "EXISTS (SELECT 1 FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid "
    "WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid "
    "AND r.ev_class <> c.oid) OR EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k "
    "WHERE k.confrelid = c.oid AND k.conrelid <> c.oid) "
    "OR EXISTS (SELECT 1 FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhparent, i.inhrelid))"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands where a table is to be published.

    Attributes:
        columns: its columns.
        replaceable: whether it is a plain table that nothing depends on.
    """

    columns: tuple[Column, ...]
    replaceable: bool


def standing(session: PostgresSession, target: Relation) -> Standing | None:
    """What stands at the target."""
    rows = session.fetch(
        f"SELECT {COLUMNS_OF_C}, c.relkind <> 'p' AND NOT ({_DEPENDENTS}) FROM pg_catalog.pg_class c "
        f"WHERE c.oid = to_regclass({literal(qualified(target))})"
    )
    return Standing(columns_of(rows[0][0]), rows[0][1]) if rows else None


def publish(session: PostgresSession, target: Relation, query: str) -> tuple[str, ...]:
    """The statements that make a table be what a query gives; the rows of the last one are its rows."""
    before = standing(session, target)
    if before is None:
        return (f"CREATE TABLE {qualified(target)} AS {query}",)
    new = substitute(target)
    if before.replaceable:
        # One message to the server; the rows of its first statement count.
        return (f"CREATE TABLE {qualified(new)} AS {query}\n;{exchange(target, new)}",)
    staged = Relation(new.name)
    columns = session.describe(query)
    return (
        f"DROP TABLE IF EXISTS pg_temp.{identifier(new.name)}",
        f"CREATE TEMP TABLE {qualified(staged)} ON COMMIT DROP AS {query}",
        *refill(target, before.columns, staged, columns),
    )


def substitute(target: Relation) -> Relation:
    """A name for the table that takes the target's place, in its schema, gone when the transaction ends."""
    return Relation(OURS + sha256(str(target).encode()).hexdigest()[:32], target.schema, target.catalog)


def exchange(target: Relation, new: Relation) -> str:
    """The statements that put the new table in the old one's place."""
    return f" DROP TABLE {qualified(target)}; ALTER TABLE {qualified(new)} RENAME TO {identifier(target.name)}"


def refill(target: Relation, old: Sequence[Column], source: Relation, new: Sequence[Column]) -> tuple[str, ...]:
    """The statements that empty a table and fill it from another, its columns changed where they differ.

    Columns are matched by name; what is new comes last.  A change that a view cannot follow is refused by the server,
    which names the view.
    """
    before = {column.name: column for column in old}
    names = {column.name for column in new}
    changes = [f"DROP COLUMN {identifier(c.name)}" for c in old if c.name not in names]
    changes += [f"ADD COLUMN {identifier(c.name)} {c.type}" for c in new if c.name not in before]
    changes += [
        f"ALTER COLUMN {identifier(c.name)} SET DATA TYPE {c.type} USING NULL"
        for c in new
        if c.name in before and before[c.name].type != c.type
    ]
    listed = identifiers(column.name for column in new)
    altered = (f"ALTER TABLE {qualified(target)} {', '.join(changes)}",) if changes else ()
    return (
        f"DELETE FROM {qualified(target)}",
        *altered,
        f"INSERT INTO {qualified(target)} ({listed}) SELECT {listed} FROM {qualified(source)}",
    )
