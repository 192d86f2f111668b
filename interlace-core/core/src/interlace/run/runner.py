"""Doing a plan: tasks begin as soon as their parents are committed, in threads, small ones in groups.

One worker thread begins; the thread that called `run` ticks: it passes events on, starts another worker when tasks wait
while every worker has been busy with one statement for `SLOW` seconds, and watches deadlines.  Small models
are done by one worker in groups that share a transaction: more threads would only make them slower.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from interlace.errors import Cancelled, InterlaceError, TimedOut
from interlace.model.definition import SqlBody
from interlace.run.load import Load
from interlace.run.schedule import Ready
from interlace.run.together import MESSAGE

if TYPE_CHECKING:
    from interlace.run.task import Task
    from interlace.run.work import Done, Work

__all__ = ["Limits", "Runner"]

TICK = 0.05
"""Seconds between two looks of the calling thread."""

SLOW = 0.02
"""Seconds after which a busy worker no longer counts as about to be free."""

GROUP_SIZE = 50
GROUP_SECONDS = 0.1
"""A group ends with whichever of the two comes first."""

LET_GO = 2.0
"""Seconds that a cancelled run waits for statements to stop before it leaves their threads behind."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many attempts may run at once, in total and by connection."""

    total: int
    connections: Mapping[str, int] = field(default_factory=dict)

    def of(self, connection: str, most: int | None) -> int:
        """The limit of one connection that itself allows `most`."""
        return min(self.total, self.connections.get(connection, self.total), most or self.total)


@dataclass(slots=True, eq=False)
class Worker:
    """One thread and what it is busy with."""

    thread: threading.Thread | None = None
    task: str | None = None
    since: float = 0.0
    deadline: float | None = None
    left: bool = False
    interrupt: Callable[[], None] | None = None
    why: type[InterlaceError] | None = None


@dataclass(slots=True)
class _Group:
    """Small models that share a transaction.

    Attributes:
        connection: its name.
        since: what was done then is visible to it.
        names: of its members.
        latest: members whose children were not looked at since they were added, or built.
        candidates: children that may follow.
        waiting: members that will be built by one message.
        done: what is built.
    """

    connection: str
    since: int
    names: set[str] = field(default_factory=set)
    latest: list[str] = field(default_factory=list)
    candidates: deque[str] = field(default_factory=deque)
    waiting: list[Task] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)


