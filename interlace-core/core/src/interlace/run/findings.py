"""What is found in a project without its data: a rule, a place and a sentence each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlace.contracts.lint import RULES
from interlace.errors import InterlaceError, Location, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlace.contracts.lint import Level
    from interlace.contracts.state import ModelState
    from interlace.lineage.missing import Missing
    from interlace.lineage.offers import Look, Offers
    from interlace.model.definition import Model, SqlBody

__all__ = ["Finding", "Levels", "missing_text", "of_error", "place", "removed_from"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or may be.

    Attributes:
        rule: its word in ``lint:``; of what keeps a project from being loaded the code of the error.
        level: ``warn`` or ``error``.
        model: which it is about, where it is about one.
    """

    rule: str
    level: Level
    message: str
    where: Location | None = None
    model: str | None = None
    hint: str | None = None


class Levels:
    """How much each rule weighs for each model.

    Args:
        project: what the configuration says.
    """

    def __init__(self, project: Mapping[str, Level]) -> None:
        self._project = {**RULES, **project}

    def of(self, rule: str, model: Model | None, *, sure: bool = True) -> Level:
        """The level of a rule; what is not sure is a warning at most."""
        level = self._project[rule] if model is None else model.lint.get(rule, self._project[rule])
        return "warn" if level == "error" and not sure else level


def of_error(error: InterlaceError) -> Finding:
    """What keeps a project from being loaded or planned."""
    return Finding(error.code, "error", error.message, error.where, error.model, error.hint)


def place(file: str, body: SqlBody, offset: int) -> Location:
    """Where in its file a character of a query stands."""
    begin = body.text.rfind("\n", 0, offset) + 1
    end = body.text.find("\n", offset)
    excerpt = body.text[begin : end if end >= 0 else len(body.text)]
    return Location(file, body.line + body.text.count("\n", 0, offset), offset - begin + 1, excerpt)


def removed_from(look: Look, missing: Missing, offers: Offers, states: Mapping[str, ModelState]) -> Model | None:
    """The model that had the column when it was built last, and that by its query now has it no more."""
    from interlace.model.definition import Model

    for name in (missing.relation,) if missing.relation else look.examined.reads:
        state, node = states.get(name), offers.graph.nodes.get(name)
        had = state is not None and any(_same(c.name, missing.column) for c in state.columns or ())
        if had and isinstance(node, Model) and offers.of(name).find(missing.column) is None:
            return node
    return None


def missing_text(look: Look, missing: Missing, giver: Model | None) -> tuple[str, str | None]:
    """A sentence about a column that is missing, and what to do."""
    reader = look.model.name
    near = did_you_mean(missing.column, missing.known, label="Columns") or None
    if giver is not None:
        became = next((c.name for c in giver.columns if _same(c.renamed_from or "", missing.column)), None)
        said = f"it is called {became} now" if became is not None else "it was removed"
        return f"{reader} reads {giver.name}.{missing.column}, and {said}: {giver.file}", near
    if missing.relation:
        return f"{reader} reads {missing.written}, and {missing.relation} has no column {missing.column!r}", near
    return f"{reader} reads {missing.written}, and nothing that it reads there has a column {missing.column!r}", near


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
