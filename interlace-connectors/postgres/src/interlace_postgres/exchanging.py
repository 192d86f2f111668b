"""Tables that take others' places by a change of schema: nothing is copied, whatever their size.

Views hold on to the table that they were made on, so those that read a target are made anew in place, over the table
that follows; they keep who owns them, who may read them, and what reads them in turn.  What belongs to a place (its
owner, grants, indexes, constraints, comments, triggers) is given to the table that follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from interlace.contracts.relation import Relation
from interlace.errors import UnsupportedCapability
from interlace_postgres.belongings import Belongings, belongings, default_grants
from interlace_postgres.quoting import OURS, identifier, literal, qualified

if TYPE_CHECKING:
    from interlace.contracts.exchange import Exchange
    from interlace_postgres.session import PostgresSession

__all__ = ["exchange", "view_query"]

PATIENCE: Final = "200ms"
"""How long a lock is waited for before all is given up, to be tried again.

Less than the second after which PostgreSQL looks for deadlocks: whoever reads the tables never is the one that is ended.
"""

UPKEEP: Final = "1500ms"
"""How long a table is waited for alone that is being vacuumed or analysed.

More than that second: then PostgreSQL lets the autovacuum give way.  No other lock is held meanwhile, so nobody is in a deadlock.
"""

_KEPT_UP: Final = """
SELECT DISTINCT n.nspname, c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.locktype = 'relation' AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.relation = ANY({oids})
"""

_BLOCKERS: Final = """
SELECT 'the materialised view ' || v.oid::regclass || ' reads it'
FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class
WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = {oid} AND v.relkind = 'm'
UNION SELECT 'a foreign key of ' || k.conrelid::regclass || ' refers to it'
FROM pg_constraint k WHERE k.contype = 'f' AND k.confrelid = {oid} AND k.conrelid <> {oid}
UNION SELECT 'it takes part in inheritance or is partitioned' FROM pg_inherits i WHERE {oid} IN (i.inhparent, i.inhrelid)
UNION SELECT 'the function ' || d.objid::regprocedure || ' reads it'
FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = {oid}
UNION SELECT 'it has row level security' FROM pg_class c WHERE c.oid = {oid} AND c.relrowsecurity
UNION SELECT 'it is part of the publication ' || quote_ident(p.pubname)
FROM pg_publication_rel m JOIN pg_publication p ON p.oid = m.prpubid WHERE m.prrelid = {oid}
"""

_VIEWS: Final = """
SELECT DISTINCT n.nspname, v.relname, pg_get_viewdef(v.oid), array_to_string(v.reloptions, ', ')
FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class
JOIN pg_namespace n ON n.oid = v.relnamespace
WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY({oids})
  AND v.relkind = 'v'
ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class _View:
    """A view that reads a target, as it is made anew."""

    relation: Relation
    query: str
    options: str | None

    @property
    def statement(self) -> str:
        options = f" WITH ({self.options})" if self.options else ""
        return f"CREATE OR REPLACE VIEW {qualified(self.relation)}{options} AS {self.query}"


def exchange(session: PostgresSession, exchanges: Sequence[Exchange], made: Mapping[Relation, str]) -> None:
    """Put each source at its target, inside the open transaction.

    Args:
        made: the queries of views that are made once the tables are in place.

    Raises:
        UnsupportedCapability: something depends on a table that gives way and could not follow.
        QueryFailed: transient where somebody holds one of the tables for longer than `PATIENCE`.
    """
    standing = [one.target for one in exchanges if one.stands]
    moving = [one.source for one in exchanges if one.source is not None]
    path = str(session.fetch("SELECT current_setting('search_path')")[0][0])
    session.execute("SELECT set_config('search_path', 'pg_catalog', true)")  # definitions name every schema
    _lock(session, [*(v.relation for v in _views(session, standing)), *standing, *moving])
    _refuse(session, standing)
    views = [view for view in _views(session, standing) if view.relation not in made]
    before = {one.target: belongings(session, one.target) for one in exchanges if one.stands}
    own = {source: belongings(session, source) for source in moving}
    session.execute(f"SELECT set_config('search_path', {literal(path)}, true)")
    gone = [_put_aside(session, one) for one in exchanges if one.stands]
    for one in exchanges:
        if one.source is not None:
            _move(session, one.source, one.target)
            _settle(session, own[one.source], one.target, before.get(one.target))
    for view in views:
        session.execute(view.statement)
    for relation, query in made.items():
        session.create_view(relation, query)
    for dropped in gone:
        if dropped is not None:
            session.execute(f"DROP TABLE {qualified(dropped)}; DROP SCHEMA {identifier(dropped.schema or '')}")


