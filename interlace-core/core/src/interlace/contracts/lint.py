"""What ``interlace validate`` looks for beside what is wrong for certain, and how much each weighs."""

from __future__ import annotations

from typing import Final, Literal

__all__ = ["LEVELS", "RULES", "Level"]

Level = Literal["off", "warn", "error"]

LEVELS: Final[tuple[Level, ...]] = ("off", "warn", "error")

RULES: Final[dict[str, Level]] = {
    "unknown_column": "error",
    "type_mismatch": "error",
    "unused_model": "warn",
    "missing_description": "warn",
    "unbounded_incremental": "warn",
    "select_star_from_source": "warn",
    "unstable_ordering": "warn",
}
"""The rules, and their level where nobody says another.  Of the first two, what is not certain is never more than a warning."""
