"""What can be told of a check by its options as written, before its class is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.model.definition import CheckUse

__all__ = ["PYTHON", "Part", "of_part", "on_batch"]

PYTHON: Final = "python"
"""The type of what ``@check`` made; no word that a project may write under ``checks:``."""

Part = Literal["all", "batch", "table"]
"""Which checks of a model are asked: all of them, or those of its batch or its table."""


def on_batch(use: CheckUse) -> bool:
    """Whether a check is about the rows that a load brings; see `CheckOptions.on_batch`."""
    return use.options.get("scope") == "batch" or use.options.get("on_failure") == "quarantine"


def of_part(uses: Sequence[CheckUse], part: Part) -> Sequence[CheckUse]:
    """The checks of one part."""
    if part == "all":
        return uses
    return [use for use in uses if on_batch(use) == (part == "batch")]
