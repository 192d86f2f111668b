"""A transaction that is dead once anything in it failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from interlace.errors import InterlaceError, QueryFailed

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Transaction"]


class Transaction:
    """The transaction of one session, entered again and again, never nested.

    Args:
        command: runs a statement and gives what the server says that it did.
        fence: called before the commit; raises where the right to write was lost.

    Attributes:
        open: whether it began and did not end.
    """

    def __init__(self, command: Callable[[str], str], fence: Callable[[], None]) -> None:
        self._command = command
        self._fence = fence
        self._cause: BaseException | None = None
        self._left = False
        self.open = False

    def __enter__(self) -> None:
        if self.open:
            nested = QueryFailed("A transaction is open already; they do not nest.", sql="BEGIN")
            self.kill(nested)
            raise nested
        self._cause = None
        self._left = False
        self._command("BEGIN")
        self.open = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._commit()
            else:
                self._roll_back()
        finally:
            self.open = False

    def kill(self, cause: BaseException) -> None:
        """Nothing more is run in it, and it rolls back."""
        if self.open and self._cause is None:
            self._cause = cause

    def leave(self) -> None:
        """The session ended in the middle of it, and rolled it back."""
        if self.open:
            self.kill(QueryFailed("The session was closed before the transaction ended.", sql="COMMIT"))
            self._left = True

    def refuse_when_dead(self, sql: str) -> None:
        """Refuse a statement in a dead transaction.

        Raises:
            QueryFailed: it is dead.
        """
        if self.open and self._cause is not None:
            raise self._dead(sql)

    def _commit(self) -> None:
        if self._cause is None:
            try:
                self._fence()
            except BaseException:
                self._roll_back()
                raise
            # In a transaction that failed where we did not see it (ibis), the server answers ROLLBACK.
            if self._command("COMMIT") == "COMMIT":
                return
            self._left = True
        self._roll_back()
        raise self._dead("COMMIT")

    def _dead(self, sql: str) -> QueryFailed:
        cause = self._cause
        if cause is None:
            return QueryFailed("The server rolled the transaction back.", sql=sql)
        first = cause.message if isinstance(cause, InterlaceError) else str(cause) or type(cause).__name__
        dead = QueryFailed(
            f"The transaction failed before and only rolls back. The first failure was: {first}", sql=sql
        )
        dead.__cause__ = cause
        return dead

    def _roll_back(self) -> None:
        if self._left:
            return
        try:
            self._command("ROLLBACK")
        except InterlaceError:
            # The connection is gone, and the transaction with it.
            return
