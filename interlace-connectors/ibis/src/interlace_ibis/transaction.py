"""A transaction of a backend."""

from __future__ import annotations

from collections.abc import Callable

from interlace.contracts import transaction
from interlace.errors import InterlaceError, QueryFailed

__all__ = ["Transaction"]


class Transaction(transaction.Transaction):
    """The transaction of one session.

    Args:
        begin: begins it.
        commit: commits it.
        roll_back: rolls it back.
    """

    def __init__(self, begin: Callable[[], None], commit: Callable[[], None], roll_back: Callable[[], None]) -> None:
        super().__init__()
        self._do_begin = begin
        self._do_commit = commit
        self._do_roll_back = roll_back
        self._left = False

    def leave(self) -> None:
        """The session ended in the middle of it, and rolled it back."""
        if self.open:
            self._roll_back()
            self.kill(QueryFailed("The session was closed before the transaction ended.", sql="COMMIT"))
            self._left = True

    def _begin(self) -> None:
        self._left = False
        self._do_begin()

    def _commit(self) -> None:
        try:
            self._do_commit()
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        if self._left:
            return
        try:
            self._do_roll_back()
        except InterlaceError:
            # The connection is gone, and the transaction with it.
            return