class Runner:
    """Runs tasks to their end.

    Args:
        tasks: parents first.
        work: builds tasks; has no threads of its own.
        limits: of concurrency.
        fail_fast: whether the first failure cancels what has not begun.
        tick: called on each tick and once at the end, in the calling thread.
    """

    def __init__(
        self, tasks: Mapping[str, Task], work: Work, limits: Limits, *, fail_fast: bool, tick: Callable[[], None]
    ) -> None:
        self._tasks = tasks
        self._work = work
        self._limits = limits
        self._fail_fast = fail_fast
        self._tick = tick
        self._ready = Ready({name: task.parents for name, task in tasks.items()})
        self._changed = threading.Condition()
        self._workers: list[Worker] = []
        self._busy: dict[str, int] = {}
        self._load = Load()
        self._alone: set[str] = set()
        self._cancelled = threading.Event()
        self._crash: BaseException | None = None
        self._reason = "cancelled"

    def cancel(self) -> None:
        """Begin nothing more and interrupt what runs.  May be called from a signal handler."""
        self._cancelled.set()

    def run(self) -> None:
        """Run until every task is done, failed, blocked or cancelled."""
        self._start_worker()
        try:
            while not self._finished():
                with self._changed:
                    self._changed.wait(TICK)
                self._tick()
                self._watch()
        except BaseException:
            self._stop_all()
            raise
        finally:
            self._cancel_rest()
            self._join()
        self._tick()
        if self._crash is not None:
            raise self._crash

    # --- the calling thread -----------------------------------------------------------------------------------

    def _finished(self) -> bool:
        with self._changed:
            busy = any(w.task is not None and not w.left for w in self._workers)
            if self._crash is not None or self._cancelled.is_set():
                return not busy
            return self._ready.left == 0 and not busy

    def _watch(self) -> None:
        now = time.monotonic()
        if self._cancelled.is_set():
            self._interrupt_all(now)
            return
        was_full = self._load.full
        self._load.look()
        with self._changed:
            if was_full and not self._load.full:
                self._changed.notify_all()
            for worker in self._workers:
                if worker.deadline is not None and now >= worker.deadline and worker.task is not None:
                    self._time_out(worker, now)
            alive = [w for w in self._workers if not w.left]
            stuck = all(w.task is not None and now - w.since > SLOW for w in alive)
            more = self._ready.waiting() and stuck and len(alive) < self._limits.total
        if more:
            self._start_worker()

    def _join(self) -> None:
        """Wait for the threads: one that still closes its sessions while Python ends brings the process down."""
        for worker in self._workers:
            if worker.thread is not None and not worker.left:
                worker.thread.join(LET_GO)

    def _stop_all(self) -> None:
        """The calling thread failed (a full disk, say): nothing may go on behind its back."""
        self._cancelled.set()
        until = time.monotonic() + LET_GO
        while time.monotonic() < until:
            self._interrupt_all(time.monotonic())
            with self._changed:
                if not any(w.task is not None and not w.left for w in self._workers):
                    return
                self._changed.wait(TICK)

    def _time_out(self, worker: Worker, now: float) -> None:
        if worker.why is None:
            worker.why = TimedOut
            worker.deadline = now + LET_GO
            self._stop(worker)
        else:
            self._leave(worker)

    def _interrupt_all(self, now: float) -> None:
        with self._changed:
            for worker in self._workers:
                if worker.task is None or worker.left:
                    continue
                if worker.why is not Cancelled:
                    worker.why = Cancelled
                    worker.deadline = now + LET_GO
                self._stop(worker)
                if worker.deadline is not None and now >= worker.deadline:
                    self._leave(worker)
            self._changed.notify_all()

    def _stop(self, worker: Worker) -> None:
        if worker.interrupt is not None:
            worker.interrupt()

    def _leave(self, worker: Worker) -> None:
        """Let a thread go that does not stop (Python that computes or sleeps).

        Its attempt ends without it, and whatever it does later is refused.
        """
        worker.left = True
        task, why = worker.task, worker.why or Cancelled
        if task is not None:
            self._fail(self._tasks[task], self._error(why, task), worker)

    def _cancel_rest(self) -> None:
        with self._changed:
            for name in self._ready.unfinished():
                self._work.not_run(self._tasks[name], "cancelled", self._reason)
            self._cancelled.set()
            self._changed.notify_all()

    def _start_worker(self) -> None:
        worker = Worker()
        worker.thread = threading.Thread(target=self._serve, args=(worker,), daemon=True, name="interlace-worker")
        with self._changed:
            self._workers.append(worker)
        worker.thread.start()

    # --- a worker's thread ------------------------------------------------------------------------------------

    def _serve(self, worker: Worker) -> None:
        try:
            while (name := self._take(worker)) is not None:
                if self._may_share(self._tasks[name]):
                    self._group(name, worker)
                else:
                    self._single(name, worker)
                self._free(worker)
        except BaseException as error:  # noqa: BLE001  raised again by `run`, in the calling thread
            with self._changed:
                self._crash = error
                worker.task = None
                self._changed.notify_all()
        finally:
            self._work.release(worker)

    def _take(self, worker: Worker) -> str | None:
        with self._changed:
            while not worker.left and not self._cancelled.is_set() and self._crash is None and self._ready.left:
                name = self._ready.take(self._fits)
                if name is not None:
                    self._begin(name, worker)
                    key = self._tasks[name].connection.name
                    self._busy[key] = self._busy.get(key, 0) + 1
                    return name
                self._changed.wait()
            return None

    def _fits(self, name: str) -> bool:
        connection = self._tasks[name].connection
        able = connection.capabilities
        if self._busy.get(connection.name, 0) >= self._limits.of(connection.name, able.max_sessions):
            return False
        queries_here = able.embedded and isinstance(self._tasks[name].model.body, SqlBody)
        return not (queries_here and self._busy.get(connection.name, 0) and self._load.full)

    def _begin(self, name: str, worker: Worker) -> None:
        worker.task = name
        worker.since = time.monotonic()
        timeout = self._tasks[name].model.timeout
        worker.deadline = worker.since + timeout if timeout is not None else None
        worker.why = None

    def _free(self, worker: Worker) -> None:
        with self._changed:
            if worker.left or worker.task is None:
                return
            key = self._tasks[worker.task].connection.name
            self._busy[key] -= 1
            worker.task = None
            worker.deadline = None
            self._changed.notify_all()

    def _single(self, name: str, worker: Worker) -> None:
        task = self._tasks[name]
        if self._skip(task):
            return
        try:
            done = self._work.single(task, worker)
        except Exception as error:  # noqa: BLE001  whatever a model raises is its failure
            with self._changed:
                if not worker.left:
                    self._fail(task, self._why(error, name, worker), worker)
            return
        with self._changed:
            if not worker.left:
                self._finish([done])

    def _group(self, name: str, worker: Worker) -> None:
        """Small models in one transaction.  When one fails all roll back, and each runs again alone."""
        members = [name]
        try:
            done = self._build_group(name, worker, members)
        except Exception as error:  # noqa: BLE001  as in _single
            self._work.undo(members)
            with self._changed:
                if worker.left:
                    return
                if worker.why is not None or len(members) == 1:
                    self._ready.give_back(members[:-1])
                    self._fail(self._tasks[members[-1]], self._why(error, members[-1], worker), worker)
                    return
                self._alone.update(members)
                self._ready.give_back(members)
                self._changed.notify_all()
            return
        with self._changed:
            if not worker.left:
                self._finish(done)

    def _build_group(self, first: str, worker: Worker, members: list[str]) -> list[Done]:
        began = time.monotonic()
        with self._changed:
            group = _Group(self._tasks[first].connection.name, self._ready.clock)
        with self._work.transaction(self._tasks[first], worker):
            name: str | None = first
            while name is not None:
                if name != first:
                    members.append(name)
                self._add(self._tasks[name], group, worker)
                name = None
                if len(members) < GROUP_SIZE and time.monotonic() - began < GROUP_SECONDS:
                    name = self._next(group, worker)
            self._build_waiting(group, worker)
            self._refuse_if_left(worker)
        return group.done

    def _add(self, task: Task, group: _Group, worker: Worker) -> None:
        """Build a member, or let it wait for others that are built by the same message."""
        joins = self._work.joins(task)
        # What waits replaces its table: its rows will have moved.
        parents_will_move = any(other.name in task.parents for other in group.waiting)
        if not joins:
            self._build_waiting(group, worker)
        group.names.add(task.name)
        group.latest.append(task.name)
        if not parents_will_move and self._skip(task, within=True):
            group.done.append(self._work.skipped(task))
        elif joins:
            group.waiting.append(task)
            if len(group.waiting) == MESSAGE:
                self._build_waiting(group, worker)
        else:
            group.done.append(self._work.build(task, worker))

    def _build_waiting(self, group: _Group, worker: Worker) -> None:
        waiting, group.waiting = group.waiting, []
        if waiting:
            self._refuse_if_left(worker)
            group.done += self._work.build_together(waiting, worker)
            group.latest += [task.name for task in waiting]

    def _next(self, group: _Group, worker: Worker) -> str | None:
        """Take another member; what only follows when the rows of those that wait are known follows once they are built."""
        found = self._follower(group, worker)
        if found is None and group.waiting:
            self._build_waiting(group, worker)
            found = self._follower(group, worker)
        return found

    def _follower(self, group: _Group, worker: Worker) -> str | None:
        def fits(name: str) -> bool:
            other = self._tasks[name]
            return other.connection.name == group.connection and self._may_share(other)

        latest, group.latest = group.latest, []
        with self._changed:
            if self._cancelled.is_set():
                return None
            for name in latest:
                group.candidates.extend(self._ready.joined(name, group.names, group.since, fits))
            found = self._ready.take_into(group.names, group.since, fits, group.candidates)
            if found is not None:
                worker.task = found
                worker.since = time.monotonic()
            return found

    def _may_share(self, task: Task) -> bool:
        return task.groupable and task.name not in self._alone and self._work.small(task)

    def _refuse_if_left(self, worker: Worker) -> None:
        with self._changed:
            if worker.left or worker.why is not None:
                raise self._error(worker.why or Cancelled, worker.task or "")

    def _skip(self, task: Task, *, within: bool = False) -> bool:
        """A task that runs only if a parent's rows moved, and none did."""
        if not task.step.tentative or self._work.parents_moved(task):
            return False
        if not within:
            with self._changed:
                self._finish([self._work.skipped(task)])
        return True

    # --- with the lock held -----------------------------------------------------------------------------------

    def _finish(self, done: list[Done]) -> None:
        for one in done:
            self._work.announce(one)
        self._ready.done([one.task.name for one in done])
        self._changed.notify_all()

    def _fail(self, task: Task, error: Exception, worker: Worker) -> None:
        blocked = self._ready.block(task.name)
        self._work.failed(task, error, time.monotonic() - worker.since)
        status_cancelled = isinstance(error, Cancelled)
        for name in blocked:
            if status_cancelled:
                self._work.not_run(self._tasks[name], "cancelled", "cancelled")
            else:
                self._work.not_run(self._tasks[name], "blocked", f"{task.name} failed")
        if worker.left:
            self._busy[task.connection.name] -= 1
            worker.task = None
        if self._fail_fast and not status_cancelled:
            self._reason = f"{task.name} failed, and --fail-fast"
            self._cancelled.set()
        self._changed.notify_all()

    def _why(self, error: Exception, name: str, worker: Worker) -> Exception:
        return self._error(worker.why, name) if worker.why is not None else error

    def _error(self, why: type[InterlaceError], name: str) -> InterlaceError:
        if why is TimedOut:
            timeout = self._tasks[name].model.timeout
            return TimedOut(f"{name} took longer than its timeout of {timeout:g} s", model=name)
        return Cancelled(f"{name} was cancelled", model=name)
