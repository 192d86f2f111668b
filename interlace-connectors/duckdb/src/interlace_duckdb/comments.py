"""Comments of tables, views and columns, made to be what a model declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.errors import UnsupportedCapability
from interlace_duckdb.quoting import identifier, literal, qualified

if TYPE_CHECKING:
    from interlace.contracts.attachments import Attachments
    from interlace.contracts.relation import Relation, RelationKind
    from interlace_duckdb.session import DuckDBSession

__all__ = ["comment"]


def comment(session: DuckDBSession, relation: Relation, kind: RelationKind, wanted: Attachments) -> None:
    """Write the comments that differ.

    Raises:
        UnsupportedCapability: indexes or grants are declared, which DuckDB has nothing for.
    """
    if wanted.indexes or wanted.grants:
        raise UnsupportedCapability(
            "DuckDB has no grants, and its tables are scanned faster than looked up by an index."
        )
    if wanted.comment is None and not wanted.comments:
        return
    found = _found(session, relation, kind)
    name = qualified(relation)
    if wanted.comment is not None and found.get(None) != wanted.comment:
        session.execute(f"COMMENT ON {kind.upper()} {name} IS {literal(wanted.comment)}")
    for column, text in wanted.comments.items():
        if found.get(column) != text:
            session.execute(f"COMMENT ON COLUMN {name}.{identifier(column)} IS {literal(text)}")


def _found(session: DuckDBSession, relation: Relation, kind: RelationKind) -> dict[str | None, str | None]:
    schema = relation.schema or session.connection.default_schema()
    where = f"schema_name = {literal(schema)} AND {{}} = {literal(relation.name)}"
    where += f" AND database_name = {literal(relation.catalog) if relation.catalog else 'current_database()'}"
    rows = session.fetch(
        f"SELECT NULL, comment FROM duckdb_{kind}s() WHERE {where.format(f'{kind}_name')} "
        f"UNION ALL SELECT column_name, comment FROM duckdb_columns() WHERE {where.format('table_name')}"
    )
    return dict(rows)
