"""The schema ``_interlace`` and its tables, made when they are first needed."""

from __future__ import annotations

import contextlib
from threading import Lock
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import errors

from interlace_postgres.failures import query_failed
from interlace_postgres.pooling import connect

if TYPE_CHECKING:
    from interlace_postgres.config import PostgresOptions

__all__ = ["OwnTables"]

# IF NOT EXISTS looks before it makes: of two processes at once one is refused, and finds the table when it looks again.
_MADE_BY_ANOTHER: Final = (
    errors.UniqueViolation,
    errors.DuplicateSchema,
    errors.DuplicateTable,
    errors.DuplicateObject,
    errors.InternalError_,  # tuple concurrently updated
)
_TRIES: Final = 5


class OwnTables:
    """Makes tables on connections of its own, so that they are there whatever becomes of the caller's transaction."""

    def __init__(self, options: PostgresOptions) -> None:
        self._options = options
        self._guard = Lock()
        self._made: set[str] = set()

    def make(self, exists: str, statement: str, *, again: bool = False) -> None:
        """Run a statement unless `exists` gives a row: who may use a table need not have the right to make it.

        Args:
            again: look again at what was there, or was made, before.

        Raises:
            QueryFailed: the user may not make it.
        """
        with self._guard:
            if again or statement not in self._made:
                self._make(exists, statement)
                self._made.add(statement)

    def _make(self, exists: str, statement: str) -> None:
        with contextlib.closing(connect(self._options)) as connection:
            for left in reversed(range(_TRIES)):
                try:
                    if connection.execute(exists.encode()).fetchone() is None:
                        connection.execute(statement.encode())
                except psycopg.Error as error:
                    if not left or not isinstance(error, _MADE_BY_ANOTHER):
                        user = self._options.role or connection.info.user
                        raise query_failed(error, statement, lost=connection.closed, user=user) from error
                else:
                    return
