"""Whether a statement only reads: it is parsed, and what is not understood is taken for a write."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from interlace.errors import WriteRefused

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["UNPARSED", "require_reading", "why_no_reading", "write_refused"]

UNPARSED: Final = "a statement that cannot be parsed is not let through"

# What a query can call that does more than read.  The database's own read-only mode refuses more of it.
_ACTING: Final = frozenset(
    {
        "dblink",
        "dblink_exec",
        "force_checkpoint",
        "lo_create",
        "lo_from_bytea",
        "lo_import",
        "lo_put",
        "lo_unlink",
        "mysql_execute",
        "mysql_query",
        "nextval",
        "pg_cancel_backend",
        "pg_logical_emit_message",
        "pg_notify",
        "pg_promote",
        "pg_reload_conf",
        "pg_switch_wal",
        "pg_terminate_backend",
        "postgres_execute",
        "postgres_query",
        "set_config",
        "setval",
        "sqlite_execute",
        "sqlite_query",
    }
)


def write_refused(connection: str, what: str, written_by: str | None = None) -> WriteRefused:
    """The error for a write through a connection that is only read, or that another environment alone writes through."""
    if written_by is not None:
        return WriteRefused(
            f"The connection {connection!r} is shared, and only the environment {written_by!r} writes through it: {what}.",
            hint=f"Do it there (--env {written_by}), or write through another connection.",
        )
    return WriteRefused(
        f"The connection {connection!r} is 'access: read': {what}.",
        hint="Write through another connection, or give this one 'access: readwrite'.",
    )


def require_reading(sql: str, dialect: str, connection: str, written_by: str | None = None) -> None:
    """Refuse a statement that writes, or that cannot be told not to.

    Raises:
        WriteRefused: names the connection and what was refused.
    """
    why = why_no_reading(sql, dialect)
    if why is not None:
        raise write_refused(connection, why, written_by)


@lru_cache(maxsize=1024)
def why_no_reading(sql: str, dialect: str) -> str | None:
    """What is wrong with a statement, in words, `UNPARSED` among them; None where it only reads."""
    import logging

    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    log = logging.getLogger("sqlglot")
    before, log.disabled = log.disabled, True  # it warns of what it does not know, which is refused here anyway
    try:
        statements = [one for one in sqlglot.parse(sql, dialect=dialect) if one is not None]
    except SqlglotError:
        return UNPARSED
    finally:
        log.disabled = before
    if len(statements) != 1:
        return "one statement at a time is let through" if statements else "an empty statement is not let through"
    (root,) = statements
    if not isinstance(root, (exp.Query, exp.Values, exp.Describe, exp.Show, exp.Summarize, exp.Pivot)):
        return f"{_word(sql)} is no query"
    return next((why for node in root.walk() if (why := _writes(node)) is not None), None)


def _writes(node: exp.Expr) -> str | None:
    from sqlglot import exp

    if isinstance(node, (exp.DML, exp.DDL, exp.Command, exp.Copy, exp.Set)):
        return f"{node.key.upper()} in a query writes"
    if isinstance(node, exp.Into):
        return "SELECT INTO makes a table"
    if isinstance(node, exp.Lock):
        return "FOR UPDATE locks rows"
    if isinstance(node, exp.NextValueFor) or (isinstance(node, exp.Anonymous) and node.name.lower() in _ACTING):
        return f"the function {node.name or 'NEXT VALUE FOR'} does more than read"
    return None


def _word(sql: str) -> str:
    """The first word of a statement, for people."""
    words = [line for line in sql.splitlines() if line.strip() and not line.lstrip().startswith("--")]
    return words[0].split()[0].upper().rstrip(";(") if words else "it"
