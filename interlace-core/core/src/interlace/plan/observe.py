"""Observations: everything outside that a plan depends on, each as a token that can be taken again and compared.

Only the standard library is imported: when nothing changed, this module is all that runs.

An observation is ``(kind, key, token)``:

======== ========================================= ==========================================================
kind     key                                       token
======== ========================================= ==========================================================
file     absolute path                             time in ns, size and inode; ``absent``
content  absolute path                             hash of the bytes; ``absent``
tree     absolute path of a folder                 hash over the names, times, sizes and inodes of all below it
glob     pattern of one folder                     hash over the names that fit
env      name of a variable of the environment     hash keyed with the answer's salt; ``absent``
prefix   how names of variables begin              hash over the variables that are set, keyed alike
python   empty                                     interpreter, Interlace, and what is installed
======== ========================================= ==========================================================

A file's time cannot tell two writes within its resolution apart, so a file that was written within `RACE` of the
observation is observed by its content as well.
"""

from __future__ import annotations

import os
import sys
import time

# Not `hashlib`, which loads OpenSSL, nor `typing` and `collections`: together they take as long as all the rest.
from _blake2 import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Self

__all__ = ["RACE", "Observation", "observe", "observe_file", "observe_stamp", "observe_tree", "same"]

RACE = 2_000_000_000
"""Nanoseconds within which a file's time proves nothing."""

ABSENT = "absent"
IGNORED = frozenset({"__pycache__", ".git", ".interlace", ".DS_Store"})


class Observation(tuple[str, str, str]):
    """One token of the outside world: kind, key and token."""

    __slots__ = ()

    def __new__(cls, kind: str, key: str, token: str) -> Self:
        """Make one of its parts."""
        return tuple.__new__(cls, (kind, key, token))

    @property
    def kind(self) -> str:
        """What was looked at."""
        return self[0]

    @property
    def key(self) -> str:
        """Where it is."""
        return self[1]

    @property
    def token(self) -> str:
        """What was found."""
        return self[2]


def observe(kind: str, key: str, *, salt: str = "", environ: Mapping[str, str] | None = None) -> str:
    """Take a token.

    Raises:
        KeyError: there is no such kind.
    """
    match kind:
        case "file":
            return _file(key)
        case "content":
            return _content(key)
        case "tree":
            return _tree(key)[0]
        case "glob":
            return _glob(key)
        case "prefix":
            variables = (os.environ if environ is None else environ).items()
            text = "\0".join(sorted(f"{n}={v}" for n, v in variables if n.startswith(key)))
            return _digest(text.encode("utf-8", "surrogateescape"), key=salt.encode())
        case "env":
            value = (os.environ if environ is None else environ).get(key)
            return ABSENT if value is None else _digest(value.encode(), key=salt.encode())
        case "python":
            return _python()
    raise KeyError(kind)


def same(observations: Iterable[Iterable[str]], *, salt: str) -> bool:
    """Whether every observation gives the same token now; stops at the first that does not."""
    return all(observe(kind, key, salt=salt) == token for kind, key, token in observations)


def observe_file(path: str, *, now: int | None = None) -> list[Observation]:
    """Observe a file by its time, and by its content where the time proves nothing."""
    token = _file(path)
    found = [Observation("file", path, token)]
    if token != ABSENT and _racy(int(token.split(":")[0]), now):
        found.append(Observation("content", path, _content(path)))
    return found


def observe_stamp(path: str) -> Observation:
    """Observe a file by its time, size and inode alone: a database that was just closed is too large to be read."""
    return Observation("file", path, _file(path))


def observe_tree(path: str, *, now: int | None = None) -> list[Observation]:
    """Observe all files below a folder, those that were just written by their content as well."""
    token, recent = _tree(path, time.time_ns() if now is None else now)
    return [Observation("tree", path, token), *(Observation("content", p, _content(p)) for p in recent)]


def _racy(mtime: int, now: int | None) -> bool:
    return (time.time_ns() if now is None else now) - mtime < RACE


def _file(path: str) -> str:
    try:
        s = os.stat(path)  # noqa: PTH116  pathlib is not imported here
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    return f"{s.st_mtime_ns}:{s.st_size}:{s.st_ino}"


def _content(path: str) -> str:
    try:
        with open(path, "rb") as f:  # noqa: PTH123  pathlib is not imported here
            digest = blake2b(digest_size=16)
            while chunk := f.read(1 << 20):
                digest.update(chunk)
            return digest.hexdigest()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ABSENT


def _tree(path: str, now: int | None = None) -> tuple[str, list[str]]:
    if not os.path.isdir(path):  # noqa: PTH112
        return ABSENT, []
    recent: list[str] = []
    lines: list[str] = []
    for entry_path, s in _walk(path):
        lines.append(f"{entry_path}\0{s.st_mtime_ns}\0{s.st_size}\0{s.st_ino}")
        if now is not None and now - s.st_mtime_ns < RACE:
            recent.append(entry_path)
    lines.sort()
    return _digest("\n".join(lines).encode("utf-8", "surrogateescape")), recent


def _walk(path: str) -> Iterator[tuple[str, os.stat_result]]:
    pending = [path]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.name in IGNORED:
                    continue
                try:
                    if entry.is_dir():
                        pending.append(entry.path)
                    else:
                        yield entry.path, entry.stat()
                except OSError:
                    continue


def _glob(pattern: str) -> str:
    folder, _, names = pattern.rpartition("/")
    try:
        found = sorted(_fitting(os.listdir(folder), names))  # noqa: PTH208
    except OSError:
        return ABSENT
    return _digest("\n".join(found).encode("utf-8", "surrogateescape"))


def _fitting(names: list[str], pattern: str) -> list[str]:
    before, star, after = pattern.partition("*")
    if star and not any(c in pattern.replace("*", "", 1) for c in "*?["):
        shortest = len(before) + len(after)
        return [n for n in names if len(n) >= shortest and n.startswith(before) and n.endswith(after)]
    # Imported for patterns of several parts only: it compiles regular expressions.
    from fnmatch import fnmatchcase

    return [n for n in names if fnmatchcase(n, pattern)]


def _python() -> str:
    from interlace import __version__

    places = [f"{p}={_file(p)}" for p in sys.path if "site-packages" in p or "dist-packages" in p]
    return _digest("\n".join([sys.executable, sys.version, __version__, *places]).encode())


def _digest(data: bytes, key: bytes = b"") -> str:
    return blake2b(data, digest_size=16, key=key[:64]).hexdigest()
