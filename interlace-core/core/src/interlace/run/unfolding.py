"""Views upon views, and models inlined into models: a query that reads one twice holds it twice, at every level."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.errors import InvalidModel, Location

if TYPE_CHECKING:
    from interlace.run.view import View

__all__ = ["stacked_views"]

MANY = 1_000
"""Queries in one from which on binding it is felt: 20 levels with two parents each never finish binding on DuckDB."""

TOO_MANY = 20_000
"""Inlined queries in one from which on its text alone is too long to run."""


def stacked_views(view: View, selected: frozenset[str]) -> list[str]:
    """Warn of models whose query unfolds into very many, and say where to cut.

    Raises:
        InvalidModel: a model unfolds into more inlined queries than can be run.
    """
    unfolded: dict[str, int] = {}
    said: list[str] = []
    for name in view.loaded.graph.order():
        model = view.models.get(name)
        if model is None:
            continue
        through = [p for p in view.loaded.graph.parents(name) if p in unfolded]
        count = 1 + sum(unfolded[p] for p in through)
        if name in view.inlined or view.kinds[model.materialise].relation == "view":
            unfolded[name] = count
        if count >= TOO_MANY and any(p in view.inlined for p in through) and name in selected:
            raise InvalidModel(
                f"{name} unfolds into {count:,} inlined queries",
                where=Location(model.file, model.line),
                hint=f"Give one of {_shown(through)} 'materialise: table'.",
                model=name,
            )
        if count >= MANY and name in selected and len(said) < 3:  # noqa: PLR2004  the ones below say the same
            said.append(f"{name} unfolds into {count:,} queries: give one of {_shown(through)} 'materialise: table'")
    return said


def _shown(names: list[str]) -> str:
    return ", ".join(sorted(names)[:5])
