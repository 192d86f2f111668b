"""A merge into a table that exists: what becomes of each key, the numbers, the statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.contracts.load import Change, Derive, Examine, Refusal
from interlace_strategies import expressions as sql
from interlace_strategies.merge_row import DELETED, DELETED_AT
from interlace_strategies.temporary import temporary

if TYPE_CHECKING:
    from interlace.contracts.load import Step
    from interlace.contracts.relation import Relation
    from interlace_strategies.deletes import Deletes
    from interlace_strategies.merge_row import MergedRow

__all__ = ["Merging"]

_BECOMES: Final = "__interlace_becomes"


@dataclass(frozen=True, slots=True)
class Merging:
    """A merge into a table that exists.

    The temporary relation ``changes`` holds the rows as they will be, one for each key that changes, and what becomes of it:
    ``insert``; ``return``, which was deleted softly; ``update``; ``delete``, which the batch says; ``missing``.

    Attributes:
        row: what becomes of a row.
        deletes: which rows are missing.
    """

    row: MergedRow
    deletes: Deletes

    # --- steps ------------------------------------------------------------------------------------------------

    def classify(self) -> Derive:
        """Find the rows that change."""
        values = self.row.values()
        changed = sql.select({**values, _BECOMES: self.row.becomes()}, self._source(), [self.row.changes()])
        changed = changed.join(
            self.row.target(), on=self.row.batch.key_is("source", "target"), join_type="left", copy=False
        )
        if not self.deletes.options.delete_missing:
            return Derive(self._relation(), changed)
        missing = {name: self.row.missing_value(name) for name in values} | {_BECOMES: sql.text("missing")}
        target = sql.table(self.row.batch.spec.target, "target")
        gone = sql.select(missing, target, self.deletes.missing())
        return Derive(self._relation(), exp.union(changed, gone, distinct=False, copy=False))

    def examine(self) -> Examine:
        """All numbers, of one look at the batch and one at the changes."""
        groups: dict[str, exp.Query] = {"batch": self.row.batch.numbers(), "changes": self._numbers()}
        scalars = self.row.batch.scalars()
        refusals = (*self.row.batch.refusals(), self._twins())
        if self.deletes.options.delete_missing:
            groups["table"] = self.deletes.numbers()
            scalars |= self.deletes.scalars(sql.column("missing", "changes"))
            refusals += self.deletes.refusals()
        return Examine(
            sql.one_row(groups, scalars | self._sums(scalars["surplus"], scalars["differing"])),
            refusals,
            ("inserted", "updated", "unchanged", "deleted", "rejected", "conflict"),
        )

    def write(self) -> tuple[Step, ...]:
        """Bring the changes into the table."""
        return (*self._update(), *self._delete(), self._insert())

    # --- the numbers ------------------------------------------------------------------------------------------

    def _numbers(self) -> exp.Select:
        statements = {"to_update": self._updates(), "to_delete": self._removes(), "to_insert": self._inserts()}
        counted = {
            name: sql.count_where(_becomes(classes)) for name, classes in (_COUNTED | statements).items() if classes
        }
        return sql.select(counted, sql.table(self._relation(), "changes"))

    def _sums(self, surplus: exp.Expr, differing: exp.Expr) -> dict[str, exp.Expr]:
        """What follows from the numbers."""
        unchanged: exp.Expr = sql.column("given", "batch")
        counted = [sql.column("rejected", "batch"), surplus.copy()]
        counted += [sql.column(name, "changes") for name in ("inserted", "updated", "flagged")]
        for number in counted:
            unchanged = exp.Sub(this=unchanged, expression=number)
        deleted = exp.Add(this=sql.column("flagged", "changes"), expression=sql.column("missing", "changes"))
        latest = self.row.options.duplicates == "latest"
        return {
            "unchanged": unchanged,
            "deleted": deleted,
            "conflict": differing.copy() if latest else sql.number(0),
            "twins": sql.scalar(self._twin_keys()),
        }

    def _twin_keys(self) -> exp.Select:
        """How many keys the changes hold twice, which the table then does too."""
        key = [sql.column(n, "changes") for n in self.row.batch.key]
        changes = sql.table(self._relation(), "changes")
        repeated = sql.select(self.row.batch.key, changes, [exp.Not(this=_becomes(["missing"]))], of="changes")
        more = exp.GT(this=exp.Count(this=exp.Star()), expression=sql.number(1))
        repeated = repeated.group_by(*key, copy=False).having(more, copy=False)
        return sql.select({"twins": exp.Count(this=exp.Star())}, sql.subquery(repeated, "twin_keys"))

    def _twins(self, column: str = "twins") -> Refusal:
        return Refusal(column, f"Keys that several rows of {self._named()} share already: {{count}}.", _TWINS)

    # --- the statements ---------------------------------------------------------------------------------------

    def _updates_in_place(self) -> bool:
        how = self.row.options.how or ("update" if self.row.batch.spec.dialect == "postgres" else "delete_insert")
        return how == "update"

    def _possible(self) -> list[str]:
        """The classes that there can be."""
        found = ["insert"]
        found += ["return"] if self.row.options.soft else []
        found += ["update"] if self.row.updated or self.row.set else []
        found += ["delete"] if self.row.flagged else []
        found += ["missing"] if self.deletes.options.delete_missing else []
        return found

    def _ends(self) -> list[str]:
        """The classes of which no row is left."""
        return [] if self.row.options.soft else [c for c in self._possible() if c in {"delete", "missing"}]

    def _updates(self) -> list[str]:
        """The classes that are updated in place."""
        return [c for c in self._possible() if c not in {"insert", *self._ends()}] if self._updates_in_place() else []

    def _removes(self) -> list[str]:
        """The classes whose rows are deleted, for good or to be inserted again."""
        return self._ends() if self._updates_in_place() else [c for c in self._possible() if c != "insert"]

    def _inserts(self) -> list[str]:
        """The classes whose rows are inserted."""
        return [c for c in self._possible() if c not in {*self._ends(), *self._updates()}]

    def _delete(self) -> list[Step]:
        if not self._removes():
            return []
        where = [self.row.batch.key_is("changes", "target"), *self._of(self._removes())]
        statement = sql.delete(self.row.batch.spec.target, sql.table(self._relation(), "changes"), sql.all_of(where))
        return [Change(statement, expect=self._twins("to_delete"))]

    def _update(self) -> list[Step]:
        if not self._updates():
            return []
        where = [self.row.batch.key_is("changes", "target"), *self._of(self._updates())]
        changes = sql.table(self._relation(), "changes")
        statement = sql.update(self.row.batch.spec.target, self._assigned(), changes, sql.all_of(where))
        return [Change(statement, expect=self._twins("to_update"))]

    def _assigned(self) -> dict[str, exp.Expr]:
        """What a row that is updated in place gets; a row that returns gets all values."""
        names = [n for n in self.row.values() if n not in self.row.batch.key]
        if self.row.options.soft:
            return {n: sql.column(n, "changes") for n in names} | self._technical()
        values: dict[str, exp.Expr] = {
            n: sql.column(n, "changes") for n in names if n in self.row.updated or n in self.row.set
        }
        return values | {n: exp.null() for n in self.row.others if n not in self.row.kept}

    def _insert(self) -> Change:
        values: dict[str, exp.Expr] = {n: sql.column(n, "changes") for n in self.row.values()} | self._technical()
        rows = sql.select(values, sql.table(self._relation(), "changes"), self._of(self._inserts()))
        wrong = Refusal(
            "to_insert", f"A merge into {self._named()} inserted {{count}} rows more than it planned.", defect=True
        )
        return Change(sql.insert(self.row.batch.spec.target, list(values), rows), expect=wrong)

    def _of(self, classes: Sequence[str]) -> list[exp.Expr]:
        """A condition on the changes; none where all of them are meant."""
        return [] if {*self._possible()} == {*classes} else [_becomes(classes)]

    def _technical(self) -> dict[str, exp.Expr]:
        if not self.row.options.soft:
            return {}
        gone = _becomes(["delete", "missing"])
        at = exp.Case().when(gone.copy(), sql.moment(self.row.batch.spec.execution_time), copy=False)
        return {DELETED: gone, DELETED_AT: at}

    # --- names ------------------------------------------------------------------------------------------------

    def _relation(self) -> Relation:
        return temporary(self.row.batch.spec.target, "changes")

    def _named(self) -> str:
        return str(self.row.batch.spec.target).replace("{", "{{").replace("}", "}}")

    def _source(self) -> exp.Subquery:
        return sql.subquery(self.row.batch.rows(), "source")


_COUNTED: Final = {
    "inserted": ("insert", "return"),
    "updated": ("update",),
    "flagged": ("delete",),
    "missing": ("missing",),
}
_TWINS: Final = "Remove them: a key belongs to one row. 'interlace run --full-refresh' builds the table anew."


def _becomes(classes: Sequence[str]) -> exp.Expr:
    found = sql.column(_BECOMES, "changes")
    if len(classes) == 1:
        return exp.EQ(this=found, expression=sql.text(classes[0]))
    return exp.In(this=found, expressions=[sql.text(c) for c in classes])
