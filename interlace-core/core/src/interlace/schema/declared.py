"""The types that a model declares, given to the columns of its query: lossless casts, and casts that are looked at.

Pure: from the columns of a query to the columns to write, and what is to be counted in its rows before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from interlace.contracts.load import SchemaMode
from interlace.contracts.relation import Column
from interlace.errors import InvalidModel, UnsupportedCapability
from interlace.schema.compare import columns_by_name
from interlace.schema.modes import Difference
from interlace.schema.refusing import difference_of
from interlace.schema.sql_types import Text, parse_type, same_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlglot import exp

    from interlace.contracts.connection import Capabilities
    from interlace.contracts.load import Examine, Notice, Refusal
    from interlace.contracts.relation import Relation
    from interlace.model.definition import ColumnSpec
    from interlace.schema.fitting import Fit

__all__ = ["DeclaredCast", "DeclaredCasts", "declared_casts", "is_declared"]

_WITHOUT_LENGTHS: Final = frozenset({"duckdb"})
"""Dialects in which the length of a text says nothing."""


@dataclass(frozen=True, slots=True)
class DeclaredCast:
    """One column of a query that becomes another type.

    Attributes:
        name: of the column.
        declared: the type, as the model's author wrote it.
        type: the same in the engine's words.
        given: the query's.
        fit: what may be lost; None where the declared type holds every value.
        shown: whether values may be shown to people.
    """

    name: str
    declared: str
    type: str
    given: str
    fit: Fit | None
    shown: bool = True


@dataclass(frozen=True, slots=True)
class DeclaredCasts:
    """How the rows of a query get the declared types.

    Attributes:
        columns: of the query, as they become.
        casts: of those that become another type, by the name in lower case.
        lenient: whether a value that does not fit becomes NULL; it is refused without.
    """

    columns: tuple[Column, ...]
    casts: dict[str, DeclaredCast]
    lenient: bool

    @property
    def lossless(self) -> bool:
        """Whether every value fits, by its type alone."""
        return all(cast.fit is None for cast in self.casts.values())

    def said(self) -> str:
        """Which columns are of another type, for people."""
        return _differences(self.casts)

    def select(self, *, guarded: bool = False) -> tuple[exp.Expr, ...]:
        """The columns to select.

        Args:
            guarded: a value that does not fit ends the statement; the rows were examined before without.
        """
        from sqlglot import exp

        return tuple(exp.alias_(self._value(c.name, guarded=guarded), c.name, quoted=True) for c in self.columns)

    def examine(self, rows: Relation, target: Relation) -> Examine:
        """The one look at the rows: how many values of each column do not fit.

        Args:
            rows: those of the query.
            target: the model's relation, for messages.
        """
        from sqlglot import exp

        from interlace.contracts.load import Examine, Notice

        measures: list[exp.Expr] = []
        refusals: list[Refusal] = []
        notices: list[Notice] = []
        for cast in self.casts.values():
            if cast.fit is None:
                continue
            name = f"unfit_{len(measures) + 1}"
            one = exp.case().when(cast.fit.misfit(), exp.Literal.number(1)).else_("0")
            measures.append(exp.alias_(exp.Sum(this=one), name, quoted=True))
            said = f"{_said(cast, target)}. Values that"
            if self.lenient:
                notices.append(Notice(name, f"{said} did not fit and became NULL: {{count}}."))
            else:
                refusals.append(_refusal(name, f"{said} do not fit: {{count}}.", cast, cast.fit, rows))
        return Examine(exp.select(*measures).from_(_table(rows)), tuple(refusals), (), tuple(notices))

    def _value(self, name: str, *, guarded: bool) -> exp.Expr:
        from sqlglot import exp

        from interlace.schema.fitting import cast_to

        cast = self.casts.get(name.casefold())
        value = exp.column(name, quoted=True)
        if cast is None:
            return value
        if cast.fit is None:
            return cast_to(value, cast.type)
        if self.lenient:
            return cast.fit.cast_or_null()
        return cast.fit.cast_or(_raised(cast)) if guarded else cast.fit.cast()


def declared_casts(
    specs: Sequence[ColumnSpec], columns: Sequence[Column], mode: SchemaMode, dialect: str, capabilities: Capabilities
) -> DeclaredCasts | None:
    """Compare a query's columns with the types that are declared; None where there is nothing to cast.

    A column under contract is judged as the query gives it, and never cast.

    Args:
        specs: the model's ``columns:``.
        columns: of the query.
        mode: ``strict`` refuses another type, ``lenient`` makes what does not fit NULL, each other refuses such values.
        dialect: sqlglot's name of the dialect that all types are written in.
        capabilities: of the session.

    Raises:
        InvalidModel: under ``strict``: names each column and both types.
        UnsupportedCapability: ``lenient`` where the session cannot ``TRY_CAST``.
    """
    there = columns_by_name(columns)
    casts: dict[str, DeclaredCast] = {}
    for spec in specs:
        column = there.get(spec.name.casefold())
        if column is None or spec.contract or is_declared(spec, column, dialect):
            continue
        assert spec.type is not None  # noqa: S101  it would be as declared
        casts[spec.name.casefold()] = _cast(spec, spec.type, column, dialect, capabilities)
    if not casts:
        return None
    if mode is SchemaMode.STRICT:
        raise _strict(casts)
    made = DeclaredCasts(_become(columns, casts), casts, mode is SchemaMode.LENIENT)
    if made.lenient and not made.lossless and not capabilities.try_cast:
        raise UnsupportedCapability(
            "'schema_mode: lenient' makes values that do not fit their declared type NULL, which needs TRY_CAST, and its "
            "connection has none",
            hint="Use another 'schema_mode', where such a value ends the load.",
        )
    return made


def is_declared(spec: ColumnSpec, column: Column, dialect: str) -> bool:
    """Whether a column has the type that is declared; every column has, where none is."""
    if spec.type is None or same_type(spec.type, column.type, dialect):
        return True
    if dialect not in _WITHOUT_LENGTHS:
        return False
    return isinstance(parse_type(spec.type, dialect), Text) and isinstance(parse_type(column.type, dialect), Text)


def _cast(spec: ColumnSpec, wanted: str, column: Column, dialect: str, capabilities: Capabilities) -> DeclaredCast:
    from interlace.schema.fitting import Fit

    type_ = _written(wanted, dialect)
    shown = "pii" not in spec.tags
    difference, _ = difference_of(Column(column.name, type_), column, dialect)
    fit = Fit(column.name, column.type, type_, dialect, capabilities)
    held = difference is Difference.HELD or fit.total
    return DeclaredCast(column.name, wanted, type_, column.type, None if held else fit, shown)


def _written(type_: str, dialect: str) -> str:
    """A type in the engine's own words: ``DOUBLE`` is ``DOUBLE PRECISION`` on PostgreSQL."""
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        parsed = exp.DataType.build(type_, dialect=dialect)
    except (SqlglotError, ValueError):
        return type_
    return type_ if parsed.this is exp.DataType.Type.USERDEFINED else parsed.sql(dialect=dialect)


