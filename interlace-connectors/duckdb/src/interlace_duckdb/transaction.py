"""A transaction that is dead once anything in it failed.

After a runtime error DuckDB answers COMMIT with success and writes nothing: a dead transaction only rolls back.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import duckdb

from interlace.errors import InterlaceError, QueryFailed
from interlace_duckdb.failures import query_failed

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Transaction"]


class Transaction:
    """The transaction of one cursor, entered again and again, never nested.

    Attributes:
        open: whether it began and did not end.
        others_write: whether others than the session use its cursor, whose failures it does not see.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._cause: BaseException | None = None
        self.open = False
        self.others_write = False

    def __enter__(self) -> None:
        if self.open:
            nested = QueryFailed("A transaction is open already; they do not nest.", sql="BEGIN TRANSACTION")
            self.kill(nested)
            raise nested
        self._cause = None
        self._command("BEGIN TRANSACTION")
        self.open = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._end(error)
        finally:
            self.open = False

    def kill(self, cause: BaseException) -> None:
        """Nothing more is run in it, and it rolls back."""
        if self.open and self._cause is None:
            self._cause = cause

    def refuse_when_dead(self, sql: str) -> None:
        """Refuse a statement in a dead transaction.

        Raises:
            QueryFailed: it is dead.
        """
        if self.open and self._cause is not None:
            raise self._dead(sql)

    def _end(self, error: BaseException | None) -> None:
        if error is None and self._cause is None:
            try:
                if self.others_write:
                    self._command("SELECT 1")  # refused in a transaction that failed; COMMIT is not
                self._command("COMMIT")
            except QueryFailed:
                self._roll_back()
                raise
            return
        self._roll_back()
        if error is None:
            raise self._dead("COMMIT")

    def _dead(self, sql: str) -> QueryFailed:
        cause = self._cause
        first = cause.message if isinstance(cause, InterlaceError) else str(cause) or type(cause).__name__
        dead = QueryFailed(
            f"The transaction failed before and only rolls back. The first failure was: {first}", sql=sql
        )
        dead.__cause__ = cause
        return dead

    def _roll_back(self) -> None:
        # Where DuckDB ended the transaction itself there is nothing to roll back.
        with contextlib.suppress(duckdb.TransactionException, duckdb.ConnectionException):
            self._cursor.execute("ROLLBACK")

    def _command(self, sql: str) -> None:
        try:
            self._cursor.execute(sql)
        except duckdb.Error as error:
            raise query_failed(error, sql) from error
