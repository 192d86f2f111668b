"""How much of what a check counts may fail: ``max_rows`` and ``max_fraction``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlace.contracts.check import CheckOptions, Verdict

__all__ = ["limit_text", "tolerated"]


def tolerated(options: CheckOptions, verdict: Verdict, rows: int, *, or_else: bool = False) -> bool:
    """Whether no more fails than may.

    Args:
        options: with the limits; where both are given both must hold.
        verdict: of the check.
        rows: how many rows it is about.
        or_else: the answer where there is no limit, or no number of failing rows.
    """
    if verdict.failing is None or (options.max_rows is None and options.max_fraction is None):
        return or_else
    few = options.max_rows is None or verdict.failing <= options.max_rows
    return few and (options.max_fraction is None or verdict.failing <= options.max_fraction * rows)


def limit_text(options: CheckOptions) -> str:
    """The limits in words; empty where there are none."""
    rows = None if options.max_rows is None else f"{options.max_rows:,}"
    part = None if options.max_fraction is None else f"{options.max_fraction:.6%}".rstrip("0%").rstrip(".") + " %"
    said = " and ".join(limit for limit in (rows, part) if limit)
    return f"at most {said} may" if said else ""
