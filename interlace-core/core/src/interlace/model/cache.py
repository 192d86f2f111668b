"""What the files of a project gave when they were last loaded, in one file: reading it is all that a second load does.

A record holds for as long as the file and all others that decided the result have the time, size and inode that they
had, or the content.  A file that was changed within two seconds before it was looked at is compared by content: its
time alone cannot tell another change in the same instant.  A cache that cannot be read is no cache.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from interlace.model.compact import compact_source, restore_source
from interlace.model.context import LoadedFile
from interlace.model.files import Stamp, file_hash, stamp_of
from interlace.model.outline import Outline, compact_outline

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlace.model.declared_check import DeclaredCheck
    from interlace.model.definition import Source

__all__ = ["Cache", "Seen"]

_FORMAT: Final = 8
_RACY_NS: Final = 2_000_000_000

Seen = tuple[str, "tuple[int, int, int] | None", bytes, bool]
"""One file that a record depends on: its path below the root or absolute, its facts, its hash, and whether its time
alone does not tell; facts are None for a file that was not there."""

Record = tuple[tuple[Seen, ...], tuple[str, ...], tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]
"""Files, paths of packages, outlines of models, sources, checks."""


@dataclass(slots=True)
class Cache:
    """The records by the file that they are about.

    Attributes:
        path: where it is written; None keeps nothing.
        token: what else decides how files are read: settings, plugins, versions.  Another token, an empty cache.
    """

    path: Path | None
    token: str
    changed: bool = False
    _old: dict[str, Record] = field(default_factory=dict)
    _new: dict[str, Record] = field(default_factory=dict)
    _stamps: dict[str, Stamp | None] = field(default_factory=dict)

    def open(self, known: Iterable[Stamp]) -> None:
        """Read the cache's file; `known` are stamps that need no second look."""
        self._stamps = {stamp.path: stamp for stamp in known}
        if self.path is None:
            return
        with contextlib.suppress(OSError, ValueError, EOFError, TypeError):
            head, records = marshal.loads(self.path.read_bytes())  # noqa: S302  our own file, in the project's own folder
            if head == self._head() and isinstance(records, dict):
                self._old = records

    def _head(self) -> tuple[Any, ...]:
        return (_FORMAT, sys.version_info[:3], self.token)

    def get(
        self, path: str, sidecar: str | None
    ) -> tuple[list[Outline], list[Source], tuple[DeclaredCheck, ...]] | None:
        """What a file gave, when everything that decided it is as it was."""
        record = self._old.get(path)
        if record is None:
            return None
        try:
            files, packages, models, sources, checks = record
            current = files if sidecar is None and self._unmoved(files) else self._current(files, sidecar)
            if current is None or not all(os.path.exists(p) for p in packages):  # noqa: PTH110  hot
                return None
            self._new[path] = record if current is files else (current, packages, models, sources, checks)
            outlines = [Outline(*m) for m in models]
            return outlines, [restore_source(s) for s in sources] if sources else [], _restored(checks)
        except (TypeError, ValueError, IndexError):
            return None

    def _unmoved(self, files: tuple[Seen, ...]) -> bool:
        """Whether a file that stands alone has the facts that it had: of most records this is all there is to ask."""
        if len(files) != 1:
            return False
        path, facts, _, racy = files[0]
        known = self._stamps.get(path)
        return not racy and known is not None and known[1:] == facts

    def _current(self, files: tuple[Seen, ...], sidecar: str | None) -> tuple[Seen, ...] | None:
        """The files of a record as they are now; the same tuple where nothing is to be noted, None where one changed."""
        if len(files) > 1 or sidecar is not None:
            beside = files[1][0] if len(files) > 1 and files[1][0].endswith((".yaml", ".yml")) else None
            if beside != sidecar:
                return None
        found = []
        same = True
        for seen in files:
            stamp = self.stamp(seen[0])
            facts = None if stamp is None else stamp.facts
            if facts == seen[1] and not seen[3]:
                found.append(seen)
                continue
            if stamp is None or seen[1] is None or file_hash(seen[0]) != seen[2]:
                return None
            found.append((seen[0], facts, seen[2], _is_racy(stamp)))
            same = same and found[-1] == seen
        if same:
            return files
        self.changed = True
        return tuple(found)

    def put(self, stamp: Stamp, content_hash: bytes, sidecar: tuple[Stamp, bytes] | None, loaded: LoadedFile) -> None:
        """Note what a file gave."""
        self.changed = True
        files: list[Seen] = [(stamp.path, stamp.facts, content_hash, _is_racy(stamp))]
        if sidecar is not None:
            beside, beside_hash = sidecar
            files.append((beside.path, beside.facts, beside_hash, _is_racy(beside)))
        for read in loaded.reads:
            reached = self.stamp(str(read))
            if reached is None:
                return
            files.append((reached.path, reached.facts, file_hash(reached.path), _is_racy(reached)))
        packages = tuple(p.path for p in loaded.packages if p.path is not None)
        try:
            models = tuple(compact_outline(m) for m in loaded.models)
        except ValueError:
            return
        sources = tuple(compact_source(s) for s in loaded.sources)
        checks = tuple(c.compact() for c in loaded.checks)
        self._new[stamp.path] = (tuple(files), packages, models, sources, checks)

    def stamp(self, path: str) -> Stamp | None:
        """The stamp of a file, looked at once per load."""
        if path not in self._stamps:
            self._stamps[path] = stamp_of(path)
        return self._stamps[path]

    def looked_at(self) -> list[Stamp]:
        """The stamps of all files that records depend on, beside those that were known."""
        return [stamp for stamp in self._stamps.values() if stamp is not None]

    def close(self) -> None:
        """Write the cache, when it says something else than before; a folder that cannot be written is no error."""
        if self.path is None or not (self.changed or self._new.keys() != self._old.keys()):
            return
        try:
            content = marshal.dumps((self._head(), self._new))
        except ValueError:
            content = marshal.dumps((self._head(), {p: r for p, r in self._new.items() if _is_plain(r)}))
        with contextlib.suppress(OSError):
            _write(self.path, content)


def _restored(checks: tuple[Any, ...]) -> tuple[DeclaredCheck, ...]:
    if not checks:
        return ()
    from interlace.model.declared_check import DeclaredCheck

    return tuple(DeclaredCheck(*c) for c in checks)


def _is_racy(stamp: Stamp) -> bool:
    return time.time_ns() - stamp.mtime_ns < _RACY_NS


def _is_plain(record: Record) -> bool:
    try:
        marshal.dumps(record)
    except ValueError:
        return False
    return True


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
