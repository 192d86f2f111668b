"""Events of devices, as JSON lines that arrive in data/incoming."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from interlace import model

INCOMING = Path(__file__).resolve().parents[2] / "data" / "incoming"


@model(
    inputs=["data/incoming/events-*.jsonl"],
    columns={
        "event_id": "VARCHAR",
        "occurred_at": "TIMESTAMPTZ",
        "device": "VARCHAR",
        "kind": "VARCHAR",
        "detail": "VARCHAR",
        "file": "VARCHAR",
    },
    checks=[
        {"unique": "event_id"},
        {"not_null": ["event_id", "occurred_at", "device"]},
        {"accepted_values": {"column": "kind", "values": ["start", "stop", "alarm", "heartbeat"]}},
    ],
)
def events() -> Iterator[dict[str, object]]:
    """One row per event.  It runs again when a file arrives or changes; rows are yielded, never held all at once."""
    for path in sorted(INCOMING.glob("events-*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                event = json.loads(line)
                detail = event.get("detail")
                yield {
                    "event_id": event["event_id"],
                    "occurred_at": datetime.fromisoformat(event["occurred_at"]),
                    "device": event["device"],
                    "kind": event["kind"],
                    "detail": json.dumps(detail) if detail else None,
                    "file": path.name,
                }
