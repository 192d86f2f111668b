from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace import API_RETRY_POLICY, DATABASE_RETRY_POLICY, DEFAULT_RETRY_POLICY, RetryPolicy
from interlace.errors import (
    Cancelled,
    ChecksFailed,
    CircuitOpen,
    ConnectionFailure,
    Defect,
    InvalidModel,
    LoadRefused,
    ModelFailed,
    QueryFailed,
    RunError,
    TimedOut,
)
from interlace.run.retry import pause, predicate_of, with_retry, worth_another

POLICY = RetryPolicy(attempts=4, initial_delay=1.0, max_delay=5.0, factor=2.0, jitter=0.0)


@dataclass
class Scripted:
    """Fails with each of the errors in turn, then gives what it was told to."""

    errors: list[Exception]
    waits: list[float] = field(default_factory=list)
    told: list[tuple[Exception, int, float]] = field(default_factory=list)
    tries: int = 0

    def __call__(self) -> str:
        self.tries += 1
        if self.tries <= len(self.errors):
            raise self.errors[self.tries - 1]
        return "done"

    def run(self, policy: RetryPolicy | None, predicate: Callable[[Exception], object] | None = None) -> str:
        return with_retry(
            policy,
            self,
            sleep=self.waits.append,
            failed=lambda *told: self.told.append(told),
            predicate=predicate,
        )


def refused(sqlstate: str, *, transient: bool = False) -> QueryFailed:
    error = QueryFailed("refused")
    error.sqlstate = sqlstate
    error.transient = transient
    return error


def raised(cause: Exception) -> ModelFailed:
    failed = ModelFailed(f"m raised {cause}")
    failed.__cause__ = cause
    return failed


# --- when ---------------------------------------------------------------------------------------------------------


def test_what_fails_twice_is_tried_three_times() -> None:
    errors: list[Exception] = [ConnectionFailure("one"), ConnectionFailure("two")]
    act = Scripted(errors)

    assert ("done", 3, [1.0, 2.0]) == (act.run(POLICY), act.tries, act.waits)
    assert [(errors[0], 1, 1.0), (errors[1], 2, 2.0)] == act.told


def test_the_last_failure_is_raised_after_all_attempts() -> None:
    errors: list[Exception] = [ConnectionFailure(str(n)) for n in range(9)]
    act = Scripted(errors)

    with pytest.raises(ConnectionFailure, match="3"):
        act.run(POLICY)
    assert (4, [1.0, 2.0, 4.0]) == (act.tries, act.waits)


def test_a_model_without_a_policy_is_tried_once() -> None:
    act = Scripted([ConnectionFailure("down")])

    with pytest.raises(ConnectionFailure):
        act.run(None)
    assert (1, []) == (act.tries, act.waits)


@given(
    st.builds(
        RetryPolicy,
        attempts=st.integers(1, 12),
        initial_delay=st.floats(0.0, 100.0),
        max_delay=st.floats(0.0, 100.0),
        factor=st.floats(1.0, 10.0),
        jitter=st.floats(0.0, 10.0),
    )
)
def test_delays_grow_by_the_factor_up_to_the_greatest(policy: RetryPolicy) -> None:
    act = Scripted([ConnectionFailure("down")] * 12)
    with pytest.raises(ConnectionFailure):
        act.run(policy)

    assert policy.attempts - 1 == len(act.waits)
    for n, wait in enumerate(act.waits):
        grown = policy.initial_delay * policy.factor**n
        assert min(grown, policy.max_delay) - 1e-9 <= wait <= min(grown + policy.jitter, policy.max_delay) + 1e-9


def test_an_open_circuit_is_waited_for() -> None:
    act = Scripted([CircuitOpen("open", remaining=3.5)])

    assert ("done", [3.5]) == (act.run(POLICY), act.waits)


# --- what ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        LoadRefused("a NULL in the key"),
        ChecksFailed("unique"),
        TimedOut("too long"),
        Cancelled("by the user"),
        InvalidModel("wrong"),
        Defect("ours"),
        KeyboardInterrupt(),
    ],
)
def test_a_terminal_failure_is_never_tried_again(error: BaseException) -> None:
    policy = replace(POLICY, errors=tuple(c.__name__ for c in type(error).__mro__))

    assert not worth_another(policy, error, lambda _: True)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionFailure("down"), True),
        (refused("40001", transient=True), True),
        (refused("42601"), False),
        (raised(ConnectionRefusedError()), True),
        (raised(TimeoutError()), True),
        (raised(ValueError("wrong")), False),
        (raised(OSError("no such file")), False),
        (CircuitOpen("open", remaining=4), True),
        (CircuitOpen("open", remaining=6), False),
    ],
)
def test_without_names_the_transient_ones_are_tried_again(error: Exception, expected: bool) -> None:
    assert expected is worth_another(POLICY, error)


