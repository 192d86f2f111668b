"""The page of the events of a run."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, get_args

from generator import docstrings
from generator.markdown import GENERATED, code, joined, table
from interlace.telemetry import events
from interlace.telemetry.events import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["event_types", "page"]

_INTRODUCTION = """\
# Events

What happens in a run, as values. The same events reach the progress on the terminal, the log
`.interlace/logs/run-ID.jsonl` (a JSON object on each line), the state (`interlace runs logs`), plugins (the life-cycle
[hooks](hooks/index.md)) and whoever [embeds](../how-to/embedding.md) Interlace (`interlace.telemetry.events`).

As JSON an event has its `type` first; times are ISO 8601 in UTC.
"""
_COMMON = {"run": "the run's id", "at": "when, in UTC", "model": "the model's name"}


def page() -> str:
    """The page."""
    kinds = event_types()
    rows = [(f"[`{kind}`](#{kind})", cls.__name__, docstrings.read(cls).text) for kind, cls in kinds.items()]
    parts = [part for kind, cls in kinds.items() for part in _event(kind, cls)]
    return joined(GENERATED, _INTRODUCTION, table(("type", "class", "what happened"), rows), *parts)


def event_types() -> dict[str, type]:
    """The classes of events, by the word that stands for them in JSON."""
    return {events._snake(cls.__name__): cls for cls in get_args(Event)}  # noqa: SLF001  the one place that spells it


def _event(kind: str, cls: type) -> Iterator[str]:
    said = {**_COMMON, **docstrings.read(cls).of("Attributes")}
    yield f"## {kind}"
    yield docstrings.read(cls).text
    rows = [(code(field.name), code(_type(field)), said.get(field.name, "")) for field in dataclasses.fields(cls)]
    yield table(("field", "type", ""), rows)


def _type(field: dataclasses.Field[object]) -> str:
    return str(field.type)
