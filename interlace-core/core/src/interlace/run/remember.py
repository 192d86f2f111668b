"""After a run: keep "nothing to do" as the answer to the next one, if that is what the planner would say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from interlace.migrate.migration import FOLDER
from interlace.plan.answer import answer_key, asked_environment, encode
from interlace.plan.inputs import input_patterns, observe_inputs
from interlace.plan.observe import Observation, observe_stamp
from interlace.plan.planner import make_plan

if TYPE_CHECKING:
    from interlace.contracts.state import StateStore
    from interlace.plan.planner import Facts, Planned
    from interlace.run.loaded import Loaded
    from interlace.run.view import View

__all__ = ["remember"]


def remember(
    loaded: Loaded,
    view: View,
    store: StateStore,
    last: tuple[Planned, Facts],
    arguments: Sequence[str],
    output: str,
) -> None:
    """Ask the planner once more, with the state as it is now; keep the answer if it is "nothing to do".

    Only for embedded state and local files: what the fast path cannot look at has to be asked for each time.
    """
    planned, facts = last
    if loaded.observations is None:
        return
    if facts.deferral.environment or facts.elsewhere:
        return  # what another environment publishes is not observed, nor what another connection holds
    if store.file() != loaded.root / ".interlace" / "state.db" or not _all_local(view, facts):
        return
    snapshot = store.snapshot(view.environment)
    if not planned.plan.empty:
        planned = make_plan(replace(facts, state=snapshot, standing=_as_recorded, now=datetime.now(UTC), force=False))
    if not planned.plan.empty:
        return
    observations = [*loaded.observations, *_outside(view, facts)]
    expires = planned.expires.timestamp() if planned.expires is not None else None
    answer = encode(output, observations, environment=view.environment, revision=snapshot.revision, expires=expires)
    store.save_answer(answer_key(str(loaded.root), asked_environment(arguments), arguments), answer)


def _outside(view: View, facts: Facts) -> list[Observation]:
    """The input files, the exported files, the folder of migrations and the databases themselves."""
    found = [observe_stamp(str(view.loaded.root / FOLDER))]
    for name in sorted(facts.selected & set(view.models)):
        found += observe_inputs(input_patterns(view.models[name]), view.loaded.root)
        for use in view.models[name].export:
            from interlace.run.exports import place_of

            found.append(observe_stamp(place_of(view, view.models[name], use)[0]))
    for arrived in facts.arrivals.values():
        found += arrived.observations or ()
    for connection in {view.connection(view.models[n]).name for n in facts.selected if n in view.models}:
        found += [observe_stamp(str(file)) for file in view.loaded.connections.get(connection).files()]
    return found


def _all_local(view: View, facts: Facts) -> bool:
    models = [view.models[n] for n in facts.selected if n in view.models]
    if any(found.observations is None for found in facts.arrivals.values()):
        return False
    exported = any(use.options.get("connection") is not None for model in models for use in model.export)
    return not exported and all(view.connection(model).files() for model in models)


def _as_recorded(name: str) -> None:
    """What stands is what the run has just published."""
    raise KeyError(name)
