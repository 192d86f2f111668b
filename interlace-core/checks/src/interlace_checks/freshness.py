"""``freshness: {column: loaded_at, max_age: 2d}``."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any, ClassVar

from sqlglot import exp

from interlace.contracts.check import Check, CheckOptions, CheckTarget, Measure, Verdict
from interlace.errors import InvalidModel
from interlace_checks import asking
from interlace_checks.options import Age, spell_age

__all__ = ["Freshness", "FreshnessOptions", "moment", "require_time"]


class FreshnessOptions(CheckOptions):
    """Options of ``freshness``.

    Attributes:
        column: a date or a timestamp.
        max_age: the greatest age of the newest value, such as ``2d``, ``1h30m`` or a number of seconds.
    """

    column: str
    max_age: Age


class Freshness(Check):
    """The newest value of a column is not older than it may be.

    A timestamp without a zone is in UTC, a date is its midnight in UTC, a time in the future is fresh.  Without any value,
    over no rows as well, it fails: nothing says how old the data is.
    """

    Config: ClassVar[type[CheckOptions]] = FreshnessOptions
    counts_rows = False
    shorthand = "max_age"
    column_option = "column"

    def columns(self, options: FreshnessOptions) -> tuple[str, ...]:
        """The column that it names."""
        return (options.column,)

    def compile(self, target: CheckTarget, options: FreshnessOptions) -> Measure:
        """Ask for the newest value.

        Raises:
            InvalidModel: the column is neither a date nor a timestamp.
        """
        require_time(target, options.column, "freshness")
        return Measure(exp.Max(this=asking.column(target, options.column)))

    def judge(self, value: Any, options: FreshnessOptions, now: datetime) -> Verdict:
        """Pass when the newest value is young enough."""
        if value is None:
            return Verdict(False, f"there is no {options.column} to tell the age by")
        age = now - moment(value)
        spelt = spell_age(abs(age))
        said = f"the newest {options.column} is {spelt} {'old' if age >= now - now else 'ahead'}"
        if age <= options.max_age:
            return Verdict(True, said)
        return Verdict(False, f"{said}, at most {spell_age(options.max_age)} is allowed")


def require_time(target: CheckTarget, name: str, what: str) -> None:
    """Refuse a column that is neither a date nor a timestamp.

    Raises:
        InvalidModel: names what needs it, the column and its type.
    """
    from interlace.schema.sql_types import Other, Timestamp, parse_type

    column = asking.find_column(target, name)
    kind = parse_type(column.type, target.dialect)
    if not isinstance(kind, Timestamp) and kind != Other("date"):
        raise InvalidModel(
            f"{what} needs a date or a timestamp; column {column.name!r} of {target.relation} is {column.type}"
        )


def moment(value: date | datetime) -> datetime:
    """A date or a timestamp as a moment: what has no zone is in UTC, a date is its midnight."""
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value
