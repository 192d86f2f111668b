"""A transaction of a session is dead once anything in it failed."""

from __future__ import annotations

import pytest

from interlace.contracts.transaction import Transaction
from interlace.errors import QueryFailed


class Written(Transaction):
    """A transaction that writes down what it is told to do."""

    def __init__(self, *, refuses: str | None = None) -> None:
        super().__init__()
        self.said: list[str] = []
        self.refuses = refuses

    def kill_with_each(self, causes: list[ValueError]) -> None:
        for cause in causes:
            self.kill(cause)

    def _say(self, word: str) -> None:
        self.said.append(word)
        if word == self.refuses:
            raise QueryFailed(f"{word} refused", sql=word)

    def _begin(self) -> None:
        self._say("BEGIN")

    def _commit(self) -> None:
        self._say("COMMIT")

    def _roll_back(self) -> None:
        self._say("ROLLBACK")


def test_it_commits_when_the_block_ends():
    transaction = Written()
    with transaction:
        assert transaction.open

    assert (["BEGIN", "COMMIT"], False) == (transaction.said, transaction.open)


def test_it_rolls_back_when_the_block_raises_and_lets_the_error_through():
    transaction = Written()
    with pytest.raises(KeyError, match="mine"), transaction:
        raise KeyError("mine")

    assert (["BEGIN", "ROLLBACK"], False) == (transaction.said, transaction.open)


def test_a_failure_that_the_block_swallowed_rolls_back_and_says_so():
    transaction, cause = Written(), QueryFailed("division by zero", sql="SELECT 1/0")
    with pytest.raises(QueryFailed) as failed, transaction:
        transaction.kill(cause)

    assert (["BEGIN", "ROLLBACK"], False) == (transaction.said, transaction.open)
    assert (
        "The transaction failed before and only rolls back. The first failure was: division by zero"
        == failed.value.message
    )
    assert (cause, "COMMIT") == (failed.value.__cause__, failed.value.sql)


def test_a_statement_in_a_dead_transaction_is_refused():
    transaction = Written()
    with pytest.raises(KeyboardInterrupt), transaction:  # noqa: PT012 - it is what is refused inside
        transaction.refuse_when_dead("SELECT 1")
        transaction.kill(cause := KeyboardInterrupt())
        with pytest.raises(QueryFailed, match="The first failure was: KeyboardInterrupt") as failed:
            transaction.refuse_when_dead("SELECT 2")
        raise cause

    assert ("SELECT 2", cause) == (failed.value.sql, failed.value.__cause__)
    assert ["BEGIN", "ROLLBACK"] == transaction.said


def test_the_first_failure_is_the_cause():
    transaction, causes = Written(), [ValueError("first"), ValueError("second")]
    with pytest.raises(QueryFailed, match="was: first") as failed, transaction:
        transaction.kill_with_each(causes)

    assert causes[0] is failed.value.__cause__


def test_a_transaction_inside_another_is_refused_and_kills_it():
    transaction = Written()
    with pytest.raises(QueryFailed, match="do not nest") as failed, transaction, transaction:
        raise AssertionError("not reached")

    assert ("BEGIN", ["BEGIN", "ROLLBACK"]) == (failed.value.sql, transaction.said)


def test_one_that_could_not_begin_is_not_open():
    transaction = Written(refuses="BEGIN")
    with pytest.raises(QueryFailed, match="BEGIN refused"), transaction:
        raise AssertionError("not reached")

    assert (["BEGIN"], False) == (transaction.said, transaction.open)


def test_one_that_could_not_commit_is_over():
    transaction = Written(refuses="COMMIT")
    with pytest.raises(QueryFailed, match="COMMIT refused"), transaction:
        pass

    assert (["BEGIN", "COMMIT"], False) == (transaction.said, transaction.open)


def test_the_next_one_knows_nothing_of_a_dead_one():
    transaction = Written()
    with pytest.raises(QueryFailed), transaction:
        transaction.kill(ValueError("first"))
    with transaction:
        transaction.refuse_when_dead("SELECT 1")

    assert ["BEGIN", "ROLLBACK", "BEGIN", "COMMIT"] == transaction.said


def test_outside_a_transaction_nothing_is_killed():
    transaction = Written()
    transaction.kill(ValueError("between"))
    with transaction:
        pass

    assert ["BEGIN", "COMMIT"] == transaction.said
