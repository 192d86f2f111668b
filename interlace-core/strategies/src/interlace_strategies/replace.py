"""``strategy: replace``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from interlace.contracts.load import LoadPlan, Publish
from interlace.contracts.options import Options
from interlace.contracts.strategy import Strategy

if TYPE_CHECKING:
    from interlace.contracts.load import LoadSpec

__all__ = ["Replace", "ReplaceOptions"]


class ReplaceOptions(Options):
    """``replace`` takes no options."""


class Replace(Strategy):
    """The table becomes what the source gives, rows and columns alike; what was there before is gone."""

    Config: ClassVar[type[Options]] = ReplaceOptions
    groupable = True

    def plan(self, spec: LoadSpec[Options]) -> LoadPlan:
        """Publish the source as the target."""
        return LoadPlan((Publish(spec.target, spec.source),), idempotent=True)
