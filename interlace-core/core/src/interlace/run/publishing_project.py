"""Publishing what stands already: what a run held back, what another environment built."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from interlace.errors import UsageError, did_you_mean
from interlace.run.loaded_project import LoadedProject

if TYPE_CHECKING:
    from interlace.contracts.state import HeldRecord
    from interlace.run.environment_drop import Doomed
    from interlace.run.promote import Promoted
    from interlace.run.release import Released
    from interlace.run.rollback import RolledBack

__all__ = ["PublishingProject"]


class PublishingProject(LoadedProject):
    """What is published without being built again."""

    def held(self) -> list[HeldRecord]:
        """What runs with ``hold`` staged in this environment and nobody released or discarded yet."""
        return self.store.held(self.environment)

    def release(self, run: str) -> Released:
        """Publish exactly what a run with ``hold`` staged: one transaction for each connection.

        Args:
            run: its id, a prefix of it that fits one only, or ``latest``.

        Raises:
            UsageError: no run of this id holds anything; or what stands at a target moved since it was compared.
            RunUnderWay: another run of this environment has not ended.
        """
        from interlace.run.release import release

        with self._written():
            return release(self._view, self.store, run)

    def discard(self, run: str) -> Released:
        """Drop what a run with ``hold`` staged.

        Raises:
            UsageError: no run of this id holds anything.
            RunUnderWay: another run of this environment has not ended.
        """
        from interlace.run.release import discard

        with self._written():
            return discard(self._view, self.store, run)

    def promote(
        self,
        source: str,
        select: Sequence[str] = (),
        exclude: Sequence[str] = (),
        *,
        dry_run: bool = False,
        command: str = "",
    ) -> Promoted:
        """Take over what another environment built, as it stands there: one transaction for each connection.

        What this environment had before is kept for `rollback`, until it is promoted again.

        Args:
            source: the environment that built it, in the same databases.
            select: selectors; empty means everything.
            exclude: selectors of what is left out.
            dry_run: only say what would be promoted.
            command: what the user typed, for the record.

        Raises:
            UsageError: something may not be promoted as it was built.
            RunUnderWay: a run of one of the two environments has not ended.
            UnsupportedCapability: something depends on a table in a way that cannot follow.
        """
        from interlace.run.promote import Promoted, plan_promotion, promote

        if source == self.environment:
            raise UsageError(f"{source} cannot be promoted to itself.")
        if source not in self.config.environments and self.config.declared:
            hint = did_you_mean(source, self.config.environments, label="Environments") or None
            raise UsageError(f"The project has no environment {source!r}.", hint=hint)
        if self._base(None, ()) is not None:
            raise UsageError(
                f"{self.environment} itself reads from {self.config.config.defer_to}, so nothing is promoted to it.",
                hint=f"Promote to an environment without 'defer_to', or build it there: interlace run --env {self.environment}",
            )
        if dry_run:
            with self._read():
                return Promoted("", plan_promotion(self._view, self.store, source, select, exclude))
        with self._written():
            return promote(self._view, self.store, source, select, exclude, command)

    def rollback(self, promotion: str | None = None, *, command: str = "") -> RolledBack:
        """Put back what a promotion into this environment replaced; what it promoted is dropped.

        Args:
            promotion: its run's id, or how it begins; None for the last one.
            command: what the user typed, for the record.

        Raises:
            UsageError: nothing is kept; or rows were loaded since that would be lost.
            RunUnderWay: a run of this environment has not ended.
        """
        from interlace.run.rollback import rollback

        with self._written():
            return rollback(self._view, self.store, promotion, command)

    def drop_environment(self, *, dry_run: bool = False) -> list[Doomed]:
        """Drop the environment's own relations, and forget what is known of them.

        Args:
            dry_run: only say what would go.

        Raises:
            UsageError: it is the base environment, or nothing keeps it apart from others.
            RunUnderWay: a run of it has not ended.
            QueryFailed: something else depends on one of its relations.
        """
        from interlace.run.environment_drop import doomed, drop_environment

        if dry_run:
            with self._read():
                return doomed(self._view, self.store)
        with self._written():
            return drop_environment(self._view, self.store)
