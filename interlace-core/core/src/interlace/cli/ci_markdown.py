"""The report of ``interlace ci`` as a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from interlace.cli.ci_report import WORDS, breaking
from interlace.cli.markdown import Limited, bare, code, details, fence, table
from interlace.cli.render import duration, plural, shortened
from interlace.errors import InterlaceError
from interlace.redaction import redacted
from interlace.run.result import Failed, NotRun, Succeeded

if TYPE_CHECKING:
    from interlace.cli.ci_report import Report
    from interlace.contracts.state import CheckRecord
    from interlace.run.changes import Change
    from interlace.run.difference_between import Difference
    from interlace.run.difference_rows import Sample
    from interlace.run.trial import Compared

__all__ = ["LIMIT", "markdown"]

LIMIT: Final = 65_536
"""The characters of a comment on GitHub; GitLab takes more."""

ROOM: Final = 60
"""How much of a value is shown."""

LONGEST: Final = 4_000
"""How much of a message is shown."""

NAMED: Final = 24_000
"""How many characters the table of models takes: the rest of a comment is for what failed and what differs."""

_TITLES: Final = {
    "passed": "✅ Interlace: all is well",
    "failed": "❌ Interlace: something failed",
    "nothing": "✅ Interlace: no change",
    "cancelled": "⚠️ Interlace: cancelled",
}


def markdown(report: Report, limit: int = LIMIT) -> str:
    """The report, no longer than `limit` characters; secrets are masked."""
    text = Limited(limit)
    for block in _blocks(report):
        text.add(redacted(block))
    return str(text)


def _blocks(report: Report) -> Iterator[str]:
    """The parts, the most important first."""
    yield _head(report)
    changed = report.changes.models if report.changes is not None else ()
    if changed:
        yield _summary(report, changed)
    yield from map(_problem, report.problems)
    yield from (_failure(failed) for failed in report.failed)
    yield from (_checks(name, found) for name, found in report.all_checks.items() if any(not c.passed for c in found))
    if report.tests:
        yield _tests(report)
    yield from (_difference(compared) for compared in report.compared.values() if _is_told(compared))
    notices = list(report.notices)
    if report.result is not None:
        notices += [*report.result.plan.notices, *report.result.notices]
    if notices:
        yield "".join(f"- {bare(_line(text))}\n" for text in notices)
    yield _timings(report)


# --- the first lines --------------------------------------------------------------------------------------------------


def _head(report: Report) -> str:
    project = f"{code(report.project)} against" if report.project else "Against"
    said = [f"{project} {code(report.against)}: {_said(report)}."]
    if report.kept:
        said.append(f"The environment {code(report.environment)} is still there.")
    return f"### {_TITLES[report.status]}\n\n{' '.join(said)}\n"


def _said(report: Report) -> str:
    if report.changes is None:
        return f"{plural(len(report.problems), 'problem')}, and nothing was looked at"
    counts = {how: sum(c.how == how for c in report.changes.models) for how in WORDS}
    changed = ", ".join(f"{n:,} {WORDS[how]}" for how, n in counts.items() if n) or "no model differs"
    failed = f"; failed: {', '.join(report.failures)}" if report.failures else ""
    return f"{changed}{failed}"


def _summary(report: Report, changed: Sequence[Change]) -> str:
    headers = ["model", "change", "breaking", "built", "rows", "checks", f"data, against {code(report.against)}"]
    rows: list[list[str]] = []
    room = NAMED
    for change in changed:
        row = _row(report, change)
        room -= sum(map(len, row)) + 3 * len(row)
        if room < 0:
            break
        rows.append(row)
    left = len(changed) - len(rows)
    return table(headers, rows, "<<<<><<") + (f"\nand {plural(left, 'model')} more\n" if left else "")


def _row(report: Report, change: Change) -> list[str]:
    outcome = report.result.outcomes.get(change.model) if report.result is not None else None
    rows = outcome.rows if isinstance(outcome, Succeeded) else None
    return [
        code(change.model),
        _change(change),
        _breaking(report, change),
        _outcome(outcome, change, report),
        "" if rows is None else f"{rows:,}",
        _counted(report.all_checks.get(change.model, ())),
        _data(report.compared.get(change.model)),
    ]


def _change(change: Change) -> str:
    said = f"renamed from {code(change.before)}" if change.before is not None else WORDS[change.how]
    return f"{said}, {len(change.downstream):,} downstream" if change.downstream else said


def _breaking(report: Report, change: Change) -> str:
    if change.effect:
        return ""
    found = breaking(report, change.model, change.how)
    if found is None:
        return "?"
    if not found:
        return "no"
    compared = report.compared.get(change.model)
    columns = compared.columns if compared is not None else None
    said = [f"{code(c.name)} is gone" for c in columns.removed] if columns is not None else []
    said += [f"{code(name)} is {code(new)}, was {code(old)}" for name, old, new in columns.types] if columns else []
    few = said[:3] + ([f"{len(said) - 3} more"] if len(said) > 3 else [])  # noqa: PLR2004
    return f"**yes**: {', '.join(few)}" if few else "**yes**"


def _outcome(outcome: object, change: Change, report: Report) -> str:
    match outcome:
        case Succeeded():
            return f"✅ {duration(outcome.seconds)}"
        case Failed():
            return "❌"
        case NotRun():
            return outcome.status
    if change.effect:
        return "left out: it is only done"
    return "not built" if change.built and report.result is None else ""


def _counted(checks: Sequence[CheckRecord]) -> str:
    failed = sum(not c.passed and c.severity == "error" for c in checks)
    warned = sum(not c.passed and c.severity != "error" for c in checks)
    passed = len(checks) - failed - warned
    said = [f"❌ {failed:,} failed"] if failed else []
    said += [f"⚠️ {warned:,} warned"] if warned else []
    said += [f"{passed:,} passed"] if passed else []
    return ", ".join(said)


def _data(compared: Compared | None) -> str:
    if compared is None:
        return ""
    found = compared.difference
    if found is None:
        return "not compared"
    return "the same" if found.equal else _rows_said(found)


def _rows_said(found: Difference) -> str:
    counts = found.counts
    said = [f"{plural(len(found.columns.added), 'column')} more"] if found.columns.added else []
    said += [f"{plural(len(found.columns.removed), 'column')} less"] if found.columns.removed else []
    said += [f"{plural(len(found.columns.types), 'type')} changed"] if found.columns.types else []
    if counts is not None:
        said += [f"{plural(counts.removed, 'row')} gone"] if counts.removed else []
        said += [f"{plural(counts.added, 'row')} new"] if counts.added else []
        said += [f"{plural(counts.changed, 'row')} changed"] if counts.changed else []
    return ", ".join(said)


# --- what failed ------------------------------------------------------------------------------------------------------


def _problem(error: InterlaceError) -> str:
    return f"**{error.code}**\n\n{fence(_cut(str(error)))}"


def _failure(failed: Failed) -> str:
    error = failed.error
    known = isinstance(error, InterlaceError)
    text = str(error) if known else f"{type(error).__name__}: {error}"
    return f"❌ {code(failed.model)} failed{f' ({error.code})' if isinstance(error, InterlaceError) else ''}\n\n{fence(_cut(text))}"


def _checks(model: str, found: Sequence[CheckRecord]) -> str:
    bad = [check for check in found if not check.passed]
    body = "\n".join(_check(check) for check in bad)
    return details(f"{_mark(bad)} checks of <code>{bare(model)}</code>: {_counted(found)}", body)


def _mark(checks: Iterable[CheckRecord]) -> str:
    return "❌" if any(c.severity == "error" for c in checks) else "⚠️"


def _check(check: CheckRecord) -> str:
    said = f"{code(check.name)} ({bare(check.severity)}): {bare(_line(check.message))}\n"
    if not check.sample:
        return said
    headers = list(dict.fromkeys(key for row in check.sample for key in row))
    return (
        f"{said}\n{table([code(h) for h in headers], [[_value(row.get(h)) for h in headers] for row in check.sample])}"
    )


def _tests(report: Report) -> str:
    failed = report.failed_tests
    if not failed:
        skipped = sum(v.status == "skipped" for v in report.tests)
        return f"Unit tests: {len(report.tests) - skipped:,} passed{f', {skipped:,} skipped' if skipped else ''}.\n"
    said = []
    for verdict in failed:
        place = verdict.file if verdict.line is None else f"{verdict.file}:{verdict.line}"
        said.append(f"{code(verdict.name)}, {code(place)}\n\n{fence(_cut(verdict.message))}")
    return details(f"❌ unit tests: {len(failed):,} of {len(report.tests):,} failed", "\n".join(said))


# --- data -------------------------------------------------------------------------------------------------------------


def _is_told(compared: Compared) -> bool:
    return compared.why_not is not None or (compared.difference is not None and not compared.difference.equal)


def _difference(compared: Compared) -> str:
    name, found = f"<code>{bare(compared.model)}</code>", compared.difference
    why = "" if compared.why_not is None else f"{bare(_line(compared.why_not.message))}\n\n"
    if found is None:
        return details(f"data of {name}: not compared", why)
    by = f"By {', '.join(map(code, found.key))}" if found.key else "As whole rows"
    counts = found.counts
    rows = (
        ""
        if counts is None
        else f": {plural(counts.before, 'row')} in {code(found.environments[0])}, {counts.after:,} here"
    )
    parts = [f"{why}{by}{rows}.\n", *_column_parts(found), *_row_parts(found)]
    return details(f"data of {name}: {_rows_said(found) or 'the same'}", "\n".join(parts))


def _column_parts(found: Difference) -> Iterator[str]:
    rows = [[code(c.name), code(c.type), ""] for c in found.columns.removed]
    rows += [[code(c.name), "", code(c.type)] for c in found.columns.added]
    rows += [[code(name), code(old), code(new)] for name, old, new in found.columns.types]
    if rows:
        yield table(["column", code(found.environments[0]), "here"], rows)
    if found.counts is not None and found.counts.columns:
        changed = [[code(name), f"{n:,}"] for name, n in found.counts.columns.items()]
        yield table(["column", "rows changed"], changed, "<>")


def _row_parts(found: Difference) -> Iterator[str]:
    counts = found.counts
    if counts is None:
        return
    if found.removed:
        yield f"Only in {code(found.environments[0])}{_of(found.removed, counts.removed)}:\n"
        yield _rows(found.removed)
    if found.added:
        yield f"Only here{_of(found.added, counts.added)}:\n"
        yield _rows(found.added)
    if found.changed:
        yield f"Changed{_of(found.changed, counts.changed or 0)}:\n"
        rows = [
            [*map(_value, row.values.values()), code(name), _value(old), _value(new)]
            for row in found.changed
            for name, (old, new) in row.changed.items()
        ]
        yield table([*map(code, found.key), "column", code(found.environments[0]), "here"], rows)


def _rows(rows: Sequence[Sample]) -> str:
    return table([code(name) for name in rows[0].values], [[_value(v) for v in row.values.values()] for row in rows])


def _of(rows: Sequence[Sample], total: int) -> str:
    shown = sum(row.times for row in rows)
    return f" ({shown:,} of {total:,})" if shown < total else ""


# --- small ones -------------------------------------------------------------------------------------------------------


def _timings(report: Report) -> str:
    rows = [[bare(part), duration(seconds)] for part, seconds in report.seconds.items()]
    total = duration(sum(report.seconds.values()))
    return details(f"{total} in all", table(["part", "time"], rows, "<>"))


def _value(value: Any) -> str:
    return "NULL" if value is None else code(shortened(str(value), ROOM))


def _line(text: str) -> str:
    return shortened(" ".join(text.split()), LONGEST)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n…"
