"""Which steps may begin: a graph of tasks that is taken apart as they end.  No threads, no clock, no database here."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

__all__ = ["Ready", "State"]

LOOK_AHEAD = 64
"""How many ready tasks are looked at for one that fits, so that a wide graph costs no more per task than a narrow one."""

State = Literal["waiting", "ready", "running", "done", "blocked"]


class Ready:
    """The order of a run.  All methods are called with the run's lock held.

    Args:
        parents: for each task its parents among the tasks, parents first.
    """

    def __init__(self, parents: Mapping[str, Iterable[str]]) -> None:
        self._rank = {name: i for i, name in enumerate(parents)}
        self._parents = {name: tuple(p for p in ps if p in parents) for name, ps in parents.items()}
        self._children: dict[str, list[str]] = {name: [] for name in parents}
        for name, ps in self._parents.items():
            for parent in ps:
                self._children[parent].append(name)
        self._missing = {name: len(set(ps)) for name, ps in self._parents.items()}
        for name, children in self._children.items():
            self._children[name] = list(dict.fromkeys(children))
        self.state: dict[str, State] = dict.fromkeys(parents, "waiting")
        self._heap: list[int] = []
        self._names = list(parents)
        self._done_at: dict[str, int] = {}
        self._clock = 0
        self.left = len(self._names)
        for name, missing in self._missing.items():
            if missing == 0:
                self._push(name)

    @property
    def clock(self) -> int:
        """Moves with each task that is done: what was done at or before a moment is visible to what begins then."""
        return self._clock

    def waiting(self) -> bool:
        """Whether some task is ready and nobody took it."""
        return bool(self._heap)

    def take(self, fits: Callable[[str], bool]) -> str | None:
        """Take the first ready task that fits; None where none does."""
        passed: list[int] = []
        found = None
        while self._heap and len(passed) < LOOK_AHEAD:
            rank = heapq.heappop(self._heap)
            if fits(self._names[rank]):
                found = self._names[rank]
                break
            passed.append(rank)
        for rank in passed:
            heapq.heappush(self._heap, rank)
        if found is not None:
            self.state[found] = "running"
        return found

    def take_into(self, group: set[str], since: int, fits: Callable[[str], bool], candidates: deque[str]) -> str | None:
        """Take a task that may join a transaction that began at `since` and holds `group`.

        Its parents are in the group, or were done before the transaction began: it sees what they wrote.

        Args:
            candidates: the children that `joined` found for this group.
        """
        while candidates:
            child = candidates.popleft()
            if self.state[child] == "waiting":
                self.state[child] = "running"
                return child
        return self.take(lambda name: fits(name) and self._visible(name, group, since))

    def joined(self, name: str, group: set[str], since: int, fits: Callable[[str], bool]) -> list[str]:
        """The children of a member of a group that may follow it into the group's transaction now."""
        return [
            child
            for child in self._children[name]
            if self.state[child] == "waiting" and self._visible(child, group, since) and fits(child)
        ]

    def give_back(self, names: Iterable[str]) -> None:
        """Tasks that were taken and not done: ready where their parents are done, waiting elsewhere."""
        for name in names:
            self.state[name] = "waiting"
            if self._missing[name] == 0:
                self._push(name)

    def done(self, names: Iterable[str]) -> None:
        """Tasks whose work is committed (or that need none): their children come nearer."""
        self._clock += 1
        for name in names:
            self.state[name] = "done"
            self._done_at[name] = self._clock
            self.left -= 1
            for child in self._children[name]:
                self._missing[child] -= 1
                if self._missing[child] == 0 and self.state[child] == "waiting":
                    self._push(child)

    def block(self, name: str) -> list[str]:
        """A task that failed: it and all below it, in order; those below will not run."""
        self.state[name] = "blocked"
        self.left -= 1
        found: list[str] = []
        pending = [name]
        while pending:
            for child in self._children[pending.pop()]:
                if self.state[child] == "waiting":
                    self.state[child] = "blocked"
                    self.left -= 1
                    found.append(child)
                    pending.append(child)
        return sorted(found, key=self._rank.__getitem__)

    def unfinished(self) -> list[str]:
        """The tasks that are neither done nor blocked nor running."""
        return [n for n in self._names if self.state[n] in ("waiting", "ready")]

    def _visible(self, name: str, group: set[str], since: int) -> bool:
        return all(p in group or self._done_at.get(p, since + 1) <= since for p in self._parents[name])

    def _push(self, name: str) -> None:
        self.state[name] = "ready"
        heapq.heappush(self._heap, self._rank[name])
