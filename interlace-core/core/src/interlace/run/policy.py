"""What plugins decide in place of a default: the connection and the strategy of models that name none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from interlace.contracts.materialiser import Materialiser
from interlace.errors import PluginError, did_you_mean
from interlace.model.definition import Fingerprint, Model, StrategyUse
from interlace.plan.versions import digest

if TYPE_CHECKING:
    from interlace.plugins import PluginManager

__all__ = ["apply_policy", "has_policy"]

_HOOKS: Final = ("interlace_resolve_connection", "interlace_choose_strategy")


def has_policy(plugins: PluginManager) -> bool:
    """Whether any plugin decides something."""
    return any(plugins.answers(hook) for hook in _HOOKS)


def apply_policy(models: Iterable[Model], plugins: PluginManager, connections: tuple[str, ...]) -> tuple[Model, ...]:
    """Ask the plugins, where any answers; a decision is part of the model's fingerprint.

    Raises:
        PluginError: a plugin chose a connection that the project does not have.
    """
    decided = tuple(models)
    if plugins.answers("interlace_resolve_connection"):
        decided = tuple(_with_connection(m, plugins, connections) for m in decided)
    if plugins.answers("interlace_choose_strategy"):
        decided = tuple(_with_strategy(m, plugins) for m in decided)
    return decided


def _with_connection(model: Model, plugins: PluginManager, connections: tuple[str, ...]) -> Model:
    if model.connection is not None:
        return model
    name = plugins.first("interlace_resolve_connection", model=model, names=connections)
    if name is None:
        return model
    if name not in connections:
        near = did_you_mean(name, connections, label="Connections")
        raise PluginError(f"a plugin chose connection {name!r} for {model.name}", hint=near, model=model.name)
    return replace(model, connection=name, fingerprint=_decided(model, "connection", name))


def _with_strategy(model: Model, plugins: PluginManager) -> Model:
    if model.strategy is not None or not plugins.registry(Materialiser).get(model.materialise).uses_strategy:
        return model
    name = plugins.first("interlace_choose_strategy", model=model)
    if name is None:
        return model
    return replace(model, strategy=StrategyUse(name), fingerprint=_decided(model, "strategy", name))


def _decided(model: Model, key: str, value: str) -> Fingerprint:
    return replace(model.fingerprint, data=digest(model.fingerprint.data, key, value))
