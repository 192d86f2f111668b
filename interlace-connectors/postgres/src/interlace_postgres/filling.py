"""Filling a table that stays: emptied and filled again, or, where foreign keys of others name its rows, changed row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from interlace.contracts.relation import Column, Relation
from interlace_postgres.quoting import identifier, identifiers, literal, qualified

if TYPE_CHECKING:
    from interlace_postgres.session import PostgresSession

__all__ = ["filled"]

# The columns that foreign keys of other tables name, the primary key first; and the triggers that must not see the load.
_QUERY: Final = """
SELECT (SELECT (SELECT json_agg(a.attname ORDER BY u.n) FROM unnest(k.confkey) WITH ORDINALITY AS u(attnum, n)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.attnum)::text
  FROM pg_catalog.pg_constraint k LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = k.conindid
  WHERE k.confrelid = c.oid AND k.conrelid <> c.oid AND k.contype = 'f' ORDER BY i.indisprimary DESC, k.conname LIMIT 1),
  (SELECT json_agg(json_build_array(t.tgname, t.tgenabled) ORDER BY t.tgname)::text FROM pg_catalog.pg_trigger t
  WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')), c.relrowsecurity
FROM pg_catalog.pg_class c WHERE c.oid = """


def filled(
    session: PostgresSession, target: Relation, old: Sequence[Column], source: Relation, new: Sequence[Column]
) -> Iterator[str]:
    """The statements that give a table the rows of another, its columns changed where they differ.

    Columns are matched by name; what is new comes last.
    """
    [[named, fire, secured]] = session.fetch(f"{_QUERY}{literal(qualified(target))}::regclass")
    table = qualified(target)
    triggers = json.loads(fire or "[]")
    if secured:
        # An error rather than rows that are left because a policy hides them.
        yield "SET LOCAL row_security = off"
    for name, _ in triggers:
        yield f"ALTER TABLE {table} DISABLE TRIGGER {identifier(name)}"
    key = json.loads(named or "[]")
    yield from _changed(table, old, source, new, key) if key else _emptied(table, old, source, new)
    if triggers:
        yield "SET CONSTRAINTS ALL IMMEDIATE"
    for name, enabled in triggers:
        yield f"ALTER TABLE {table} ENABLE {'ALWAYS ' if enabled == 'A' else ''}TRIGGER {identifier(name)}"
    if secured:
        yield "SET LOCAL row_security = on"


def _emptied(table: str, old: Sequence[Column], source: Relation, new: Sequence[Column]) -> Iterator[str]:
    listed = identifiers(column.name for column in new)
    yield f"DELETE FROM {table}"
    yield from _altered(table, old, new, "NULL")
    yield f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {qualified(source)}"


def _changed(
    table: str, old: Sequence[Column], source: Relation, new: Sequence[Column], key: Sequence[str]
) -> Iterator[str]:
    """Rows that others may name stay the rows that they are; one that is gone and is named is refused by the server."""
    rows = qualified(source)
    same = " AND ".join(f"s.{identifier(name)} = t.{identifier(name)}" for name in key)
    yield f"DELETE FROM {table} AS t WHERE NOT EXISTS (SELECT FROM {rows} AS s WHERE {same})"
    yield from _altered(table, old, new, None)
    rest = [identifier(column.name) for column in new if column.name not in key]
    if rest:
        sets = ", ".join(f"{name} = s.{name}" for name in rest)
        differs = " OR ".join(f"t.{name} IS DISTINCT FROM s.{name}" for name in rest)
        yield f"UPDATE {table} AS t SET {sets} FROM {rows} AS s WHERE {same} AND ({differs})"
    listed = [identifier(column.name) for column in new]
    yield (
        f"INSERT INTO {table} ({', '.join(listed)}) SELECT {', '.join(f's.{name}' for name in listed)} FROM {rows} AS s "
        f"WHERE NOT EXISTS (SELECT FROM {table} AS t WHERE {same})"
    )


def _altered(table: str, old: Sequence[Column], new: Sequence[Column], using: str | None) -> Iterator[str]:
    """The change of the columns.

    Args:
        using: what stands in a column whose type is another; None for its value, cast.
    """
    before = {column.name: column for column in old}
    names = {column.name for column in new}
    changes = [f"DROP COLUMN {identifier(c.name)}" for c in old if c.name not in names]
    changes += [f"ADD COLUMN {identifier(c.name)} {c.type}" for c in new if c.name not in before]
    changes += [
        f"ALTER COLUMN {identifier(c.name)} SET DATA TYPE {c.type} USING {using or f'{identifier(c.name)}::{c.type}'}"
        for c in new
        if c.name in before and before[c.name].type != c.type
    ]
    if changes:
        yield f"ALTER TABLE {table} {', '.join(changes)}"
