"""What belongs to the place of a table rather than to its rows: owner, grants, indexes, constraints, comments, triggers."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from interlace_postgres.attaching import OF_OURS
from interlace_postgres.quoting import identifier, literal, qualified

if TYPE_CHECKING:
    from interlace.contracts.relation import Relation
    from interlace_postgres.session import PostgresSession

__all__ = ["Belongings", "belongings", "default_grants"]

_GRANTS = (
    "SELECT coalesce(json_agg(json_build_array({column}, CASE a.grantee WHEN 0 THEN 'PUBLIC' "
    "ELSE quote_ident(pg_get_userbyid(a.grantee)) END, a.privilege_type, a.is_grantable) ORDER BY 1), '[]')"
)

_READ: Final = f"""
SELECT json_build_object(
  'owner', quote_ident(pg_get_userbyid(c.relowner)),
  'comment', obj_description(c.oid, 'pg_class'),
  'comments', (SELECT coalesce(json_object_agg(attname, col_description(c.oid, attnum)), '{{}}') FROM pg_attribute
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND col_description(c.oid, attnum) IS NOT NULL),
  'required', (SELECT coalesce(json_agg(attname ORDER BY attnum), '[]') FROM pg_attribute
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attnotnull),
  'grants', ({_GRANTS.format(column="NULL")} FROM aclexplode(c.relacl) a WHERE a.grantee <> c.relowner),
  'column_grants', ({_GRANTS.format(column="t.attname")} FROM pg_attribute t, aclexplode(t.attacl) a
    WHERE t.attrelid = c.oid AND NOT t.attisdropped AND a.grantee <> c.relowner),
  'indexes', (SELECT coalesce(json_agg(json_build_array(i.relname, pg_get_indexdef(i.oid),
      (SELECT coalesce(json_agg(attname), '[]') FROM pg_attribute
        WHERE attrelid = c.oid AND attnum = ANY(x.indkey::int2[])))), '[]')
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid
      AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.oid AND k.conrelid = c.oid)),
  'constraints', (SELECT coalesce(json_agg(json_build_array(k.conname, pg_get_constraintdef(k.oid),
      (SELECT coalesce(json_agg(attname), '[]') FROM pg_attribute WHERE attrelid = c.oid AND attnum = ANY(k.conkey)))
      ORDER BY k.contype = 'f'), '[]')
    FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'c', 'f', 'x')
      AND k.conname !~ '{OF_OURS}'),
  'triggers', (SELECT coalesce(json_agg(json_build_array(t.tgname, pg_get_triggerdef(t.oid))), '[]')
    FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
)::text FROM pg_class c WHERE c.oid = {{name}}::regclass"""


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a table has.  Names of roles are quoted; a grant is (column or None, role, privilege, may be handed on)."""

    owner: str
    comment: str | None
    comments: dict[str, str]
    required: list[str]
    grants: list[list[Any]]
    column_grants: list[list[Any]]
    indexes: list[list[Any]]
    constraints: list[list[Any]]
    triggers: list[list[str]]

    def granted_as(self, table: Relation, wanted: Iterable[list[Any]], owner: str | None = None) -> list[str]:
        """The statements that let others do with the table what they are meant to, and nothing else."""
        name = qualified(table)
        roles = dict.fromkeys(role for _, role, *_ in (*self.grants, *self.column_grants))
        made = [f"REVOKE ALL ON TABLE {name} FROM {role}" for role in roles]
        for column, role, privilege, hand_on in wanted:
            what = f"{privilege} ({identifier(column)})" if column is not None else privilege
            made.append(f"GRANT {what} ON TABLE {name} TO {role}{' WITH GRANT OPTION' if hand_on else ''}")
        return made if owner in {None, self.owner} else [*made, f"ALTER TABLE {name} OWNER TO {owner}"]

    def followed_by(self, table: Relation, before: Belongings, columns: Collection[str]) -> list[str]:
        """The statements that give this table, which stands at `table` now, what the one before it had.

        Args:
            columns: of this table; what was about others goes with them.
        """
        name = qualified(table)
        wanted = [*before.grants, *(g for g in before.column_grants if g[0] in columns)]
        made = [
            f"ALTER TABLE {name} ALTER COLUMN {identifier(c)} SET NOT NULL"
            for c in before.required
            if c in columns and c not in self.required
        ]
        made += [
            f"ALTER TABLE {name} ADD CONSTRAINT {identifier(constraint)} {definition}"
            for constraint, definition, on in before.constraints
            if set(on) <= set(columns) and definition not in {d for _, d, _ in self.constraints}
        ]
        own = {_on(definition) for _, definition, _ in self.indexes}
        made += [d for _, d, on in before.indexes if set(on) <= set(columns) and _on(d) not in own]
        named = {trigger for trigger, _ in self.triggers}
        made += [definition for trigger, definition in before.triggers if trigger not in named]
        made += self._commented(name, before, columns)
        return [*made, *self.granted_as(table, wanted, before.owner)]

    def _commented(self, name: str, before: Belongings, columns: Collection[str]) -> list[str]:
        made = []
        if before.comment is not None and self.comment is None:
            made.append(f"COMMENT ON TABLE {name} IS {literal(before.comment)}")
        return made + [
            f"COMMENT ON COLUMN {name}.{identifier(c)} IS {literal(text)}"
            for c, text in before.comments.items()
            if c in columns and c not in self.comments
        ]


def belongings(session: PostgresSession, table: Relation) -> Belongings:
    """What a table has now."""
    rows = session.fetch(_READ.replace("{name}", literal(qualified(table))))
    return Belongings(**json.loads(rows[0][0]))


def default_grants(session: PostgresSession, table: Relation, owner: str) -> list[list[Any]]:
    """What ``ALTER DEFAULT PRIVILEGES`` gives others on a table that its owner makes in this schema."""
    rows = session.fetch(
        f"{_GRANTS.format(column='NULL')}::text FROM pg_default_acl d, aclexplode(d.defaclacl) a "
        f"WHERE d.defaclobjtype = 'r' AND quote_ident(pg_get_userbyid(d.defaclrole)) = {literal(owner)} "
        "AND a.grantee <> d.defaclrole AND d.defaclnamespace IN "
        f"(0, (SELECT oid FROM pg_namespace WHERE nspname = {literal(table.schema or '')}))"
    )
    found: list[list[Any]] = json.loads(rows[0][0])
    return found


def _on(definition: str) -> str:
    """What an index is, apart from its name and its table's."""
    return ("UNIQUE " if definition.startswith("CREATE UNIQUE") else "") + definition.partition(" USING ")[2]
