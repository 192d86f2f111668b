"""``relationships: {column: customer_id, to: customers, field: id}``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sqlglot import exp

from interlace.contracts.check import Check, CheckOptions, CheckTarget, Measure, Verdict
from interlace_checks import asking

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Relationships", "RelationshipsOptions"]


class RelationshipsOptions(CheckOptions):
    """Options of ``relationships``.

    Attributes:
        column: the column that points.
        to: the model, seed or source that it points to.
        field: the column there; by default of the same name.
    """

    column: str
    to: str
    field: str | None = None


class Relationships(Check):
    """Each value of the column exists in a column of another model.

    NULL points nowhere and passes, as with a foreign key.  Over no rows it passes.
    """

    Config: ClassVar[type[CheckOptions]] = RelationshipsOptions
    shorthand = "to"
    column_option = "column"
    quarantines = True

    def columns(self, options: RelationshipsOptions) -> tuple[str, ...]:
        """The column that points."""
        return (options.column,)

    def models(self, options: RelationshipsOptions) -> tuple[str, ...]:
        """The model that it points to."""
        return (options.to,)

    def subject(self, options: RelationshipsOptions) -> str:
        """Both ends: ``customer_id to customers.id``."""
        return f"{options.column} to {options.to}.{options.field or options.column}"

    def compile(self, target: CheckTarget, options: RelationshipsOptions) -> Measure:
        """Count the rows that point at nothing."""
        name = asking.find_column(target, options.column).name
        pointing, there = asking.column_of("child", name), asking.column_of("parent", options.field or options.column)
        # A query of its own, so that DuckDB names a column that is not there: of an anti join it names only the alias.
        parent = exp.select(there.this.copy()).from_(asking.table(target.resolve(options.to))).subquery("parent")
        # Not EXISTS: DuckDB takes half the time for an anti join, and sqlglot writes EXISTS for who has none.
        lost = (
            exp.select(exp.Column(this=exp.Star(), table=exp.to_identifier("child")))
            .from_(asking.table(target.relation, "child"))
            .join(parent, on=exp.EQ(this=there.copy(), expression=pointing.copy()), join_type="anti")
            .where(asking.has_value(pointing))
        )
        count = lost.select(exp.Count(this=exp.Star()), append=False)
        return Measure(count.subquery(), lost, _points_nowhere(target, name, parent, there))

    def judge(self, value: Any, options: RelationshipsOptions, now: datetime) -> Verdict:
        """Pass when every value is found."""
        del now
        failing = int(value or 0)
        end = f"{options.to}.{options.field or options.column}"
        if not failing:
            return Verdict(True, f"every {options.column} exists in {end}", 0)
        return Verdict(False, f"{asking.rows(failing, 'has', 'have')} {options.column} that is not in {end}", failing)


def _points_nowhere(target: CheckTarget, name: str, parent: exp.Expr, there: exp.Expr) -> exp.Expr:
    """Whether a row's value is nowhere there; the row's column is qualified by the relation's name."""
    own = exp.column(exp.to_identifier(name, quoted=True), table=exp.to_identifier(target.relation.name, quoted=True))
    found = exp.select(exp.Literal.number(1)).from_(parent.copy()).where(exp.EQ(this=there.copy(), expression=own))
    return asking.all_of([asking.has_value(own), exp.not_(exp.Exists(this=found))])
