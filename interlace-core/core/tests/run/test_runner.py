"""The runner: what begins when, what is grouped, what a failure, a timeout and a cancellation do.  No database."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from interlace.errors import Cancelled, ModelFailed, TimedOut
from interlace.model.definition import SqlBody
from interlace.run.runner import Limits, Runner
from interlace.run.together import MESSAGE


@dataclass
class FakeWork:
    """Records what it is asked; `act` may sleep or raise."""

    act: dict = field(default_factory=dict)
    log: list = field(default_factory=list)
    outcomes: dict = field(default_factory=dict)
    unmoved: set = field(default_factory=set)
    large: set = field(default_factory=set)
    joining: set = field(default_factory=set)
    messages: list = field(default_factory=list)
    running: int = 0
    most: int = 0
    committed: list = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def transaction(self, task, worker):
        self.log.append("begin")
        yield
        self.log.append("commit")

    def build(self, task, worker):
        self._do(task, worker)
        return SimpleNamespace(task=task)

    def joins(self, task):
        return task.name in self.joining

    def build_together(self, tasks, worker):
        self.messages.append([task.name for task in tasks])
        return [self.build(task, worker) for task in tasks]

    def single(self, task, worker):
        self._do(task, worker)
        return SimpleNamespace(task=task)

    def skipped(self, task):
        return SimpleNamespace(task=task, skipped=True)

    def small(self, task):
        return task.name not in self.large

    def parents_moved(self, task):
        return task.name not in self.unmoved

    def announce(self, done):
        self.outcomes[done.task.name] = "skipped" if hasattr(done, "skipped") else "succeeded"

    def undo(self, names):
        self.log.append(("undo", tuple(names)))

    def failed(self, task, error, seconds):
        self.outcomes[task.name] = error

    def not_run(self, task, status, reason):
        self.outcomes[task.name] = (status, reason)

    def release(self, worker):
        pass

    def _do(self, task, worker):
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
            self.log.append(task.name)
        try:
            act = self.act.get(task.name)
            if isinstance(act, Exception):
                raise act
            if callable(act):
                act(worker)
        finally:
            with self.lock:
                self.running -= 1


QUERY = object.__new__(SqlBody)
CONNECTION = SimpleNamespace(name="default", capabilities=SimpleNamespace(max_sessions=None, embedded=False))


def task(name, *parents, groupable=False, tentative=False, timeout=None, connection=CONNECTION, query=False):
    return SimpleNamespace(
        name=name,
        parents=parents,
        groupable=groupable,
        connection=connection,
        step=SimpleNamespace(tentative=tentative),
        model=SimpleNamespace(timeout=timeout, body=QUERY if query else None),
    )


def run(work, *tasks, threads=4, fail_fast=False, limits=None, before=None):
    runner = Runner({t.name: t for t in tasks}, work, limits or Limits(threads), fail_fast=fail_fast, tick=lambda: None)
    if before:
        before(runner)
    runner.run()
    return work.outcomes


def test_parents_come_first_and_all_succeed():
    work = FakeWork()

    assert {"a": "succeeded", "b": "succeeded"} == run(work, task("a"), task("b", "a"))
    assert ["a", "b"] == work.log


def test_a_failure_blocks_what_is_below_and_leaves_the_rest():
    error = ModelFailed("no")
    outcomes = run(FakeWork({"a": error}), task("a"), task("b", "a"), task("c", "b"), task("d"))

    assert {"a": error, "b": ("blocked", "a failed"), "c": ("blocked", "a failed"), "d": "succeeded"} == outcomes


def test_fail_fast_begins_nothing_more():
    work = FakeWork({"a": ModelFailed("no")})

    outcomes = run(work, task("a"), task("b"), threads=1, fail_fast=True)

    assert ("cancelled", "a failed, and --fail-fast") == outcomes["b"]


def test_slow_tasks_run_side_by_side_up_to_the_limit():
    def slow(_):
        time.sleep(0.3)

    names = [f"m{i}" for i in range(6)]
    work = FakeWork(dict.fromkeys(names, slow))
    run(work, *(task(n) for n in names), threads=3)

    assert 3 == work.most


def test_a_connection_may_allow_fewer():
    def slow(_):
        time.sleep(0.15)

    one = SimpleNamespace(name="one", capabilities=SimpleNamespace(max_sessions=1, embedded=False))
    names = [f"m{i}" for i in range(3)]
    work = FakeWork(dict.fromkeys(names, slow))
    run(work, *(task(n, connection=one) for n in names))

    assert 1 == work.most


@pytest.mark.parametrize(("query", "most"), [(True, 1), (False, 3)])
def test_an_engine_of_this_process_gets_no_second_query_while_the_cores_are_full(query, most, monkeypatch):
    class Full:
        full = True

        def look(self):
            pass

    monkeypatch.setattr("interlace.run.runner.Load", Full)

    def slow(_):
        time.sleep(0.2)

    embedded = SimpleNamespace(name="one", capabilities=SimpleNamespace(max_sessions=None, embedded=True))
    names = [f"m{i}" for i in range(3)]
    work = FakeWork(dict.fromkeys(names, slow))
    outcomes = run(work, *(task(n, connection=embedded, query=query) for n in names), threads=3)

    assert most == work.most
    assert dict.fromkeys(names, "succeeded") == outcomes


def test_small_tasks_share_transactions_and_children_follow_their_parents_into_them():
    work = FakeWork()
    tasks = [task("m0", groupable=True), *(task(f"m{i}", f"m{i - 1}", groupable=True) for i in range(1, 100))]

    outcomes = run(work, *tasks)

    assert {"succeeded"} == set(outcomes.values())
    assert 2 == work.log.count("begin") == work.log.count("commit")


def test_members_that_may_wait_are_built_by_few_messages():
    work = FakeWork(joining={f"m{i}" for i in range(50)})

    run(work, *(task(f"m{i}", groupable=True) for i in range(50)))

    assert [MESSAGE, MESSAGE, MESSAGE, 50 - 3 * MESSAGE] == [len(names) for names in work.messages]
    assert 1 == work.log.count("begin")


def test_a_child_whose_parents_rows_decide_waits_until_they_are_built():
    class Measured(FakeWork):
        def small(self, task):
            return all(parent in self.log for parent in task.parents)

    work = Measured(joining={"a", "b", "c"})
    run(work, task("a", groupable=True), task("b", groupable=True), task("c", "a", "b", groupable=True))

    assert [["a", "b"], ["c"]] == work.messages
    assert 1 == work.log.count("begin")


def test_what_does_not_join_is_built_after_those_that_waited():
    work = FakeWork(joining={"a", "c"})
    run(work, task("a", groupable=True), task("b", groupable=True), task("c", groupable=True))

    assert ["begin", "a", "b", "c", "commit"] == work.log
    assert [["a"], ["c"]] == work.messages


def test_a_child_of_one_that_waits_is_not_skipped_and_one_whose_parents_stay_is():
    work = FakeWork(joining={"a", "b", "c", "d"}, unmoved={"c", "d"})
    tentative = [task("c", "a", groupable=True, tentative=True), task("d", groupable=True, tentative=True)]
    outcomes = run(work, task("a", groupable=True), task("b", groupable=True), *tentative)

    assert "skipped" == outcomes["d"]
    assert {"a", "b", "c"} == {name for names in work.messages for name in names}


def test_when_one_of_those_that_waited_fails_each_runs_again_alone():
    error = ModelFailed("no")
    work = FakeWork({"b": error}, joining={"a", "b", "c"})
    outcomes = run(work, *(task(name, groupable=True) for name in "abc"))

    assert {"a": "succeeded", "b": error, "c": "succeeded"} == outcomes
    assert ("undo", ("a", "b", "c")) in work.log


def test_when_one_of_a_group_fails_the_others_run_again_alone():
    error = ModelFailed("no")
    work = FakeWork({"b": error})

    outcomes = run(work, *(task(n, groupable=True) for n in "abc"), task("d", "b", groupable=True))

    assert {"a": "succeeded", "b": error, "c": "succeeded", "d": ("blocked", "b failed")} == outcomes
    assert ("undo", ("a", "b")) in work.log
    assert ["a", "b", "a", "b", "c"] == [e for e in work.log if e in {"a", "b", "c", "d"}]


def test_a_tentative_task_is_skipped_when_no_parent_moved():
    work = FakeWork(unmoved={"b", "c"})

    outcomes = run(
        work, task("a"), task("b", "a", tentative=True), task("c", "b", groupable=True, tentative=True), task("d", "c")
    )

    assert {"a": "succeeded", "b": "skipped", "c": "skipped", "d": "succeeded"} == outcomes
    assert "b" not in work.log


def test_a_timeout_interrupts_the_statement():
    stopped = threading.Event()

    def query(worker):
        worker.interrupt = stopped.set
        assert stopped.wait(5)
        raise ModelFailed("interrupted")

    outcomes = run(FakeWork({"a": query}), task("a", timeout=0.1))

    assert isinstance(outcomes["a"], TimedOut)
    assert "a took longer than its timeout of 0.1 s" == str(outcomes["a"])


def test_python_that_does_not_stop_is_left_behind_and_its_children_are_blocked(monkeypatch):
    monkeypatch.setattr("interlace.run.runner.LET_GO", 0.1)
    release = threading.Event()
    began = time.monotonic()

    outcomes = run(FakeWork({"a": lambda _: release.wait(20)}), task("a", timeout=0.1), task("b", "a"), task("c"))
    release.set()

    assert isinstance(outcomes["a"], TimedOut)
    assert ("blocked", "a failed") == outcomes["b"]
    assert "succeeded" == outcomes["c"]
    assert time.monotonic() - began < 10


def test_cancelling_interrupts_what_runs_and_begins_nothing_more():
    stopped = threading.Event()
    runners = []

    def query(worker):
        worker.interrupt = stopped.set
        runners[0].cancel()
        assert stopped.wait(5)
        raise ModelFailed("interrupted")

    outcomes = run(FakeWork({"a": query}), task("a"), task("b", "a"), task("c"), threads=1, before=runners.append)

    assert isinstance(outcomes["a"], Cancelled)
    assert ("cancelled", "cancelled") == outcomes["b"] == outcomes["c"]


def test_a_defect_of_the_runner_itself_is_raised_where_run_was_called():
    class Broken(FakeWork):
        def announce(self, done):
            raise RuntimeError("defect")

    with pytest.raises(RuntimeError, match="defect"):
        run(Broken(), task("a"))


def test_no_thread_is_left_after_a_run():
    before = threading.active_count()
    run(FakeWork(), *(task(f"m{i}") for i in range(10)))
    for _ in range(100):
        if threading.active_count() == before:
            break
        time.sleep(0.01)

    assert before == threading.active_count()


def test_when_the_calling_thread_fails_what_runs_is_stopped():
    stopped = threading.Event()
    ticks = []

    def query(worker):
        worker.interrupt = stopped.set
        assert stopped.wait(5)
        raise ModelFailed("interrupted")

    def tick():
        ticks.append(1)
        if len(ticks) > 2:
            raise OSError("disk full")

    runner = Runner({"a": task("a")}, FakeWork({"a": query}), Limits(1), fail_fast=False, tick=tick)

    with pytest.raises(OSError, match="disk full"):
        runner.run()
    assert stopped.is_set()


def test_what_may_take_long_is_no_member_of_a_group():
    work = FakeWork(large={"b"})
    run(work, *(task(n, groupable=True) for n in "abc"), threads=1)

    assert ["begin", "a", "c", "commit", "b"] == work.log
