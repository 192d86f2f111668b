"""A trial: what a project changes, built in an environment of its own, looked at, and thrown away."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from interlace.errors import DatabaseLocked, InterlaceError, RunUnderWay, UsageError
from interlace.model.definition import Model
from interlace.run.changes import Changes, changes, columns_changed
from interlace.run.lease import RENEW, TTL
from interlace.run.loaded import load
from interlace.run.project import Project
from interlace.run.source_checks import check_read
from interlace.state.ids import new_id
from interlace.state.owner import describe_owner, is_dead, this_owner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from interlace.contracts.state import CheckRecord, StateStore
    from interlace.model.definition import Node
    from interlace.run.difference_between import Difference
    from interlace.run.difference_columns import Columns
    from interlace.run.environment_drop import Doomed
    from interlace.run.loaded import Loaded
    from interlace.run.result import RunResult
    from interlace.run.waiting import Waiting
    from interlace.telemetry.events import Event

__all__ = ["Compared", "Trial"]


@dataclass(frozen=True, slots=True)
class Compared:
    """A model as the trial built it, beside what it is compared with.

    Attributes:
        columns: how the columns that were published differ; None where they are not known in both.
        difference: of the rows; None where they could not be compared.
        why_not: says why.
    """

    model: str
    columns: Columns | None
    difference: Difference | None = None
    why_not: InterlaceError | None = None


class Trial(Project):
    """A project in an environment that is thrown away, and reads from another what did not change.

    Nothing is exported, and what is only done (``materialise: none``) is left out: both reach beyond an environment.

    Args:
        loaded: the project in that environment.
        there: the project in the environment that it is compared with.
    """

    def __init__(self, loaded: Loaded, there: Project) -> None:
        super().__init__(_without_exports(loaded))
        self._there = there
        self._turn = _Turn(self.environment)

    @classmethod
    def of(
        cls,
        path: Path,
        environment: str,
        there: Project,
        *,
        vars: Mapping[str, object] | None = None,  # noqa: A002  as for `Project.load`
        samples: int = 10,
    ) -> Self:
        """Load the project at or above a folder for a trial; raises as `Project.load` does.

        Args:
            path: the folder.
            environment: its name.
            there: as for the class.
            vars: as for `Project.load`.
            samples: how many failing rows of a check are kept, at most.
        """
        kept = min(samples, there.config.config.checks.samples)
        return cls(load(path, environment, vars, None, {"defer_to": there.environment, "checks.samples": kept}), there)

    def changes(self, select: Sequence[str] = (), exclude: Sequence[str] = ()) -> Changes:
        """What the project defines otherwise than the other environment has it; writes nothing.

        Args:
            select: selectors, as they are meant in the other environment; empty means everything.
            exclude: selectors of what is left out.

        Raises:
            UsageError: a selector matches nothing.
        """
        there = self._there
        return changes(there._view, there.store, there.select(select, exclude), gone=not select)  # noqa: SLF001  its own kind

    def begin(self, changed: Changes) -> list[Doomed]:
        """Keep others of the same name out, and see what one that was killed has left; to be ended by `close`.

        Raises:
            UsageError: nothing would keep the environment apart from others.
            RunUnderWay: another trial of this name has not ended.
        """
        self._turn.take(self.store)
        going = self.drop_environment(dry_run=True, only=self._used(changed))
        return [one for one in going if one.relations or one.files]

    def build(
        self,
        changed: Changes,
        *,
        command: str = "",
        on_event: Callable[[Event], None] | None = None,
        waiting: Waiting | None = None,
    ) -> RunResult:
        """Build what changed, and check it; raises as `run` does."""
        return self.run(changed.built, command=command, on_event=on_event, waiting=waiting)

    def check_elsewhere(self, model: str) -> list[CheckRecord]:
        """Run the checks of a model that is read from the other environment; raises as `check_source` does."""
        self._defer()
        with self._read():
            return check_read(self._view, self._view.models[model])

    def compare(self, model: str, changed: Changes, sample: int) -> Compared:
        """Compare a model that was built with what the other environment has.

        Rows that cannot be told by the model's key are compared as whole rows.

        Raises:
            DatabaseLocked: another process holds the file.
        """
        from interlace.run.difference_between import Compare

        columns = self.columns_of(model, changed)
        try:
            found = self.difference(model, self._there, Compare(sample=sample))
        except DatabaseLocked:
            raise
        except UsageError as error:
            return Compared(model, columns, self._by_rows(model, sample), error)
        except InterlaceError as error:
            return Compared(model, columns, None, error)
        return Compared(model, columns, found)

    def columns_of(self, model: str, changed: Changes) -> Columns | None:
        """How the published columns of a model differ; None where they are not known in both."""
        here = self.store.snapshot(self.environment).models.get(model)
        return columns_changed(self._view, model, changed.there.models.get(model), here)

    def throw_away(self, changed: Changes) -> None:
        """Drop the environment; raises as `drop_environment` does."""
        self.drop_environment(only=self._used(changed))

    def close(self) -> None:
        """Let others of the same name in, and close connections and state."""
        if self._store is not None:
            self._turn.give_back()
        super().close()

    def _by_rows(self, model: str, sample: int) -> Difference | None:
        from interlace.run.difference_between import Compare

        try:
            return self.difference(model, self._there, Compare(sample=sample, whole_rows=True))
        except InterlaceError:
            return None

    def _used(self, changed: Changes) -> frozenset[str]:
        """The connections that the environment has something in, or will; all where a run was killed that recorded nothing."""
        known = self.store.snapshot(self.environment).models
        names = {*changed.built, *known} & self._view.models.keys() or self._view.models.keys()
        return frozenset(self._view.connection_name(self._view.models[n]) for n in names)


class _Turn:
    """The lease of one trial on the name of its environment, kept by a thread for as long as it takes."""

    def __init__(self, environment: str) -> None:
        self._environment = environment
        self._name = f"trial/{environment}"
        self._owner = f"{this_owner()}\n{new_id()}"
        self._store: StateStore | None = None
        self._over = threading.Event()
        self._keeper: threading.Thread | None = None

    def take(self, store: StateStore) -> None:
        """Take it.

        Raises:
            RunUnderWay: another trial has it.
        """
        now = datetime.now(UTC)
        held = store.acquire(self._name, self._owner, now, TTL)
        if held is not None:
            owner = held.owner.partition("\n")[0]
            if not is_dead(owner) or not store.steal(self._name, self._owner, held.owner, now, TTL):
                raise RunUnderWay(
                    f"another 'interlace ci' works in {self._environment} and has not ended ({describe_owner(owner)})",
                    run="",
                    hint="Wait for it (--wait-for 5m), or give this one another --name. One of another host that was "
                    f"killed is given up after {TTL.total_seconds():g} seconds.",
                )
        self._store = store
        self._keeper = threading.Thread(target=self._keep, args=(store,), name="interlace-trial", daemon=True)
        self._keeper.start()

    def give_back(self) -> None:
        """Give it back, where it was taken."""
        self._over.set()
        if self._keeper is not None:
            self._keeper.join()
        if self._store is not None:
            self._store.release(self._name, self._owner)
            self._store = None

    def _keep(self, store: StateStore) -> None:
        while not self._over.wait(RENEW.total_seconds()):
            with suppress(InterlaceError):  # it lasts for two more tries
                store.acquire(self._name, self._owner, datetime.now(UTC), TTL)


def _without_exports(loaded: Loaded) -> Loaded:
    def bare(node: Node) -> Node:
        return replace(node, export=()) if isinstance(node, Model) and node.export else node

    nodes = {name: bare(node) for name, node in loaded.graph.nodes.items()}
    return replace(loaded, graph=replace(loaded.graph, nodes=nodes))
