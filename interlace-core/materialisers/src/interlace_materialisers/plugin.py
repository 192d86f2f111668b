"""The words allowed after ``materialise:``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.plugin import Provider, hookimpl

if TYPE_CHECKING:
    from interlace.contracts.materialiser import Materialiser

INTERLACE_HOOK_API = 1


@hookimpl
def interlace_materialisers() -> list[Provider[Materialiser]]:
    """Offer our materialisations."""
    return [
        Provider(
            "ephemeral", "interlace_materialisers.ephemeral:Ephemeral", "No relation: readers get the query itself"
        ),
        Provider("none", "interlace_materialisers.none:Nothing", "A side effect that leaves no relation"),
        Provider("table", "interlace_materialisers.table:Table", "A table, loaded by the model's strategy"),
        Provider("view", "interlace_materialisers.view:View", "A view of the model's query"),
    ]
