"""What happens in a run, as values: the terminal, the log, the state and whoever embeds Interlace see the same ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from interlace.contracts.state import CheckRecord

__all__ = [
    "ChecksFinished",
    "Event",
    "ExportFinished",
    "IntervalLoaded",
    "Logged",
    "ModelFinished",
    "ModelRetrying",
    "ModelStarted",
    "Notice",
    "RunFinished",
    "RunStarted",
    "as_data",
]


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins: `models` is how many the plan holds, `where` where it writes, by connection."""

    run: str
    at: datetime
    environment: str
    models: int
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelStarted:
    """A model's attempt begins."""

    run: str
    at: datetime
    model: str
    attempt: str
    reason: str


@dataclass(frozen=True, slots=True)
class ChecksFinished:
    """The checks of a model's staged data were judged."""

    run: str
    at: datetime
    model: str
    checks: Sequence[CheckRecord]


@dataclass(frozen=True, slots=True)
class ModelFinished:
    """A model's attempt ended; a success is announced after its commit.

    Attributes:
        status: how it ended.
        action: what was done: built, checked again, exported again, or nothing.
        rows: in the relation, where known; `counts` says what became of the rows of the load.
        message: for a failure what happened, for a skipped or blocked model why.
        where: ``file:line`` of the model.
    """

    run: str
    at: datetime
    model: str
    attempt: str
    status: Literal["succeeded", "failed", "skipped", "blocked", "cancelled"]
    action: Literal["build", "check", "attach", "export", "none"]
    seconds: float
    rows: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    message: str | None = None
    error_code: str | None = None
    where: str | None = None


@dataclass(frozen=True, slots=True)
class ModelRetrying:
    """A model's attempt failed, and another follows.

    Attributes:
        number: of the attempt that failed, from 1; `attempts` is how many there may be.
        delay: seconds until the next.
        message: what happened.
    """

    run: str
    at: datetime
    model: str
    attempt: str
    number: int
    attempts: int
    delay: float
    message: str
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class IntervalLoaded:
    """One of several intervals of a model is committed; `ModelFinished` comes after the last.

    Attributes:
        start: with `end` the interval, UTC.
        number: of the interval, from 1; `total` is how many there are.
        counts: what became of its rows.
    """

    run: str
    at: datetime
    model: str
    attempt: str
    start: datetime
    end: datetime
    number: int
    total: int
    seconds: float
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExportFinished:
    """An export was written, or could not be (`error`)."""

    run: str
    at: datetime
    model: str
    format: str
    path: str
    rows: int | None = None
    bytes: int | None = None
    seconds: float = 0.0
    error: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the user should know and that is no failure."""

    run: str
    at: datetime
    message: str
    level: Literal["info", "warning"] = "info"
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Logged:
    """A line that a model logged."""

    run: str
    at: datetime
    model: str
    level: str
    message: str


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A run ended; `counts` are models by status."""

    run: str
    at: datetime
    status: Literal["succeeded", "failed", "cancelled"]
    counts: Mapping[str, int]
    seconds: float


Event = (
    RunStarted
    | ModelStarted
    | ModelRetrying
    | ChecksFinished
    | IntervalLoaded
    | ModelFinished
    | ExportFinished
    | Notice
    | Logged
    | RunFinished
)


def as_data(event: Event) -> dict[str, Any]:
    """An event as plain JSON values, ``type`` first."""
    cls: Any = type(event)  # mypy takes a class with __hash__ for unhashable itself
    kind, names = _shape(cls)
    data: dict[str, Any] = {"type": kind}
    for name in names:
        value = getattr(event, name)
        data[name] = value if type(value) in _PLAIN else _plain(value)
    return data


_PLAIN = frozenset({type(None), str, int, float, bool})


@cache
def _shape(cls: type) -> tuple[str, tuple[str, ...]]:
    return _snake(cls.__name__), tuple(f.name for f in fields(cls))


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case list() | tuple():
            return [_plain(v) for v in value]
        case None | str() | int() | float() | bool():
            return value
        case Mapping():
            return {str(k): _plain(v) for k, v in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        cls: Any = type(value)
        return {name: _plain(getattr(value, name)) for name in _shape(cls)[1]}
    return str(value)


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))
