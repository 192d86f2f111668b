"""The transaction of a session, which is dead once anything in it failed.

Engines disagree on what COMMIT does after a failure: PostgreSQL answers ROLLBACK, DuckDB answers with success and writes
nothing.  Here a dead transaction only rolls back, and says why.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from interlace.errors import InterlaceError, QueryFailed

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Transaction"]


class Transaction(ABC):
    """The transaction of one session, entered again and again, never nested.

    A session calls `refuse_when_dead` before each statement, and `kill` with whatever a statement raised.  An engine says
    how it begins, commits and rolls back.

    Attributes:
        BEGIN: the statement that begins it, for messages.
        open: whether it began and did not end.
    """

    BEGIN: ClassVar[str] = "BEGIN"

    def __init__(self) -> None:
        self._cause: BaseException | None = None
        self.open = False

    @abstractmethod
    def _begin(self) -> None:
        """Begin it.

        Raises:
            QueryFailed: refused.
        """

    @abstractmethod
    def _commit(self) -> None:
        """Commit it: nothing failed in it, as far as the session saw.

        Raises:
            QueryFailed: refused; nothing of it was written, and it is over.
        """

    @abstractmethod
    def _roll_back(self) -> None:
        """Roll it back; no error where the database ended it itself."""

    def __enter__(self) -> None:
        if self.open:
            nested = QueryFailed("A transaction is open already; they do not nest.", sql=self.BEGIN)
            self.kill(nested)
            raise nested
        self._cause = None
        self._begin()
        self.open = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None and self._cause is None:
                self._commit()
                return
            self._roll_back()
            if error is None:
                self.refuse_when_dead("COMMIT")
        finally:
            self.open = False

    def kill(self, cause: BaseException) -> None:
        """Nothing more is run in it, and it rolls back."""
        if self.open and self._cause is None:
            self._cause = cause

    def refuse_when_dead(self, sql: str) -> None:
        """Refuse a statement in a dead transaction.

        Raises:
            QueryFailed: it is dead; the cause is what killed it.
        """
        cause = self._cause
        if self.open and cause is not None:
            first = cause.message if isinstance(cause, InterlaceError) else str(cause) or type(cause).__name__
            raise QueryFailed(
                f"The transaction failed before and only rolls back. The first failure was: {first}", sql=sql
            ) from cause
