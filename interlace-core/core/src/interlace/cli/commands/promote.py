"""``interlace promote``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.confirm import confirm
from interlace.cli.context import load_project
from interlace.cli.options import ExcludeOption, JsonOption, ProjectOption, SelectArg, SelectOption
from interlace.cli.render import Output, joined, name_column, plural, print_json, width

if TYPE_CHECKING:
    from interlace.plan.promotion import Item, Promotion

__all__ = ["command"]

FromOption = Annotated[str, typer.Option("--from", metavar="ENV", help="The environment that built it.")]
ToOption = Annotated[str, typer.Option("--to", metavar="ENV", help="The environment that takes it over.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="List what would be promoted, and write nothing.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def command(
    context: typer.Context,
    source: FromOption,
    target: ToOption,
    models: SelectArg = None,
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    project: ProjectOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    json_: JsonOption = False,
) -> int:
    """Let one environment take over what another built, without building it again.

    All models of a connection are published in one transaction, and what they replace is kept for 'interlace rollback'.
    """
    from shlex import join

    words = join(["interlace", *context.find_root().obj])
    selected, excluded = [*(models or ()), *(select or ())], list(exclude or ())
    out = Output(sys.stdout)
    with load_project(project, target) as loaded:
        planned = loaded.promote(source, selected, excluded, dry_run=True).promotion
        if dry_run or not planned.items or planned.refused:
            if json_:
                print_json(_data(planned, ""))
            else:
                out.write(joined(_lines(planned, out)))
            if dry_run or not planned.refused:
                return 2 if planned.refused else 0
        elif not json_:
            out.write(joined(_lines(planned, out)))
        question = f"Promote {plural(len(planned.items), 'model')} from {source} to {target}?"
        if not planned.refused and not confirm(question, yes=yes):
            return 1
        done = loaded.promote(source, selected, excluded, command=words)
    if json_:
        print_json(_data(done.promotion, done.run))
        return 0
    if not done.run:
        out.write(joined([*done.notices, f"Nothing is left to promote: {target} has what {source} built."]))
        return 0
    said = f"Promoted {plural(len(done.promotion.items), 'model')} from {source} to {target}, as run {done.run}."
    back = f"Take it back: interlace rollback {done.run} --env {target}"
    out.write(joined([*(f"{out.style('⚠', 'yellow')} {n}" for n in done.notices), said, back]))
    return 0


def _lines(promotion: Promotion, out: Output) -> list[str]:
    names = name_column(i.model for i in promotion.items)
    refused = {text.partition(":")[0] for text in promotion.refused}
    lines = [
        f"{out.style('→', 'green') if i.model not in refused else out.style('✗', 'red')} {i.model}"
        f"{' ' * max(0, names - width(i.model))}  {i.kind:<5}  {_places(promotion, i)}  {i.why}"
        for i in promotion.items
    ]
    lines += [f"{out.style('✗', 'red')} {text}" for text in promotion.refused]
    if not promotion.items:
        lines.append(f"Nothing to promote: {promotion.target} has what {promotion.source} built.")
    return lines


def _places(promotion: Promotion, item: Item) -> str:
    """From where to where; between files of one schema it is the environment that differs."""
    if item.source != item.target:
        return f"{item.source} → {item.target}"
    return f"{item.source} of {promotion.source} → {promotion.target}"


def _data(promotion: Promotion, run: str) -> dict[str, Any]:
    return {
        "run": run or None,
        "from": promotion.source,
        "to": promotion.target,
        "models": [
            {"model": i.model, "kind": i.kind, "source": str(i.source), "target": str(i.target), "why": i.why}
            for i in promotion.items
        ],
        "refused": list(promotion.refused),
        "left": dict(promotion.left),
        "notices": list(promotion.notices),
    }
