"""Where a plugin comes from."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Origin", "normalised"]


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """An installed plugin, by its entry point.  They sort by distribution, then by name.

    Attributes:
        distribution: the normalised name of the distribution, such as ``interlace-duckdb``.
        name: of the entry point, which is the plugin's name.
        module: that the entry point names.
        version: of the distribution.
    """

    distribution: str
    name: str
    module: str
    version: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}"


def normalised(name: str) -> str:
    """The one spelling of a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
