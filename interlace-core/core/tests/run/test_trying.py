"""Attempts and what is around them: a load that left its marker is never done twice."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from interlace.errors import StateError
from interlace.model.definition import Retry
from interlace.run.trying import Trying


class Database:
    """A session, and what has been committed by it."""

    def __init__(self) -> None:
        self.committed = []

    def markers(self):
        return [SimpleNamespace(attempt=attempt) for attempt in self.committed]


class Circuits:
    """Circuits whose state cannot be saved after the attempts of these numbers."""

    def __init__(self, *lost: int) -> None:
        self._lost = lost
        self._number = 0

    @contextmanager
    def guard(self, _connection):
        yield
        self._number += 1
        if self._number in self._lost:
            error = StateError("the state is gone")
            error.transient = True
            raise error


@pytest.fixture
def load():
    """Loads with circuits; gives the attempts that were committed and the one that counts."""

    def load(circuits):
        database, number = Database(), iter(range(1, 9))
        recording = SimpleNamespace(
            retrying=lambda *_: None, committing=lambda _: None, restore=lambda _: None, retrying_export=None
        )
        sessions = SimpleNamespace(of=lambda *_: database, discard=lambda *_: None)
        trying = Trying(sessions, recording, circuits, Path())
        task = SimpleNamespace(
            name="orders", connection=None, model=SimpleNamespace(retry=Retry(3, 0.0, 0.0, jitter=0.0), name="orders")
        )
        worker = SimpleNamespace(left=False, why=None, interrupt=None)

        def act():
            done = SimpleNamespace(task=task, record=SimpleNamespace(id=next(number)))
            trying.marked(done, None)
            database.committed.append(done.record.id)
            return done, None

        done, _ = trying.until(task, worker, act)
        return database.committed, done.record.id

    return load


def test_a_load_is_done_once(load):
    assert ([1], 1) == load(Circuits())


def test_a_load_is_not_done_again_where_what_is_around_it_fails_after_its_commit(load):
    assert ([1], 1) == load(Circuits(1))


def test_nor_where_that_fails_again(load):
    assert ([1], 1) == load(Circuits(1, 2))
