"""What a run says when it has ended: the failures in full, what did not run, and one line that sums it up."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from interlace.cli.held import held_lines
from interlace.cli.planned import older_lines
from interlace.cli.progress import where_line
from interlace.cli.render import Output, Style, duration, plural, table_lines
from interlace.errors import InterlaceError
from interlace.run.result import Failed, NotRun, Succeeded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlace.contracts.state import CheckRecord
    from interlace.plan.steps import Plan
    from interlace.run.result import RunResult

__all__ = ["nothing_lines", "summary_lines"]

NAMED: Final = 8
"""How many models that did not run are named in one line."""

SAMPLE: Final = 5
"""How many failing rows of a check are shown."""

_WORDS: Final[dict[str, tuple[str, Style]]] = {
    "succeeded": ("Succeeded", "green"),
    "failed": ("Failed", "red"),
    "cancelled": ("Cancelled", "yellow"),
}


def summary_lines(
    result: RunResult, out: Output, *, quiet: bool = False, verbose: bool = False, exports: int = 0
) -> list[str]:
    """The lines after the last model's; `exports` is how many were written."""
    if result.status == "nothing":
        return nothing_lines(result.plan, len(result.plan.up_to_date), quiet=quiet)
    lines: list[str] = []
    for failed in result.failed:
        lines += ["", *_failure_lines(failed, out)]
    for outcome in result.outcomes.values():
        if isinstance(outcome, Succeeded) and outcome.export_errors:
            lines += ["", f"{out.style('✗', 'red')} {out.style(outcome.model, 'bold')} is published, its export failed"]
            lines += _indented("\n".join(outcome.export_errors))
    if not quiet and not verbose:
        lines += _not_run_lines(result, out)
    if not quiet:
        lines += _change_lines(result.plan)
        lines += _orphan_lines(result.plan)
    if result.held:
        lines += ["", *held_lines(result.held)]
    if lines:
        lines.append("")
    return [*lines, _last_line(result, out, exports)]


def nothing_lines(plan: Plan, up_to_date: int, *, quiet: bool = False) -> list[str]:
    """What a run says that finds nothing to do."""
    last = _nothing_line(up_to_date, plan)
    if quiet:
        return [last]
    older = older_lines([*plan.steps, *plan.up_to_date])
    return [where_line(plan.environment, plan.where), *older, *plan.notices, *_orphan_lines(plan), last]


def _nothing_line(up_to_date: int, plan: Plan) -> str:
    """``Nothing to do: 12 models are up to date.``."""
    verb = "is" if up_to_date == 1 else "are"
    deferred = f", {len(plan.deferred):,} read from {plan.deferred[0].environment}" if plan.deferred else ""
    return f"Nothing to do: {plural(up_to_date, 'model')} {verb} up to date{deferred}."


# --- failures -------------------------------------------------------------------------------------------------


def _failure_lines(failed: Failed, out: Output) -> list[str]:
    error = failed.error
    code = f" [{error.code}]" if isinstance(error, InterlaceError) else ""
    text = str(error) if isinstance(error, InterlaceError) else f"{type(error).__name__}: {error}"
    head = f"{out.style('✗', 'red')} {out.style(failed.model, 'bold')}{code}"
    lines = [head, *_indented(text)]
    for check in failed.checks:
        if not check.passed:
            lines += _indented("\n".join(_check_lines(check, said=text)))
    return lines


def _check_lines(check: CheckRecord, *, said: str) -> list[str]:
    """What a check found; its sentence is left out where the error has just said it."""
    if check.name in said and check.message in said:
        lines = [f"rows that fail {check.name}:"] if check.sample else []
    else:
        lines = [f"check {check.name} ({check.severity}): {check.message}"]
    sample = check.sample[:SAMPLE]
    if sample:
        headers = list(dict.fromkeys(key for row in sample for key in row))
        rows = [["NULL" if row.get(h) is None else row.get(h) for h in headers] for row in sample]
        lines += [f"  {line}" for line in table_lines(headers, rows)]
    return lines


