"""``interlace adopt``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.confirm import confirm
from interlace.cli.context import load_project
from interlace.cli.options import EnvOption, ExcludeOption, JsonOption, ProjectOption, SelectArg, SelectOption
from interlace.cli.render import Output, joined, name_column, plural, print_json, width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlace.run.adopt import Adopted, Adoption

__all__ = ["command"]

SHOWN = 20
"""How many models that are left alone are named."""

UntilOption = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME", help="Up to where incremental models are loaded. Default: their last row."),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be adopted, and record nothing.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def command(
    context: typer.Context,
    models: SelectArg = None,
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    until: UntilOption = None,
    project: ProjectOption = None,
    env: EnvOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    json_: JsonOption = False,
) -> int:
    """Take over tables and views that something else made, as what models built. Nothing is written to them.

    Each must have the columns that its model would give it. Then a run does only what is due from there.
    """
    from shlex import join

    words = join(["interlace", *context.find_root().obj])
    out = Output(sys.stdout)
    with load_project(project, env) as loaded:
        planned = loaded.plan_adoption([*(models or ()), *(select or ())], list(exclude or ()), until=until)
        if not json_:
            out.write(joined(_lines(planned, out)))
        if dry_run or planned.refused or not planned.items:
            if json_:
                print_json(_data(planned))
            return 2 if planned.refused else 0
        if not confirm(f"Adopt {plural(len(planned.items), 'relation')} in {planned.environment}?", yes=yes):
            return 1
        done = loaded.adopt(planned, command=words)
    if json_:
        print_json(_data(done))
    else:
        out.line(f"Adopted {plural(len(done.items), 'relation')} in {done.environment}, as run {done.run}.")
    return 0


def _lines(adoption: Adoption, out: Output) -> list[str]:
    names = name_column([i.model for i in adoption.items])
    lines = [line for item in adoption.items for line in _item_lines(item, names, out)]
    for refused in adoption.refused:
        lines.append(f"{out.style('✗', 'red')} {refused.model}: {refused.why}")
        if refused.hint:
            lines.append(f"  {refused.hint}")
    lines += _left_lines(adoption)
    lines += [f"{out.style('⚠', 'yellow')} {text}" for text in adoption.notices]
    if adoption.refused:
        lines.append(f"Nothing is adopted: {plural(len(adoption.refused), 'model')} cannot be.")
    elif not adoption.items:
        lines.append(f"Nothing to adopt in {adoption.environment}.")
    elif adoption.next:
        lines.append("The next run of what is selected:")
        lines += [f"  {s.action} {s.model}: {'; '.join(r.text for r in s.reasons)}" for s in adoption.next]
    elif not adoption.notices:
        lines.append("The next run of what is selected has nothing to do.")
    return lines


def _item_lines(item: Adopted, names: int, out: Output) -> Iterator[str]:
    space = " " * max(0, names - width(item.model))
    yield f"{out.style('→', 'green')} {item.model}{space}  {item.state.kind:<5}  {item.state.relation}"
    if item.extent is not None:
        yield f"    counts as loaded: {item.extent.said}"
    yield from (f"    {text}" for text in item.notices)


def _left_lines(adoption: Adoption) -> list[str]:
    left = list(adoption.left.items())
    lines = [f"· {name}: {why}" for name, why in left[:SHOWN]]
    return [*lines, f"· and {len(left) - SHOWN} more are left alone"] if len(left) > SHOWN else lines


def _data(adoption: Adoption) -> dict[str, Any]:
    return {
        "run": adoption.run or None,
        "environment": adoption.environment,
        "models": [
            {
                "model": i.model,
                "relation": i.state.relation,
                "kind": i.state.kind,
                "loaded": i.extent.said if i.extent is not None else None,
                "notices": list(i.notices),
            }
            for i in adoption.items
        ],
        "refused": [{"model": r.model, "why": r.why, "hint": r.hint} for r in adoption.refused],
        "left": dict(adoption.left),
        "next": [{"model": s.model, "action": s.action, "why": [r.text for r in s.reasons]} for s in adoption.next],
        "notices": list(adoption.notices),
    }
