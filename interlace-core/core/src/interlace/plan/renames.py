"""Models that go on under another name: ``renamed_from``.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from interlace.contracts.relation import Relation
from interlace.contracts.state import ModelState, StateSnapshot
from interlace.errors import InvalidModel, Location, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection

    from interlace.contracts.relation import RelationKind
    from interlace.model.definition import Model

__all__ = ["Move", "Moves", "moves"]


@dataclass(frozen=True, slots=True)
class Move:
    """One model that has another name now.

    Attributes:
        old: its name until now, as the state has it.
        new: its name from now on.
        source: its relation until now.
        target: its relation from now on.
        kind: of the relation.
    """

    old: str
    new: str
    source: Relation
    target: Relation
    kind: RelationKind

    def __str__(self) -> str:
        return f"{self.new} is renamed from {self.old}: {self.source} becomes {self.target}"


@dataclass(frozen=True, slots=True)
class Moves:
    """What is renamed, and the state as it is once that is done.

    Attributes:
        due: the moves of models that may run, by their new names.
        state: of the environment, with the new names.
        claimed: names in the state whose model goes on under a name that may not run now: no orphans.
        notices: declarations that have done their work.
    """

    due: Mapping[str, Move]
    state: StateSnapshot
    claimed: frozenset[str] = frozenset()
    notices: tuple[str, ...] = ()

    def recorded(self, name: str) -> str:
        """The name under which the state still has a model."""
        return self.due[name].old if name in self.due else name


@dataclass(slots=True)
class _Found:
    due: dict[str, Move] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)
    notices: list[str] = field(default_factory=list)


def moves(
    models: Mapping[str, Model], relations: Mapping[str, Relation], state: StateSnapshot, selected: Collection[str]
) -> Moves:
    """Find the models that go on under another name, and refuse declarations that cannot be right.

    A declaration that was carried out before is told and changes nothing.  In an environment where nothing lost its model, one
    that names what was never built there changes nothing either: the model is new there.

    Args:
        models: of the project.
        relations: where each is published.
        state: of the environment.
        selected: the names that may run.

    Raises:
        InvalidModel: the old name is a model of the project still, or was never built where something else lost its
            model; or both names were built; or two models claim one name.
    """
    found = _Found()
    known = {name.casefold(): name for name in state.models}
    claims: dict[str, Model] = {}
    for model in models.values():
        if model.renamed_from is None:
            continue
        wanted = model.renamed_from.rpartition(".")[2].casefold()
        if wanted in claims:
            raise _wrong(model, f"and so does {claims[wanted].name}", "Only one model can go on with its rows.")
        claims[wanted] = model
        _judge(model, known.get(wanted), models, relations, state, selected, found)
    if not found.due:
        return Moves({}, state, frozenset(found.claimed), tuple(found.notices))
    return Moves(found.due, _carried(state, found.due), frozenset(found.claimed), tuple(found.notices))


def _judge(
    model: Model,
    old: str | None,
    models: Mapping[str, Model],
    relations: Mapping[str, Relation],
    state: StateSnapshot,
    selected: Collection[str],
    found: _Found,
) -> None:
    built = _is_built(state.models.get(model.name))
    stays = model.renamed_from is not None and _names(model.renamed_from, models)
    if old is None or not _is_built(state.models.get(old)):
        if built:
            found.notices.append(
                f"{model.name} says 'renamed_from: {model.renamed_from}', and nothing of that name is left to rename: remove the line"
            )
        elif stays:
            raise _wrong(model, "which is a model of the project itself", "Remove the line, or that model.")
        else:
            _refuse_unknown(model, models, state)
        return
    if stays:
        if built:
            found.notices.append(
                f"{model.name} says 'renamed_from: {model.renamed_from}', which is a model of its own now"
            )
            return
        raise _wrong(model, "which is a model of the project itself", "Remove the line, or that model.")
    if built:
        raise _wrong(
            model,
            f"but both were built in {state.environment}",
            f"Remove the line: {model.name} goes on as it is, and the relation of {old} is left without a model.",
        )
    _move(model, state.models[old], relations, selected, found)


def _move(
    model: Model, before: ModelState, relations: Mapping[str, Relation], selected: Collection[str], found: _Found
) -> None:
    target = relations.get(model.name)
    if target is None or before.relation is None or before.kind is None:
        return
    source = _relation_of(before.relation, target)
    if before.kind == "view" and source.schema != target.schema:
        return  # a view holds no rows: it is made anew, and what is left of the old one is told
    found.claimed.add(before.name)
    if model.name in selected:
        found.due[model.name] = Move(before.name, model.name, source, target, before.kind)


def _is_built(state: ModelState | None) -> bool:
    return state is not None and state.fingerprint is not None


def _names(word: str, models: Mapping[str, Model]) -> bool:
    wanted = word.rpartition(".")[2].casefold()
    return any(name.casefold() == wanted for name in models)


def _relation_of(full: str, like: Relation) -> Relation:
    """The relation of a full name: the parts are those of a relation of the same database."""
    if like.schema is not None and full.startswith(f"{like.schema}."):
        return replace(like, name=full.removeprefix(f"{like.schema}."))
    schema, _, name = full.rpartition(".")
    return replace(like, name=name, schema=schema or None)


def _refuse_unknown(model: Model, models: Mapping[str, Model], state: StateSnapshot) -> None:
    """Where something lost its model, an old name that was never built is most likely mistyped."""
    here = {name.casefold() for name in models}
    lost = [name for name, known in state.models.items() if _is_built(known) and name.casefold() not in here]
    if lost:
        near = did_you_mean(model.renamed_from or "", lost, label="Without a model")
        raise _wrong(model, f"which was never built in {state.environment}", near)


def _wrong(model: Model, why: str, hint: str) -> InvalidModel:
    return InvalidModel(
        f"{model.name} says 'renamed_from: {model.renamed_from}', {why}",
        where=Location(model.file, model.line),
        hint=hint,
        model=model.name,
    )


def _carried(state: StateSnapshot, due: Mapping[str, Move]) -> StateSnapshot:
    gone = {move.old for move in due.values()}
    kept = {name: known for name, known in state.models.items() if name not in gone}
    moved = {
        move.new: replace(state.models[move.old], name=move.new, relation=str(move.target)) for move in due.values()
    }
    return replace(state, models={**kept, **moved})