def _indented(text: str) -> list[str]:
    return [f"  {line}".rstrip() for line in text.rstrip().splitlines()]


# --- what did not run -----------------------------------------------------------------------------------------


def _not_run_lines(result: RunResult, out: Output) -> list[str]:
    by_reason: dict[tuple[str, str], list[str]] = defaultdict(list)
    for outcome in result.outcomes.values():
        if isinstance(outcome, NotRun):
            by_reason[outcome.status, outcome.reason].append(outcome.model)
    return [
        f"{out.style('·', 'dim')} {status}: {_named(models)}{f' ({reason})' if reason else ''}"
        for (status, reason), models in by_reason.items()
    ]


def _named(models: Sequence[str]) -> str:
    if len(models) <= NAMED:
        return ", ".join(models)
    return f"{', '.join(models[:NAMED])} and {len(models) - NAMED:,} more"


def _change_lines(plan: Plan) -> list[str]:
    """What edited queries changed, where that spared other models."""
    steps = [step for step in plan.steps if step.change is not None and step.change.spared]
    if not steps:
        return []
    from interlace.cli.changed import change_text

    return [f"{step.model} is {change_text(step.change)}" for step in steps if step.change is not None]


def _orphan_lines(plan: Plan) -> list[str]:
    orphans = plan.orphans
    return [f"Without a model: {_named(orphans)} (nothing was dropped)"] if orphans else []


# --- the last line --------------------------------------------------------------------------------------------


def _last_line(result: RunResult, out: Output, exports: int) -> str:
    word, colour = _WORDS[result.status]
    parts = [_models_part(result), _checks_part(result), _exports_part(result, exports), _saved_part(result)]
    head = out.style(f"{word} in {duration(result.seconds)}", colour)
    return f"{head}: " + "; ".join(p for p in parts if p) + "."


def _models_part(result: RunResult) -> str:
    counts = Counter(_status(o) for o in result.outcomes.values())
    said = [f"{counts[s]:,} {s}" for s in ("succeeded", "failed", "skipped", "blocked", "cancelled") if counts[s]]
    if result.plan.up_to_date:
        said.append(f"{len(result.plan.up_to_date):,} up to date")
    if result.plan.deferred:
        said.append(f"{len(result.plan.deferred):,} read from {result.plan.deferred[0].environment}")
    return ", ".join(said) or "no model ended"


def _status(outcome: Succeeded | Failed | NotRun) -> str:
    match outcome:
        case Succeeded():
            return "succeeded"
        case Failed():
            return "failed"
        case NotRun():
            return outcome.status


def _checks_part(result: RunResult) -> str:
    checks = list(_checks(result))
    if not checks:
        return ""
    failed = sum(not c.passed and c.severity == "error" for c in checks)
    warned = sum(not c.passed and c.severity != "error" for c in checks)
    said = [f"{len(checks) - failed - warned:,} passed"]
    said += [f"{failed:,} failed"] if failed else []
    said += [f"{warned:,} warned"] if warned else []
    return f"checks: {', '.join(said)}"


def _checks(result: RunResult) -> Iterable[CheckRecord]:
    for outcome in result.outcomes.values():
        if not isinstance(outcome, NotRun):
            yield from outcome.checks


def _exports_part(result: RunResult, written: int) -> str:
    failed = sum(len(o.export_errors) for o in result.outcomes.values() if isinstance(o, Succeeded))
    said = [plural(written, "export")] if written else []
    said += [f"{plural(failed, 'export')} failed"] if failed else []
    return ", ".join(said)


def _saved_part(result: RunResult) -> str:
    """What skipping saved, by what each model took last time."""
    skipped = {o.model for o in result.outcomes.values() if isinstance(o, NotRun) and o.status == "skipped"}
    saved = sum(s.seconds or 0.0 for s in result.plan.steps if s.model in skipped)
    return f"about {duration(saved)} saved by skipping" if saved >= 0.01 else ""  # noqa: PLR2004  a hundredth shows
