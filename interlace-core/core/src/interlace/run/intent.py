"""What a load that is not idempotent means to record, kept before it commits (`loading.md` 10).

The marker in the warehouse commits with the data; the record in the state comes after it.  Killed in between, the
next run finds the marker, and here the record that goes with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from interlace.contracts.relation import Column
from interlace.contracts.state import AttemptRecord, DefinitionRecord, IntervalRecord, MetricRecord, ModelState
from interlace.model.definition import Fingerprint

__all__ = ["decode", "encode", "key"]


def key(attempt: str) -> str:
    """Where the intended record of an attempt is kept."""
    return f"intent:{attempt}"


def encode(environment: str, record: AttemptRecord) -> bytes:
    """A record as JSON; its checks are left out."""
    data = {**_fields(record), "checks": []}
    return json.dumps([environment, data], default=_plain).encode()


def decode(data: bytes) -> tuple[str, AttemptRecord]:
    """The environment and the record that `encode` was given."""
    environment, fields = json.loads(data)
    state = fields["state"]
    times = {name: _moment(state[name]) for name in ("published_at", "attempted_at")}
    columns = state["columns"]
    fingerprint = state["fingerprint"]
    fields["state"] = ModelState(
        **{
            **state,
            **times,
            "fingerprint": Fingerprint(**fingerprint) if fingerprint else None,
            "columns": tuple(Column(**c) for c in columns) if columns is not None else None,
            "since": {version: tuple(names) for version, names in state.get("since", {}).items()},
        }
    )
    fields["started_at"] = datetime.fromisoformat(fields["started_at"])
    fields["finished_at"] = datetime.fromisoformat(fields["finished_at"])
    # What an older Interlace kept has none of these.
    definition = fields.get("definition")
    fields["definition"] = DefinitionRecord(**definition) if definition is not None else None
    fields["intervals"] = tuple(_interval(i) for i in fields.get("intervals", ()))
    fields["metrics"] = tuple(MetricRecord(**{**m, "at": _moment(m["at"])}) for m in fields.get("metrics", ()))
    return environment, AttemptRecord(**fields)


def _interval(fields: dict[str, Any]) -> IntervalRecord:
    return IntervalRecord(**{**fields, **{name: datetime.fromisoformat(fields[name]) for name in ("start", "end")}})


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None


def _fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass; `asdict` copies all that is in them, which a thousand intervals feel."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value):
        return _fields(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not plain")
