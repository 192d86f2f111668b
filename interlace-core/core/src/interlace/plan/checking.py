"""A plan that only checks: what is published, whatever moved since.  Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from interlace.model.definition import Model
from interlace.plan.planner import make_plan
from interlace.plan.steps import Reason, Step

if TYPE_CHECKING:
    from interlace.plan.planner import Facts, Planned

__all__ = ["make_check_plan"]


def make_check_plan(facts: Facts) -> Planned:
    """Check each selected model that has checks and whose relation is there; nothing is built.

    The others that have checks are named in the plan's notices.
    """
    planned = make_plan(replace(facts, selected=frozenset(), force=False))
    steps: list[Step] = []
    missing: list[str] = []
    for name in facts.graph.order():
        node = facts.graph.nodes[name]
        if not isinstance(node, Model) or name not in facts.selected or not node.checks:
            continue
        if _is_there(name, facts):
            steps.append(_step(node, facts))
        elif name in facts.relations and name not in facts.deferral.read:
            missing.append(name)
    notices = [f"{name} has checks, and {facts.relations[name]} is not there" for name in missing]
    planned.plan = replace(
        planned.plan,
        steps=tuple(steps),
        selected=facts.selected,
        notices=(*planned.plan.notices, *notices),
        orphans=(),
        moves=(),
    )
    planned.moving.clear()
    return planned


def _is_there(name: str, facts: Facts) -> bool:
    """Whether a model's relation is there, whoever made it; a ``KeyError`` says that the state knows it."""
    if name not in facts.relations:
        return False
    try:
        return facts.standing(name) is not None
    except KeyError:
        return True


def _step(model: Model, facts: Facts) -> Step:
    strategy = model.strategy.name if model.strategy else None
    return Step(
        model=model.name,
        action="check",
        reasons=(Reason("asked", "somebody asked"),),
        relation=str(facts.relations[model.name]),
        materialise=model.materialise,
        strategy=strategy or ("replace" if facts.kinds[model.materialise].uses_strategy else None),
    )