def view_query(session: PostgresSession, relation: Relation) -> str:
    """The query that a view was made of, with every schema named.

    Raises:
        QueryFailed: there is no such view.
    """
    rows = session.fetch(
        "WITH plain AS MATERIALIZED (SELECT current_setting('search_path') AS path, "
        "set_config('search_path', 'pg_catalog', true)) "
        f"SELECT pg_get_viewdef({literal(qualified(relation))}::regclass), path FROM plain"
    )
    session.execute(f"SELECT set_config('search_path', {literal(rows[0][1])}, true)")
    return str(rows[0][0]).strip().removesuffix(";")


def _lock(session: PostgresSession, relations: Sequence[Relation]) -> None:
    """Take all locks at once, views before what they read, as who reads them does."""
    if not relations:
        return
    patience = str(session.fetch("SELECT current_setting('lock_timeout')")[0][0])
    for schema, name in session.fetch(_KEPT_UP.format(oids=_oids(relations))):
        session.execute(
            f"SAVEPOINT upkeep; SET LOCAL lock_timeout = '{UPKEEP}'; "
            f"LOCK TABLE {qualified(Relation(name, schema))} IN ACCESS EXCLUSIVE MODE; "
            "ROLLBACK TO SAVEPOINT upkeep; RELEASE SAVEPOINT upkeep"
        )
    names = ", ".join(dict.fromkeys(qualified(relation) for relation in relations))
    session.execute(
        f"SET LOCAL lock_timeout = '{PATIENCE}'; LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE; "
        f"SET LOCAL lock_timeout = {literal(patience)}"
    )


def _refuse(session: PostgresSession, targets: Sequence[Relation]) -> None:
    for target in targets:
        oid = f"{literal(qualified(target))}::regclass"
        said = [str(row[0]) for row in session.fetch(_BLOCKERS.format(oid=oid))]
        if said:
            raise UnsupportedCapability(
                f"{target} cannot give way to another table: {'; '.join(said)}.",
                hint="Drop that first and make it again afterwards; nothing is dropped that Interlace did not make.",
            )


def _views(session: PostgresSession, targets: Sequence[Relation]) -> list[_View]:
    if not targets:
        return []
    rows = session.fetch(_VIEWS.format(oids=_oids(targets)))
    return [_View(Relation(name, schema), query, options) for schema, name, query, options in rows]


def _oids(relations: Sequence[Relation]) -> str:
    """Tables as an array of their numbers."""
    return f"ARRAY[{', '.join(f'{literal(qualified(r))}::regclass::oid' for r in relations)}]"


def _put_aside(session: PostgresSession, one: Exchange) -> Relation | None:
    """Move what stands out of the way; gives where, if it is to be dropped."""
    kept = one.kept
    if kept is None:
        # In a schema of its own: its indexes would stand in the way of others of their names.
        kept = Relation(one.target.name, OURS + sha256(f"gone {one.target}".encode()).hexdigest()[:32])
        session.execute(f"CREATE SCHEMA {identifier(kept.schema or '')}")
    _move(session, one.target, kept)
    return kept if one.kept is None else None


def _settle(session: PostgresSession, own: Belongings, target: Relation, before: Belongings | None) -> None:
    """Give the table that stands at the target now what belongs to its place."""
    if before is None:
        statements = own.granted_as(target, default_grants(session, target, own.owner))
    else:
        columns = {column.name for column in session.columns(target)}
        statements = own.followed_by(target, before, columns)
    for statement in statements:
        session.execute(statement)


def _move(session: PostgresSession, source: Relation, target: Relation) -> None:
    if source.schema != target.schema:
        session.execute(f"ALTER TABLE {qualified(source)} SET SCHEMA {identifier(target.schema or 'public')}")
    if source.name != target.name:
        moved = Relation(source.name, target.schema)
        session.execute(f"ALTER TABLE {qualified(moved)} RENAME TO {identifier(target.name)}")
