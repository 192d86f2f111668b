"""Deletes: which live rows of the table a batch deletes, and the guards.

Shared by strategies that compare: the table's rows are under the alias ``target``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.contracts.load import Refusal
from interlace.errors import InvalidModel
from interlace_strategies import expressions as sql
from interlace_strategies.lookup import spelt
from interlace_strategies.written import over_one_row

if TYPE_CHECKING:
    from interlace_strategies.batch import Batch
    from interlace_strategies.options import DeleteOptions

__all__ = ["DELETES", "FLAG", "Deletes", "refuse_partial"]

FLAG: Final = "__interlace_deletes"
"""The column of a batch's rows that says that the row deletes its key."""

DELETES: Final = 100
"""Live rows from which on too many deletes are refused."""


@dataclass(frozen=True, slots=True)
class Deletes:
    """What of a table a batch deletes for not holding it.

    Attributes:
        batch: the batch.
        options: when, and the guards.
        live: a condition on a row of the table (``target``): it is not deleted yet; None where all are live.
        scope: the columns of `delete_scope`, spelt as in the table.
    """

    batch: Batch
    options: DeleteOptions
    live: exp.Expr | None = None
    scope: tuple[str, ...] = ()

    @classmethod
    def of(cls, batch: Batch, options: DeleteOptions, live: exp.Expr | None = None) -> Deletes:
        """The deletes of a batch.

        Raises:
            InvalidModel: the scope names no column.
        """
        names = [c.name for c in batch.columns]
        scope = spelt(options.delete_scope or (), names, "'delete_scope'", batch.spec.target.name)
        return cls(batch, options, live, scope)

    def flag(self) -> exp.Expr | None:
        """Whether a row of the batch deletes its key: never NULL; None where none can."""
        if self.options.delete_when is None:
            return None
        names = [c.name for c in self.batch.columns]
        condition = over_one_row(self.options.delete_when, self.batch.spec.dialect, names, "'delete_when'")
        return exp.Coalesce(this=condition, expressions=[exp.false()])

    def missing(self) -> list[exp.Expr]:
        """Conditions on a live row of the table (``target``): the batch does not hold its key, and would if it were there."""
        equal = self.batch.key_is("given", "target")
        held = sql.select(
            {"held": sql.number(1)}, sql.table(self.batch.relation, "given"), [*self.batch.usable(), equal]
        )
        return [*self._live_in_scope(), exp.Not(this=exp.Exists(this=held))]

    def numbers(self) -> exp.Select:
        """One row: how many ``live`` rows are in scope, before the load."""
        table = sql.table(self.batch.spec.target, "target")
        return sql.select({"live": exp.Count(this=exp.Star())}, table, self._live_in_scope())

    def scalars(self, missing: exp.Expr) -> dict[str, exp.Expr]:
        """More numbers for `refusals`, beside those of the batch.

        Args:
            missing: how many rows would be deleted for being missing.
        """
        live = sql.column("live")
        limit = exp.Mul(this=live.copy(), expression=sql.number(self.options.max_delete_fraction))
        many = exp.GTE(this=live.copy(), expression=sql.number(DELETES))
        too_many = sql.all_of([many, exp.GT(this=missing.copy(), expression=limit)])
        values: dict[str, exp.Expr] = {"too_many": exp.Case().when(too_many, missing.copy())}
        if not (self.options.allow_empty or self.scope):
            usable = exp.Sub(this=sql.column("given", "batch"), expression=sql.column("rejected", "batch"))
            values["emptied"] = exp.Case().when(exp.EQ(this=usable, expression=sql.number(0)), live.copy())
        return values

    def refusals(self) -> tuple[Refusal, ...]:
        """The guards."""
        target = str(self.batch.spec.target).replace("{", "{{").replace("}", "}}")
        fraction = self.options.max_delete_fraction
        too_many = Refusal(
            "too_many",
            f"The batch would delete {{count}} rows of {target} that are missing from it, more than {fraction:.0%} of the "
            "live ones in scope.",
            "If that is right, set 'max_delete_fraction' higher for this load.",
        )
        if self.options.allow_empty or self.scope:
            return (too_many,)
        emptied = Refusal(
            "emptied",
            f"The batch for {target} is empty and would delete all of its {{count}} live rows.",
            "If that is right, set 'allow_empty: true' for this load.",
        )
        return emptied, too_many

    def _live_in_scope(self) -> list[exp.Expr]:
        conditions = [self.live.copy()] if self.live is not None else []
        if self.scope:
            equal = sql.same(self.scope, "given", "target", nulls=True)
            found = sql.select(self.scope, sql.table(self.batch.relation, "given"), self.batch.usable(), of="given")
            scopes = sql.subquery(found.distinct(copy=False), "given")
            held = sql.select({"held": sql.number(1)}, scopes, [equal])
            conditions.append(exp.Exists(this=held))
        return conditions


def refuse_partial(options: DeleteOptions, *, partial: bool, model: str) -> None:
    """Refuse to read a partial extract as deletes.

    Raises:
        InvalidModel: rows that an incremental batch does not hold would be deleted.
    """
    if partial and options.delete_missing and options.delete_scope is None:
        raise InvalidModel(
            f"{model} is incremental, so that a row that its batch does not hold is not missing: 'delete_missing' would delete "
            "all that did not change",
            hint="Name the columns of which a batch holds all rows in 'delete_scope', or leave 'incremental' out.",
            model=model,
        )
