"""The lineage of a project's models in one environment, and the cache where it is kept."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from interlace import __version__
from interlace.contracts.strategy import Strategy
from interlace.lineage.cache import LineageCache
from interlace.lineage.models import ModelLineage
from interlace.run.expressions import expressions_of, kept_expression

if TYPE_CHECKING:
    from interlace.contracts.relation import Column
    from interlace.contracts.state import StateStore
    from interlace.lineage.known import Expression
    from interlace.model.definition import Model
    from interlace.run.view import View

__all__ = ["model_lineage"]

CACHE: Final = Path(".interlace") / "lineage.cache"
_PLAIN: Final = frozenset({"replace", "append", "none"})
"""Strategies that keep no columns of their own: the commonest need not be imported to know it."""


def model_lineage(view: View, store: StateStore) -> ModelLineage:
    """What gives the lineage of models, with the columns that this environment's state has of them."""
    cache = LineageCache(view.loaded.root / CACHE, f"{__version__} {version('sqlglot')}")
    cache.open()
    dialects = view.loaded.connections.dialects()
    default = view.loaded.config.default_connection
    states = store.snapshot(view.environment).models
    expressions = expressions_of(store, view.loaded.root)

    def dialect(model: Model) -> str:
        return dialects.get(model.connection or default) or dialects[default]

    def recorded(name: str) -> tuple[Column, ...] | None:
        return states[name].columns if name in states else None

    def current(model: Model) -> bool:
        if model.name not in states:
            return False
        built = states[model.name].fingerprint
        return built is not None and built.data == view.fingerprint(model)

    def expression(model: Model) -> Expression | None:
        return kept_expression(expressions, model)

    def own(model: Model) -> tuple[str, ...]:
        if model.strategy is None or model.strategy.name in _PLAIN:
            return ()
        strategy = view.loaded.plugins.registry(Strategy).get(model.strategy.name)
        return strategy().own_columns(strategy.Config.model_validate(dict(model.strategy.options)))

    return ModelLineage(view.loaded.graph, dialect, recorded, current, expression, own, cache)
