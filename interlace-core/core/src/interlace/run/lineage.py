"""The lineage of a project's models in one environment, and the cache where it is kept."""

from __future__ import annotations

from functools import cache as cache_of
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from interlace import __version__
from interlace.contracts.strategy import Strategy
from interlace.lineage.cache import LineageCache
from interlace.lineage.models import ModelLineage
from interlace.run.asked_columns import AskedColumns
from interlace.run.expressions import expressions_of, kept_expression

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interlace.contracts.relation import Column
    from interlace.contracts.state import ModelState, StateStore
    from interlace.lineage.known import Expression
    from interlace.model.definition import Model
    from interlace.model.outline import Outline
    from interlace.run.view import View

__all__ = ["dialects_of", "model_lineage", "own_columns"]

CACHE: Final = Path(".interlace") / "lineage.cache"
_PLAIN: Final = frozenset({"replace", "append", "none"})
"""Strategies that keep no columns of their own: the commonest need not be imported to know it."""


def model_lineage(view: View, store: StateStore) -> ModelLineage:
    """What gives the lineage of models, with the columns that this environment's state has of them."""
    cache = LineageCache(view.loaded.root / CACHE, f"{__version__} {version('sqlglot')}")
    cache.open()
    expressions = expressions_of(store, view.loaded.root)
    asked = AskedColumns(expressions.parent, view)

    @cache_of
    def states() -> Mapping[str, ModelState]:
        return store.snapshot(view.environment).models

    def recorded(name: str) -> tuple[Column, ...] | None:
        known = states()[name].columns if name in states() else None
        return known if known is not None else asked.of(name)

    def current(model: Model) -> bool:
        state = states().get(model.name)
        if state is None or state.columns is None:
            return asked.of(model.name) is not None
        built = state.fingerprint
        return built is not None and built.data == view.fingerprint(model)

    def expression(model: Model) -> Expression | None:
        return kept_expression(expressions, model)

    own = partial(own_columns, view)
    return ModelLineage(view.loaded.graph, dialects_of(view), recorded, current, expression, own, cache)


def dialects_of(view: View) -> Callable[[Model | Outline], str]:
    """Gives sqlglot's word for the dialect of a model."""
    dialects = view.loaded.connections.dialects()
    default = view.loaded.config.default_connection
    return lambda model: dialects.get(model.connection or default) or dialects[default]


def own_columns(view: View, model: Model) -> tuple[str, ...]:
    """The columns that a model's strategy keeps beside those of its query."""
    if model.strategy is None or model.strategy.name in _PLAIN:
        return ()
    strategy = view.loaded.plugins.registry(Strategy).get(model.strategy.name)
    return strategy().own_columns(strategy.Config.model_validate(dict(model.strategy.options)))
