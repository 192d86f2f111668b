"""What stands where a table is to be published, by one query of the catalogue, and who reads which of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlace.contracts.relation import Column, Relation
from interlace.errors import QueryFailed
from interlace_postgres.attaching import OF_OURS
from interlace_postgres.catalogue import COLUMNS_OF_C, columns_of
from interlace_postgres.quoting import literal, qualified

if TYPE_CHECKING:
    from interlace_postgres.session import PostgresSession

__all__ = ["PLAIN", "Standing", "refuse_lost_columns", "standing"]

# What belongs to the table itself refers to its columns, too.
_OWN: Final = """
  (d.classid = 'pg_constraint'::regclass AND EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.oid = d.objid AND k.conrelid = c.oid))
  OR (d.classid = 'pg_trigger'::regclass AND EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.oid = d.objid AND t.tgrelid = c.oid))
  OR (d.classid = 'pg_policy'::regclass AND EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.oid = d.objid AND p.polrelid = c.oid))
  OR (d.classid = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indexrelid = d.objid AND i.indrelid = c.oid))
  OR (d.classid = 'pg_rewrite'::regclass AND EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.oid = d.objid AND r.ev_class = c.oid))"""

_HELD: Final = f"""
  c.relkind <> 'r' OR c.relpersistence <> 'p' OR c.reltablespace <> 0 OR c.relhasrules OR c.reloftype <> 0
  OR c.relam <> (SELECT oid FROM pg_catalog.pg_am WHERE amname = current_setting('default_table_access_method'))
  OR EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhparent, i.inhrelid))
  OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
    AND d.deptype = 'n' AND NOT ({_OWN}))
  OR EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_type y ON y.oid = d.refobjid
    WHERE d.refclassid = 'pg_type'::regclass AND c.reltype IN (y.oid, y.typelem) AND d.deptype = 'n')
  OR EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.classid = 'pg_class'::regclass)
  OR EXISTS (SELECT FROM pg_catalog.pg_statistic_ext x WHERE x.stxrelid = c.oid)
  OR EXISTS (SELECT FROM pg_catalog.pg_publication_rel r WHERE r.prrelid = c.oid)
  OR EXISTS (SELECT FROM pg_catalog.pg_seclabel l WHERE l.objoid = c.oid AND l.classoid = 'pg_class'::regclass)
  OR EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND (a.atthasdef OR a.attidentity <> ''
    OR a.attstorage <> y.typstorage OR a.attoptions IS NOT NULL OR coalesce(a.attstattarget, -1) <> -1))"""

_DRESSED: Final = """
  c.relhasindex OR c.relhastriggers OR c.relrowsecurity OR c.relforcerowsecurity OR c.relacl IS NOT NULL
  OR c.reloptions IS NOT NULL OR c.relreplident <> 'd' OR c.relowner <> quote_ident(current_user)::regrole::oid
  OR EXISTS (SELECT FROM pg_catalog.pg_description o WHERE o.objoid = c.oid AND o.classoid = 'pg_class'::regclass)
  OR EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid)
  OR EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid)
  OR EXISTS (SELECT FROM pg_catalog.pg_default_acl f WHERE f.defaclobjtype = 'r')
  OR EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND (a.attnotnull OR a.attacl IS NOT NULL))"""


PLAIN: Final = """
  c.relkind = 'r' AND c.relpersistence = 'p' AND c.reltablespace = 0 AND c.reloftype = 0 AND c.relam = 2 AND c.relowner = quote_ident(current_user)::regrole::oid
  AND NOT (c.relhasindex OR c.relhastriggers OR c.relhasrules OR c.relrowsecurity OR c.relforcerowsecurity OR c.relispartition)
  AND c.relacl IS NULL AND c.reloptions IS NULL AND c.relreplident = 'd' AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.deptype <> 'i')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_type'::regclass
    AND d.refobjid IN (c.reltype, (SELECT y.typarray FROM pg_catalog.pg_type y WHERE y.oid = c.reltype)) AND d.deptype = 'n')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_description o WHERE o.objoid = c.oid AND o.classoid = 'pg_class'::regclass)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_default_acl) AND NOT EXISTS (SELECT FROM pg_catalog.pg_seclabel)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type y ON y.oid = a.atttypid WHERE a.attrelid = c.oid
    AND a.attnum > 0 AND (a.attnotnull OR a.atthasdef OR a.attacl IS NOT NULL OR a.attoptions IS NOT NULL
    OR a.attstorage <> y.typstorage OR coalesce(a.attstattarget, -1) <> -1))"""
"""What nearly every table is, told at a fifth of the price of what the others are: nothing but its row type depends on it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands where a table is to be published.

    Attributes:
        columns: its columns.
        held: whether something holds on to this very table (a view, a foreign key, a function, a partition, a publication), or it has
            what cannot be made anew from its definition, so that it stays and is filled again.
        dressed: whether it has indexes, constraints, triggers, policies, grants, comments or an owner that a new one must get.
    """

    columns: tuple[Column, ...]
    held: bool
    dressed: bool


def standing(session: PostgresSession, target: Relation) -> Standing | None:
    """What stands at the target."""
    name = literal(qualified(target))
    if session.fetch(f"SELECT to_regclass({name})") == [(None,)]:  # the rest takes thirty times as long to plan
        return None
    place = f"FROM pg_catalog.pg_class c WHERE c.oid = {name}::regclass"
    [[columns, plain]] = session.fetch(f"SELECT {COLUMNS_OF_C}, {PLAIN} {place}")
    held, dressed = (False, False) if plain else session.fetch(f"SELECT {_HELD}, {_DRESSED} {place}")[0]
    return Standing(columns_of(columns), held, dressed)


def refuse_lost_columns(
    session: PostgresSession, target: Relation, old: Sequence[Column], new: Sequence[Column], *, stays: bool
) -> None:
    """Refuse a query that no longer gives a column that something reads, or gives another type where that cannot follow.

    Args:
        stays: whether the table stays; then views, policies and triggers do, and hold on to the types.

    Raises:
        QueryFailed: names the column and who reads it.
    """
    types = {column.name: column.type for column in new}
    changed = [column for column in old if types.get(column.name) != column.type]
    if not changed:
        return
    readers = _readers(session, target)
    for column in changed:
        gone = column.name not in types
        found = [what for what, follows in readers.get(column.name, ()) if gone or (stays and not follows)]
        if found:
            why = "the query no longer gives it" if gone else f"the query gives {types[column.name]} for {column.type}"
            raise QueryFailed(
                f"Column {column.name!r} of {target} is read by {', '.join(sorted(set(found)))}, and {why}.",
                hint="Nothing was changed. Keep the column and its type, or drop what reads it first.",
            )


def _readers(session: PostgresSession, target: Relation) -> dict[str, list[tuple[str, bool]]]:
    """By column who reads it, and whether that follows a change of its type."""
    rows = session.fetch(
        "SELECT a.attname::text, CASE WHEN w.oid IS NULL THEN pg_describe_object(d.classid, d.objid, d.objsubid) "
        "ELSE pg_describe_object('pg_class'::regclass, w.ev_class, 0) END, d.classid IN ('pg_constraint'::regclass, 'pg_class'::regclass, "
        "'pg_statistic_ext'::regclass) FROM pg_catalog.pg_depend d "
        "JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid "
        "LEFT JOIN pg_catalog.pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid "
        f"WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = {literal(qualified(target))}::regclass AND d.refobjsubid > 0 "
        "AND d.deptype IN ('n', 'a') AND NOT EXISTS (SELECT FROM pg_catalog.pg_class x WHERE x.oid = d.objid AND x.relkind = 'i' "
        f"AND d.classid = 'pg_class'::regclass AND x.relname ~ '{OF_OURS}') AND d.classid <> 'pg_attrdef'::regclass "
        "AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.oid = d.objid AND d.classid = 'pg_constraint'::regclass "
        f"AND (k.contype::text = 'n' OR k.conname ~ '{OF_OURS}'))"
    )
    readers: dict[str, list[tuple[str, bool]]] = {}
    for column, what, follows in rows:
        readers.setdefault(column, []).append((what, follows))
    return readers
