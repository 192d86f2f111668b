"""What a command asks of incremental models, as plain JSON and back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlace.plan.incremental import Asked

__all__ = ["plain", "plain_asked", "read_asked"]


def plain_asked(asked: Asked) -> dict[str, Any]:
    """What was asked for, as plain JSON."""
    return {name: plain(value) for name, value in asdict(asked).items() if value is not None}


def read_asked(said: Mapping[str, Any]) -> Asked:
    """What `plain_asked` was given.

    Raises:
        TypeError: it is none.
        ValueError: a time in it is none.
    """
    from interlace.plan.incremental import Asked
    from interlace.plan.windows import Size

    times = {name: datetime.fromisoformat(said[name]) for name in ("since", "until") if name in said}
    window = {"window": Size(*said["window"])} if "window" in said else {}
    return Asked(**{**said, **times, **window})


def plain(value: object) -> Any:
    """A value as plain JSON, in the form in which ``--var`` takes it again."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case date():  # a datetime is one too
            return value.isoformat()
        case list() | tuple():
            return [plain(v) for v in value]
    return str(value)
