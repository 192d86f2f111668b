"""Which models have a test or a check, and which columns a check: by folder and by owner."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from interlace.model.definition import Model, PythonBody, SeedBody

if TYPE_CHECKING:
    from interlace.graph.build import Graph

__all__ = ["Coverage", "Covered", "Part", "coverage"]

UNOWNED = "(no owner)"


@dataclass(frozen=True, slots=True)
class Covered:
    """One model.

    Attributes:
        tested: whether a test is about it.
        checks: how many it has.
        columns: how many it has; None while that is not known, as of SQL that was never built.
        checked_columns: how many of them a check names.
    """

    name: str
    folder: str
    owner: str
    tested: bool
    checks: int
    columns: int | None
    checked_columns: int

    @property
    def covered(self) -> bool:
        """Whether it has a test or a check."""
        return self.tested or self.checks > 0


@dataclass(frozen=True, slots=True)
class Part:
    """The sums of some models; `columns` is None where those of one are not known."""

    name: str
    models: int
    covered: int
    tested: int
    checked: int
    columns: int | None
    checked_columns: int

    @property
    def percent(self) -> float:
        """The models with a test or a check, of a hundred; 100 where there are no models."""
        return 100.0 * self.covered / self.models if self.models else 100.0


@dataclass(frozen=True, slots=True)
class Coverage:
    """The report.

    Attributes:
        total: of all models.
        folders: by folder, relative to the project.
        owners: by owner; models without one are under ``(no owner)``.
        models: each model, by name.
    """

    total: Part
    folders: tuple[Part, ...]
    owners: tuple[Part, ...]
    models: tuple[Covered, ...]


def coverage(graph: Graph, tested: Collection[str], known_columns: Mapping[str, Iterable[str]]) -> Coverage:
    """Report on the models of a project; seeds and sources do not count.

    Args:
        graph: the project's.
        tested: the names of the models that tests are about.
        known_columns: of the models that are published.
    """
    models = tuple(
        _covered(node, node.name in tested, known_columns.get(node.name))
        for node in graph.nodes.values()
        if isinstance(node, Model) and not isinstance(node.body, SeedBody)
    )
    folders = {m.folder for m in models}
    owners = {m.owner for m in models}
    return Coverage(
        _part("total", models),
        tuple(_part(f, [m for m in models if m.folder == f]) for f in sorted(folders)),
        tuple(_part(o, [m for m in models if m.owner == o]) for o in sorted(owners)),
        models,
    )


def _covered(model: Model, tested: bool, known: Iterable[str] | None) -> Covered:
    columns = _folded(c.name for c in model.columns) if isinstance(model.body, PythonBody) else frozenset()
    columns = columns if known is None else _folded(known)
    checked = _folded(name for use in model.checks for name in _columns_of(use.options))
    return Covered(
        model.name,
        str(PurePosixPath(model.file).parent),
        model.owner or UNOWNED,
        tested,
        len(model.checks),
        len(columns) or None,
        len(checked & columns if columns else checked),
    )


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)


def _columns_of(options: Mapping[str, object]) -> Iterable[str]:
    """The columns that a check is about, as far as its options name them."""
    for word in ("column", "columns"):
        value = options.get(word)
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | tuple):
            yield from (v for v in value if isinstance(v, str))


def _part(name: str, models: Collection[Covered]) -> Part:
    return Part(
        name,
        len(models),
        sum(m.covered for m in models),
        sum(m.tested for m in models),
        sum(m.checks > 0 for m in models),
        None if any(m.columns is None for m in models) else sum(m.columns or 0 for m in models),
        sum(m.checked_columns for m in models),
    )
