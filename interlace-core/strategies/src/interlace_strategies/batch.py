"""The batch of a comparing strategy: staged once, fitted to the table, one row for each key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.contracts.load import Derive, Keep, Refusal
from interlace_strategies import expressions as sql
from interlace_strategies.fit import Fitted, fit
from interlace_strategies.interval import inside
from interlace_strategies.lookup import spelt
from interlace_strategies.temporary import rejects_of, temporary

if TYPE_CHECKING:
    from collections.abc import Collection

    from interlace.contracts.load import LoadSpec, Step
    from interlace.contracts.options import Options
    from interlace.contracts.relation import Column, Relation
    from interlace_strategies.options import BatchOptions

__all__ = ["Batch", "Rejection", "batch_of"]

_NTH: Final = "__interlace_nth"
_TIMES: Final = "__interlace_times"


@dataclass(frozen=True, slots=True)
class Rejection:
    """Rows that are left out, and why: `reason` is what ``_reason`` says of them."""

    reason: str
    condition: exp.Expr


@dataclass(frozen=True, slots=True)
class Batch:
    """A staged batch, and what is known of it.

    The queries of its methods read `relation` under the alias ``given``.  What they need is made by `steps`; that
    nothing in it is refused is looked at by `numbers`, `scalars` and `refusals`, which the strategy puts into its `Examine`.

    Attributes:
        spec: the load.
        options: the policies.
        relation: the staged rows, with the names and types of the table's columns.
        columns: those of `relation` that are written.
        key: names of the key's columns, spelt as in the table.
        identity: of the rows with equal values of these columns one is taken: the key, or more; empty where all are.
        computed: more columns of each row, by their names: over the columns of `relation`, unqualified.  After `order_by`
            the greater comes first.
        order: the columns of `order_by`.
        rejections: what is left out; each row is rejected for the first reason that is true.
        staging: stage it and fit it to the table.
        room: the steps that make the table fit.
        table: the table's columns once it is fit; None where there is none.
    """

    spec: LoadSpec[Options]
    options: BatchOptions
    relation: Relation
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    identity: tuple[str, ...]
    computed: Mapping[str, exp.Expr]
    order: tuple[str, ...]
    rejections: tuple[Rejection, ...]
    staging: tuple[Step, ...]
    room: tuple[Step, ...]
    table: tuple[Column, ...] | None

    @property
    def steps(self) -> tuple[Step, ...]:
        """Stage the batch, fit it, and find what repeats."""
        if not self.identity:
            return self.staging
        names = [sql.column(name, "given") for name in self.identity]
        query = sql.select(
            {n: sql.column(n, "given") for n in self.identity} | {_TIMES: _all()}, self._given(), self.usable()
        )
        query = query.group_by(*names, copy=False).having(_more_than_one(), copy=False)
        return (*self.staging, Derive(self._repeated(), query))

    @property
    def nulls(self) -> bool:
        """Whether NULL is a value in a key."""
        return self.options.null_keys == "match"

    # --- conditions -------------------------------------------------------------------------------------------

    def usable(self) -> list[exp.Expr]:
        """Conditions on a row of `relation` (``given``): it is not rejected."""
        return [_not(rejection.condition.copy()) for rejection in self.rejections]

    def key_is(self, one: str, other: str) -> exp.Expr:
        """Whether the keys under two aliases are equal, column by column."""
        return sql.same(self.key, one, other, nulls=self.nulls)

    def computing(self, **computed: exp.Expr) -> Batch:
        """The batch with these as `computed`."""
        return replace(self, computed=computed)

    # --- rows -------------------------------------------------------------------------------------------------

    def rows(self) -> exp.Query:
        """One row for each identity: `columns`, then `computed`; all rows where there is no identity."""
        if not self.identity:
            return sql.select(self._values(), self._given(), self.usable())
        chosen = [*(c.name for c in self.columns), *self.computed]
        single = sql.select(self._values(), self._given(), [*self.usable(), exp.Not(this=self._repeats())])
        latest = sql.select({**self._values(), _NTH: self._nth()}, self._given(), [*self.usable(), self._repeats()])
        first = exp.EQ(this=sql.column(_NTH, "repeating"), expression=sql.number(1))
        picked = sql.select(chosen, sql.subquery(latest, "repeating"), [first], of="repeating")
        return exp.union(single, picked, distinct=False, copy=False)

    def kept(self) -> tuple[Step, ...]:
        """Set the rejected rows aside, where the options say so; after the batch was examined."""
        if self.options.rejects == "drop" or not self.rejections:
            return ()
        reason = exp.Case()
        for rejection in self.rejections:
            reason = reason.when(rejection.condition.copy(), sql.text(rejection.reason), copy=False)
        values: dict[str, exp.Expr] = {c.name: sql.column(c.name, "given") for c in self.columns}
        values |= {"_reason": reason, "_loaded_at": sql.moment(self.spec.execution_time)}
        rejected = sql.any_of([rejection.condition.copy() for rejection in self.rejections])
        return (Keep(rejects_of(self.spec.target), sql.select(values, self._given(), [rejected])),)

    # --- numbers ----------------------------------------------------------------------------------------------

    def numbers(self) -> exp.Select:
        """One row about `relation`: ``given`` rows, ``rejected`` ones, ``null_keys`` where there is a key."""
        rejected: exp.Expr = sql.number(0)
        if self.rejections:
            rejected = sql.count_where(sql.any_of([r.condition.copy() for r in self.rejections]))
        values = {"given": _all(), "rejected": rejected}
        if self.key:
            values["null_keys"] = sql.count_where(_null_key(self.key))
        return sql.select(values, self._given())

    def scalars(self) -> dict[str, exp.Expr]:
        """More numbers: ``surplus`` rows that are left out for others of their identity; ``differing`` identities.

        Differing are identities of which rows differ and nothing says which to take; under ``latest`` that is where
        `order_by` does not tell them apart.
        """
        if not self.identity:
            return {"surplus": sql.number(0), "differing": sql.number(0)}
        others = exp.Sub(this=sql.column(_TIMES), expression=sql.number(1))
        surplus = sql.select({"surplus": exp.Sum(this=others)}, sql.table(self._repeated()))
        differing = sql.select({"differing": _all()}, sql.subquery(self._differing(), "differing_keys"))
        return {
            "surplus": exp.Coalesce(this=sql.scalar(surplus), expressions=[sql.number(0)]),
            "differing": sql.scalar(differing),
        }

    def refusals(self) -> tuple[Refusal, ...]:
        """What must be zero."""
        found: list[Refusal] = []
        if not self.identity:
            return ()
        if self.options.null_keys == "error":
            found.append(self._null_refusal())
        if self.options.duplicates == "error":
            found.append(self._duplicate_refusal())
        return tuple(found)

    # --- inside -----------------------------------------------------------------------------------------------

    def _given(self) -> exp.Table:
        return sql.table(self.relation, "given")

    def _repeated(self) -> Relation:
        return temporary(self.spec.target, "repeated")

    def _values(self) -> dict[str, exp.Expr]:
        values: dict[str, exp.Expr] = {c.name: sql.column(c.name, "given") for c in self.columns}
        return values | {name: value.copy() for name, value in self.computed.items()}

    def _repeats(self) -> exp.Exists:
        """Whether another row has the identity of this one."""
        equal = [sql.same([n], "repeated", "given", nulls=self.nulls or n not in self.key) for n in self.identity]
        found = exp.Select(expressions=[sql.number(1)]).from_(sql.table(self._repeated(), "repeated"), copy=False)
        return exp.Exists(this=found.where(*equal, copy=False))

    def _nth(self) -> exp.Window:
        partition = [sql.column(name, "given") for name in self.identity]
        rest = [self._comparable(c) for c in self.columns if c.name not in {*self.identity, *self.order}]
        return sql.numbered(partition, [*self._latest_first(), *(_descending(value) for value in rest)])

    def _latest_first(self) -> list[exp.Expr]:
        columns = {c.name: c for c in self.columns}
        ordered = [self._comparable(columns[name]) for name in self.order]
        return [_descending(value) for value in [*ordered, *(v.copy() for v in self.computed.values())]]

    def _comparable(self, column: Column) -> exp.Expr:
        return sql.comparable(column.name, column.type, self.spec.dialect, "given")

    def _differing(self) -> exp.Select:
        """The identities of which rows differ."""
        values = {c.name: self._comparable(c) for c in self.columns}
        repeating = [*self.usable(), self._repeats()]
        if self.options.duplicates == "latest":
            rank = sql.numbered([sql.column(n, "given") for n in self.identity], self._latest_first())
            rank.set("this", exp.Rank())
            ranked = sql.select({**values, _NTH: rank}, self._given(), repeating)
            first = exp.EQ(this=sql.column(_NTH, "ranked"), expression=sql.number(1))
            different = sql.select(list(values), sql.subquery(ranked, "ranked"), [first], of="ranked")
        else:
            different = sql.select(values, self._given(), repeating)
        different = different.distinct(copy=False)
        found = sql.select(self.identity, sql.subquery(different, "different"), of="different")
        found = found.group_by(*(sql.column(n, "different") for n in self.identity), copy=False)
        return found.having(_more_than_one(), copy=False)

    def _null_refusal(self) -> Refusal:
        sample = sql.select([c.name for c in self.columns], self._given(), [_null_key(self.key)], of="given")
        return Refusal(
            "null_keys",
            f"Rows of the batch for {_said(self.spec.target)} with NULL in the key ({_listed(self.key)}): {{count}}.",
            "Filter them in the model, or set 'null_keys: skip' or 'null_keys: match'.",
            sample,
        )

    def _duplicate_refusal(self) -> Refusal:
        names = [c.name for c in self.columns]
        equal = sql.same(self.identity, "differing_keys", "given", nulls=True)
        found = sql.select({"found": sql.number(1)}, sql.subquery(self._differing(), "differing_keys"), [equal])
        sample = sql.select(names, self._given(), [*self.usable(), exp.Exists(this=found)], of="given")
        return Refusal(
            "differing",
            f"Several rows of the batch for {_said(self.spec.target)} share a key ({_listed(self.identity)}) and differ; "
            "keys: {count}.",
            "Make them unique in the model, or set 'duplicates: latest' and 'order_by'.",
            sample.order_by(*(sql.column(n, "given") for n in self.identity), copy=False),
        )


def batch_of(
    spec: LoadSpec[Options],
    options: BatchOptions,
    *,
    key: Sequence[str] | None = None,
    identity: Sequence[str] = (),
    reserved: Collection[str] = (),
) -> Batch:
    """Plan the staging of a load's batch.

    Args:
        spec: the load.
        options: the policies for keys and duplicates.
        key: the columns of the key, where they are not the model's.
        identity: more columns beside the key of which a batch may hold several values for one key.
        reserved: columns of the table that the strategy itself keeps.

    Raises:
        InvalidModel: the batch does not fit the table, or an option names no column.
    """
    fitted = fit(spec, reserved)
    names = [c.name for c in fitted.columns]
    model = spec.target.name
    found = spelt(spec.key if key is None else key, names, "key", model)
    more = spelt(identity, names, "order", model)
    order = spelt(options.order_by or (), names, "'order_by'", model)
    return Batch(
        spec=spec,
        options=options,
        relation=fitted.relation,
        columns=fitted.columns,
        key=found,
        identity=tuple(dict.fromkeys([*found, *more])),
        computed={},
        order=order,
        rejections=tuple(_rejections(spec, options, fitted, found)),
        staging=fitted.steps,
        room=fitted.room,
        table=fitted.table,
    )


def _rejections(
    spec: LoadSpec[Options], options: BatchOptions, fitted: Fitted, key: tuple[str, ...]
) -> list[Rejection]:
    found = []
    if options.null_keys == "skip":
        found.append(Rejection("null key", _null_key(key)))
    if spec.interval is not None:
        within = inside(spec.interval, fitted.columns, spec.dialect, spec.target.name, "given")
        outside = exp.Not(this=exp.Coalesce(this=exp.Paren(this=within), expressions=[exp.false()]))
        found.append(Rejection("outside the interval", outside))
    return found


def _null_key(key: Sequence[str]) -> exp.Expr:
    return sql.any_of([sql.is_null(sql.column(name, "given")) for name in key])


def _not(condition: exp.Expr) -> exp.Expr:
    return condition.this if isinstance(condition, exp.Not) else exp.Not(this=condition)


def _descending(value: exp.Expr) -> exp.Ordered:
    return exp.Ordered(this=value, desc=True, nulls_first=False)


def _all() -> exp.Count:
    return exp.Count(this=exp.Star())


def _more_than_one() -> exp.GT:
    return exp.GT(this=_all(), expression=sql.number(1))


def _listed(names: Sequence[str]) -> str:
    return _said(", ".join(names))


def _said(name: object) -> str:
    """A name inside a message that is formatted later."""
    return str(name).replace("{", "{{").replace("}", "}}")
