"""``interlace adopt``: relations that something else made become what models published, as they stand."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from interlace.contracts.state import AttemptRecord, IntervalRecord, ModelState
from interlace.errors import InterlaceError, UsageError
from interlace.model.definition import Fingerprint, Model
from interlace.plan.planner import make_plan, read_through, versions_of
from interlace.plan.steps import Plan, Reason, Step
from interlace.run.adopt_columns import differences, look_at
from interlace.run.adopt_loaded import Extent, loaded_of
from interlace.run.intervals import keeping_models, written_models
from interlace.run.permitting import refuse_forbidden_writes
from interlace.run.prepare import gather, prepare, stands
from interlace.run.promote import recorded_run, right_to_write
from interlace.run.selection import selected_names
from interlace.run.unfolded import record_of
from interlace.state.ids import new_id

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.state import StateStore
    from interlace.plan.planner import Facts
    from interlace.plan.windows import Batch
    from interlace.run.task import Task
    from interlace.run.view import View

__all__ = ["Adopted", "Adoption", "Refused", "adopt", "plan_adoption"]


@dataclass(frozen=True, slots=True)
class Adopted:
    """One model whose relation is adopted.

    Attributes:
        state: what is recorded of it.
        extent: what counts as loaded, of an incremental model.
        notices: what the user should know.
    """

    state: ModelState
    extent: Extent | None = None
    notices: tuple[str, ...] = ()

    @property
    def model(self) -> str:
        """Its name."""
        return self.state.name


@dataclass(frozen=True, slots=True)
class Refused:
    """One model whose relation is not what the model would make of it."""

    model: str
    why: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Adoption:
    """What would be adopted, and recorded.

    Attributes:
        environment: where.
        items: parents first.
        refused: why nothing may be.
        left: what is selected and not adopted, with why.
        next: what a run of what is selected does afterwards.
        notices: what the user should know.
        revision: of the state that it was made from.
        run: that recorded it; empty where nothing is recorded.
    """

    environment: str
    items: tuple[Adopted, ...]
    refused: tuple[Refused, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)
    next: tuple[Step, ...] = ()
    notices: tuple[str, ...] = ()
    revision: int = 0
    run: str = ""


def plan_adoption(
    view: View, store: StateStore, select: Sequence[str], exclude: Sequence[str], until: datetime | None
) -> Adoption:
    """Compare what stands with what the models would make.  Reads only.

    Raises:
        UsageError: a selector matches nothing; nothing of a name stands where only another environment's names are plain.
    """
    now = datetime.now(UTC)
    if until is not None and until > now:
        raise UsageError(f"--until {until:%Y-%m-%d %H:%M}: that is not over yet.")
    snapshot = store.snapshot(view.environment)
    facts = gather(view, selected_names(view, snapshot, select, exclude), snapshot, store, now, force=False)
    examining = _Examining(view, facts, until)
    for name in facts.graph.order():
        if name in facts.selected and isinstance(facts.graph.nodes[name], Model) and name in view.relations:
            examining.judge(view.models[name])
    refuse_forbidden_writes(view, [i.model for i in examining.items])
    if not examining.items and not examining.refused:
        _refuse_other_names(view, examining.left)
    following, notices = _next(facts, examining.items)
    return Adoption(
        view.environment,
        tuple(examining.items),
        tuple(examining.refused),
        examining.left,
        following,
        notices,
        snapshot.revision,
    )


def adopt(view: View, store: StateStore, adoption: Adoption, command: str) -> Adoption:
    """Record what was planned, exactly as it was told.

    Raises:
        UsageError: something is refused; or the state moved since it was planned.
        RunUnderWay: a run of the environment has not ended.
    """
    if adoption.refused:
        reasons = "\n".join(f"  {r.model}: {r.why}" for r in adoption.refused)
        raise UsageError(f"Nothing was adopted in {adoption.environment}:\n{reasons}")
    if not adoption.items:
        return adoption
    run = new_id()
    with right_to_write(view, store, run, [view.environment], ()) as said:
        if store.revision(view.environment) != adoption.revision:
            raise UsageError(
                f"The state of {view.environment} moved since the adoption was planned.", hint="Plan it again."
            )
        with recorded_run(store, view.environment, run, command):
            store.record(view.environment, [_record(view, item, run) for item in adoption.items])
    return replace(adoption, run=run, notices=(*said, *adoption.notices))


def _record(view: View, item: Adopted, run: str) -> AttemptRecord:
    now = datetime.now(UTC)
    model = view.models[item.model]
    intervals: Sequence[IntervalRecord] = item.extent.intervals if item.extent is not None else ()
    return AttemptRecord(
        id=item.state.data_version or new_id(),
        run=run,
        model=item.model,
        status="succeeded",
        reason="adopted as it stood",
        started_at=now,
        finished_at=now,
        state=replace(item.state, run=run, published_at=now, attempted_at=now),
        schema_changed=True,
        intervals=intervals,
        forget_intervals=True,
        cursor=item.extent.cursor if item.extent is not None else None,
        definition=record_of(view, model, item.state.columns),
    )


class _Examining:
    """Looks at one model after the other, parents first."""

    def __init__(self, view: View, facts: Facts, until: datetime | None) -> None:
        self._view = view
        self._facts = facts
        self._until = until
        self._keeping = keeping_models(view, facts.selected)
        self._written = written_models(view)
        self._versions = versions_of(facts)
        self.items: list[Adopted] = []
        self.refused: list[Refused] = []
        self.left: dict[str, str] = {}

    def judge(self, model: Model) -> None:
        """Adopt, refuse or leave a model."""
        name = model.name
        why = self._left(model)
        if why is not None:
            self.left[name] = why
            return
        try:
            found = self._examined(model)
        except InterlaceError as error:
            said = error.message.replace(" Nothing was written.", "")
            self.refused.append(Refused(name, said, error.hint))
            return
        if isinstance(found, Refused):
            self.refused.append(found)
        else:
            self.items.append(found)
            self._versions.move(name, found.state.data_version or "")

    def _left(self, model: Model) -> str | None:
        state = self._facts.state.models.get(model.name)
        if model.files is not None:
            return "it takes in files, and nobody knows which of them its table holds"
        if model.name not in self._written:
            return "something else writes it (strategy: none)"
        if state is not None and state.fingerprint is not None:
            return "it is known already"
        if self._facts.standing(model.name) is None:
            return f"there is no {self._view.relations[model.name]}"
        absent = next((p for p in read_through(model.name, self._facts) if self._is_absent(p)), None)
        return f"it reads {absent}, which is not there" if absent is not None else None

    def _is_absent(self, name: str) -> bool:
        if name not in self._view.relations:
            return False
        return stands(self._facts, name, self._view) is None

    def _examined(self, model: Model) -> Adopted | Refused:
        facts, view = self._facts, self._view
        standing = facts.standing(model.name)
        kind = facts.kinds[model.materialise].relation
        assert standing is not None  # noqa: S101  it was looked at before
        if standing.kind != kind:
            return Refused(model.name, f"{standing.relation} is a {standing.kind}, and the model is a {kind}")
        task = prepare(view, _plan_of(model, facts), facts, facts.now)[model.name]
        with contextlib.closing(task.connection.session()) as session:
            return self._compared(task, session, keeps=model.name in self._keeping)

    def _compared(self, task: Task, session: Session, *, keeps: bool) -> Adopted | Refused:
        from interlace.run.attempt import verify

        assert task.standing is not None  # noqa: S101  as above
        found = look_at(task, session, self._view, keeps=keeps)
        wrong, notices = differences(task, found, keeps=keeps)
        if wrong:
            return Refused(task.name, f"its columns are others: {'; '.join(wrong)}", _BUILD)
        verify(task.model, task.standing.columns, session)
        if task.materialiser.uses_strategy:
            _examine_rows(task, session)
        again = self._loaded_again(task, keeps=keeps, safe=found.load is None or found.load.idempotent)
        if again is not None:
            return again
        extent = loaded_of(task, session, self._facts, self._until)
        if found.why:
            notices.append(found.why)
        return Adopted(self._state(task), extent, tuple(notices))

    def _loaded_again(self, task: Task, *, keeps: bool, safe: bool) -> Refused | None:
        """An interval that is loaded again must not be there twice then."""
        incremental = task.model.incremental
        if self._until is not None or not keeps or incremental is None or incremental.by == "key":
            return None
        if safe or task.strategy.history:
            return None
        word = task.step.strategy or task.strategy.__class__.__name__
        return Refused(
            task.name,
            f"nobody knows whether the interval of its last row is complete, and {word} would load it twice",
            "Say up to where it is loaded: --until 2024-01-31",
        )

    def _state(self, task: Task) -> ModelState:
        now = task.model.fingerprint
        checks = "" if task.model.checks else now.checks
        assert task.standing is not None  # noqa: S101  as above
        return ModelState(
            name=task.name,
            # Checks that never ran and what was never attached are due.
            fingerprint=Fingerprint(task.fingerprint, checks, now.metadata.partition(".")[0]),
            data_version=new_id(),
            parents=self._versions.read_by(task.name),
            inputs=task.inputs,
            relation=str(task.relation),
            kind=task.standing.kind,
            columns=task.standing.columns,
            status="succeeded",
        )


_BUILD = "Change the model or the table; or leave it out (-x), so that a run builds it."


def _examine_rows(task: Task, session: Session) -> None:
    """Ask what the strategy has to know of the rows.

    Raises:
        LoadRefused: they are not what it would have loaded.
        InvalidModel: the columns are not.
    """
    from interlace.contracts.applying import perform
    from interlace.contracts.load import LoadPlan, LoadSpec, SchemaMode

    assert task.relation is not None  # noqa: S101  it stands
    assert task.standing is not None  # noqa: S101  as above
    spec = LoadSpec(
        target=task.relation,
        source=task.relation,
        source_columns=task.source_columns,
        target_columns=task.standing.columns,
        key=task.model.key,
        options=task.options,
        execution_time=task.portions[0].at,
        capabilities=task.connection.capabilities,
        dialect=task.connection.dialect,
        schema_mode=SchemaMode(task.model.schema_mode or SchemaMode.SAFE),
    )
    perform(session, LoadPlan(tuple(task.strategy.existing(spec)), idempotent=True))


def _plan_of(model: Model, facts: Facts) -> Plan:
    """A plan that loads one model, so that its words become what they stand for."""
    kind = facts.kinds[model.materialise]
    strategy = model.strategy.name if model.strategy else ("replace" if kind.uses_strategy else None)
    step = Step(
        model=model.name,
        action="build",
        reasons=(Reason("new", "it is looked at"),),
        relation=str(facts.relations[model.name]),
        materialise=model.materialise,
        strategy=strategy,
        intervals=_interval(model, facts),
    )
    return Plan("", facts.state.environment, facts.where, (step,))


def _interval(model: Model, facts: Facts) -> tuple[Batch, ...]:
    if model.incremental is None or model.incremental.by != "datetime":
        return ()
    from zoneinfo import ZoneInfo

    from interlace.plan.windows import Batch, floor, following

    zone = ZoneInfo(facts.timezone)
    start = floor(facts.now, model.incremental.grain, zone)
    return (Batch(start, following(start, model.incremental.grain, zone), ("new",)),)


def _next(facts: Facts, items: Sequence[Adopted]) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """What a run of what is selected does afterwards, and what to say where it cannot be planned."""
    if not items:
        return (), ()
    adopted = {i.model: i for i in items}
    state = replace(
        facts.state, models={**facts.state.models, **{n: _now(i.state, facts.now) for n, i in adopted.items()}}
    )
    extents = {n: i.extent for n, i in adopted.items() if i.extent is not None}
    after = replace(
        facts,
        state=state,
        intervals=lambda name: extents[name].intervals if name in extents else facts.intervals(name),
        cursor=lambda name: extents[name].cursor if name in extents else facts.cursor(name),
    )
    try:
        return make_plan(after).plan.steps, ()
    except UsageError as error:
        return (), (f"the next run: {error.message}",)


def _now(state: ModelState, now: datetime) -> ModelState:
    return replace(state, published_at=now)


def _refuse_other_names(view: View, left: Mapping[str, str]) -> None:
    """Where names are not plain, what stands under plain names is another environment's.

    Raises:
        UsageError: nothing that was selected is there.
    """
    config = view.loaded.config
    absent = [n for n, why in left.items() if why.startswith("there is no ")]
    if not absent or len(absent) < len(left):
        return
    prefixes = {config.prefix(view.connection_name(view.models[n])) for n in absent} - {""}
    if prefixes:
        base = config.config.base_environment
        raise UsageError(
            f"There is nothing to adopt in {view.environment}, which has the schemas {prefixes.pop()}*: {left[absent[0]]}.",
            hint=f"Plain names are those of {base}: interlace adopt --env {base}",
        )
