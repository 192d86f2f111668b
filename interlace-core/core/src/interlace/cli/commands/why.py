"""``interlace why``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from interlace.cli.changed import change_text
from interlace.cli.context import load_project
from interlace.cli.data import reasons_data
from interlace.cli.lookup import model_named
from interlace.cli.options import EnvOption, JsonOption, ProjectOption, VarOption
from interlace.cli.render import duration, echo, print_json, rows_text, when
from interlace.plan.document import change_data

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlace.contracts.state import ModelState
    from interlace.model.definition import Model
    from interlace.plan.steps import Change, Plan, Reason
    from interlace.run.project import Project

__all__ = ["command"]

ModelArg = Annotated[str, typer.Argument(metavar="MODEL", help="A model or seed.")]


def command(
    model: ModelArg,
    project: ProjectOption = None,
    env: EnvOption = None,
    var: VarOption = None,
    json_: JsonOption = False,
) -> None:
    """Say why a model is stale or up to date, when it last ran, what it reads and who reads it."""
    with load_project(project, env, var) as loaded:
        node = model_named(loaded, model)
        plan = loaded.plan([f"+{node.name}"]) if _plain(node.name) else loaded.plan()
        state = loaded.store.snapshot(loaded.environment).models.get(node.name)
        data = _data(loaded, node, plan, state)
        if json_:
            print_json(data)
        else:
            step = plan.step(node.name)
            for line in _lines(data, state, None if step is None else step.change):
                echo(line)


def _plain(name: str) -> bool:
    """Whether a name can stand in a selector as it is."""
    return all(c.isalnum() or c in "_.-" for c in name)


def _data(project: Project, node: Model, plan: Plan, state: ModelState | None) -> dict[str, Any]:
    from interlace.cli.facts import state_data

    step = plan.step(node.name)
    upstream = next((u for u in plan.up_to_date if u.model == node.name), None)
    reasons: Iterable[Reason] = step.reasons if step is not None else upstream.reasons if upstream is not None else ()
    stale = {s.model for s in plan.steps}
    return {
        "model": node.name,
        "environment": project.environment,
        "stale": step is not None,
        "read_from": next((d.environment for d in plan.deferred if d.model == node.name), None),
        "tentative": step is not None and step.tentative,
        "action": None if step is None else step.action,
        "reasons": reasons_data(reasons),
        "change": None if step is None or step.change is None else change_data(step.change),
        "reads": [{"name": p, "stale": p in stale} for p in sorted(project.graph.parents(node.name))],
        "read_by": sorted(project.graph.children(node.name)),
        "state": state_data(state),
        "file": f"{node.file}:{node.line}",
    }


def _lines(data: dict[str, Any], state: ModelState | None, change: Change | None) -> list[str]:
    lines: list[str] = [f"{data['model']} ({data['file']}) {_verdict(data)}"]
    lines += [f"  {r['text']}{_details(r['details'])}" for r in data["reasons"]]
    lines += [f"  {change_text(change)}"] if change is not None else []
    lines.append(f"last run   {_last_run(state)}")
    lines.append(f"published  {_published(state)}")
    reads = [f"{p['name']} (will run)" if p["stale"] else p["name"] for p in data["reads"]]
    lines.append(f"reads      {', '.join(reads) or 'nothing'}")
    lines.append(f"read by    {', '.join(data['read_by']) or 'nobody'}")
    return lines


_VERBS: Final = {
    "build": "be built",
    "check": "be checked again",
    "attach": "get what is attached to it",
    "export": "be exported again",
}


def _verdict(data: dict[str, Any]) -> str:
    if data["read_from"]:
        return f"is not built in {data['environment']}, but read from {data['read_from']}:"
    if not data["stale"]:
        return f"is up to date in {data['environment']}:"
    if data["tentative"]:
        return f"will run in {data['environment']} only if its parents' rows move:"
    verb = _VERBS.get(data["action"], "run")
    return f"will {verb} in {data['environment']}:"


def _details(details: list[str]) -> str:
    return f" ({', '.join(details)})" if details else ""


def _last_run(state: ModelState | None) -> str:
    if state is None or state.attempted_at is None:
        return "never"
    text = f"{when(state.attempted_at)}, {state.status}, run {state.run}"
    return f"{text}: {state.error.strip().splitlines()[0]}" if state.error else text


def _published(state: ModelState | None) -> str:
    if state is None or state.published_at is None:
        return "never"
    parts = [when(state.published_at), state.relation or "", rows_text(state.rows)]
    parts.append("" if state.seconds is None else f"in {duration(state.seconds)}")
    return ", ".join(p for p in parts if p)
