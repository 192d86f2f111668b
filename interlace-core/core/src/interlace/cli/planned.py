"""A plan on the screen."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from interlace.cli.progress import where_line
from interlace.cli.render import Output, duration, joined, name_column, plural, print_json, width

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from interlace.plan.estimates import Estimates
    from interlace.plan.steps import Plan, Step, Upstream

__all__ = ["keep_plan", "older_lines", "plan_lines", "show_plan", "show_plan_sql", "show_written"]

_VERBS = {"build": "build", "check": "check", "attach": "attach", "export": "export", "none": "-"}


def show_plan(plan: Plan, *, as_json: bool, as_markdown: bool = False, verbose: bool = False) -> None:
    """Print a plan, as text, as JSON or for a pull request."""
    if as_json:
        from interlace.cli.data import plan_data

        print_json(plan_data(plan))
        return
    out = Output(sys.stdout)
    if as_markdown:
        from interlace.cli.plan_markdown import plan_markdown

        out.write(plan_markdown(plan))
        return
    out.write(joined(plan_lines(plan, out, verbose=verbose)))


def keep_plan(plan: Plan, root: Path) -> None:
    """Keep a plan where ``interlace apply ID`` finds it; one with nothing to do is not kept."""
    if plan.empty or plan.saved is None:
        return
    try:
        plan.saved.keep(root)
    except OSError as error:
        out = Output(sys.stderr)
        out.line(
            f"{out.style('⚠', 'yellow')} plan {plan.id} was not kept, so that it cannot be applied by its id: {error}"
        )


def show_written(file: Path) -> None:
    """Say where a plan was written: on stderr, for stdout may be read by a program."""
    Output(sys.stderr).line(f"Written to {file}.")


def show_plan_sql(plan: Plan, sql: Mapping[str, Sequence[str]], *, as_json: bool) -> None:
    """Print the statements of a plan, by model."""
    if as_json:
        from interlace.cli.data import plan_data

        print_json({**plan_data(plan), "sql": {name: list(statements) for name, statements in sql.items()}})
        return
    out = Output(sys.stdout)
    lines = []
    for step in plan.steps:
        lines += [out.style(f"-- {step.model}: {_VERBS[step.action]}, {_why(step.reasons)}", "dim")]
        lines += [_ended(statement) for statement in sql.get(step.model, ())]
    out.write(joined([*lines, f"-- {_last_line(plan)}"]))


def _ended(statement: str) -> str:
    only_a_comment = statement.startswith("--") and "\n" not in statement
    return statement if only_a_comment else f"{statement};"


def plan_lines(plan: Plan, out: Output, *, verbose: bool = False) -> list[str]:
    """Where it writes, one line per step with why, and a last line that counts."""
    names = name_column([*(s.model for s in plan.steps), *(d.model for d in plan.deferred)])
    lines = [where_line(plan.environment, plan.where)]
    lines += [line for s in plan.steps for line in (_step_line(s, names, out), *_change_lines(s))]
    if verbose:
        lines += [f"  {out.style('·', 'dim')} {u.model}: {_why(u.reasons)}" for u in plan.up_to_date]
    else:
        lines += older_lines(plan.up_to_date)
    lines += _deferred_lines(plan, names, out)
    lines += [f"{out.style('→', 'dim')} {transfer}" for transfer in plan.transfers]
    lines += [f"{out.style('→', 'dim')} {one}" for one in plan.outgoing]
    lines += [f"{out.style('→', 'yellow')} {move}" for move in plan.moves]
    lines += [f"Without a model: {name}" for name in plan.orphans]
    lines += [f"{out.style('⚠', 'yellow')} {notice}" for notice in plan.notices]
    lines += [f"{out.style('✗', 'red') if b.stops else out.style('⚠', 'yellow')} breaks: {b.text}" for b in plan.breaks]
    return [*lines, *_estimate_lines(plan), _last_line(plan)]


def older_lines(entries: Iterable[Step | Upstream]) -> list[str]:
    """Models that keep rows which an older definition loaded: a run never loads these again (ruling 10)."""
    return [
        f"{entry.model}: {reason.text}; 'interlace backfill {entry.model}' loads them again"
        for entry in entries
        for reason in entry.reasons
        if reason.code == "older_definition"
    ]


def _step_line(step: Step, names: int, out: Output) -> str:
    space = " " * max(0, names - width(step.model))
    kind = step.materialise if step.strategy in {None, "replace"} else f"{step.materialise}, {step.strategy}"
    mark = out.style("?" if step.tentative else "+", "yellow" if step.tentative else "green")
    tentative = " (only if its parents' rows move)" if step.tentative else ""
    return f"{mark} {step.model}{space}  {_VERBS[step.action]:<6}  {kind:<14}  {_why(step.reasons)}{tentative}"


def _change_lines(step: Step) -> list[str]:
    if step.change is None:
        return []
    from interlace.cli.changed import change_text

    return [f"    {change_text(step.change)}"]


def _deferred_lines(plan: Plan, names: int, out: Output) -> list[str]:
    return [
        f"{out.style('·', 'dim')} {d.model}{' ' * max(0, names - width(d.model))}  "
        + (f"read from {d.environment}: {d.relation}" if d.relation else f"done in {d.environment}")
        for d in plan.deferred
    ]


def _why(reasons: tuple[object, ...]) -> str:
    return "; ".join(str(getattr(r, "text", r)) for r in reasons)


def _last_line(plan: Plan) -> str:
    up_to_date = f"{plural(len(plan.up_to_date), 'model')} up to date"
    if plan.deferred:
        up_to_date += f", {len(plan.deferred):,} read from {plan.deferred[0].environment}"
    if plan.empty:
        return f"Nothing to do: {up_to_date}."
    rest = f", {plural(len(plan.moves), 'model')} to rename" if plan.moves else ""
    rest += f", {up_to_date}" if plan.up_to_date or plan.deferred else ""
    return f"{plural(len(plan.steps), 'model')} to run{rest}. Plan {plan.id[:12]}."


def _estimate_lines(plan: Plan) -> list[str]:
    """What it will take, judged by the last builds, and what is saved by what need not run."""
    found = plan.estimates
    if found is None:
        return []
    said = [*_taken(found), *([f"{duration(found.saved)} saved by what is up to date"] if found.saved else [])]
    return [f"Estimate: {'; '.join(said)}."]


def _taken(found: Estimates) -> list[str]:
    if found.work is None or found.elapsed is None:
        return ["unknown"]
    rows = f"{plural(found.rows, 'row')}, " if found.rows is not None else ""
    threads = f", {duration(found.elapsed)} with {plural(found.threads, 'thread')}" if len(found.models) > 1 else ""
    rest = [f"unknown for {plural(len(found.unknown), 'model')}"] if found.unknown else []
    return [f"{rows}{duration(found.work)} of work{threads}", *rest]
