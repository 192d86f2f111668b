"""The way of ``interlace run`` when nothing changed: two files are read, and nothing heavy is imported."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Sequence

__all__ = ["nothing_to_do"]


def nothing_to_do(arguments: Sequence[str]) -> bool:
    """Print the stored answer if it still holds.

    Args:
        arguments: of the command line, ``run`` first.

    Returns:
        False where the planner has to be asked.
    """
    from interlace.plan.answer import STATE_FILE, answer_key, asked, asked_environment, decode, find_root, holds

    root = find_root(asked(arguments).get("project") or os.environ.get("INTERLACE_PROJECT") or ".")
    if root is None:
        return False
    key = answer_key(root, asked_environment(arguments), arguments)
    stored = _read(os.path.join(root, STATE_FILE), key)  # noqa: PTH118
    if stored is None:
        return False
    answer = decode(stored[0])
    if not holds(answer, stored[1].get(str(answer["environment"]), 0)):
        return False
    sys.stdout.write(str(answer["output"]))
    sys.stdout.flush()
    return True


def _read(file: str, key: str) -> tuple[bytes, dict[str, int]] | None:
    if not os.path.isfile(file):  # noqa: PTH113
        return None
    try:
        db = sqlite3.connect(f"file:{_uri(file)}?mode=ro", uri=True, timeout=1)
        try:
            row = db.execute("SELECT answer FROM answers WHERE key = ?", (key,)).fetchone()
            if row is None:
                return None
            return row[0], dict(db.execute("SELECT name, revision FROM environments"))
        finally:
            db.close()
    except sqlite3.Error:
        return None


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path)
