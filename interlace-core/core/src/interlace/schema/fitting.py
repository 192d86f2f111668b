"""Casts of a batch's columns to the table's types, and the condition under which a value is lost by them.

A value fits when the table's type can say the same: ``1.0`` fits an INTEGER, ``1.5`` does not, though the engine would
round it.  Into a binary float a number is rounded to the nearest, which is what such a column holds: only its range counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.schema.sql_types import Fixed, Floating, Integer, Other, Text, Timestamp, Type, parse_type

if TYPE_CHECKING:
    from interlace.contracts.connection import Capabilities

__all__ = ["Fit", "cast_to"]

_DIGITS: Final = 38
"""The digits of the widest decimal of engines that bound it."""

_FINER: Final = 10
"""Digits after the point beyond those of the type, within which a text is looked at."""

_MICROSECONDS: Final = 6


def cast_to(value: exp.Expr, type_: str, *, lenient: bool = False) -> exp.Expr:
    """``CAST(value AS type)``, or ``TRY_CAST``: the type is the text of the session's dialect, as its catalogue writes it."""
    made: type[exp.Cast] = exp.TryCast if lenient else exp.Cast
    return made(this=value, to=exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=type_))


@dataclass(frozen=True, slots=True)
class Fit:
    """One column of a batch whose type the table's does not hold.

    Attributes:
        column: its name in the batch.
        given: the batch's type, text of the dialect.
        stored: the table's type.
        dialect: sqlglot's name of the session's dialect.
        capabilities: of the session.
    """

    column: str
    given: str
    stored: str
    dialect: str
    capabilities: Capabilities

    @property
    def total(self) -> bool:
        """Whether no value can be lost: text without a bound says them all."""
        return self._to == Text()

    def cast(self) -> exp.Expr:
        """The value in the table's type; raises in the database where there is none, and may round."""
        if self.capabilities.try_cast:
            return cast_to(self._value, self.stored)
        return self._attempted

    def cast_or_null(self) -> exp.Expr:
        """The value in the table's type, NULL where it does not fit; needs a session that can ``TRY_CAST``."""
        return exp.case().when(exp.not_(exp.paren(self.misfit())), self._attempted)

    def cast_or(self, otherwise: exp.Expr) -> exp.Expr:
        """The value in the table's type, and another expression of that type where it does not fit."""
        return exp.case().when(exp.paren(self.misfit()), otherwise).else_(self._attempted)

    def misfit(self) -> exp.Expr:
        """The condition that holds for values that do not fit; never NULL.

        Where the session can neither ``TRY_CAST`` nor ask whether a text is valid, a value that cannot be cast at all
        raises in the database when this is computed.
        """
        there = exp.not_(exp.Is(this=self._value, expression=exp.null()))
        return exp.and_(there, exp.paren(self._lost()))

    @property
    def _value(self) -> exp.Expr:
        return exp.column(self.column, quoted=True)

    @property
    def _from(self) -> Type:
        return parse_type(self.given, self.dialect)

    @property
    def _to(self) -> Type:
        return parse_type(self.stored, self.dialect)

    @property
    def _attempted(self) -> exp.Expr:
        return self._converted(self._value, self.given, self.stored)

    def _lost(self) -> exp.Expr:
        """Whether a value that is not NULL does not fit."""
        if self.total:
            return exp.false()
        if self.capabilities.try_cast:
            return exp.or_(exp.Is(this=self._attempted, expression=exp.null()), self._differs())
        if _is_number(self._from) and isinstance(self._to, Integer | Fixed):
            return self._out_of_range(self._to)
        return self._asked(self._differs())

    def _differs(self) -> exp.Expr:
        """Whether the cast value says something else than the value, once both are of one type again."""
        if isinstance(self._to, Floating):
            return exp.false()
        if not isinstance(self._from, Text):
            return exp.NullSafeNEQ(
                this=self._converted(self._attempted, self.stored, self.given), expression=self._value
            )
        finer = self._finer()
        if finer is None:
            return exp.false()
        before = self._converted(self._value, self.given, finer)
        return exp.NullSafeNEQ(this=self._converted(self._attempted, self.stored, finer), expression=before)

    def _finer(self) -> str | None:
        """The type in which a text that is read as the table's type shows what that type would round away."""
        match self._to:
            case Text():
                return self.given
            case Integer(bits, signed):
                return self._decimal(len(str(2 ** (bits - signed))), 0)
            case Fixed(int(precision), scale):
                return self._decimal(precision - (scale or 0), scale or 0)
            case Timestamp(digits, False) if digits < _MICROSECONDS:
                return "TIMESTAMP"
            case Other("date"):
                return "TIMESTAMP"
            case _:
                return None

    def _decimal(self, whole: int, scale: int) -> str:
        if self.dialect == "postgres":
            return "NUMERIC"
        return f"DECIMAL({_DIGITS},{max(scale, min(scale + _FINER, _DIGITS - whole))})"

    def _out_of_range(self, to: Integer | Fixed) -> exp.Expr:
        """For numbers of an engine without ``TRY_CAST``: compared as exact decimals, without a cast that could raise."""
        number = self._converted(self._value, self.given, "NUMERIC")
        match to:
            case Integer(bits, signed):
                least, most = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
                inside: exp.Expr = exp.Between(
                    this=number, low=exp.Literal.number(least), high=exp.Literal.number(most)
                )
                rounded: exp.Expr = exp.func("TRUNC", number.copy())
            case Fixed(int(precision), scale):
                rounded = exp.Round(this=number.copy(), decimals=exp.Literal.number(scale or 0))
                limit = exp.Literal.number(10 ** (precision - (scale or 0)))
                inside = exp.LT(this=exp.Abs(this=rounded.copy()), expression=limit)
            case _:
                return exp.false()
        return exp.or_(exp.not_(inside), exp.NEQ(this=number.copy(), expression=rounded))

    def _asked(self, lost: exp.Expr) -> exp.Expr:
        """Guard a cast by the question whether the text is valid for it, where the server has that question."""
        if not self.capabilities.validates_input:
            return lost
        text = cast_to(self._value, "text")
        valid = exp.Anonymous(this="pg_input_is_valid", expressions=[text, exp.Literal.string(self.stored)])
        return exp.case().when(valid, lost).else_(exp.true())

    def _converted(self, value: exp.Expr, given: str, wanted: str) -> exp.Expr:
        """``TRY_CAST``, so that what does not fit is NULL; or a cast that the engine has: its own, or one by way of text."""
        if given == wanted:
            return value
        if self.capabilities.try_cast:
            return cast_to(value, wanted, lenient=True)
        return cast_to(value if self._has_cast(given, wanted) else cast_to(value, "text"), wanted)

    def _has_cast(self, given: str, wanted: str) -> bool:
        one, other = parse_type(given, self.dialect), parse_type(wanted, self.dialect)
        if isinstance(one, Text) or isinstance(other, Text):
            return True
        if isinstance(one, Floating) and isinstance(other, Fixed):
            return False  # PostgreSQL's own keeps 15 digits only
        return (_is_number(one) and _is_number(other)) or (_is_time(one) and _is_time(other))


def _is_number(type_: Type) -> bool:
    return isinstance(type_, Integer | Fixed | Floating)


def _is_time(type_: Type) -> bool:
    return isinstance(type_, Timestamp) or type_ == Other("date")
