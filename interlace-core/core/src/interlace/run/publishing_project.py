"""Publishing what stands already: what a run held back, what another environment built."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from interlace.errors import UsageError, did_you_mean
from interlace.run.snapshot_project import SnapshotProject

if TYPE_CHECKING:
    from datetime import datetime

    from interlace.contracts.state import HeldRecord
    from interlace.run.adopt import Adoption
    from interlace.run.copy_sources import Copied
    from interlace.run.environment_drop import Doomed
    from interlace.run.promote import Promoted
    from interlace.run.release import Released
    from interlace.run.rollback import RolledBack

__all__ = ["PublishingProject"]


class PublishingProject(SnapshotProject):
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
            released = release(self._view, self.store, run)
        return replace(released, notices=(*released.notices, *self._read_by_others()))

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
            source: the environment that built it, in the same databases or in DuckDB files of its own.
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
            promoted = promote(self._view, self.store, source, select, exclude, command)
        return replace(promoted, notices=(*promoted.notices, *self._read_by_others()))

    def plan_adoption(
        self, select: Sequence[str] = (), exclude: Sequence[str] = (), *, until: str | None = None
    ) -> Adoption:
        """Say which relations, made by something else, are what models would make, so that they need not be built.

        Args:
            select: selectors; empty means everything.
            exclude: selectors of what is left out.
            until: a date or time up to which incremental models count as loaded, in the project's time zone unless it
                names another; by default up to the interval that the last row is in.

        Raises:
            UsageError: a selector matches nothing; `until` is none, or is not over; the environment reads from another.
        """
        from interlace.run.adopt import plan_adoption

        if self._base(None, ()) is not None:
            other = self.config.config.defer_to
            raise UsageError(
                f"{self.environment} itself reads from {other}, so nothing is adopted there.",
                hint=f"Adopt where the tables are: interlace adopt --env {other}",
            )
        asked = self._until(until)
        with self._read():
            return plan_adoption(self._view, self.store, select, exclude, asked)

    def adopt(self, adoption: Adoption, *, command: str = "") -> Adoption:
        """Record what `plan_adoption` said, so that runs go on from there.  Writes to no relation.

        Args:
            adoption: what was planned.
            command: what the user typed, for the record.

        Raises:
            UsageError: something of it is refused; or the state moved since.
            RunUnderWay: a run of this environment has not ended.
        """
        from interlace.run.adopt import adopt

        with self._written():
            return adopt(self._view, self.store, adoption, command)

    def copy_sources(
        self, select: Sequence[str] = (), *, sample: str | None = None, command: str = ""
    ) -> tuple[Copied, ...]:
        """Copy source data from the base environment; from then on the models of this one read the copies.

        Args:
            select: selectors of sources; empty means all.
            sample: how much of each: a part such as ``5%``, or a number of rows; all by default.  What is built on a sample is
                never promoted.
            command: what the user typed, for the record.

        Raises:
            UsageError: this is the base environment, or has no place of its own; `sample` is none.
            UnsupportedCapability: an engine cannot be asked for a sample, or cannot take a copy.
            InvalidModel: a column has a type that the other engine has no equal of.
            RunUnderWay: a run of this environment has not ended.
        """
        from interlace.run.asking import asked_sample
        from interlace.run.copy_sources import copy_sources, load_view

        base = self.config.config.base_environment
        if self.environment == base:
            raise UsageError(f"{base} is the base environment: it reads the sources themselves.")
        asked = asked_sample(sample)
        with load_view(self._loaded, base) as there, self._written():
            return copy_sources(self._view, there, self.store, select, asked, command)

    def _until(self, text: str | None) -> datetime | None:
        from interlace.run.asking import asked_range

        asked = asked_range(None, text, None, "all", self.config.config.timezone)
        return asked.until if asked is not None else None

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
            back = rollback(self._view, self.store, promotion, command)
        return replace(back, notices=(*back.notices, *self._read_by_others()))

    def drop_environment(self, *, dry_run: bool = False, only: Collection[str] | None = None) -> list[Doomed]:
        """Drop the environment's own relations, and forget what is known of them.

        Args:
            dry_run: only say what would go.
            only: the connections that are looked into; all by default.

        Raises:
            UsageError: it is the base environment, or nothing keeps it apart from others.
            RunUnderWay: a run of it has not ended.
            QueryFailed: something else depends on one of its relations.
        """
        from interlace.run.environment_drop import doomed, drop_environment

        if dry_run:
            with self._read():
                return doomed(self._view, self.store, only)
        with self._written():
            return drop_environment(self._view, self.store, only)
