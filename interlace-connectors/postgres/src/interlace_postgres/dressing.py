"""What a new table gets of the one whose place it takes when it is built again, from the definitions that the catalogue has.

Constraints that a model declares are left out: they are attached to the new table as they are declared then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from interlace_postgres.attaching import OF_OURS
from interlace_postgres.quoting import OURS, identifier, literal, qualified

if TYPE_CHECKING:
    from interlace.contracts.relation import Relation
    from interlace_postgres.session import PostgresSession

__all__ = ["Dress", "dress"]

_QUERY: Final = """
SELECT json_build_object(
  'owner', CASE WHEN c.relowner <> quote_ident(current_user)::regrole::oid THEN pg_get_userbyid(c.relowner) END,
  'options', (SELECT json_agg(o) FROM (SELECT unnest(c.reloptions) UNION ALL SELECT 'toast.' || unnest(t.reloptions)
    FROM pg_catalog.pg_class t WHERE t.oid = c.reltoastrelid) AS s(o)),
  'security', json_build_array(c.relrowsecurity, c.relforcerowsecurity),
  'identity', c.relreplident,
  'required', (SELECT json_agg(json_build_array(a.attname, k.conname)) FROM pg_catalog.pg_attribute a
    LEFT JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype::text = 'n' AND a.attnum = ANY(k.conkey)
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.attnotnull AND NOT a.attisdropped),
  'indexes', (SELECT json_agg(json_build_array(x.relname, i.indisunique, substr(pg_get_indexdef(x.oid),
      length('CREATE ' || CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END
      || format('INDEX %I ON %I.%I', x.relname, n.nspname, c.relname)) + 1),
      k.conname, k.contype, k.condeferrable, k.condeferred, i.indisclustered, i.indisreplident, obj_description(x.oid, 'pg_class'),
      CASE WHEN x.relname ~ '{ours}' THEN (SELECT json_agg(a.attname) FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a
        ON a.attrelid = c.oid AND a.attnum = d.refobjsubid WHERE d.classid = 'pg_class'::regclass AND d.objid = x.oid
        AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid) END) ORDER BY x.relname)
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = x.oid AND k.conrelid = c.oid AND k.contype IN ('p', 'u')
    WHERE i.indrelid = c.oid AND NOT i.indisexclusion AND NOT (k.conname IS NOT NULL AND x.relname ~ '{ours}')),
  'constraints', (SELECT json_agg(json_build_array(k.conname, pg_get_constraintdef(k.oid), k.confrelid = c.oid
      OR k.contype IN ('x', 'p', 'u')) ORDER BY k.conname)
    FROM pg_catalog.pg_constraint k LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = k.conindid AND k.contype <> 'f'
    WHERE k.conrelid = c.oid AND k.conname !~ '{ours}' AND k.contype IN ('c', 'f', 'p', 'u', 'x') AND (k.contype NOT IN ('p', 'u') OR i.indisexclusion)),
  'constraint_comments', (SELECT json_agg(json_build_array(k.conname, obj_description(k.oid, 'pg_constraint')))
    FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype <> 't' AND k.conname !~ '{ours}'
    AND obj_description(k.oid, 'pg_constraint') IS NOT NULL),
  'triggers', (SELECT json_agg(json_build_array(t.tgname, pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger'))
    ORDER BY t.tgname) FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal),
  'policies', (SELECT json_agg(json_build_array(p.polname, p.polpermissive, p.polcmd,
      (SELECT json_agg(CASE WHEN r = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END) FROM unnest(p.polroles) AS r),
      pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), obj_description(p.oid, 'pg_policy'))
    ORDER BY p.polname) FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid),
  'comments', (SELECT json_agg(json_build_array(a.attname, o.description)) FROM pg_catalog.pg_description o
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = o.objsubid AND o.objsubid > 0
    WHERE o.objoid = c.oid AND o.classoid = 'pg_class'::regclass),
  'grants', (SELECT json_agg(json_build_array(g.privilege, g.attname, CASE WHEN g.grantee = 0 THEN 'PUBLIC'
      ELSE quote_ident(pg_get_userbyid(g.grantee)) END, g.may_grant)) FROM (
    SELECT e.privilege_type AS privilege, NULL::name AS attname, e.grantee, e.is_grantable AS may_grant
      FROM aclexplode(c.relacl) AS e
    UNION ALL SELECT e.privilege_type, a.attname, e.grantee, e.is_grantable FROM pg_catalog.pg_attribute a, aclexplode(a.attacl) AS e
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS g WHERE g.grantee <> c.relowner),
  'defaults', (SELECT json_agg(DISTINCT CASE WHEN e.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(e.grantee)) END)
    FROM pg_catalog.pg_default_acl f, aclexplode(f.defaclacl) AS e WHERE f.defaclobjtype = 'r' AND e.grantee <> f.defaclrole
    AND f.defaclrole = quote_ident(current_user)::regrole::oid AND f.defaclnamespace IN (0, c.relnamespace))
)::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = """

_COMMANDS: Final = {"*": "ALL", "r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}
_ENABLED: Final = {"D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}


class Dress:
    """What a table, or a view, has beside its columns and rows.

    Args:
        found: what the catalogue says of it, as `dress` reads it.
    """

    def __init__(self, found: dict[str, Any]) -> None:
        self._found = found

    def before(self, new: Relation, columns: Iterable[str]) -> Iterator[str]:
        """The statements for the new table, filled, while the old one is still read.  What takes long is among them."""
        table, there = qualified(new), set(columns)
        alter = f"ALTER TABLE {table}"
        yield from self.shown("TABLE", new, there)
        for option in self._list("options"):
            name, _, value = option.partition("=")
            yield f"{alter} SET ({name} = {literal(value)})"
        for name, constraint in self._list("required"):
            if name in there and constraint is None:
                yield f"{alter} ALTER COLUMN {identifier(name)} SET NOT NULL"
            elif name in there:
                yield f"{alter} ADD CONSTRAINT {identifier(constraint)} NOT NULL {identifier(name)}"
        for name, unique, tail, *_ in self._indexes(there):
            yield f"CREATE {'UNIQUE ' if unique else ''}INDEX {identifier(OURS + name)} ON {table}{tail}"
        for name, definition, later in self._list("constraints"):
            if not later:
                yield f"{alter} ADD CONSTRAINT {identifier(name)} {definition}"

    def after(self, target: Relation, columns: Iterable[str]) -> Iterator[str]:
        """The statements once the new table has the old one's name."""
        table = qualified(target)
        alter = f"ALTER TABLE {table}"
        yield from self._index_names(target, set(columns))
        for name, definition, later in self._list("constraints"):
            if later:
                yield f"{alter} ADD CONSTRAINT {identifier(name)} {definition}"
        for name, text in self._list("constraint_comments"):
            yield f"COMMENT ON CONSTRAINT {identifier(name)} ON {table} IS {literal(text)}"
        for name, definition, enabled, text in self._list("triggers"):
            yield definition
            if enabled in _ENABLED:
                yield f"{alter} {_ENABLED[enabled]} TRIGGER {identifier(name)}"
            if text is not None:
                yield f"COMMENT ON TRIGGER {identifier(name)} ON {table} IS {literal(text)}"
        yield from self._policies(table)
        enabled, forced = self._found["security"]
        if enabled:
            yield f"{alter} ENABLE ROW LEVEL SECURITY"
        if forced:
            yield f"{alter} FORCE ROW LEVEL SECURITY"
        if self._found["identity"] in {"n", "f"}:
            yield f"{alter} REPLICA IDENTITY {'NOTHING' if self._found['identity'] == 'n' else 'FULL'}"

    def shown(self, kind: str, new: Relation, columns: Iterable[str]) -> Iterator[str]:
        """The statements for the owner, the grants and the comments of a table or view with these columns."""
        relation, there = qualified(new), set(columns)
        if self._found["owner"]:
            yield f"ALTER {kind} {relation} OWNER TO {identifier(self._found['owner'])}"
        if defaults := self._list("defaults"):
            # What somebody took away does not come back because new tables get it.
            yield f"REVOKE ALL ON {relation} FROM {', '.join(defaults)}"
        for privilege, column, grantee, may_grant in self._list("grants"):
            if column is None or column in there:
                about = f" ({identifier(column)})" if column is not None else ""
                more = " WITH GRANT OPTION" if may_grant else ""
                yield f"GRANT {privilege}{about} ON {relation} TO {grantee}{more}"
        for column, text in self._list("comments"):
            if column is None:
                yield f"COMMENT ON {kind} {relation} IS {literal(text)}"
            elif column in there:
                yield f"COMMENT ON COLUMN {relation}.{identifier(column)} IS {literal(text)}"

    # --- inside -----------------------------------------------------------------------------------------------

    def _list(self, name: str) -> list[Any]:
        return self._found[name] or []

    def _indexes(self, there: set[str]) -> list[Any]:
        """The indexes, but for those that the model declared for a column that it no longer has."""
        return [entry[:-1] for entry in self._list("indexes") if set(entry[-1] or ()) <= there]

    def _index_names(self, target: Relation, there: set[str]) -> Iterator[str]:
        table, schema = qualified(target), qualified(target).rpartition(".")[0]
        at = f"{schema}." if schema else ""
        for name, _, _, constraint, kind, deferrable, deferred, clustered, identity, text in self._indexes(there):
            if constraint is None:
                yield f"ALTER INDEX {at}{identifier(OURS + name)} RENAME TO {identifier(name)}"
            else:
                word = "PRIMARY KEY" if kind == "p" else "UNIQUE"
                when = f" DEFERRABLE INITIALLY {'DEFERRED' if deferred else 'IMMEDIATE'}" if deferrable else ""
                index = identifier(OURS + name)
                yield f"ALTER TABLE {table} ADD CONSTRAINT {identifier(constraint)} {word} USING INDEX {index}{when}"
            if clustered:
                yield f"ALTER TABLE {table} CLUSTER ON {identifier(name)}"
            if identity:
                yield f"ALTER TABLE {table} REPLICA IDENTITY USING INDEX {identifier(name)}"
            if text is not None:
                yield f"COMMENT ON INDEX {at}{identifier(name)} IS {literal(text)}"

    def _policies(self, table: str) -> Iterator[str]:
        for name, permissive, command, roles, using, check, text in self._list("policies"):
            statement = (
                f"CREATE POLICY {identifier(name)} ON {table} AS {'PERMISSIVE' if permissive else 'RESTRICTIVE'} "
                f"FOR {_COMMANDS[command]} TO {', '.join(roles)}"
            )
            statement += f" USING ({using})" if using is not None else ""
            yield statement + (f" WITH CHECK ({check})" if check is not None else "")
            if text is not None:
                yield f"COMMENT ON POLICY {identifier(name)} ON {table} IS {literal(text)}"


def dress(session: PostgresSession, target: Relation) -> Dress:
    """What the table, or view, at the target has."""
    [[found]] = session.fetch(f"{_QUERY.replace('{ours}', OF_OURS)}{literal(qualified(target))}::regclass")
    return Dress(json.loads(found))
