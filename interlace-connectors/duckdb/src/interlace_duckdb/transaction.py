"""A transaction of DuckDB.

After a runtime error DuckDB answers COMMIT with success and writes nothing: a dead transaction only rolls back.
"""

from __future__ import annotations

import contextlib
from typing import ClassVar

import duckdb

from interlace.contracts import transaction
from interlace.errors import QueryFailed
from interlace_duckdb.failures import query_failed

__all__ = ["Transaction"]


class Transaction(transaction.Transaction):
    """The transaction of one cursor, with `reading` one in which DuckDB itself refuses to write.

    Attributes:
        others_write: whether others than the session use its cursor, whose failures it does not see.
    """

    BEGIN: ClassVar[str] = "BEGIN TRANSACTION"
    READ: ClassVar[str] = "BEGIN TRANSACTION READ ONLY"

    def __init__(self, cursor: duckdb.DuckDBPyConnection, *, reading: bool = False) -> None:
        super().__init__()
        self._cursor = cursor
        self._begins = self.READ if reading else self.BEGIN
        self.others_write = False

    def _begin(self) -> None:
        self._command(self._begins)

    def _commit(self) -> None:
        try:
            if self.others_write:
                self._command("SELECT 1")  # refused in a transaction that failed; COMMIT is not
            self._command("COMMIT")
        except QueryFailed:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        # Where DuckDB ended the transaction itself there is nothing to roll back.
        with contextlib.suppress(duckdb.TransactionException, duckdb.ConnectionException):
            self._cursor.execute("ROLLBACK")

    def _command(self, sql: str) -> None:
        try:
            self._cursor.execute(sql)
        except duckdb.Error as error:
            raise query_failed(error, sql) from error
