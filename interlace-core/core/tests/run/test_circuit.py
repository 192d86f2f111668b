from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from interlace.contracts.state import StateStore
from interlace.errors import Cancelled, CircuitOpen, ConnectionFailure, DatabaseLocked, ModelFailed, QueryFailed
from interlace.run.circuit import Circuits, is_connection_failure
from interlace.state.store import Store

RECOVERY = 0.1


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StateStore]:
    store = Store.embedded(tmp_path / "state.db")
    store.open()
    yield store
    store.close()


@dataclass
class Bench:
    """The circuits of one run, and a connection that fails as it is told."""

    store: StateStore
    failures: int = 3
    said: list[str] = field(default_factory=list)
    began: int = 0

    def __post_init__(self) -> None:
        self.circuits = Circuits(
            self.store, failures=self.failures, recovery=timedelta(seconds=RECOVERY), say=self.said.append
        )

    def attempt(self, error: BaseException | None = None, *, name: str = "pg", embedded: bool = False) -> None:
        connection: Any = SimpleNamespace(name=name, capabilities=SimpleNamespace(embedded=embedded))
        with self.circuits.guard(connection):
            self.began += 1
            if error is not None:
                raise error

    def fail(self, times: int = 1, error: Callable[[], BaseException] = lambda: ConnectionFailure("down")) -> None:
        for _ in range(times):
            with pytest.raises(type(error())):
                self.attempt(error())

    @property
    def state(self) -> str | None:
        return next((c.state for c in self.store.circuits()), None)


@pytest.fixture
def bench(store: StateStore) -> Bench:
    return Bench(store)


def test_it_opens_after_so_many_failures_in_a_row(bench: Bench) -> None:
    bench.fail(3)

    with pytest.raises(
        CircuitOpen, match="'pg' failed 3 times and is left alone; the last failure was: down"
    ) as caught:
        bench.attempt()
    assert 0 < caught.value.remaining <= RECOVERY
    assert 3 == bench.began
    assert ["connection 'pg' failed 3 times and is left alone for 0.1 s: down"] == bench.said


def test_a_success_in_between_begins_the_count_anew(bench: Bench) -> None:
    bench.fail(2)
    bench.attempt()
    bench.fail(2)

    assert ("closed", 2) == (bench.state, bench.store.circuits()[0].failures)


@pytest.mark.parametrize(
    "error", [QueryFailed("no such table"), ModelFailed("m raised x"), DatabaseLocked("held"), Cancelled("by the user")]
)
def test_what_says_nothing_of_the_connection_does_not_count(bench: Bench, error: Exception) -> None:
    bench.fail(9, lambda: error)

    assert None is bench.state


def test_after_its_recovery_one_attempt_decides(bench: Bench) -> None:
    bench.fail(3)
    time.sleep(RECOVERY * 1.2)
    bench.fail(1)
    with pytest.raises(CircuitOpen):
        bench.attempt()
    time.sleep(RECOVERY * 1.2)
    bench.attempt()
    bench.attempt()

    assert ("closed", 6) == (bench.state, bench.began)
    assert ["is left alone", "is left alone", "works again"] == [
        next(w for w in ("is left alone", "works again") if w in text) for text in bench.said
    ]


def test_while_one_tries_the_others_wait(bench: Bench) -> None:
    import threading

    bench.fail(3)
    time.sleep(RECOVERY * 1.2)
    refused: list[BaseException] = []

    def another() -> None:
        try:
            bench.attempt()
        except CircuitOpen as error:
            refused.append(error)

    connection: Any = SimpleNamespace(name="pg", capabilities=SimpleNamespace(embedded=False))
    with bench.circuits.guard(connection):
        thread = threading.Thread(target=another)
        thread.start()
        thread.join(10)

    assert ["Another model is trying it at this moment."] == [e.hint for e in refused if isinstance(e, CircuitOpen)]
    bench.attempt()


def test_a_trial_that_is_cancelled_decides_nothing(bench: Bench) -> None:
    bench.fail(3)
    time.sleep(RECOVERY * 1.2)
    bench.fail(1, lambda: Cancelled("by the user"))

    assert "half-open" == bench.state
    bench.attempt()
    assert "closed" == bench.state


def test_connections_do_not_touch_each_other(bench: Bench) -> None:
    bench.fail(3)
    bench.attempt(name="other")

    assert ["pg"] == [c.connection for c in bench.store.circuits()]


def test_an_embedded_engine_has_no_circuit(bench: Bench) -> None:
    for _ in range(9):
        with pytest.raises(ConnectionFailure):
            bench.attempt(ConnectionFailure("down"), embedded=True)

    assert [] == bench.store.circuits()


def test_the_next_run_begins_with_a_trial_where_this_one_left_it_open(bench: Bench) -> None:
    bench.fail(3)
    following = Bench(bench.store)
    following.fail(1)

    with pytest.raises(CircuitOpen, match="failed 4 times"):
        following.attempt()


def test_the_next_run_closes_what_works_again(bench: Bench) -> None:
    bench.fail(3)
    following = Bench(bench.store)
    following.attempt()

    assert ("closed", ["connection 'pg' works again"]) == (bench.state, following.said)


def test_a_run_in_which_nothing_fails_writes_nothing(bench: Bench) -> None:
    for _ in range(9):
        bench.attempt()

    assert [] == bench.store.circuits()


@pytest.mark.parametrize(
    ("sqlstate", "expected"), [("08006", True), ("57P01", True), ("57014", False), ("42601", False)]
)
def test_sqlstates_say_whether_a_server_is_gone(sqlstate: str, expected: bool) -> None:
    error = QueryFailed("refused")
    error.sqlstate = sqlstate

    assert expected is is_connection_failure(error)
