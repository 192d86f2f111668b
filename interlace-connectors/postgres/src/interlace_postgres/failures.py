"""psycopg's exceptions as the errors of Interlace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from interlace.errors import ConnectionFailure, InterlaceError, QueryFailed
from interlace_postgres.quoting import identifier

if TYPE_CHECKING:
    import psycopg

__all__ = ["commit_in_doubt", "connect_failed", "is_transient", "query_failed"]

_TRANSIENT_CLASSES: Final = ("08", "40", "53", "57P")
_LOCK_NOT_AVAILABLE: Final = "55P03"

_HINTS: Final = {
    "2BP01": "Drop what depends on it first, or keep the columns that it reads.",
    "0A000": "Drop the views that use the column, or keep its type.",
    "23503": "Rows of another table refer to rows that the new ones lack: keep these in the query, or change the others first.",
    "25006": "The server, or this session, only reads: connect to the one that writes.",
    "42501": "Grant the right to the connection's user, or set its 'role'.",
    "53100": "The server's disk is full: make room and run again.",
    "53300": "The server has no connections left: lower the connection's 'pool.max', or end other programs.",
    "55P03": "Another transaction holds the lock for longer than the connection's 'lock_timeout'.",
    "57014": None,
}
# What stands before the author's query in statements of ours.
_HEAD: Final = re.compile(
    r'\s*(?:CREATE (?:OR REPLACE )?(?:TEMP )?(?:TABLE|VIEW) (?:"(?:[^"]|"")*"\.?)+(?: ON COMMIT DROP)? AS '
    r'|DECLARE "[^"]*" NO SCROLL CURSOR FOR |COPY \(|PREPARE "[^"]*" AS )'
)
_DENIED: Final = re.compile(r"permission denied for (schema|database|table|view|sequence) (.+)")
_RIGHTS: Final = {
    "schema": ("USAGE, CREATE", "SCHEMA"),
    "database": ("CREATE", "DATABASE"),
    "table": ("SELECT, INSERT, UPDATE, DELETE", "TABLE"),
    "view": ("SELECT", "TABLE"),
    "sequence": ("USAGE", "SEQUENCE"),
}
_CONNECTING: Final = (
    (
        re.compile(r"password authentication failed|no password supplied"),
        "The user name or the password is wrong.",
    ),
    (re.compile(r"no pg_hba.conf entry"), "The server's pg_hba.conf does not let this user in from here."),
    (
        re.compile(r'role "[^"]*" does not exist'),
        "The server has no such user: create it, or name another under 'user'.",
    ),
    (
        re.compile(r'database "[^"]*" does not exist'),
        "Create it with: createdb NAME; or name another under 'database'.",
    ),
    (re.compile(r"could not translate host name|Name or service not known|resolve host"), "Look at 'host'."),
    (
        re.compile(r"certificate verify failed|self.signed|root certificate"),
        "Look at 'sslrootcert': the server's certificate must be signed by one of those in it.",
    ),
    (
        re.compile(r"server certificate for"),
        "Look at 'host': with 'sslmode: verify-full' it is the certificate's name.",
    ),
    (
        re.compile(r"connection requires a valid client certificate|private key file"),
        "Look at 'sslcert' and 'sslkey': the key must be the certificate's, and nobody else may read its file.",
    ),
    (re.compile(r"does not support SSL|SSL error|certificate"), "Look at 'sslmode'."),
)
_DOWN: Final = re.compile(
    r"refused|timeout|timed out|No such file or directory|unreachable|starting up|shutting down"
    r"|too many clients|remaining connection slots|closed the connection|Connection reset"
)


def is_transient(sqlstate: str | None) -> bool:
    """Whether trying again may help: connections, conflicts, resources, shutdowns, locks (SQLSTATE, appendix A)."""
    return sqlstate is not None and (sqlstate.startswith(_TRANSIENT_CLASSES) or sqlstate == _LOCK_NOT_AVAILABLE)


def query_failed(error: psycopg.Error, sql: str, *, lost: bool = False, user: str = "USER") -> InterlaceError:
    """The error for a statement that failed.

    Args:
        lost: whether the connection is gone.
        user: who was refused, for the statement that would grant the right.
    """
    if lost:
        return ConnectionFailure(f"The connection to PostgreSQL was lost: {_plain(error)}", hint=_why_lost(error))
    failed = QueryFailed(_message(error, sql), sql=sql, hint=_hint(error, user))
    failed.sqlstate = error.sqlstate
    failed.transient = is_transient(error.sqlstate)
    return failed


def commit_in_doubt(error: psycopg.Error) -> ConnectionFailure:
    """The error for a connection that was lost while it committed."""
    doubt = ConnectionFailure(
        f"The connection to PostgreSQL was lost during COMMIT: {_plain(error)}",
        hint="Whether the load is there, its marker in _interlace.commits says; the next run looks.",
    )
    doubt.transient = False
    doubt.in_doubt = True
    return doubt


def connect_failed(error: psycopg.Error, where: str) -> ConnectionFailure:
    """The error for a server that cannot be reached or does not let us in; the first may pass, the second does not."""
    message = _plain(error)
    failure = ConnectionFailure(f"PostgreSQL at {where}: {message}", hint=_connecting_hint(message))
    failure.transient = is_transient(error.sqlstate) or bool(_DOWN.search(message))
    return failure


def _connecting_hint(message: str) -> str | None:
    for pattern, hint in _CONNECTING:
        if pattern.search(message):
            return hint
    return "Is the server up, and does it listen there?" if _DOWN.search(message) else None


def _plain(error: psycopg.Error) -> str:
    """The message in one line, without what libpq puts before it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = [line.removeprefix("connection failed: ") for line in lines if not line.startswith("Multiple connection")]
    return " ".join(said) or type(error).__name__


def _message(error: psycopg.Error, sql: str) -> str:
    diag = error.diag
    if diag.message_primary is None:
        return _plain(error)
    parts = [diag.message_primary]
    if diag.message_detail:
        parts.append(diag.message_detail)
    if diag.message_hint:
        parts.append(diag.message_hint)
    if diag.statement_position:
        parts.append(_line(sql, int(diag.statement_position) - 1))
    elif diag.context:
        parts.append(diag.context)
    return "\n".join(parts)


def _line(sql: str, position: int) -> str:
    """The line of the statement that a position lies in, with a mark below; without what we put before a query."""
    start = sql.rfind("\n", 0, position) + 1
    end = sql.find("\n", position)
    head = _HEAD.match(sql) if start == 0 else None
    if head and head.end() <= position:
        start = head.end()
    text = sql[start : end if end >= 0 else len(sql)]
    shown = f"LINE {sql.count(chr(10), 0, position) + 1}: "
    return f"{shown}{text}\n{' ' * (len(shown) + position - start)}^"


def _hint(error: psycopg.Error, user: str) -> str | None:
    if error.sqlstate == "42501" and (found := _DENIED.search(error.diag.message_primary or "")):
        kind, name = found.groups()
        right, word = _RIGHTS[kind]
        return f"Let an administrator run: GRANT {right} ON {word} {identifier(name)} TO {identifier(user)}"
    return _HINTS.get(error.sqlstate or "")


def _why_lost(error: psycopg.Error) -> str | None:
    return "The server was shut down, or an administrator ended the session." if error.sqlstate else None
