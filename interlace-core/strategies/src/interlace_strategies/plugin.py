"""The words allowed after ``strategy:``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.plugin import Provider, hookimpl

if TYPE_CHECKING:
    from interlace.contracts.strategy import Strategy

INTERLACE_HOOK_API = 1


@hookimpl
def interlace_strategies() -> list[Provider[Strategy]]:
    """Offer our strategies."""
    return [
        Provider("append", "interlace_strategies.append:Append", "Add the batch to the rows that are there"),
        Provider("none", "interlace_strategies.none:Unmanaged", "The relation is managed elsewhere, and never written"),
        Provider("replace", "interlace_strategies.replace:Replace", "The table becomes what the query gives"),
    ]
