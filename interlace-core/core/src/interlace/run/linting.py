"""The five rules of ``interlace validate`` about what is not wrong, and may yet not be meant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from interlace.errors import Location
from interlace.model.definition import Model, PythonBody, SeedBody, Source, SqlBody
from interlace.run.findings import Finding, place

if TYPE_CHECKING:
    from interlace.graph.build import Graph
    from interlace.lineage.offers import Look
    from interlace.run.findings import Levels

__all__ = ["lint_model", "lint_query"]

FOLDERS: Final = frozenset({"staging", "intermediate"})
"""Folders whose models are there to be read by others."""


def lint_model(model: Model, graph: Graph, levels: Levels, read_by_checks: frozenset[str]) -> Iterator[Finding]:
    """What a model's keys and its place in the graph say.

    Args:
        read_by_checks: the models that checks of others read.
    """
    here = Location(model.file, model.line)
    if not graph.children(model.name) and model.name not in read_by_checks and (why := _is_for_others(model)):
        yield from _found("unused_model", model, levels, f"nothing reads {model.name}, {why}", here)
    if not model.description and not isinstance(model.body, SeedBody):
        yield from _found("missing_description", model, levels, f"{model.name} has no description", here)
    if why := _is_unbounded(model):
        yield from _found("unbounded_incremental", model, levels, f"{model.name} {why}", here)


def _is_for_others(model: Model) -> str | None:
    """Why a model is there to be read; None for one that may be an end."""
    if model.export or model.materialise == "none":
        return None
    if model.materialise == "ephemeral":
        return "and an ephemeral model has no relation that anyone else could read"
    if isinstance(model.body, SeedBody):
        return "and a seed is there to be read"
    folder = next((p for p in PurePosixPath(model.file).parts[:-1] if p in FOLDERS), None)
    return None if folder is None else f"and it is under {folder}/"


def _is_unbounded(model: Model) -> str | None:
    incremental = model.incremental
    if incremental is None or isinstance(model.body, SeedBody):
        return None
    if isinstance(model.body, SqlBody):
        used = {v.name for v in model.body.variables}
        wanted = ("cursor",) if incremental.by == "key" else ("start", "end")
        missing = [name for name in wanted if name not in used]
        if missing:
            names = " and ".join(f"${name}" for name in missing)
            return f"is incremental, and its query does not use {names}: each load reads more than its part"
    elif isinstance(model.body, PythonBody) and model.body.context is None:
        return "is incremental, and its function takes no context, which says what a load is about"
    if incremental.by == "datetime" and incremental.start is None:
        return "is incremental by datetime and has no 'start': its first load takes all of history at once"
    return None


def lint_query(look: Look, graph: Graph, levels: Levels) -> Iterator[Finding]:
    """What the text of a query says."""
    from interlace.lineage.ordering import unordered

    model = look.model
    for star in look.examined.stars:
        sources = [name for name in star.relations if isinstance(graph.nodes.get(name), Source)]
        if sources:
            text = f"{model.name} takes all columns of the source {' and '.join(sources)}: what is added there is added here"
            yield from _found("select_star_from_source", model, levels, text, _at(look, star.start))
    for offset, what in sorted(set(unordered(look.tree))):
        text = f"{what}: which rows come first is left to the database"
        yield from _found("unstable_ordering", model, levels, text, _at(look, offset))


def _at(look: Look, offset: int) -> Location:
    return place(look.model.file, look.body, look.plain.offset(offset))


def _found(rule: str, model: Model, levels: Levels, text: str, where: Location) -> Iterator[Finding]:
    level = levels.of(rule, model)
    if level != "off":
        yield Finding(rule, level, text, where, model.name)
