"""A plan as a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlace.cli.changed import change_text
from interlace.cli.markdown import Limited, bare, code, details, table
from interlace.cli.render import duration, plural
from interlace.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlace.plan.steps import Plan, Step

__all__ = ["plan_markdown"]

LIMIT: Final = 65_536
"""The characters of a comment on GitHub; GitLab takes more."""

NAMED: Final = 40_000
"""How many characters the table of models takes."""

UNKNOWN: Final = "unknown"

_CHANGES: Final = {"breaking": "**breaking**", "non_breaking": "non-breaking"}


def plan_markdown(plan: Plan, limit: int = LIMIT) -> str:
    """The plan, no longer than `limit` characters; secrets are masked."""
    text = Limited(limit)
    for block in _blocks(plan):
        text.add(redacted(block))
    return str(text)


def _blocks(plan: Plan) -> Iterator[str]:
    yield f"### Interlace: {_title(plan)}\n"
    yield f"{_summary(plan)}\n"
    if plan.breaks:
        yield "".join(f"- {'❌' if found.stops else '⚠️'} breaks: {bare(found.text)}\n" for found in plan.breaks)
    if plan.steps:
        yield _table(plan)
    yield from (_line(str(move)) for move in plan.moves)
    if plan.notices or plan.orphans:
        yield "".join(f"- {bare(text)}\n" for text in (*plan.notices, *(f"without a model: {o}" for o in plan.orphans)))
    changed = [step for step in plan.steps if step.change is not None]
    if changed:
        yield details("what the edits change", "".join(_change(step) for step in changed))
    if plan.steps:
        yield details("why, in full", "".join(_why(step) for step in plan.steps))
    copied = (*plan.transfers, *plan.outgoing)
    if copied:
        yield details("copied between connections", "".join(_line(str(one)) for one in copied))


def _title(plan: Plan) -> str:
    if plan.empty:
        return "nothing to do"
    said = [f"{plural(len(plan.steps), 'model')} to run"] if plan.steps else []
    said += [f"{plural(len(plan.moves), 'model')} to rename"] if plan.moves else []
    return ", ".join(said)


def _summary(plan: Plan) -> str:
    places = ", ".join(f"{code(name)} at {code(where)}" for name, where in plan.where.items())
    said = [f"Environment {code(plan.environment)}{f': {places}' if places else ''}."]
    if not plan.empty:
        said.append(f"Plan {code(plan.id)}: {code(f'interlace apply {plan.id}')}.")
    if plan.deferred:
        said.append(f"{plural(len(plan.deferred), 'model')} read from {code(plan.deferred[0].environment)}.")
    said.append(_totals(plan))
    return " ".join(said)


def _totals(plan: Plan) -> str:
    found, up_to_date = plan.estimates, f"{plural(len(plan.up_to_date), 'model')} up to date"
    if found is None:
        return f"{up_to_date}."
    saved = f", which saves {duration(found.saved)}" if found.saved is not None else ""
    if found.work is None or found.elapsed is None:
        return f"Rows and time: {UNKNOWN}; {up_to_date}{saved}."
    rows = f"{found.rows:,} rows, " if found.rows is not None else ""
    rest = f", {UNKNOWN} for {plural(len(found.unknown), 'model')}" if found.unknown else ""
    threads = plural(found.threads, "thread")
    work = f"{duration(found.work)} of work, {duration(found.elapsed)} with {threads}"
    return f"Estimate: {rows}{work}{rest}; {up_to_date}{saved}."


def _table(plan: Plan) -> str:
    rows: list[list[str]] = []
    room = NAMED
    for step in plan.steps:
        row = _row(plan, step)
        room -= sum(map(len, row)) + 3 * len(row)
        if room < 0:
            break
        rows.append(row)
    left = len(plan.steps) - len(rows)
    made = table(["model", "action", "why", "change", "rows", "time"], rows, "<<<<>>")
    return made + (f"\nand {plural(left, 'model')} more\n" if left else "")


def _row(plan: Plan, step: Step) -> list[str]:
    found = plan.estimates.models.get(step.model) if plan.estimates is not None else None
    rows = found.rows if found is not None else None
    seconds = found.seconds if found is not None else None
    kind = step.materialise if step.strategy in {None, "replace"} else f"{step.materialise}, {step.strategy}"
    intervals = f", {plural(len(step.intervals), 'interval')}" if step.intervals else ""
    tentative = " (only if its parents' rows move)" if step.tentative else ""
    return [
        code(step.model),
        bare(f"{step.action}: {kind}{intervals}"),
        bare("; ".join(reason.text for reason in step.reasons)) + tentative,
        _CHANGES[step.change.kind] if step.change is not None else "",
        UNKNOWN if rows is None else f"{rows:,}",
        UNKNOWN if seconds is None else duration(seconds),
    ]


def _change(step: Step) -> str:
    if step.change is None:
        return ""
    return f"- {code(step.model)}: {bare(change_text(step.change))}\n"


def _why(step: Step) -> str:
    relation = f" ({code(step.relation)})" if step.relation is not None else ""
    lines = [f"- {code(step.model)}{relation}\n"]
    for reason in step.reasons:
        named = f": {', '.join(map(code, reason.details))}" if reason.details else ""
        lines.append(f"  - {bare(reason.text)}{named}\n")
    lines += [
        f"  - {b.start:%Y-%m-%d %H:%M} … {b.end:%Y-%m-%d %H:%M} UTC: {', '.join(b.why)}\n" for b in step.intervals
    ]
    return "".join(lines)


def _line(text: str) -> str:
    return f"- {bare(text)}\n"