def _become(columns: Sequence[Column], casts: dict[str, DeclaredCast]) -> tuple[Column, ...]:
    return tuple(
        replace(c, type=cast.type) if (cast := casts.get(c.name.casefold())) is not None else c for c in columns
    )


def _strict(casts: dict[str, DeclaredCast]) -> InvalidModel:
    return InvalidModel(
        f"Under 'schema_mode: strict' nothing is cast: {_differences(casts)}",
        hint="Write CAST in the query; another 'schema_mode' casts the values, and refuses those that do not fit.",
    )


def _differences(casts: dict[str, DeclaredCast]) -> str:
    return "; ".join(
        f"column {c.name!r} is {c.given} in the query, and 'columns' declares {c.declared}" for c in casts.values()
    )


def _said(cast: DeclaredCast, target: Relation) -> str:
    """The beginning of a message that is formatted later: braces of names are doubled."""
    said = f"Column {cast.name!r} of {target} is {cast.given} in the query, and 'columns' declares {cast.declared}"
    return said.replace("{", "{{").replace("}", "}}")


def _refusal(name: str, said: str, cast: DeclaredCast, fit: Fit, rows: Relation) -> Refusal:
    from sqlglot import exp

    from interlace.contracts.load import Refusal

    hint = "Correct the values, or declare a type that holds them."
    if fit.capabilities.try_cast:
        hint += " 'schema_mode: lenient' makes such values NULL and counts them."
    column = exp.column(cast.name, quoted=True)
    sample = exp.select(column).distinct().from_(_table(rows)).where(fit.misfit()).limit(10) if cast.shown else None
    return Refusal(name, said, hint, sample)


def _raised(cast: DeclaredCast) -> exp.Expr:
    """An expression of the declared type that ends the statement, with words that the database repeats.

    A sentence is no number: no engine but says so, and says which sentence.
    """
    from sqlglot import exp

    from interlace.schema.fitting import cast_to

    what = exp.Literal.string(f"column {cast.name}: ")
    ends = exp.Literal.string(f" does not fit {cast.declared}, which 'columns' declares")
    value: exp.Expr = exp.Literal.string("a value")
    if cast.shown:
        value = cast_to(exp.column(cast.name, quoted=True), "VARCHAR")
    sentence = exp.DPipe(this=exp.DPipe(this=what, expression=value), expression=ends)
    return cast_to(cast_to(cast_to(exp.paren(sentence), "INTEGER"), "VARCHAR"), cast.type)


def _table(relation: Relation) -> exp.Table:
    from sqlglot import exp

    return exp.table_(relation.name, relation.schema, relation.catalog, quoted=True)
