"""The project's variables: typed values that SQL models use as ``$name`` and Python models through the context."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from interlace.errors import UsageError, did_you_mean

__all__ = ["RESERVED", "TYPES", "Scalar", "Value", "VariableSpec", "check_variable_name", "declared", "resolve"]

Scalar = str | int | float | bool | date | datetime
Value = Scalar | list[Scalar]
RESERVED: Final = ("start", "end", "env", "run_id")
"""Names that a run itself gives."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class VariableSpec:
    """A declared variable.

    Attributes:
        type: ``text``, ``int``, ``float``, ``bool``, ``date``, ``datetime``, or ``list[…]`` of one of them.
        default: its value unless one is given; None makes it required.
    """

    type: str
    default: Value | None = None
    description: str | None = None

    def parse(self, given: object) -> Value:
        """A given value as this variable's type; text is read as the type.

        Raises:
            ValueError: it is no such value; the message says what is allowed.
        """
        return _parse(self.type, given)


def check_variable_name(name: str) -> str | None:
    """Say what is wrong with a variable's name; None when it is fine."""
    if not _NAME.fullmatch(name):
        return "must be letters, digits and '_', not beginning with a digit"
    if name.lower() in RESERVED:
        return f"is taken: a run gives {', '.join('$' + word for word in RESERVED)} itself"
    return None


def declared(value: object) -> VariableSpec:
    """Read one entry of ``vars:``: a value, a list of values, or ``{type, default, description}``.

    Raises:
        ValueError: it is none of them.
    """
    match value:
        case VariableSpec():
            return value
        case dict():
            return _long_form(value)
        case None:
            raise ValueError("must be a value, a list of values, or {type, default, description}")
        case _:
            kind = _type_of(value)
            return VariableSpec(kind, _parse(kind, value))


def resolve(specs: Mapping[str, VariableSpec], given: Mapping[str, object] | None = None) -> dict[str, Value]:
    """The values of a run: what was given over the defaults.  A required one that was not given is left out.

    Raises:
        UsageError: a name that the project does not declare, or a value that does not fit its type.
    """
    values = {name: spec.default for name, spec in specs.items() if spec.default is not None}
    for name, value in (given or {}).items():
        if name not in specs:
            hint = did_you_mean(name, specs, label="Declared") or "Declare it under 'vars:' in config.yaml."
            raise UsageError(f"The project has no variable {name!r}.", hint=hint)
        try:
            values[name] = specs[name].parse(value)
        except ValueError as error:
            raise UsageError(f"Variable {name!r} {error}, not {value!r}.") from error
    return values


def _long_form(value: Mapping[object, object]) -> VariableSpec:
    for key in value:
        if key not in ("type", "default", "description"):
            near = did_you_mean(str(key), ("type", "default", "description"), label="Allowed")
            raise ValueError(f"has an unknown key {key!r}. {near}".rstrip(". "))
    kind, default, description = (value.get(key) for key in ("type", "default", "description"))
    if description is not None and not isinstance(description, str):
        raise ValueError("must have text as its description")
    if kind is None:
        if default is None:
            raise ValueError("must have a type or a default")
        kind = _type_of(default)
    name = _type_name(kind)
    return VariableSpec(name, None if default is None else _parse(name, default), description)


def _type_name(kind: object) -> str:
    text = str(kind).strip().lower()
    inner = re.fullmatch(r"list\[\s*(\w+)\s*\]", text)
    word = inner[1] if inner else text
    known = _ALIASES.get(word, word)
    if known not in TYPES:
        raise ValueError(f"has an unknown type {kind!r}. {did_you_mean(word, TYPES, label='Types')}".rstrip("."))
    return f"list[{known}]" if inner else known


def _type_of(value: object) -> str:
    match value:
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case str():
            return "text"
        case datetime():
            return "datetime"
        case date():
            return "date"
        case list() if value and not any(isinstance(item, (list, dict)) for item in value):
            kinds = {_type_of(item) for item in value}
            if kinds == {"int", "float"}:
                return "list[float]"
            if len(kinds) == 1:
                return f"list[{kinds.pop()}]"
            raise ValueError(f"must be a list of values of one type, not of {' and '.join(sorted(kinds))}")
        case list() if not value:
            raise ValueError("is an empty list: say its type, as {type: 'list[text]', default: []}")
    raise ValueError("must be text, a number, true or false, a date, a time, or a list of one of them")


def _parse(kind: str, given: object) -> Value:
    if kind.startswith("list["):
        items = [part.strip() for part in given.split(",")] if isinstance(given, str) else given
        if not isinstance(items, list):
            raise ValueError(f"must be a {kind}")
        return [_parse_one(kind[5:-1], item) for item in items if item != ""]
    return _parse_one(kind, given)


def _parse_one(kind: str, given: object) -> Scalar:
    value = TYPES[kind](given)
    if value is None:
        raise ValueError(f"must be {_WORDS[kind]}")
    return value


def _text(given: object) -> Scalar | None:
    return given if isinstance(given, str) else None


def _int(given: object) -> Scalar | None:
    if isinstance(given, str) and re.fullmatch(r"\s*[+-]?\d+\s*", given):
        return int(given)
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def _float(given: object) -> Scalar | None:
    if isinstance(given, bool):
        return None
    try:
        return float(given) if isinstance(given, (str, int, float)) else None
    except ValueError:
        return None


def _bool(given: object) -> Scalar | None:
    if isinstance(given, str):
        return {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}.get(
            given.strip().lower()
        )
    return given if isinstance(given, bool) else None


def _date(given: object) -> Scalar | None:
    if isinstance(given, str):
        try:
            return date.fromisoformat(given.strip())
        except ValueError:
            return None
    return given if isinstance(given, date) and not isinstance(given, datetime) else None


def _datetime(given: object) -> Scalar | None:
    if isinstance(given, str):
        try:
            return datetime.fromisoformat(given.strip())
        except ValueError:
            return None
    if isinstance(given, date) and not isinstance(given, datetime):
        return datetime(given.year, given.month, given.day)  # noqa: DTZ001  a date has no zone
    return given if isinstance(given, datetime) else None


TYPES: Final[Mapping[str, Callable[[object], Scalar | None]]] = {
    "text": _text,
    "int": _int,
    "float": _float,
    "bool": _bool,
    "date": _date,
    "datetime": _datetime,
}
_ALIASES = {
    "str": "text",
    "string": "text",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "timestamp": "datetime",
}
_WORDS = {
    "text": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "date": "a date such as 2024-01-31",
    "datetime": "a time such as 2024-01-31T12:00:00",
}
