"""Patterns of paths: ``*`` and ``?`` within a folder's name or a file's, ``[…]``, and ``**`` for any folders."""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache

from interlace.errors import UsageError

__all__ = ["checked_path", "folder_of", "matcher"]

_SPECIAL = re.compile(r"[*?\[]")


def checked_path(path: str) -> str:
    """A path below a connection's place: folders are separated by ``/``, and it leads nowhere else.

    Raises:
        UsageError: it is empty or absolute, or has a part that is empty, ``.`` or ``..``.
    """
    parts = path.split("/")
    if any(part in {"", ".", ".."} for part in parts) or "\0" in path or "\\" in path:
        raise UsageError(
            f"{path!r} is no path below the place of a file connection",
            hint="Write folders and the name, separated by '/': marts/orders.parquet.",
        )
    return path


def folder_of(pattern: str) -> str:
    """The folder that everything matching lies in: ``in/`` of ``in/*.csv``, ``""`` where that is the place itself."""
    special = _SPECIAL.search(pattern)
    literal = pattern[: special.start()] if special else pattern
    return literal[: literal.rfind("/") + 1]


@lru_cache(maxsize=256)
def matcher(pattern: str) -> re.Pattern[str]:
    """What a whole path has to match.

    As in a shell, ``*``, ``?`` and ``**`` match no name that begins with a dot.

    Raises:
        UsageError: the pattern is no path, or has ``**`` beside other characters.
    """
    parts = checked_path(pattern).split("/")
    text = ""
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            text += r"(?:[^/.][^/]*/)*" + (r"[^/.][^/]*" if last else "")
        elif "**" in part:
            raise UsageError(
                f"the pattern {pattern!r} has '**' beside other characters", hint="'**' stands alone: a/**/*.csv."
            )
        else:
            text += _part(part) + ("" if last else "/")
    return re.compile(text + r"\Z")


def _part(part: str) -> str:
    """One name of a pattern."""
    found = r"(?!\.)" if _SPECIAL.match(part) else ""
    at = 0
    while at < len(part):
        char = part[at]
        # A bracket that stands first does not close what it stands in.
        end = part.find("]", at + (3 if part[at + 1 : at + 2] == "!" else 2)) if char == "[" else -1
        if char in "*?":
            found += "[^/]*" if char == "*" else "[^/]"
        elif end > 0:
            found += "(?!/)" + fnmatch.translate(part[at : end + 1])[len("(?s:") : -len(r")\Z")]
            at = end
        else:
            found += re.escape(char)
        at += 1
    return found
