"""``strategy: none``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from interlace.contracts.load import LoadPlan
from interlace.contracts.options import Options
from interlace.contracts.strategy import Strategy

if TYPE_CHECKING:
    from interlace.contracts.load import LoadSpec

__all__ = ["Unmanaged", "UnmanagedOptions"]


class UnmanagedOptions(Options):
    """``none`` takes no options."""


class Unmanaged(Strategy):
    """The relation is managed elsewhere: it is checked and read, and never written."""

    Config: ClassVar[type[Options]] = UnmanagedOptions
    writes = False

    def plan(self, spec: LoadSpec[Options]) -> LoadPlan:
        """Do nothing."""
        del spec
        return LoadPlan((), idempotent=True)
