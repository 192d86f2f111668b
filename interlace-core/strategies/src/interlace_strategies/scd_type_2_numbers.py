"""What a load of a history looks at before it writes: what is refused, what becomes of the rows, and those set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from interlace.contracts.load import Examine, Keep, Refusal
from interlace_strategies import expressions as sql
from interlace_strategies.deletes import DELETES
from interlace_strategies.scd_type_2_changes import Changes, is_one_of
from interlace_strategies.scd_type_2_layout import said
from interlace_strategies.temporary import rejects_of

if TYPE_CHECKING:
    from interlace.contracts.load import Step
    from interlace.contracts.relation import Relation
    from interlace_strategies.scd_type_2_batch import BatchRows
    from interlace_strategies.scd_type_2_layout import Layout
    from interlace_strategies.scd_type_2_replay import Replaying
    from interlace_strategies.scd_type_2_write import Writing

__all__ = ["BatchNumbers", "Numbers"]

_NOT_LOADED = {"late": "late", "conflict": "conflict", "rejected": "late in a deleted gap"}


class BatchNumbers:
    """What is looked at in the batch alone.

    Args:
        layout: the columns.
        batch: the rows.
        looked_at: the keys that may have rows that differ.
    """

    def __init__(self, layout: Layout, batch: BatchRows, looked_at: Relation) -> None:
        self._layout = layout
        self._batch = batch
        self._looked_at = looked_at

    def refusals(self) -> list[Refusal]:
        """What must be zero, beside `scalars`."""
        return [*self._about_rows(), *([self._about_duplicates()] if self.scalars() else [])]

    def scalars(self) -> dict[str, exp.Expr]:
        """``differing``, unless one of several rows is taken in any case."""
        if self._layout.options.duplicates == "latest":
            return {}
        return {"differing": self._count_of(self._batch.differing(self._looked_at))}

    def kept(self) -> list[Step]:
        """Set rows aside that are not loaded, where the options say so."""
        queries = self._not_loaded() if self._layout.options.rejects == "keep" else []
        if not queries:
            return []
        query: exp.Query = queries[0]
        for more in queries[1:]:
            query = exp.union(query, more, distinct=False, copy=False)
        return [Keep(rejects_of(self._layout.target), query)]

    def _not_loaded(self) -> list[exp.Select]:
        return [self._kept_of_batch()] if self._batch.rejections() else []

    def of_batch(self) -> exp.Select:
        """One row: ``given`` rows, those ``left_out``, and what is refused."""
        left_out = [condition for _, condition in self._batch.rejections()]
        values: dict[str, exp.Expr] = {
            "given": exp.Count(this=exp.Star()),
            "null_keys": sql.count_where(self._batch.without_key()),
            "left_out": sql.count_where(sql.any_of(left_out)) if left_out else sql.number(0),
        }
        if self._layout.by_time:
            values["null_times"] = sql.count_where(self._batch.without_time())
        return sql.select(values, self._batch.given())

    @staticmethod
    def _count_of(query: exp.Select) -> exp.Expr:
        return sql.scalar(sql.select({"number": exp.Count(this=exp.Star())}, sql.subquery(query, "n")))

    def _about_rows(self) -> list[Refusal]:
        layout, found = self._layout, []
        names = {name: sql.column(name, "given") for name in layout.given}
        if layout.options.null_keys == "error":
            found.append(
                Refusal(
                    "null_keys",
                    f"Rows of the batch for {said(layout.target)} with NULL in the key "
                    f"({said(', '.join(layout.key))}): {{count}}.",
                    "Filter them in the model, or set 'null_keys: skip' or 'null_keys: match'.",
                    sql.select(names, self._batch.given(), [self._batch.without_key()]),
                )
            )
        if layout.updated_at is not None:
            found.append(
                Refusal(
                    "null_times",
                    f"Rows of the batch for {said(layout.target)} without {said(layout.updated_at)}: {{count}}.",
                    "A history by time needs the time of each row: give it in the model, or filter such rows.",
                    sql.select(
                        {n: v.copy() for n, v in names.items()}, self._batch.given(), [self._batch.without_time()]
                    ),
                )
            )
        return found

    def _about_duplicates(self) -> Refusal:
        layout = self._layout
        options = "'latest' or 'sequence'" if layout.by_time else "'latest', with 'order_by'"
        hint = f"Make them unique in the model, or set 'duplicates' to {options}."
        what = "Keys"
        if layout.options.duplicates == "sequence":
            what, hint = "Moments of a key", "One moment cannot have two versions: make them unique in the model."
        differing = self._batch.differing(self._looked_at)
        met = exp.Exists(
            this=sql.select({"one": sql.number(1)}, sql.subquery(differing, "d"), [layout.key_is("d", "given")])
        )
        names = {name: sql.column(name, "given") for name in layout.given}
        sample = sql.select(names, self._batch.given(), [met]).order_by(*layout.keys("given"), copy=False)
        message = f"{what} that differ in several rows of the batch for {said(layout.target)}: {{count}}."
        return Refusal("differing", message, hint, sample)

    def _kept_of_batch(self) -> exp.Select:
        reason = exp.Case()
        for word, condition in self._batch.rejections():
            reason = reason.when(condition, sql.text(word), copy=False)
        conditions = [condition for _, condition in self._batch.rejections()]
        return self._aside("given", self._batch.given(), reason, sql.any_of(conditions))

    def _aside(self, of: str, rows: exp.Table, reason: exp.Expr, where: exp.Expr) -> exp.Select:
        values: dict[str, exp.Expr] = {name: sql.column(name, of) for name in self._layout.given}
        values |= {"_reason": reason, "_loaded_at": self._layout.execution}
        return sql.select(values, rows, [where])


class Numbers(BatchNumbers):
    """What is looked at in the batch, the judged rows and the table."""

    def __init__(self, layout: Layout, batch: BatchRows, changes: Changes, writing: Writing | Replaying) -> None:
        super().__init__(layout, batch, layout.temporary("several") if batch.picks else changes.found)
        self._changes = changes
        self._writing = writing

    def examined(self) -> Examine:
        """One row of numbers."""
        groups = {"batch": self.of_batch(), "judged": self._of_judged()}
        options = self._layout.options
        scalars, refusals = self.scalars(), self.refusals()
        if not self._layout.by_time:
            scalars["backwards"] = self._backwards()
            refusals.append(self._about_time())
        if options.late == "error":
            refusals.append(self._about_late())
        if options.delete_missing:
            groups["table"] = self._of_table()
            scalars |= self._guards()
            refusals += self._about_deletes()
        scalars["rejected"] = exp.Add(this=sql.column("left_out", "batch"), expression=sql.column("in_gaps", "judged"))
        others = exp.Add(this=sql.column("left_out", "batch"), expression=sql.column("told", "judged"))
        scalars["unchanged"] = exp.Sub(this=sql.column("given", "batch"), expression=exp.Paren(this=others))
        counts = ("unchanged", "rejected", "late", "conflict", *self._writing.counts())
        return Examine(sql.one_row(groups, scalars), tuple(refusals), counts)

    def _not_loaded(self) -> list[exp.Select]:
        late = [self._kept_of_judged()] if self._layout.by_time else []
        return [*super()._not_loaded(), *late]

    # --- numbers ----------------------------------------------------------------------------------------------

    def _of_judged(self) -> exp.Select:
        verdict = self._layout.computed("verdict", "j")
        told = ("new", "returned", "changed", "touched", "gone", "late", "conflict", "rejected")
        values: dict[str, exp.Expr] = {
            "late": sql.count_where(is_one_of(verdict, ("late",))),
            "conflict": sql.count_where(is_one_of(verdict, ("conflict",))),
            "in_gaps": sql.count_where(is_one_of(verdict, ("rejected",))),
            "missing": sql.count_where(is_one_of(verdict, ("missing",))),
            "told": sql.count_where(is_one_of(verdict, told)),
            "written": sql.count_where(is_one_of(verdict, (*told[:5], "missing"))),
            **self._writing.counts(),
            **self._writing.expected(),
        }
        return sql.select(values, sql.table(self._changes.judged, "j"))

    def _of_table(self) -> exp.Select:
        layout = self._layout
        where = [layout.is_open("target"), exp.Not(this=layout.is_record("target"))]
        if layout.scope:
            where.append(self._changes.in_scope("target", layout.scope))
        return sql.select({"live": exp.Count(this=exp.Star())}, sql.table(layout.target, "target"), where)

    def _guards(self) -> dict[str, exp.Expr]:
        options = self._layout.options
        missing, live = sql.column("missing", "judged"), sql.column("live", "table")
        limit = exp.Mul(this=live.copy(), expression=sql.number(options.max_delete_fraction))
        many = exp.GTE(this=live.copy(), expression=sql.number(DELETES))
        too_many = sql.all_of([many, exp.GT(this=missing.copy(), expression=limit)])
        usable = exp.Sub(this=sql.column("given", "batch"), expression=sql.column("left_out", "batch"))
        empty = exp.EQ(this=usable, expression=sql.number(0))
        emptied = exp.Case().when(empty, live.copy()) if not options.allow_empty else exp.null()
        return {"too_many": exp.Case().when(too_many, missing.copy()), "emptied": emptied}

    def _backwards(self) -> exp.Expr:
        """How many rows would be written by a load that does not come after what the table holds."""
        layout = self._layout
        target = sql.table(layout.target, "target")
        begun = exp.GTE(this=sql.column(layout.options.valid_from, "target"), expression=layout.execution)
        ended = exp.GTE(this=sql.column(layout.options.valid_to, "target"), expression=layout.execution)
        over = sql.all_of([ended, layout.is_closed("target")])
        # DuckDB skips what a single comparison cannot find; PostgreSQL reads the table once for each EXISTS.
        conditions = [sql.any_of([begun, over])] if layout.spec.dialect == "postgres" else [begun, over]
        later = [exp.Exists(this=sql.select({"one": sql.number(1)}, target.copy(), [each])) for each in conditions]
        return exp.Case().when(sql.any_of(later), sql.column("written", "judged"))

    # --- refusals ---------------------------------------------------------------------------------------------

    def _about_time(self) -> Refusal:
        at = self._layout.spec.execution_time.isoformat()
        return Refusal(
            "backwards",
            f"{said(self._layout.target)} holds versions of a load at or after {at}, the execution time of this one, "
            "which would write {count} rows.",
            "A history is loaded in order, and once at a time: load what is later instead.",
        )

    def _about_late(self) -> Refusal:
        layout = self._layout
        late = is_one_of(layout.computed("verdict", "j"), ("late",))
        sample = sql.select({n: sql.column(n, "j") for n in layout.given}, sql.table(self._changes.judged, "j"), [late])
        return Refusal(
            "late",
            f"Rows of the batch for {said(layout.target)} that are older than what is known of their key: {{count}}.",
            "Set 'late: ignore' to count them, or 'late: insert' to repair the history.",
            sample,
        )

    def _about_deletes(self) -> list[Refusal]:
        target, fraction = said(self._layout.target), self._layout.options.max_delete_fraction
        return [
            Refusal(
                "emptied",
                f"The batch for {target} is empty and would delete all of its {{count}} live keys.",
                "If that is right, set 'allow_empty: true' for this load.",
            ),
            Refusal(
                "too_many",
                f"The batch would delete {{count}} keys of {target} that are missing from it, more than {fraction:.0%} of "
                "the live ones in scope.",
                "If that is right, set 'max_delete_fraction' higher for this load.",
            ),
        ]

    # --- rows that are set aside --------------------------------------------------------------------------------

    def _kept_of_judged(self) -> exp.Select:
        verdict = self._layout.computed("verdict", "j")
        reason = exp.Case()
        for word, words in _NOT_LOADED.items():
            reason = reason.when(exp.EQ(this=verdict.copy(), expression=sql.text(word)), sql.text(words), copy=False)
        verdicts = [word for word in _NOT_LOADED if word != "late" or self._layout.options.late != "insert"]
        return self._aside("j", sql.table(self._changes.judged, "j"), reason, is_one_of(verdict, verdicts))
