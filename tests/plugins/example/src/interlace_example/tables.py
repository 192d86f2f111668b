"""Names, literals and columns as SQLite writes them."""

from __future__ import annotations

from interlace.contracts.relation import Column

# YOURS: all tables and views with their columns, by one query.
CATALOGUE = """
SELECT found.name, found.type, info.name, info.type, info."notnull"
FROM main.sqlite_master AS found, pragma_table_xinfo(found.name, 'main') AS info
WHERE found.type IN ('table', 'view') AND found.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
ORDER BY found.name, info.cid
"""


def quote(name: str) -> str:
    """An identifier."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def literal(value: str | None) -> str:
    """A text, or NULL."""
    if value is None:
        return "NULL"
    doubled = value.replace("'", "''")
    return f"'{doubled}'"


def column(name: str, kind: str, not_null: int) -> Column:
    """A column as the pragma gives it.

    An expression has no declared type, which in SQLite means what BLOB means: values are kept as they are.
    """
    return Column(name, kind or "BLOB", not not_null)


def definition(column: Column) -> str:
    """A column as CREATE TABLE takes it."""
    return f"{quote(column.name)} {column.type}"