@pytest.mark.parametrize(("status", "expected"), [(503, True), (429, True), (404, False)])
def test_an_answer_over_http_that_says_later_is_tried_again(status: int, expected: bool) -> None:
    class HTTPError(Exception):
        response = type("Response", (), {"status_code": status})()

    assert expected is worth_another(POLICY, raised(HTTPError()))


def test_a_class_is_named_by_itself_its_base_or_its_module() -> None:
    error = raised(KeyError("x"))

    found = {n: worth_another(replace(POLICY, errors=(n,)), error) for n in
             ("KeyError", "LookupError", "builtins.KeyError", "ModelFailed", "ValueError", "Key")}  # fmt: skip
    assert {"KeyError": True, "LookupError": True, "builtins.KeyError": True, "ModelFailed": True, "ValueError": False,
            "Key": False} == found  # fmt: skip


def test_names_take_the_place_of_what_is_transient() -> None:
    assert not worth_another(replace(POLICY, errors=("ValueError",)), ConnectionFailure("down"))


@pytest.mark.parametrize(("name", "expected"), [("40001", True), ("40", True), ("42", False), ("4", False)])
def test_an_sqlstate_is_named_whole_or_by_its_class(name: str, expected: bool) -> None:
    policy = replace(POLICY, errors=(name,))

    assert expected is worth_another(policy, refused("40001"))


def test_the_sqlstate_of_a_models_own_driver_counts() -> None:
    class DriverError(Exception):
        sqlstate = "40P01"

    assert worth_another(replace(POLICY, errors=("40P01",)), raised(DriverError()))


def test_a_predicate_is_asked_about_the_models_own_exception() -> None:
    seen: list[Exception] = []

    def again(error: Exception) -> bool:
        seen.append(error)
        return "busy" in str(error)

    own = ValueError("busy")
    assert [True, False] == [worth_another(POLICY, raised(e), again) for e in (own, ValueError("wrong"))]
    assert own is seen[0]


def test_a_predicate_that_raises_is_a_failure_of_its_own() -> None:
    with pytest.raises(RunError, match=r"the 'predicate' of 'retry' raised ZeroDivisionError.*asked about: down"):
        worth_another(POLICY, ConnectionFailure("down"), lambda _: 1 / 0)


def test_a_commit_in_doubt_is_looked_at_again() -> None:
    error = ConnectionFailure("lost during COMMIT")
    error.transient, error.in_doubt = False, True

    assert worth_another(replace(POLICY, errors=("ValueError",)), error)


def test_the_presets_have_names() -> None:
    assert (3, 5, 4) == tuple(p.attempts for p in (DEFAULT_RETRY_POLICY, API_RETRY_POLICY, DATABASE_RETRY_POLICY))


# --- waiting ------------------------------------------------------------------------------------------------------


@dataclass
class Idle:
    """A worker that waits."""

    left: bool = False
    interrupt: Callable[[], None] | None = None
    why: Any = None


def test_a_wait_ends_by_itself() -> None:
    began = time.monotonic()
    pause(Idle(), 0.05)

    assert time.monotonic() - began >= 0.05


def test_a_wait_is_interrupted_at_once() -> None:
    worker = Idle()

    def stop() -> None:
        while worker.interrupt is None:
            time.sleep(0.001)
        worker.why = Cancelled
        worker.interrupt()

    threading.Thread(target=stop).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        pause(worker, 60)

    assert time.monotonic() - began < 10


def test_who_was_stopped_before_the_wait_does_not_wait() -> None:
    with pytest.raises(Cancelled):
        pause(Idle(why=TimedOut), 60)


# --- predicates ---------------------------------------------------------------------------------------------------


@dataclass
class Defined:
    """As much of a model as a predicate needs."""

    retry: RetryPolicy | None
    name: str = "orders"
    file: str = "models/orders.sql"
    line: int = 3


def predicate(name: str | None, root: Path) -> Any:
    return predicate_of(Defined(replace(POLICY, predicate=name)), root)  # type: ignore[arg-type]


def test_a_predicate_lies_in_a_module_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "errors.py").write_text("def busy(error):\n    return str(error) == 'busy'\n")

    found = predicate("rules.errors:busy", tmp_path)
    assert [True, False] == [found(ValueError(text)) for text in ("busy", "wrong")]


def test_a_predicate_lies_in_an_installed_package(tmp_path: Path) -> None:
    import operator

    assert operator.truth is predicate("operator:truth", tmp_path)


@pytest.mark.parametrize("name", ["nowhere:busy", "operator:nothing", "string:digits"])
def test_a_predicate_that_is_not_there_names_the_model(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidModel, match=rf"models/orders.sql:3: 'retry' has the predicate '{name}', which"):
        predicate(name, tmp_path)


def test_a_model_without_a_predicate_has_none(tmp_path: Path) -> None:
    assert [None, None] == [predicate(None, tmp_path), predicate_of(Defined(None), tmp_path)]  # type: ignore[arg-type]
