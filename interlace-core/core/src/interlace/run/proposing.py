"""A plan that can be saved, approved and applied: with all that it was made from, and what it will take."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from interlace import __version__
from interlace.contracts.state import ModelState
from interlace.errors import PlanMoved, UsageError
from interlace.plan.approval import moved
from interlace.plan.asked import plain
from interlace.plan.document import change_data, estimates_data, work_data
from interlace.plan.estimates import BUILDS, estimated, parents_among
from interlace.plan.saved import FORMAT, Arguments, SavedPlan, plan_id
from interlace.plan.versions import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from interlace.contracts.state import StateStore
    from interlace.plan.estimates import Estimates
    from interlace.plan.planner import Facts, Planned
    from interlace.plan.steps import Plan, Step
    from interlace.plan.versions import Versions
    from interlace.run.view import View

__all__ = ["arguments_of", "as_approved", "proposed", "refusing"]


_AGAIN: Final = "Make a new plan, and let that be approved: interlace plan"


def proposed(view: View, store: StateStore, planned: Planned, facts: Facts, arguments: Arguments, threads: int) -> Plan:
    """The plan with its estimates, and as it can be saved; its id is that of what is saved."""
    plan = planned.plan
    if plan.steps:
        plan = replace(plan, estimates=_estimates(store, plan, facts, threads))
    core = _core(view, plan, planned.versions, facts, arguments)
    plan = replace(plan, id=plan_id(core))
    document = {
        "interlace_plan": FORMAT,
        "id": plan.id,
        "interlace": __version__,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": plan.revision,
        **core,
        "variables": _variables(view, os.urandom(16).hex()),
        "up_to_date": len(plan.up_to_date),
        "changes": {step.model: change_data(step.change) for step in plan.steps if step.change is not None},
        "breaks": [found.text for found in plan.breaks],
        "orphans": list(plan.orphans),
        "notices": list(plan.notices),
        "estimates": None if plan.estimates is None else estimates_data(plan.estimates),
    }
    return replace(plan, saved=SavedPlan(document))


def as_approved(view: View, planned: Planned, facts: Facts, saved: SavedPlan) -> Plan:
    """The plan as it was approved, where it is still the same.

    Raises:
        PlanMoved: it is not; says what moved.
    """
    core = _core(view, planned.plan, planned.versions, facts, saved.arguments)
    now = {**core, "variables": _variables(view, saved.salt)}
    if sentences := moved(saved.document, now, facts.state.models, view.loaded.graph.nodes):
        raise _refused(saved, sentences)
    other = _other_version(saved)
    return replace(planned.plan, id=saved.id, notices=(*planned.plan.notices, *other))


@contextmanager
def refusing(view: View, saved: SavedPlan) -> Iterator[None]:
    """Refuse a plan of another project or environment, and one that cannot be made any more.

    Raises:
        PlanMoved: says which, or why.
    """
    here = {"project": _project(view), "environment": view.environment}
    others = [part for part, name in here.items() if saved.document[part] != name]
    if others:
        said = [f"the plan is of {part} {saved.document[part]}, this is {here[part]}" for part in others]
        raise _refused(saved, said)
    try:
        yield
    except UsageError as error:
        raise _refused(saved, [error.message]) from error


def _refused(saved: SavedPlan, sentences: list[str]) -> PlanMoved:
    listed = "\n".join(f"- {text}" for text in sentences)
    hint = " ".join([*(f"{text[0].upper()}{text[1:]}." for text in _other_version(saved)), _AGAIN])
    return PlanMoved(
        f"plan {saved.id} is not what would be done now, so nothing ran:\n{listed}", moved=sentences, hint=hint
    )


def _other_version(saved: SavedPlan) -> list[str]:
    if saved.interlace == __version__:
        return []
    return [f"the plan was made by Interlace {saved.interlace}, this is {__version__}"]


def arguments_of(view: View, select: Iterable[str], exclude: Iterable[str], options: Mapping[str, Any]) -> Arguments:
    """What a plan is made with; a value that looks like a secret is not written."""
    given = {name: plain(value) for name, value in view.loaded.given.items()}
    shown = {name: value for name, value in given.items() if not _is_secret(name, value)}
    return Arguments(tuple(select), tuple(exclude), **options, vars=shown, hidden=tuple(sorted(given.keys() - shown)))


def _is_secret(name: str, value: object) -> bool:
    from interlace.config.masking import masked
    from interlace.redaction import redacted

    texts = value if isinstance(value, list) else [value]
    return any(masked(("vars", name), text) != text or redacted(str(text)) != str(text) for text in texts)


def _variables(view: View, salt: str) -> dict[str, Any]:
    """Digests of the values of variables, so that it can be told which has another."""
    return {"salt": salt, "values": {name: digest(salt, repr(value)) for name, value in view.loaded.variables.items()}}


# --- what is approved -------------------------------------------------------------------------------------------------


def _core(view: View, plan: Plan, versions: Versions, facts: Facts, arguments: Arguments) -> dict[str, Any]:
    """What is approved, and compared when it is applied."""
    work = work_data(plan)
    for step in work["steps"]:
        del step["seconds"]  # of the last time, like the rows of a copy
        del step["change"]  # says also what others need not do
    for transfer in work["transfers"]:
        del transfer["rows"]
    return {
        "project": _project(view),
        "arguments": arguments.data(),
        **work,
        "observed": {step.model: _observed(view, step, versions, facts) for step in plan.steps},
    }


def _project(view: View) -> str:
    """The project's name as it is configured: a folder may be called otherwise elsewhere."""
    return view.loaded.config.config.name or "(without a name)"


def _observed(view: View, step: Step, versions: Versions, facts: Facts) -> dict[str, Any]:
    """What a step was decided by: its definition, its state, what it reads."""
    model = view.models[step.model]
    arrived = facts.arrivals.get(step.model)
    return {
        "definition": facts.fingerprints[step.model],
        "written": model.fingerprint.data,
        "checks": model.fingerprint.checks,
        "attached": model.fingerprint.attached,
        "exports": dict(facts.exports.get(step.model, {})),
        "state": _state(facts.state.models.get(step.model) or ModelState(step.model)),
        "parents": versions.read_by(step.model),
        "inputs": {name: token.rpartition("|")[2] for name, token in facts.inputs.get(step.model, {}).items()},
        "files": [] if arrived is None else [[f.path, f.size, str(f.modified), f.etag] for f in arrived.new],
    }


def _state(state: ModelState) -> dict[str, Any]:
    published = state.published_at
    return {
        "version": state.data_version,
        "run": state.run,
        "status": state.status,
        "relation": state.relation,
        "published_at": None if published is None else published.isoformat(),
        "checks_failed": state.checks_failed,
    }


# --- what it will take ------------------------------------------------------------------------------------------------


def _estimates(store: StateStore, plan: Plan, facts: Facts, threads: int) -> Estimates:
    built = [step.model for step in plan.steps if step.action == "build" and not step.fresh]
    history = store.builds(plan.environment, built, limit=BUILDS) if built else {}
    above = parents_among(plan.steps, facts.graph.parents) if len(plan.steps) > 1 else {}
    saved = (state.seconds for up in plan.up_to_date if (state := facts.state.models.get(up.model)) is not None)
    return estimated(plan.steps, history, above, threads, saved)
