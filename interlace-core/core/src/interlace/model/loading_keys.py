"""Reading the keys of a model that say how its rows are loaded: incremental, schema_mode, retry, full_refresh."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, Literal

from interlace.errors import did_you_mean
from interlace.model.definition import Incremental, Retry
from interlace.model.values import Unacceptable, boolean, duration, mapping, shown, text, words

__all__ = ["GRAINS", "PRESETS", "full_refresh", "incremental", "retry", "schema_mode"]

GRAINS: Final = ("hour", "day", "week", "month", "quarter", "year")
MODES: Final = ("strict", "safe", "flexible", "lenient", "ignore")

PRESETS: Final[Mapping[str, Retry | None]] = {
    "none": None,
    "default": Retry(attempts=3, initial_delay=1.0, max_delay=60.0),
    "api": Retry(attempts=5, initial_delay=2.0, max_delay=300.0, jitter=2.0),
    "database": Retry(attempts=4, initial_delay=0.5, max_delay=30.0),
}
"""What the bare words after ``retry:`` stand for."""

_SHORT: Final = re.compile(r"(datetime|key)\s*\(\s*([^()]+?)\s*\)")


def incremental(value: object) -> Incremental:
    """``{by: datetime, column: …}`` or the short form ``datetime(updated_at)``."""
    if isinstance(value, str):
        found = _SHORT.fullmatch(value.strip())
        if found is None:
            raise Unacceptable(f"must be datetime(column), key(column) or a mapping, not {shown(value)}")
        return _incremental({"by": found[1], "column": found[2]})
    return _incremental(dict(mapping(value)))


def _incremental(said: dict[str, Any]) -> Incremental:
    _known(said, ("by", "column", "grain", "lookback", "batch_size", "start", "allow_partial"))
    by = said.get("by")
    if by not in ("datetime", "key"):
        raise Unacceptable(f"must say 'by: datetime' or 'by: key', not {shown(by)}")
    if "column" not in said:
        raise Unacceptable("must name its 'column'")
    foreign = [k for k in ("grain", "batch_size", "start", "allow_partial") if k in said] if by == "key" else []
    if foreign:
        raise Unacceptable(f"cannot have {foreign[0]!r} with 'by: key'")
    return Incremental(
        by=by,
        column=text(said["column"]),
        grain=_one_of(said.get("grain", "day"), GRAINS, "grain"),
        lookback=_lookback(said.get("lookback", 0)),
        batch_size=_whole(said["batch_size"], "batch_size") if "batch_size" in said else None,
        start=_start(said["start"]) if "start" in said else None,
        allow_partial=boolean(said.get("allow_partial", False)),
    )


def _lookback(value: object) -> int | float:
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 0:
            raise Unacceptable(f"must have a 'lookback' of 0 or more, not {value}")
        return value
    return float(duration(value))


def _start(value: object) -> str:
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    try:
        return datetime.fromisoformat(text(value)).isoformat()
    except ValueError as error:
        raise Unacceptable(f"must have a 'start' such as 2024-01-01, not {shown(value)}") from error


def schema_mode(value: object) -> str:
    """One of the five modes."""
    return _one_of(value, MODES, None)


def full_refresh(value: object) -> Literal["allow", "never"]:
    """``allow`` or ``never``."""
    return "never" if _one_of(value, ("allow", "never"), None) == "never" else "allow"


def retry(value: object) -> Retry | None:
    """A preset's name, a number of attempts, or a mapping; with ``preset`` in it, the rest changes the preset."""
    if isinstance(value, Retry):
        return value
    if isinstance(value, str):
        return PRESETS[_one_of(value, tuple(PRESETS), None)]
    if isinstance(value, int) and not isinstance(value, bool):
        return Retry(attempts=_whole(value, "attempts"))
    said = dict(mapping(value))
    _known(said, ("preset", "attempts", "initial_delay", "max_delay", "factor", "jitter", "errors", "predicate"))
    base = PRESETS[_one_of(said.pop("preset", "default"), tuple(PRESETS), "preset")] or Retry(attempts=1)
    return _changed(base, said)


def _changed(base: Retry, said: dict[str, Any]) -> Retry:
    from dataclasses import replace

    read: dict[str, Any] = {}
    for key, value in said.items():
        match key:
            case "attempts":
                read[key] = _whole(value, key)
            case "factor":
                read[key] = _number(value, key)
            case "errors":
                read[key] = words(value)
            case "predicate":
                read[key] = _predicate(value)
            case _:
                read[key] = 0.0 if value == 0 and value is not False else float(duration(value))
    return replace(base, **read)


def _predicate(value: object) -> str:
    found = text(value)
    if not re.fullmatch(r"[\w.]+:\w+", found):
        raise Unacceptable(f"must have a 'predicate' such as package.module:function, not {shown(value)}")
    return found


def _known(said: Mapping[str, object], keys: tuple[str, ...]) -> None:
    for key in said:
        if key not in keys:
            near = did_you_mean(str(key), keys, label="Keys")
            raise Unacceptable(f"has no key {key!r}. {near}")


def _one_of(value: object, known: tuple[str, ...], key: str | None) -> str:
    if isinstance(value, str) and value in known:
        return value
    near = did_you_mean(value, known) if isinstance(value, str) else ""
    said = f"must have a {key!r} of" if key else "must be"
    raise Unacceptable(f"{said} {', '.join(known)}, not {shown(value)}. {near}".strip())


def _whole(value: object, key: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Unacceptable(f"must have {key!r} of 1 or more, not {shown(value)}")
    return value


def _number(value: object, key: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 1:
        raise Unacceptable(f"must have {key!r} of 1 or more, not {shown(value)}")
    return float(value)
