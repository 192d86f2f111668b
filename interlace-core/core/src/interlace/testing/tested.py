"""Which models were tested: noted while somebody listens, for the report of coverage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["note", "noting"]

_NOTED: ContextVar[set[tuple[str, str]] | None] = ContextVar("interlace_tested", default=None)


@contextmanager
def noting() -> Iterator[set[tuple[str, str]]]:
    """Collect, inside of the block, the (project's folder, model) pairs that are tested."""
    found: set[tuple[str, str]] = set()
    token = _NOTED.set(found)
    try:
        yield found
    finally:
        _NOTED.reset(token)


def note(root: Path, models: Iterable[str]) -> None:
    """These models of a project are being tested."""
    found = _NOTED.get()
    if found is not None:
        found.update((str(root.resolve()), name) for name in models)
