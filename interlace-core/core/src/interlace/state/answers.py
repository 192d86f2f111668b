"""Reading a stored answer of "nothing to do" before anything heavy is imported: only ``sqlite3``.

What there is to read, for whoever reads it otherwise:

- the file: ``.interlace/state.db`` under the project's root, unless ``state.path`` names another; none where
  ``state.url`` is set;
- opened as ``file:…?mode=ro`` (a URI: ``%``, ``?`` and ``#`` of the path encoded), without any pragma: it is in WAL mode,
  and readers do not wait for writers;
- ``answers(key TEXT PRIMARY KEY, answer BLOB, saved_at BIGINT)``, `saved_at` in microseconds since 1970;
- ``environments(name TEXT PRIMARY KEY, revision BIGINT)``: moves with each change of any model's state there; no row is 0;
- ``store_revision(version_num)``: one row, the revision of the tables.
"""

from __future__ import annotations

import sqlite3

from interlace.state.revision import REVISION

__all__ = ["read_answer"]

_ANSWER = "SELECT a.answer FROM answers a, store_revision s WHERE a.key = ? AND s.version_num = ?"
_REVISIONS = "SELECT name, revision FROM environments"


def read_answer(path: str, key: str) -> tuple[bytes, dict[str, int]] | None:
    """The answer that was saved under a key, and the present revision of each environment.

    Args:
        path: the store's file.

    Returns:
        None when there is no such answer, or the store cannot be read: then the planner opens it, and says why.
    """
    try:
        connection = sqlite3.connect(f"file:{_encoded(path)}?mode=ro", uri=True, timeout=0.1, isolation_level=None)
    except sqlite3.Error:
        return None
    try:
        found = connection.execute(_ANSWER, (key, REVISION)).fetchone()
        # Read after the answer: a record in between makes the answer look old, never a new state look answered.
        return None if found is None else (found[0], dict(connection.execute(_REVISIONS)))
    except sqlite3.Error:
        return None
    finally:
        connection.close()


def _encoded(path: str) -> str:
    # Not `urllib.parse`, whose import takes longer than all of this.
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
