"""What ``incremental:`` means for a model's other keys: its default strategy, and what does not go together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlace.errors import InvalidModel
from interlace.model.definition import Incremental, StrategyUse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlace.model.declared import Given
    from interlace.model.definition import Model

__all__ = ["INTERVAL_VARIABLES", "default_strategy", "interval_variables", "part_variables", "refused"]

INTERVAL_VARIABLES: Final = ("start", "end", "cursor")
"""The names after ``$`` that say which part a load is about."""


def interval_variables(incremental: Incremental | None) -> frozenset[str]:
    """Those of them that a model's query may name."""
    if incremental is None:
        return frozenset()
    return frozenset({"start", "end"} if incremental.by == "datetime" else {"cursor"})


def part_variables(model: Model) -> frozenset[str]:
    """Those that a model's query may name, ``$files`` included."""
    found = interval_variables(model.incremental)
    return found if model.files is None else found | {"files"}


def default_strategy(keys: Mapping[str, Any]) -> StrategyUse | None:
    """The strategy of a model that names none, and is incremental or takes in files; None where it is neither."""
    if keys.get("files") is not None:
        return StrategyUse("merge_by_key" if keys.get("key") else "append")
    incremental: Incremental | None = keys.get("incremental")
    if incremental is None:
        return None
    if incremental.by == "datetime":
        return StrategyUse("replace")
    return StrategyUse("merge_by_key" if keys.get("key") else "append")


def refused(keys: Mapping[str, Any], given: Given, *, takes_strategy: bool) -> InvalidModel | None:
    """Why a model cannot be incremental as it is declared."""
    incremental: Incremental = keys["incremental"]
    if not takes_strategy:
        message = f"a model that is materialised as {keys['materialise']!r} keeps no rows, so it cannot be incremental"
        return InvalidModel(message, where=given.where, hint="Leave 'incremental' out, or materialise a table.")
    strategy: StrategyUse | None = keys.get("strategy")
    if strategy is not None and strategy.name == "none":
        message = "a relation that is managed elsewhere (strategy: none) cannot be incremental"
        return InvalidModel(message, where=given.where, hint="Leave one of the two out.")
    if incremental.by == "datetime" or strategy is None:
        return None
    if strategy.name == "replace":
        message = "'replace' would keep only the newest rows of a model that is incremental by key"
        return InvalidModel(
            message, where=given.where, hint="Use 'merge_by_key' with a key, or 'append'; or leave 'strategy' out."
        )
    if incremental.lookback and not keys.get("key") and not strategy.options.get("dedup"):
        message = "a lookback by key reads rows again, which only a 'key' tells from new ones"
        return InvalidModel(message, where=given.where, hint="Write key: <the columns that identify a row>.")
    return None
