"""Checks of one relation: few statements ask for all of them, each is judged, bad rows may be set aside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from interlace.contracts.check import CheckTarget, HistoryCheck
from interlace.contracts.state import CheckRecord, MetricRecord
from interlace.errors import QueryFailed
from interlace.run.check_words import PYTHON
from interlace.run.measuring import Asked, Checks, ask, prepared, unique_name
from interlace.run.quarantine import Quarantine, set_aside
from interlace.run.sample import sample
from interlace.run.tolerance import limit_text, tolerated

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from interlace.contracts.check import CheckOptions, Verdict
    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Column, Relation
    from interlace.model.definition import CheckUse
    from interlace.run.measuring import Answer

__all__ = ["Audited", "Checks", "History", "audit"]

History = Callable[[str, "str | None"], Sequence[float]]
"""Gives what was measured before, newest first, by the metric's name and column."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit found.

    Attributes:
        checks: one record for each check, in order, their names unique.
        metrics: what was measured, to be recorded when the model is published.
        aside: rows that were moved to the quarantine.
    """

    checks: Sequence[CheckRecord] = ()
    metrics: tuple[MetricRecord, ...] = ()
    aside: int = 0

    def and_of(self, more: Audited) -> Audited:
        """What two audits of one load found."""
        taken = {record.name for record in self.checks}
        checks = [*self.checks, *(replace(r, name=unique_name(r.name, taken)) for r in more.checks)]
        return Audited(checks, (*self.metrics, *more.metrics), self.aside + more.aside)


def audit(
    session: Session,
    relation: Relation,
    columns: Sequence[Column],
    uses: Sequence[CheckUse],
    checks: Checks,
    *,
    resolve: Callable[[str], Relation],
    now: datetime,
    samples: int = 10,
    masked: frozenset[str] = frozenset(),
    model: str = "",
    variables: Mapping[str, object] | None = None,
    history: History = lambda name, column: (),  # noqa: ARG005  nothing was measured before
    quarantine: Quarantine | None = None,
    root: Path | None = None,
) -> Audited:
    """Run the checks of a relation, on the cursor that built it.

    Args:
        session: sees the staged relation; a transaction may be open.
        relation: what to check.
        columns: its columns.
        uses: the checks, as the model names them.
        checks: the installed checks.
        resolve: gives the relation of another model by its name.
        now: the moment that ages are judged by, in UTC.
        samples: the most failing rows that are kept of a check; 0 keeps none.
        masked: columns whose values are not kept, in any case.
        model: its name, for what is recorded.
        variables: the values of ``$name``.
        history: what was measured before.
        quarantine: where bad rows go; None where nothing is being loaded, so that ``on_failure: quarantine`` blocks.
        root: the project's folder, where Python checks live.

    Raises:
        InvalidModel: a check's options do not fit the relation; names the check, the column, the nearest column.
        QueryFailed: the database refused a check's SQL; names the check.
        ModelFailed: a Python check raised something else than ``AssertionError``.
    """
    if not uses:
        return Audited()
    target = CheckTarget(relation, tuple(columns), session.connection.dialect, resolve, _literals(variables or {}))
    hidden = frozenset(name.casefold() for name in masked)
    work = _Audit(session, target, now, samples, hidden, model, history, quarantine)
    found = work.run(prepared([use for use in uses if use.type != PYTHON], checks, target))
    python = [use for use in uses if use.type == PYTHON]
    if python:
        from interlace.run.python_checks import run_python_check

        assert root is not None  # noqa: S101  who has Python checks has a project
        asked = iter([run_python_check(session, target, use, root, samples, hidden) for use in python])
        plain = iter(found.checks)
        found = replace(found, checks=[next(asked) if use.type == PYTHON else next(plain) for use in uses])
    return found


@dataclass(frozen=True, slots=True)
class _Judged:
    """A check and what became of it."""

    asked: Asked
    answer: Answer
    verdict: Verdict

    @property
    def options(self) -> CheckOptions:
        return self.asked.options

    @property
    def bad(self) -> bool:
        """Whether it found rows to set aside, and no more than may be."""
        few = self.options.severity == "warn" or tolerated(self.options, self.verdict, self.answer.rows, or_else=True)
        rows = not self.verdict.passed and self.asked.measure.broken is not None
        return rows and self.options.reaction == "quarantine" and few


@dataclass(slots=True)
class _Audit:
    """One audit of one relation."""

    session: Session
    target: CheckTarget
    now: datetime
    samples: int
    hidden: frozenset[str]
    model: str
    history: History
    quarantine: Quarantine | None
    _kept: dict[str, Sequence[dict[str, Any]]] = field(default_factory=dict)

    def run(self, asked: Sequence[Asked]) -> Audited:
        if not asked:
            return Audited()
        judged = self._judged(asked)
        bad = [j for j in judged if j.bad] if self.quarantine is not None else []
        if not bad:
            return Audited([self._record(j) for j in judged], tuple(self._metrics(judged)))
        aside = self._set_aside(bad)
        after = self._judged(asked)
        gone = {j.asked.name for j in bad} & {j.asked.name for j in after if j.verdict.passed}
        # What holds of the good rows; of a check whose bad rows are gone, what was found before.
        judged = [b if b.asked.name in gone else a for b, a in zip(judged, after, strict=True)]
        records = [self._gone(j) if j.asked.name in gone else self._record(j) for j in judged]
        if not any(not r.passed and r.severity == "error" for r in records):
            records = [self._said(r) if r.name in gone else r for r in records]
        return Audited(records, tuple(self._metrics(after)), aside)

    def _judged(self, asked: Sequence[Asked]) -> list[_Judged]:
        answers = ask(self.session, self.target, asked)
        return [_Judged(one, answer, self._verdict(one, answer)) for one, answer in zip(asked, answers, strict=True)]

    def _verdict(self, one: Asked, answer: Answer) -> Verdict:
        if isinstance(one.check, HistoryCheck):
            measured = one.check.measured(answer.value, one.options, self.now)
            return one.check.compare(measured, self.history(*_metric(one)), one.options)
        return one.check.judge(answer.value, one.options, self.now)

    def _metrics(self, judged: Sequence[_Judged]) -> list[MetricRecord]:
        found = []
        for j in judged:
            if isinstance(j.asked.check, HistoryCheck):
                name, column = _metric(j.asked)
                value = j.asked.check.measured(j.answer.value, j.options, self.now)
                found.append(MetricRecord(self.model, name, value, column))
        return found

    # --- setting aside ----------------------------------------------------------------------------------------

    def _set_aside(self, bad: Sequence[_Judged]) -> int:
        assert self.quarantine is not None  # noqa: S101  the caller looked
        self._kept = {j.asked.name: self._failing(j.asked) for j in bad}
        broken = [(j.asked.name, j.asked.measure.broken) for j in bad]
        return set_aside(
            self.session,
            self.target.relation,
            self.target.columns,
            [(name, condition) for name, condition in broken if condition is not None],
            self.quarantine,
        )

    # --- records ----------------------------------------------------------------------------------------------

    def _record(self, judged: _Judged) -> CheckRecord:
        asked, verdict, options = judged.asked, judged.verdict, judged.options
        limit = "" if verdict.passed else limit_text(options)
        few = options.reaction != "quarantine" and tolerated(options, verdict, judged.answer.rows)
        passed = verdict.passed or few
        return CheckRecord(
            name=asked.name,
            type=asked.type,
            severity="warn" if options.reaction == "warn" else options.severity,
            passed=passed,
            message=f"{verdict.message} ({limit})" if limit else verdict.message,
            failing=verdict.failing,
            sample=() if passed else self._failing(asked),
        )

    def _gone(self, judged: _Judged) -> CheckRecord:
        """The record of a check whose bad rows are gone: they are shown as they were."""
        asked, verdict = judged.asked, judged.verdict
        kept = self._kept[asked.name]
        return CheckRecord(asked.name, asked.type, "warn", False, verdict.message, verdict.failing, kept)

    def _said(self, record: CheckRecord) -> CheckRecord:
        """Say where bad rows are; not where the load is blocked after all, and they are nowhere."""
        assert self.quarantine is not None  # noqa: S101  rows went there
        return replace(record, message=f"{record.message}; set aside in {self.quarantine.relation.name}")

    def _failing(self, asked: Asked) -> Sequence[dict[str, Any]]:
        if asked.measure.failing is None or self.samples <= 0:
            return ()
        query = asked.measure.failing.copy().limit(self.samples).sql(dialect=self.target.dialect, comments=False)
        try:
            return sample(self.session, query, self.hidden)
        except QueryFailed as error:
            raise QueryFailed(
                f"the failing rows of check {asked.name!r} cannot be read: {error.message}",
                sql=error.sql,
                hint=error.hint,
            ) from error


def _literals(variables: Mapping[str, object]) -> dict[str, str]:
    from interlace.plan.compile import literal

    return {name: literal(value) for name, value in variables.items()}


def _metric(asked: Asked) -> tuple[str, str | None]:
    """What a check's measurements are recorded as: those of other rows have another name."""
    assert isinstance(asked.check, HistoryCheck)  # noqa: S101  the callers looked
    name, column = asked.check.metric(asked.options)
    if asked.options.where is not None:
        name = f"{name} where {asked.options.where}"
    return (f"{name} of the batch" if asked.options.scope == "batch" else name), column
