"""What was measured of a model in earlier runs, for the checks that compare with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.state import StateStore
    from interlace.run.audit import History

__all__ = ["KEPT", "history_of"]

KEPT: Final = 100
"""How many earlier measurements are looked at."""


def history_of(store: StateStore, environment: str, model: str) -> History:
    """Gives the earlier measurements of a model, newest first; what could not be measured is left out."""

    def history(name: str, column: str | None) -> Sequence[float]:
        found = store.metrics(environment, model, name, column, limit=KEPT)
        return [record.value for record in found if record.value is not None]

    return history
