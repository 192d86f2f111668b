"""What ``run --hold`` staged and nobody released yet, as text and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlace.cli.render import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.state import HeldRecord

__all__ = ["held_data", "held_lines", "models_text"]


def held_lines(held: Sequence[HeldRecord]) -> list[str]:
    """What waits, as text: a line for each model, and how to go on."""
    lines: list[str] = []
    for run in dict.fromkeys(h.run for h in held):
        own = [h for h in held if h.run == run]
        width = max(len(h.model) for h in own)
        lines.append(f"Run {run} holds back {models_text([h.model for h in own])}:")
        lines += [f"  {h.model:<{width}}  {_difference(h.difference)}" for h in own]
        lines.append(f"Publish it: interlace release {run}    Drop it: interlace discard {run}")
    return lines


def held_data(held: HeldRecord) -> dict[str, Any]:
    """What waits, as plain data."""
    return {
        "run": held.run,
        "model": held.model,
        "connection": held.connection,
        "at": held.at.isoformat(),
        "difference": dict(held.difference),
    }


def _difference(found: Any) -> str:
    if "definition" in found:
        return "a view"
    said = [f"{found[what]:,} {what}" for what in ("added", "removed", "changed") if found[what]]
    said += [f"{name}: {n:,} changed" for name, n in found["columns"].items()]
    said += [f"new column {name}" for name in found["added_columns"]]
    said += [f"column {name} is gone" for name in found["removed_columns"]]
    rows = f"{found['rows_before']:,} → {found['rows_after']:,} rows"
    return f"{rows}: {', '.join(said)}" if said else f"{rows}: no difference"


def models_text(names: Sequence[str]) -> str:
    """``3 models``."""
    return plural(len(names), "model")
