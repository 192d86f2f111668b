"""Python values as Arrow arrays: one column at a time, nothing guessed and nothing cut off.

pyarrow's own inference makes dates of timestamps that follow a date, drops time zones and takes sets for lists.  Here
the Python types of a column decide its Arrow type, and what does not go together is an error that names the row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from itertools import chain
from typing import Any
from uuid import UUID

import pyarrow as pa

from interlace.errors import ModelFailed

__all__ = ["Place", "kind_of", "to_array"]

Values = Sequence[Any]
Kind = type[Any]

_PLAIN: frozenset[Kind] = frozenset(
    {bool, int, float, str, bytes, Decimal, datetime, date, time, timedelta, UUID, list, dict}
)
_TOGETHER: Mapping[frozenset[Kind], Kind] = {
    frozenset({int, float}): float,
    frozenset({int, Decimal}): Decimal,
    frozenset({date, datetime}): datetime,
}
_NONE = type(None)
_LONGEST = 60
_DIGITS = (18, 38)


@dataclass(frozen=True, slots=True)
class Place:
    """Where values stand, for messages.

    Attributes:
        column: the column, with the path inside of nested values: ``items[].price``.
        row: gives the number of the row, from 1, of the value at an index.
    """

    column: str
    row: Callable[[int], int]

    def failed(self, index: int, said: str, hint: str | None = None) -> ModelFailed:
        """The error about the value at an index."""
        return ModelFailed(f"Column {self.column!r}, row {self.row(index):,}: {said}", hint=hint)


def to_array(values: Values, place: Place) -> tuple[pa.Array, Kind | None]:
    """An array of the values, and what Python type they have; None where all are None.

    Raises:
        ModelFailed: a value of a type that cannot be stored, or types that do not go together.
    """
    types = set(map(type, values))
    types.discard(_NONE)
    if not types <= _PLAIN:
        values = [_plain(value, index, place) for index, value in enumerate(values)]
        types = {_base(kind) for kind in map(type, values)}
        types.discard(_NONE)
    if not types:
        return pa.nulls(len(values)), None
    kind = types.pop() if len(types) == 1 else _joined(frozenset(types), values, place)
    return _MAKERS[kind](values, place), kind


def kind_of(one: Kind | None, other: Kind | None) -> Kind | None:
    """The Python type for values of both types; None where they do not go together.  None goes with all."""
    if one is None or other is None or one is other:
        return one or other
    return _TOGETHER.get(frozenset({one, other}))


def _joined(types: frozenset[Kind], values: Values, place: Place) -> Kind:
    found = _TOGETHER.get(types)
    if found is not None:
        return found
    starts = sorted((next(i for i, v in enumerate(values) if _base(type(v)) is kind), kind.__name__) for kind in types)
    (index, kind), (later, other), *_ = starts
    raise place.failed(
        later,
        f"{_shown(values[later])} is {other}, but row {place.row(index):,} has "
        f"{_shown(values[index])}, which is {kind}.",
        "Give all rows one type, or convert the values.",
    )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


# --- values that stand for plain ones ---------------------------------------------------------------------------------


def _base(kind: Kind) -> Kind:
    return kind if kind in _PLAIN else next((c for c in kind.__mro__ if c in _PLAIN), kind)


def _plain(value: Any, index: int, place: Place) -> Any:
    kind = type(value)
    if value is None or kind in _PLAIN:
        return value
    if isinstance(value, Enum):
        return _plain(value.value, index, place)
    if kind.__module__.split(".")[0] in {"numpy", "pandas"}:
        return _plain_scientific(value, index, place)
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    if _base(kind) in _PLAIN:
        return value
    hint = "A set has no order: make it a list." if isinstance(value, set | frozenset) else None
    raise place.failed(index, f"a value of type {kind.__name__} cannot be stored: {_shown(value)}.", hint)


def _plain_scientific(value: Any, index: int, place: Place) -> Any:
    match type(value).__name__:
        case "NaTType" | "NAType":
            return None
        case "Timestamp":
            return value.to_pydatetime(warn=False)
        case "Timedelta":
            return value.to_pytimedelta()
        case "datetime64" | "timedelta64":
            unit = "D" if str(value.dtype) == "datetime64[D]" else "us"
            return value.astype(f"{type(value).__name__}[{unit}]").item()
        case "ndarray":
            return value.tolist()
        case name if hasattr(value, "item"):
            plain = value.item()
            if type(plain) in _PLAIN:
                return plain
            raise place.failed(index, f"a value of numpy's type {name} cannot be stored: {_shown(value)}.")
        case name:
            raise place.failed(index, f"a value of type {name} cannot be stored: {_shown(value)}.")


# --- one function for each type ---------------------------------------------------------------------------------------


def _typed(values: Values, kind: pa.DataType, place: Place) -> pa.Array:
    try:
        made = pa.array(values, kind)
    except (pa.ArrowException, OverflowError, ValueError, TypeError):
        for index, value in enumerate(values):
            try:
                pa.array([value], kind)
            except (pa.ArrowException, OverflowError, ValueError, TypeError) as error:
                raise place.failed(index, f"{_shown(value)} cannot be stored: {error}.") from error
        raise
    # More than two gigabytes of text come in pieces.
    return pa.concat_arrays(made.cast(_LARGE[kind]).chunks) if isinstance(made, pa.ChunkedArray) else made


_LARGE = {pa.string(): pa.large_string(), pa.binary(): pa.large_binary()}


def _maker(kind: pa.DataType) -> Callable[[Values, Place], pa.Array]:
    return lambda values, place: _typed(values, kind, place)


def _integers(values: Values, place: Place) -> pa.Array:
    try:
        return pa.array(values, pa.int64())
    except OverflowError:
        return _typed(values, pa.decimal128(38, 0), place)


def _decimals(values: Values, place: Place) -> pa.Array:
    """Decimals with 18 or 38 digits: not with just as many as the rows at hand happen to need."""
    scale = whole = 0
    for index, value in enumerate(values):
        if isinstance(value, Decimal):
            if not value.is_finite():
                raise place.failed(index, f"{value!r} is no number that a decimal column holds.")
            _, digits, exponent = value.as_tuple()
            scale = max(scale, -int(exponent))
            whole = max(whole, len(digits) + int(exponent))
        elif value is not None:
            whole = max(whole, len(str(abs(value))))
    precision = next((digits for digits in _DIGITS if whole + scale <= digits), None)
    if precision is None:
        raise place.failed(
            0, f"the decimals from here on need {whole} digits before the point and {scale} after it; 38 can be stored."
        )
    return _typed(values, pa.decimal128(precision, scale), place)


def _timestamps(values: Values, place: Place) -> pa.Array:
    moments = [
        datetime.combine(value, time()) if isinstance(value, date) and not isinstance(value, datetime) else value
        for value in values
    ]
    zoned = {value.tzinfo is not None for value in moments if value is not None}
    if len(zoned) > 1:
        first = next(value.tzinfo is not None for value in moments if value is not None)
        index = next(i for i, v in enumerate(moments) if v is not None and (v.tzinfo is not None) != first)
        has, had = ("no time zone", "one") if first else ("a time zone", "none")
        raise place.failed(index, f"{_shown(values[index])} has {has}, but the rows before have {had}.")
    return _typed(moments, pa.timestamp("us", tz="UTC" if True in zoned else None), place)


def _times(values: Values, place: Place) -> pa.Array:
    for index, value in enumerate(values):
        if value is not None and value.tzinfo is not None:
            raise place.failed(index, f"{_shown(value)} is a time with a time zone, which cannot be stored.")
    return _typed(values, pa.time64("us"), place)


def _lists(values: Values, place: Place) -> pa.Array:
    lengths = [0 if value is None else len(value) for value in values]
    owners = [index for index, length in enumerate(lengths) for _ in range(length)]
    inside = replace(place, column=f"{place.column}[]", row=lambda index: place.row(owners[index]))
    items, _ = to_array(list(chain.from_iterable(value for value in values if value is not None)), inside)
    offsets = [0]
    for length in lengths:
        offsets.append(offsets[-1] + length)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), items, mask=_missing(values))


def _structs(values: Values, place: Place) -> pa.Array:
    names = _names(values, place)
    if not names:
        raise place.failed(0, "the dictionaries from here on are empty, so there is nothing to store.")
    children = [
        to_array(
            [None if value is None else value.get(name) for value in values],
            replace(place, column=f"{place.column}.{name}"),
        )[0]
        for name in names
    ]
    return pa.StructArray.from_arrays(children, names=names, mask=_missing(values))


def _names(values: Iterable[dict[Any, Any] | None], place: Place) -> list[str]:
    names: dict[str, None] = {}
    for index, value in enumerate(values):
        for name in value or ():
            if not isinstance(name, str):
                raise place.failed(index, f"the key {_shown(name)} of a dictionary is no text.")
            names[name] = None
    return list(names)


def _missing(values: Values) -> pa.Array:
    return pa.array([value is None for value in values], pa.bool_())


_MAKERS: Mapping[Kind, Callable[[Values, Place], pa.Array]] = {
    bool: _maker(pa.bool_()),
    int: _integers,
    float: _maker(pa.float64()),
    str: _maker(pa.string()),
    bytes: _maker(pa.binary()),
    Decimal: _decimals,
    datetime: _timestamps,
    date: _maker(pa.date32()),
    time: _times,
    timedelta: _maker(pa.duration("us")),
    UUID: _maker(pa.uuid()),
    list: _lists,
    dict: _structs,
}
