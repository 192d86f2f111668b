"""``where`` of a check: what it asks of all rows of a relation, asked of those for which a condition is true.

Checks know nothing of it: the expressions that they compile to are rewritten.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar, cast

from sqlglot import exp

from interlace.contracts.check import Measure
from interlace.contracts.relation import Relation

if TYPE_CHECKING:
    from interlace.contracts.check import CheckTarget

__all__ = ["Narrowing", "table"]

E = TypeVar("E", bound=exp.Expr)

_ITSELF: Final = Relation("__interlace_itself")
"""Stands for the checked relation where it is read as another model: all its rows count there."""

_IGNORING_NULL: Final = (exp.Count, exp.Sum, exp.Min, exp.Max, exp.Avg)
_OVER_ONE_ROW: Final = (exp.Coalesce, exp.Cast, exp.Case, exp.If, exp.Abs, exp.Round, exp.Nullif, exp.And, exp.Or)


class _CannotNarrow(Exception):
    """An expression may hold an aggregate that cannot be told."""


def table(relation: Relation) -> exp.Table:
    """A relation as it stands after FROM."""
    return exp.table_(relation.name, db=relation.schema, catalog=relation.catalog, quoted=True)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The rows of a relation for which a condition is true."""

    target: CheckTarget
    condition: exp.Expr

    def compiling(self) -> CheckTarget:
        """The target to compile for: what resolves to the checked relation itself is told from it."""
        real = self.target.resolve

        def resolve(name: str) -> Relation:
            found = real(name)
            return _ITSELF if found == self.target.relation else found

        return replace(self.target, resolve=resolve)

    def measure(self, measure: Measure) -> tuple[Measure, bool]:
        """A measure of these rows.

        Returns:
            the measure, and whether its value may be selected ``FROM`` the whole relation; where not, it must be selected
            ``FROM`` `rows`.
        """
        try:
            value, whole = measure.value.copy().transform(self._in_value), True
        except _CannotNarrow:
            value, whole = measure.value.copy().transform(self._in_query), False
        failing, broken = measure.failing, measure.broken
        if broken is not None:
            broken = exp.and_(self._in(broken), self.condition.copy())
        made = Measure(_itself(value, self.target), None if failing is None else self._in(failing), broken)
        return made, whole

    def count(self) -> exp.Expr:
        """How many rows these are."""
        return exp.Count(this=exp.Case().when(self.condition.copy(), exp.Literal.number(1)))

    def rows(self, alias: str | None = None) -> exp.Subquery:
        """These rows, as what stands after FROM."""
        chosen = exp.select(exp.Star()).from_(table(self.target.relation)).where(self.condition.copy())
        return chosen.subquery(exp.to_identifier(alias or self.target.relation.name, quoted=True))

    def _in_value(self, node: exp.Expr) -> exp.Expr:
        match node:
            case exp.Query():
                return node.transform(self._in_query)
            case exp.Filter() | exp.Window() | exp.WithinGroup():
                raise _CannotNarrow
            case _ if isinstance(node, _IGNORING_NULL):
                return self._only_here(node)
            case exp.Exists() | exp.Not() | exp.Paren():
                return node
            case exp.Func() if not isinstance(node, _OVER_ONE_ROW):
                raise _CannotNarrow
        return node

    def _only_here(self, aggregate: exp.Expr) -> exp.Expr:
        """An aggregate that ignores NULL, given NULL by the rows that do not count."""
        made = aggregate.copy()
        counted = made.this
        if isinstance(counted, exp.Distinct):
            if len(counted.expressions) != 1:
                raise _CannotNarrow
            counted.set("expressions", [self._or_null(counted.expressions[0])])
        elif made.expressions:
            raise _CannotNarrow
        else:
            made.set("this", self._or_null(exp.Literal.number(1) if isinstance(counted, exp.Star) else counted))
        return made

    def _or_null(self, value: exp.Expr) -> exp.Expr:
        if isinstance(value, exp.Case) and value.this is None and not value.args.get("default"):
            ifs = [exp.If(this=exp.and_(self.condition.copy(), i.this), true=i.args["true"]) for i in value.args["ifs"]]
            return exp.Case(ifs=ifs)
        return exp.Case().when(self.condition.copy(), value.copy())

    def _in(self, expression: E) -> E:
        """What reads the relation, reading these rows of it."""
        return _itself(cast("E", expression.copy().transform(self._in_query)), self.target)

    def _in_query(self, node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Table) and node.parts == table(self.target.relation).parts:
            return self.rows(node.alias or None)
        return node


def _itself(expression: E, target: CheckTarget) -> E:
    """The expression with the checked relation where it was read as another model."""
    stand_in = table(_ITSELF)

    def swap(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Table) and node.parts == stand_in.parts:
            real = table(target.relation)
            return exp.alias_(real, node.alias, table=True) if node.alias else real
        return node

    return cast("E", expression.transform(swap))
