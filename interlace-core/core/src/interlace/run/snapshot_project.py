"""Letting other environments read what one has published, where each has database files of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.errors import InterlaceError, RunUnderWay
from interlace.run.loaded_project import LoadedProject

if TYPE_CHECKING:
    from interlace.run.snapshots import Made

__all__ = ["SnapshotProject"]


class SnapshotProject(LoadedProject):
    """What others read in place of its files."""

    def make_snapshots(self) -> list[Made]:
        """Copy each DuckDB file of this environment, as it stands, for environments that defer to it to read.

        Raises:
            UsageError: it has none.
            RunUnderWay: a run of this environment has not ended.
            DatabaseLocked: another process writes to a file.
            ConnectionFailure: a copy cannot be written.
        """
        from interlace.run.snapshots import make_snapshots

        with self._read():
            return make_snapshots(self._view, self.store)

    def _read_by_others(self) -> tuple[str, ...]:
        """Let environments that defer to this one read what it has published; gives what to say where they cannot."""
        if not self.config.deferring:
            return ()
        from interlace.run.snapshots import publish_snapshots

        try:
            publish_snapshots(self._view, self.store)
        except RunUnderWay:
            return ()  # that run makes the next
        except InterlaceError as error:
            others = ", ".join(self.config.deferring).replace("*", "other environments")
            again = f"Once that is over: interlace env snapshot {self.environment}"
            return (f"{others} cannot read this yet, for no snapshot was made: {error.message} {again}",)
        return ()
