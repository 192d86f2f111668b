"""Indexes, constraints, grants and comments made to be what a model declares; what is right is left alone.

An index or a constraint of ours is known by the end of its name, a hash of what it is: a declaration that changes gives another name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from interlace_postgres.quoting import LONGEST, identifier, identifiers, literal, qualified

if TYPE_CHECKING:
    from interlace.contracts.attachments import Attachments, Constraint, Grant, Index
    from interlace.contracts.relation import Relation, RelationKind
    from interlace_postgres.session import PostgresSession

__all__ = ["OF_OURS", "attach", "constraint_name", "index_name"]

_MARK: Final = "_ilc"
OF_OURS: Final = f"{_MARK}[0-9a-f]{{8}}$"
"""A regular expression for the names of indexes and constraints that a model declared."""

_QUERY: Final = f"""
SELECT json_build_object(
  'indexes', (SELECT json_agg(x.relname) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    WHERE i.indrelid = c.oid AND i.indisvalid AND x.relname ~ '{OF_OURS}'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = x.oid AND k.conrelid = c.oid)),
  'constraints', (SELECT json_agg(k.conname) FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.conname ~ '{OF_OURS}'),
  'grants', (SELECT json_agg(DISTINCT jsonb_build_array(lower(e.privilege_type), CASE WHEN e.grantee = 0 THEN 'public'
      ELSE pg_get_userbyid(e.grantee) END)) FROM aclexplode(c.relacl) AS e WHERE e.grantee <> c.relowner),
  'all', (SELECT json_agg(lower(e.privilege_type)) FROM aclexplode(acldefault('r', c.relowner)) AS e),
  'comment', obj_description(c.oid, 'pg_class'),
  'comments', (SELECT json_object_agg(a.attname, o.description) FROM pg_catalog.pg_description o
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = o.objsubid
    WHERE o.objoid = c.oid AND o.classoid = 'pg_class'::regclass AND o.objsubid > 0)
)::text FROM pg_catalog.pg_class c WHERE c.oid = """


def attach(session: PostgresSession, relation: Relation, kind: RelationKind, wanted: Attachments) -> None:
    """Make what is attached be what is declared; see `Session.attach`."""
    [[text]] = session.fetch(f"{_QUERY}{literal(qualified(relation))}::regclass")
    found = json.loads(text)
    for statement in (
        *_indexes(relation, wanted.indexes, found["indexes"] or []),
        *_constraints(relation, wanted.constraints, found["constraints"] or []),
        *_grants(relation, wanted.grants, found),
        *_comments(relation, kind, wanted, found),
    ):
        session.execute(statement)


def index_name(relation: Relation, index: Index) -> str:
    """The name of an index: its table, its columns, and a hash of what it is."""
    return _named(relation, "_".join(index.columns), [index.columns, index.unique, index.method, index.where])


def constraint_name(relation: Relation, constraint: Constraint) -> str:
    """The name of a constraint: its table, its columns, and a hash of what it is."""
    about = "_".join(constraint.unique) or "check"
    return _named(relation, about, ["constraint", constraint.check, constraint.unique])


def _named(relation: Relation, about: str, what: object) -> str:
    end = _MARK + sha256(json.dumps(what).encode()).hexdigest()[:8]
    begin = f"{relation.name}_{about}".encode()[: LONGEST - len(end)]
    return begin.decode(errors="ignore") + end


def _indexes(relation: Relation, wanted: tuple[Index, ...], found: list[str]) -> Iterator[str]:
    names = {_hash(index_name(relation, index)): index for index in wanted}
    there = {_hash(name): name for name in found}
    for mark, name in there.items():
        if mark not in names:
            at = f"{identifier(relation.schema)}." if relation.schema else ""
            yield f"DROP INDEX {at}{identifier(name)}"
    for mark, index in names.items():
        if mark not in there:
            unique, using = "UNIQUE " if index.unique else "", f" USING {index.method}" if index.method else ""
            where = f" WHERE {index.where}" if index.where else ""
            name = identifier(index_name(relation, index))
            yield f"CREATE {unique}INDEX {name} ON {qualified(relation)}{using} ({identifiers(index.columns)}){where}"


def _constraints(relation: Relation, wanted: tuple[Constraint, ...], found: list[str]) -> Iterator[str]:
    """A condition may be anything that the server reads: a comment that it ends in ends with its line."""
    names = {_hash(constraint_name(relation, constraint)): constraint for constraint in wanted}
    there = {_hash(name): name for name in found}
    for mark, name in there.items():
        if mark not in names:
            yield f"ALTER TABLE {qualified(relation)} DROP CONSTRAINT {identifier(name)}"
    for mark, constraint in names.items():
        if mark not in there:
            what = (
                f"UNIQUE ({identifiers(constraint.unique)})" if constraint.unique else f"CHECK ({constraint.check}\n)"
            )
            name = identifier(constraint_name(relation, constraint))
            yield f"ALTER TABLE {qualified(relation)} ADD CONSTRAINT {name} {what}"


def _hash(name: str) -> str:
    return name[-len(_MARK) - 8 :]


def _grants(relation: Relation, wanted: tuple[Grant, ...] | None, found: dict[str, Any]) -> Iterator[str]:
    if wanted is None:
        return
    there = {(privilege, role) for privilege, role in found["grants"] or []}
    meant = {
        (privilege, grant.role)
        for grant in wanted
        for privilege in (found["all"] if grant.privilege == "all" else [grant.privilege])
    }
    for privilege, role in sorted(there - meant):
        yield f"REVOKE {privilege.upper()} ON {qualified(relation)} FROM {_role(role)}"
    for privilege, role in sorted(meant - there):
        yield f"GRANT {privilege.upper()} ON {qualified(relation)} TO {_role(role)}"


def _role(role: str) -> str:
    return "PUBLIC" if role.lower() == "public" else identifier(role)


def _comments(relation: Relation, kind: RelationKind, wanted: Attachments, found: dict[str, Any]) -> Iterator[str]:
    name = qualified(relation)
    if wanted.comment is not None and wanted.comment != found["comment"]:
        yield f"COMMENT ON {kind.upper()} {name} IS {literal(wanted.comment)}"
    there = found["comments"] or {}
    for column, text in wanted.comments.items():
        if there.get(column) != text:
            yield f"COMMENT ON COLUMN {name}.{identifier(column)} IS {literal(text)}"
