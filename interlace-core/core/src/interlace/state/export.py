"""Rows of any table as plain JSON values: what ``interlace state export`` writes."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final

from interlace.errors import StateError
from interlace.state.codec import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from interlace.contracts.state import StateStore

__all__ = ["FLAGS", "JSON", "TIMES", "lines", "plain", "write_lines"]

# By name, and each name means the same in every table: the metadata says it again, and a test compares.
JSON: Final = frozenset(
    {
        "arguments",
        "columns",
        "counts",
        "data",
        "difference",
        "document",
        "exports",
        "inputs",
        "parents",
        "sample",
        "since",
    }
)
TIMES: Final = frozenset(
    {
        "acquired_at",
        "at",
        "attempted_at",
        "changed_at",
        "deadline",
        "decided_at",
        "end_at",
        "execution_time",
        "expires_at",
        "failed_at",
        "finished_at",
        "fire_at",
        "last_at",
        "lease_until",
        "next_at",
        "not_before",
        "published_at",
        "recorded_at",
        "requested_at",
        "saved_at",
        "settled_at",
        "start_at",
        "started_at",
    }
)
FLAGS: Final = frozenset({"cancel", "checks_failed", "partial", "passed", "paused", "schema_changed"})


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a table: times in ISO 8601, JSON unpacked, flags as booleans, bytes in base64."""
    return {name: None if value is None else _plain(name, value) for name, value in row.items()}


def _plain(name: str, value: Any) -> Any:
    if name in TIMES:
        return moment(value).isoformat()
    if name in JSON:
        return json.loads(value)
    if name in FLAGS:
        return bool(value)
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode("ascii")
    return value


def lines(store: StateStore) -> Iterator[str]:
    """Every row of a store as one line of JSON: its ``table`` and its ``row``."""
    for table, row in store.export():
        yield json.dumps({"table": table, "row": row}, separators=(",", ":"))


def write_lines(texts: Iterable[str], path: Path) -> int:
    """Write lines to a file, which is there whole or not at all; gives how many.

    Raises:
        StateError: it cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            count = sum(1 for text in texts if file.write(f"{text}\n"))
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StateError(f"the export cannot be written to {path}: {error.strerror}") from error
    return count
