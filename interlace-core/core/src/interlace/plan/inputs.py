"""Input files: counted by content, and read again only when their time, size or inode moved."""

from __future__ import annotations

import glob
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from interlace.plan.observe import RACE, Observation, observe, observe_file
from interlace.plan.versions import digest

if TYPE_CHECKING:
    from interlace.model.definition import Model

__all__ = ["input_patterns", "input_tokens", "observe_inputs", "same_content"]

_MAGIC = ("*", "?", "[")
_REMOTE = ("http://", "https://", "s3://", "gs://", "gcs://", "az://", "hf://", "r2://")


def input_patterns(model: Model) -> tuple[str, ...]:
    """The local files and globs that a model declares or names in its query, as written."""
    named: Iterable[str] = getattr(model.body, "files", ())
    return tuple(p for p in dict.fromkeys([*model.inputs, *named]) if not p.startswith(_REMOTE))


def input_tokens(patterns: Iterable[str], root: Path, known: Mapping[str, str]) -> dict[str, str]:
    """A token for each pattern: equal as long as the same files hold the same bytes.

    Args:
        patterns: paths or globs, relative to `root`.
        known: the tokens of the last success; a file whose stamp is in there is not read again.
    """
    return {pattern: _token(pattern, root, known.get(pattern, "")) for pattern in patterns}


def same_content(token: str, other: str) -> bool:
    """Whether two tokens stand for the same files with the same bytes."""
    return bool(token) and token.rpartition("|")[2] == other.rpartition("|")[2]


def observe_inputs(patterns: Iterable[str], root: Path) -> list[Observation]:
    """What the fast path compares: each file, and for a glob the folder that it starts from."""
    found: list[Observation] = []
    for pattern in patterns:
        if any(c in pattern for c in _MAGIC):
            base = pattern[: min(pattern.find(c) for c in _MAGIC if c in pattern)]
            folder = str(root / os.path.dirname(base))  # noqa: PTH120
            found.append(Observation("tree", folder, observe("tree", folder)))
        for path in _files(pattern, root):
            found.extend(observe_file(str(path)))
    return found


def _files(pattern: str, root: Path) -> list[Path]:
    if not any(c in pattern for c in _MAGIC):
        path = root / pattern
        if path.is_dir():
            return sorted(p for p in path.rglob("*") if p.is_file())
        return [path]
    return sorted(p for p in (Path(g) for g in glob.glob(str(root / pattern), recursive=True)) if p.is_file())  # noqa: PTH207


def _token(pattern: str, root: Path, known: str) -> str:
    """``stamp|content``: the content is hashed only where the stamp is another than the known one."""
    files = _files(pattern, root)
    stamps = [f"{p.relative_to(root) if p.is_relative_to(root) else p}={observe('file', str(p))}" for p in files]
    now = time.time_ns()
    racy = any(_written_within(p, now) for p in files)
    stamp = digest(*stamps)
    known_stamp, _, _ = known.partition("|")
    if stamp == known_stamp and not racy:
        return known
    names = [str(p.relative_to(root)) if p.is_relative_to(root) else str(p) for p in files]
    content = digest(*(f"{n}={observe('content', str(p))}" for n, p in zip(names, files, strict=True)))
    # A stamp that was taken while a file was being written proves nothing: leave it out, so that it is read again.
    return f"{'' if racy else stamp}|{content}"


def _written_within(path: Path, now: int) -> bool:
    try:
        return now - path.stat().st_mtime_ns < RACE
    except FileNotFoundError:
        return False
