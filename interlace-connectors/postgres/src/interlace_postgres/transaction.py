"""A transaction of PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable

from interlace.contracts import transaction
from interlace.errors import InterlaceError, QueryFailed

__all__ = ["Transaction"]


class Transaction(transaction.Transaction):
    """The transaction of one session.

    Args:
        command: runs a statement and gives what the server says that it did.
        fence: called before the commit; raises where the right to write was lost.
    """

    def __init__(self, command: Callable[[str], str], fence: Callable[[], None]) -> None:
        super().__init__()
        self._command = command
        self._fence = fence
        self._left = False

    def leave(self) -> None:
        """The session ended in the middle of it, and rolled it back."""
        if self.open:
            self.kill(QueryFailed("The session was closed before the transaction ended.", sql="COMMIT"))
            self._left = True

    def _begin(self) -> None:
        self._left = False
        self._command(self.BEGIN)

    def _commit(self) -> None:
        try:
            self._fence()
        except BaseException:
            self._roll_back()
            raise
        # In a transaction that failed where we did not see it (ibis), the server answers ROLLBACK.
        if self._command("COMMIT") != "COMMIT":
            self.refuse_when_dead("COMMIT")
            raise QueryFailed("The server rolled the transaction back.", sql="COMMIT")

    def _roll_back(self) -> None:
        if self._left:
            return
        try:
            self._command("ROLLBACK")
        except InterlaceError:
            # The connection is gone, and the transaction with it.
            return
