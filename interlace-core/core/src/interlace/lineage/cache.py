"""The lineage of models as it was when they were last asked for, in one file: reading it parses nothing.

A record holds for as long as its key does: the model's fingerprint, its dialect and the columns of what it reads.  Each
is decoded when it is asked for.  A cache that cannot be read is no cache.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
import threading
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from interlace.lineage.edges import KINDS, ColumnLineage, Edge, Lineage
from interlace.lineage.known import Known

__all__ = ["LineageCache"]

_FORMAT: Final = 4


@dataclass(slots=True)
class LineageCache:
    """The lineage of models by name.

    Attributes:
        path: where it is written; None keeps nothing.
        versions: what else decides how queries are read: another, an empty cache.
        changed: whether it says something else than its file.
    """

    path: Path | None
    versions: str
    changed: bool = False
    _records: dict[str, tuple[str, bytes, tuple[str, ...] | None]] = field(default_factory=dict)

    def open(self) -> None:
        """Read the file."""
        if self.path is None:
            return
        with contextlib.suppress(OSError, ValueError, EOFError, TypeError):
            head, records = marshal.loads(self.path.read_bytes())  # noqa: S302  our own file, in the project's own folder
            if head == self._head() and isinstance(records, dict):
                self._records = records

    def _head(self) -> tuple[Any, ...]:
        return (_FORMAT, sys.version_info[:3], self.versions)

    def get(self, name: str, key: str) -> Lineage | None:
        """What is known of a model, while all that decided it is as it was."""
        record = self._records.get(name)
        if record is None or record[0] != key:
            return None
        try:
            return _restored(marshal.loads(record[1]))  # noqa: S302
        except (ValueError, EOFError, TypeError, IndexError):
            return None

    def known(self, name: str, key: str) -> Known | None:
        """As `get`, but only the names of the columns, which costs less."""
        record = self._records.get(name)
        return Known(name, record[2]) if record is not None and record[0] == key else None

    def put(self, name: str, key: str, lineage: Lineage) -> None:
        """Note what was found of a model."""
        self.changed = True
        self._records[name] = (key, marshal.dumps(_compact(lineage)), None if lineage.open else lineage.names)

    def keep(self, names: Container[str]) -> None:
        """Forget the models that are not among these names."""
        self.forget([name for name in self._records if name not in names])

    def forget(self, names: Iterable[str]) -> None:
        """Forget what is known of these models."""
        for name in names:
            if self._records.pop(name, None) is not None:
                self.changed = True

    def close(self) -> None:
        """Write the file where something was noted; a folder that cannot be written is no error."""
        if self.path is None or not self.changed:
            return
        with contextlib.suppress(OSError):
            _write(self.path, marshal.dumps((self._head(), self._records)))
            self.changed = False


def _edges(edges: tuple[Edge, ...]) -> tuple[tuple[str, str, int], ...]:
    return tuple((e.relation, e.column, KINDS.index(e.kind)) for e in edges)


def _compact(lineage: Lineage) -> tuple[Any, ...]:
    columns = tuple((c.name, _edges(c.edges), c.unknown, c.named) for c in lineage.columns)
    return (columns, _edges(lineage.rows), lineage.unknown, lineage.reads, lineage.open)


def _restored_edges(edges: tuple[tuple[str, str, int], ...]) -> tuple[Edge, ...]:
    return tuple([Edge(relation, column, KINDS[kind]) for relation, column, kind in edges])


def _restored(said: tuple[Any, ...]) -> Lineage:
    columns, rows, unknown, reads, is_open = said
    made = tuple([ColumnLineage(n, _restored_edges(e), u, named) for n, e, u, named in columns])
    return Lineage(made, _restored_edges(rows), unknown, reads, is_open)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
