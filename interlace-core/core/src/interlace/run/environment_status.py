"""What each environment has, against the one that owns the plain names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from interlace.config.environments import THROW_AWAY
from interlace.plan.sampling import sampled_from

if TYPE_CHECKING:
    from interlace.config import LoadedConfig
    from interlace.contracts.state import ModelState, StateStore
    from interlace.run.project import Project

__all__ = ["EnvironmentRow", "ModelRow", "environment_rows", "model_rows"]

RUNS = 1_000
"""How many runs are looked through for environments that the configuration does not name."""


@dataclass(frozen=True, slots=True)
class EnvironmentRow:
    """One environment.

    Attributes:
        name: its name.
        base: whether it owns the plain names.
        models: how many it has built itself.
        built_at: when it last published one, UTC.
        ahead: how many of them have another definition than the base has; None for the base.
        behind: how many of them the base has published again since; None for the base.
    """

    name: str
    base: bool
    models: int
    built_at: datetime | None
    ahead: int | None
    behind: int | None


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model in one environment.

    Attributes:
        model: its name.
        place: ``here``, ``not built``, or the environment that it is read from.
        relation: where it is read from; None where it is not there.
        definition: against the base's: ``same``, ``changed`` or ``new``; None in the base.
        built_at: when what is read was published, UTC.
        rows: of it, where known.
        sampled: the sources of whose samples it was made, and how large these are.
        due: why a run would build it; None where it would not.
    """

    model: str
    place: str
    relation: str | None
    definition: str | None
    built_at: datetime | None
    rows: int | None
    due: str | None
    sampled: Mapping[str, str] = field(default_factory=dict)


def environment_rows(store: StateStore, config: LoadedConfig) -> list[EnvironmentRow]:
    """All environments, of the configuration and of the state; the base first."""
    base = config.config.base_environment
    ran = [run.environment for run in store.runs(limit=RUNS)]
    over = {name for name in {*ran} - {*config.environments} if _is_over(store, name)}
    names = sorted({*config.environments, *ran} - over, key=lambda name: (name != base, name))
    there = _built(store, base)
    return [_row(name, _built(store, name), there if name != base else None) for name in names]


def model_rows(project: Project) -> list[ModelRow]:
    """Each model with a relation, as the project's environment has it."""
    config = project.config
    base = config.config.base_environment
    own = _built(project.store, project.environment)
    there = _built(project.store, base) if base != project.environment else None
    plan = project.plan()
    deferred = {d.model: d for d in plan.deferred}
    due = {s.model: "; ".join(r.text for r in s.reasons) for s in plan.steps if s.action == "build"}
    found = []
    for name, fingerprint in project.fingerprints().items():
        state, place = own.get(name), "here"
        if name in deferred:
            place = deferred[name].environment
            state = _built(project.store, place).get(name)
        elif state is None:
            place = "not built"
        found.append(
            ModelRow(
                model=name,
                place=place,
                relation=state.relation if state is not None else None,
                definition=_definition(fingerprint, there, name),
                built_at=state.published_at if state is not None else None,
                rows=state.rows if state is not None else None,
                due=due.get(name),
                sampled=sampled_from(state) if state is not None else {},
            )
        )
    return found


def _row(name: str, own: Mapping[str, ModelState], base: Mapping[str, ModelState] | None) -> EnvironmentRow:
    times = [s.published_at for s in own.values() if s.published_at is not None]
    ahead = behind = None
    if base is not None:
        ahead = sum(n not in base or base[n].fingerprint != s.fingerprint for n, s in own.items())
        behind = sum(_later(base[n], s) for n, s in own.items() if n in base)
    return EnvironmentRow(name, base is None, len(own), max(times, default=None), ahead, behind)


def _is_over(store: StateStore, name: str) -> bool:
    """Whether an environment was made to be thrown away, and was."""
    if not name.startswith(THROW_AWAY) or store.snapshot(name).models:
        return False
    return not any(run.status == "running" for run in store.runs(name, limit=1))


def _built(store: StateStore, environment: str) -> dict[str, ModelState]:
    return {n: s for n, s in store.snapshot(environment).models.items() if s.fingerprint is not None}


def _later(one: ModelState, other: ModelState) -> bool:
    if one.published_at is None or other.published_at is None or one.data_version == other.data_version:
        return False
    return one.published_at > other.published_at


def _definition(fingerprint: str, base: Mapping[str, ModelState] | None, name: str) -> str | None:
    if base is None:
        return None
    known = base[name].fingerprint if name in base else None
    if known is None:
        return "new"
    return "same" if known.data == fingerprint else "changed"
