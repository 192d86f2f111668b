"""What a history looks like: which of its columns are the key, tracked, its own; how its times are computed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.contracts.relation import Column, Relation
from interlace.errors import InvalidModel
from interlace_strategies import expressions as sql
from interlace_strategies.lookup import spelt
from interlace_strategies.scd_type_2 import Except, ScdType2Options
from interlace_strategies.temporary import temporary
from interlace_strategies.written import over_one_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.load import LoadSpec
    from interlace_strategies.fit import Fitted

__all__ = ["EPOCH", "ROW", "Layout", "matched", "said"]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

ROW: Final = "ctid"
"""Where PostgreSQL has a row: until it is updated, the quickest way to find it again."""


def matched(names: Sequence[str], one: str, others: Sequence[str], other: str, *, nulls: bool) -> exp.Expr:
    """Whether columns of one alias equal those of another that have other names."""
    kind: type[exp.EQ | exp.NullSafeEQ] = exp.NullSafeEQ if nulls else exp.EQ
    pairs = zip(names, others, strict=True)
    return sql.all_of([kind(this=sql.column(a, one), expression=sql.column(b, other)) for a, b in pairs])


def said(name: object) -> str:
    """A name inside a message that is formatted later."""
    return str(name).replace("{", "{{").replace("}", "}}")


@dataclass(frozen=True)
class Layout:
    """The columns of one load of a history, and the expressions that are made of them.

    Attributes:
        spec: the load.
        fitted: its batch.
    """

    spec: LoadSpec[ScdType2Options]
    fitted: Fitted

    @property
    def options(self) -> ScdType2Options:
        """The strategy's options."""
        return self.spec.options

    @property
    def target(self) -> Relation:
        """The history."""
        return self.spec.target

    @property
    def model(self) -> str:
        """The name for messages."""
        return self.target.name

    def temporary(self, what: str) -> Relation:
        """A temporary relation of this load."""
        return temporary(self.target, what)

    # --- columns ----------------------------------------------------------------------------------------------

    @cached_property
    def given(self) -> tuple[str, ...]:
        """The columns that the batch writes, as the table spells them."""
        return tuple(c.name for c in self.fitted.columns)

    @cached_property
    def stored(self) -> tuple[str, ...]:
        """The table's columns but its own."""
        own = {name.casefold() for name in self.options.own_names()}
        return tuple(c.name for c in self.fitted.table or self.fitted.columns if c.name.casefold() not in own)

    @cached_property
    def types(self) -> dict[str, str]:
        """The type of each column, as text of the dialect."""
        return {c.name: c.type for c in (*(self.fitted.table or ()), *self.fitted.columns)}

    @cached_property
    def key(self) -> tuple[str, ...]:
        """The columns of the key."""
        return spelt(self.spec.key, self.given, "key", self.model)

    @cached_property
    def updated_at(self) -> str | None:
        """The source's time of a row, as the batch's column; None by column."""
        said = self.options.updated_at
        return spelt([said], self.given, "'updated_at'", self.model)[0] if said is not None else None

    @property
    def by_time(self) -> bool:
        """Whether the source says when its rows changed."""
        return self.options.updated_at is not None

    @property
    def in_place(self) -> bool:
        """Whether open rows are updated, by where they stand, rather than deleted and inserted."""
        return self.spec.dialect == "postgres" and not self.replays

    @property
    def replays(self) -> bool:
        """Whether a load may bring several versions of a key, or repair its history."""
        return self.options.duplicates == "sequence" or self.options.late == "insert"

    @cached_property
    def order_by(self) -> tuple[str, ...]:
        """The columns of ``order_by``."""
        return spelt(self.options.order_by or (), self.given, "'order_by'", self.model)

    @cached_property
    def scope(self) -> tuple[str, ...]:
        """The columns of ``delete_scope``."""
        return spelt(self.options.delete_scope or (), self.given, "'delete_scope'", self.model)

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The columns that the batch writes, but the key."""
        return tuple(name for name in self.given if name not in self.key)

    @cached_property
    def kept(self) -> tuple[str, ...]:
        """The columns that the batch lacks."""
        return tuple(name for name in self.stored if name not in self.given)

    @cached_property
    def tracked(self) -> tuple[str, ...]:
        """The stored columns whose changes begin a version."""
        track = self.options.track
        candidates = [name for name in self.stored if name not in self.key]
        if isinstance(track, tuple):
            wanted = spelt(track, self.stored, "'track'", self.model)
            return tuple(name for name in candidates if name in wanted)
        left_out = {self.updated_at, *self.order_by, *self._flags}
        if isinstance(track, Except):
            left_out |= set(spelt(track.columns, self.stored, "'track'", self.model))
        return tuple(name for name in candidates if name not in left_out)

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """The tracked columns that the batch has."""
        return tuple(name for name in self.tracked if name in self.given)

    @cached_property
    def added(self) -> frozenset[str]:
        """The columns that the table gets by this load."""
        before = {c.name.casefold() for c in self.spec.target_columns or ()}
        before |= {new.casefold() for new in self.spec.renamed}
        return frozenset(name for name in self.stored if name.casefold() not in before)

    @cached_property
    def _flags(self) -> frozenset[str]:
        when = self.delete_when
        return frozenset(c.name for c in when.find_all(exp.Column)) if when is not None else frozenset()

    @cached_property
    def delete_when(self) -> exp.Expr | None:
        """The condition that says that a row of the batch is a delete."""
        said = self.options.delete_when
        return over_one_row(said, self.spec.dialect, self.given, "'delete_when'") if said is not None else None

    # --- names of what a load computes ------------------------------------------------------------------------

    @cached_property
    def mark(self) -> str:
        """What the names of computed columns begin with; no column of the table does."""
        mark = "__"
        while any(name.startswith(mark) for name in self.types):
            mark += "_"
        return mark

    def named(self, what: str) -> str:
        """The name of a computed column, such as the verdict."""
        return self.mark + what

    def computed(self, what: str, of: str | None = None) -> exp.Column:
        """A computed column."""
        return sql.column(self.named(what), of)

    def was(self, name: str) -> str:
        """The name for what the open row holds in a column."""
        return self.named(f"was_{name}")

    def comparable(self, name: str, of: str | None = None) -> exp.Expr:
        """A stored column in a form that can be compared."""
        return sql.comparable(name, self.types[name], self.spec.dialect, of)

    # --- conditions and times ---------------------------------------------------------------------------------

    @property
    def nulls(self) -> bool:
        """Whether NULL in a key equals NULL."""
        return self.options.null_keys == "match"

    def key_is(self, one: str, other: str) -> exp.Expr:
        """Whether the keys under two aliases are equal, column by column."""
        return sql.same(self.key, one, other, nulls=self.nulls)

    def keys(self, of: str) -> list[exp.Expr]:
        """The columns of the key."""
        return [sql.column(name, of) for name in self.key]

    @property
    def execution(self) -> exp.Expr:
        """The execution time."""
        return sql.moment(self.spec.execution_time)

    @property
    def never(self) -> exp.Expr:
        """What ``valid_to`` holds in an open row."""
        at = self.options.open_valid_to
        if at is None:
            return exp.cast(exp.null(), "TIMESTAMPTZ")
        return sql.moment(at if at.tzinfo is not None else at.replace(tzinfo=UTC))

    def is_open(self, of: str | None = None) -> exp.Expr:
        """Whether a row of the table is open."""
        ends = sql.column(self.options.valid_to, of)
        if self.options.open_valid_to is None:
            return sql.is_null(ends)
        return sql.any_of([sql.is_null(ends.copy()), exp.EQ(this=ends, expression=self.never)])

    def is_closed(self, of: str | None = None) -> exp.Expr:
        """Whether a row of the table is closed."""
        ends = sql.column(self.options.valid_to, of)
        if self.options.open_valid_to is None:
            return sql.has_value(ends)
        return sql.all_of([sql.has_value(ends.copy()), exp.NEQ(this=ends, expression=self.never)])

    def is_record(self, of: str | None = None) -> exp.Expr:
        """Whether a row of the table is the record of a delete."""
        if self.options.delete_mode != "new_record":
            return exp.false()
        return exp.Coalesce(this=sql.column("_deleted", of), expressions=[exp.false()])

    def at(self, of: str | None = None) -> exp.Expr:
        """The moment of a row of the batch: ``updated_at``, or the execution time."""
        return self.moment_of(self.updated_at, of) if self.updated_at is not None else self.execution

    def moment_of(self, name: str, of: str | None = None) -> exp.Expr:
        """The times in a column as moments; one without a zone is in UTC.

        Raises:
            InvalidModel: the column's type is no time.
        """
        from interlace.schema.sql_types import Other, Timestamp, parse_type

        value = sql.column(name, of)
        match parse_type(self.types[name], self.spec.dialect):
            case Timestamp(zoned=True):
                return value
            case Timestamp() | Other("date"):
                return exp.AtTimeZone(this=exp.cast(value, "TIMESTAMP"), zone=sql.text("UTC"))
        raise InvalidModel(
            f"{self.model} has 'updated_at: {name}', which is {self.types[name]} and no time",
            hint="Cast it to TIMESTAMPTZ in the model.",
            model=self.model,
        )

    @staticmethod
    def after(moment: exp.Expr, ticks: exp.Expr | None = None) -> exp.Expr:
        """A moment so many microseconds, or one, after another."""
        tick: exp.Expr = exp.Interval(this=sql.text("1"), unit=exp.var("MICROSECOND"))
        if ticks is not None:
            tick = exp.Paren(this=exp.Mul(this=exp.Paren(this=ticks), expression=tick))
        return exp.Add(this=moment, expression=tick)

    def own_columns(self) -> tuple[Column, ...]:
        """The columns that the strategy keeps, with their types."""
        kinds = {self.options.is_current: "BOOLEAN", "_deleted": "BOOLEAN"}
        return tuple(Column(name, kinds.get(name, "TIMESTAMPTZ")) for name in self.options.own_names())
