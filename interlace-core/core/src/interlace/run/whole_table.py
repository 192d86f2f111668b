"""Whether a query gives a table as it stands: then a load that compares reads the table, and copies nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.contracts.relation import Relation

if TYPE_CHECKING:
    from sqlglot import exp

    from interlace.contracts.connection import Session

__all__ = ["whole_table"]


def whole_table(query: str, session: Session) -> Relation | None:
    """The table all of whose columns and rows are what a query gives; None where it is anything else.

    Only a table that every statement of the open transaction sees alike: what is computed is computed once (ruling 16).

    Args:
        query: names already physical.
        session: where it would run.
    """
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    try:
        select = parse_one(query, dialect=session.connection.dialect)
    except SqlglotError:
        return None
    if not isinstance(select, exp.Select) or any(
        v for k, v in select.args.items() if k not in {"expressions", "from_"}
    ):
        return None
    source = select.args.get("from_")
    table = source.this if source is not None else None
    if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Identifier):
        return None
    if any(v for k, v in table.args.items() if k not in {"this", "db", "alias"}) or _aliases_columns(table):
        return None
    relation = Relation(table.name, table.db)
    if not relation.schema or not session.keeps_still(relation):
        return None
    return relation if _is_all(select, relation, session) else None


def _aliases_columns(table: exp.Table) -> bool:
    alias = table.args.get("alias")
    return alias is not None and bool(alias.args.get("columns"))


def _is_all(select: exp.Select, relation: Relation, session: Session) -> bool:
    """Whether the columns that are selected are those of the table, under their own names."""
    from sqlglot import exp

    chosen = select.expressions
    if len(chosen) == 1 and isinstance(chosen[0], exp.Star):
        return not any(chosen[0].args.values())
    if not all(isinstance(c, exp.Column) and isinstance(c.this, exp.Identifier) for c in chosen):
        return False
    there = [column.name.casefold() for column in session.columns(relation)]
    return sorted(c.name.casefold() for c in chosen) == sorted(there)
