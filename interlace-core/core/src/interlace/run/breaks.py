"""Which readers the changed definitions of a plan break: found before anything runs, and only where definitions moved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from interlace.errors import Location, ReadersBroken
from interlace.model.definition import SqlBody
from interlace.plan.steps import Break

if TYPE_CHECKING:
    from interlace.contracts.relation import Column
    from interlace.lineage.missing import Compared, Missing
    from interlace.lineage.offers import Look, Offers, Typed
    from interlace.plan.planner import Facts
    from interlace.plan.steps import Plan
    from interlace.run.findings import Levels
    from interlace.run.view import View

__all__ = ["breaks_of", "refuse_broken"]


def breaks_of(view: View, facts: Facts, plan: Plan, names: list[str]) -> tuple[Break, ...]:
    """The readers that these models break, and what is missing in their own queries.

    A reader is looked at where its query names a column that one of them gives no more, or gives with another type; what
    it gives itself counts in turn.

    Args:
        names: of models whose query is another than last time, parents first.
    """
    from interlace.run.findings import Levels
    from interlace.run.offering import offers_by_plan

    levels = Levels(view.loaded.config.config.lint.model_dump())
    search = _Search(view, facts, plan, offers_by_plan(view, facts, plan), levels)
    for name in names:
        search.look(name)
    search.follow(names)
    return tuple(sorted(search.found, key=lambda b: (b.file, b.line, b.column_number)))


def refuse_broken(plan: Plan) -> None:
    """Refuse to begin where a reader that would run, or a view, breaks.

    Raises:
        ReadersBroken: names each with its file and line.
    """
    stopping = [b for b in plan.breaks if b.stops]
    if not stopping:
        return
    first = stopping[0]
    more = [f"\n{b.text}" for b in stopping[1:]]
    raise ReadersBroken(
        f"nothing ran: {first.text}{''.join(more)}",
        breaks=[b.text for b in stopping],
        where=Location(first.file, first.line, first.column_number),
        hint="Change the readers too. 'interlace validate' looks at all of the project.",
    )


class _Search:
    def __init__(self, view: View, facts: Facts, plan: Plan, offers: Offers, levels: Levels) -> None:
        self.found: list[Break] = []
        self._view = view
        self._states = facts.state.models
        self._built = {s.model for s in plan.steps if s.action == "build"}
        self._offers = offers
        self._levels = levels
        self._seen: set[str] = set()

    def look(self, name: str) -> None:
        """Note what is missing in the query of one model."""
        if name in self._seen:
            return
        self._seen.add(name)
        for parent in self._view.loaded.graph.parents(name):
            if parent in self._view.inlined:
                self.look(parent)
        from interlace.lineage.missing import FOLLOWED

        look = self._offers.look(name)
        if look is None or self._offers.dialect(look.model) not in FOLLOWED:
            return
        found = [self._break(look, missing) for missing in look.examined.missing]
        found += [self._compares(look, compared) for compared in look.examined.compared]
        self.found += [one for one in found if one is not None]

    def follow(self, names: list[str]) -> None:
        """Look at the readers of what these models give no more."""
        todo = [(name, self._lost(name)) for name in names]
        followed: set[tuple[str, frozenset[str]]] = set()
        while todo:
            name, lost = todo.pop()
            if not lost or (name, lost) in followed:
                continue
            followed.add((name, lost))
            for child in self._view.loaded.graph.children(name):
                todo += self._reader(child, lost)

    def _reader(self, name: str, lost: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
        model = self._view.models[name]
        if not isinstance(model.body, SqlBody):
            return
        text = model.body.text.casefold()
        named = any(column in text for column in lost)
        if named:
            self.look(name)
        elif "*" not in text and "columns" not in text:
            return
        if name in self._view.inlined:
            yield name, lost
        elif name in self._built or self._is_view(name):
            yield name, self._lost(name) if name in self._built else lost

    def _lost(self, name: str) -> frozenset[str]:
        """The columns, in lower case, that a model had when it was built last, and has no more or with another type."""
        state = self._states.get(name)
        offer = self._offers.of(name)
        if offer.columns is None or state is None or state.columns is None:
            return frozenset()
        dialect = self._offers.dialect(self._view.models[name])
        return frozenset(c.name.casefold() for c in state.columns if not _fits(c, offer.find(c.name), dialect))

    def _compares(self, look: Look, compared: Compared) -> Break | None:
        """What the database would not compare; it may yet cast, so that nothing is refused."""
        from interlace.run.column_findings import incomparable
        from interlace.run.findings import place

        model = look.model
        text = incomparable(model, compared, self._offers.dialect(model))
        if text is None or self._levels.of("type_mismatch", model) == "off":
            return None
        where = place(model.file, look.body, look.plain.offset(compared.start))
        said = f"{text} ({where.path}:{where.line})"
        return Break(model.name, compared.left, said, str(where.path), where.line or 1, where.column or 1, stops=False)

    def _break(self, look: Look, missing: Missing) -> Break | None:
        from interlace.run.findings import missing_text, place, removed_from

        model = look.model
        if self._levels.of("unknown_column", model) == "off":
            return None
        where = place(model.file, look.body, look.plain.offset(missing.start))
        giver = removed_from(look, missing, self._offers, self._states)
        text, hint = missing_text(look, missing, giver)
        stops = self._levels.of("unknown_column", model) == "error" and self._stops(model.name)
        said = f"{text} ({where.path}:{where.line})"
        return Break(
            model.name,
            missing.written,
            said if giver is not None or hint is None else f"{said}. {hint}",
            str(where.path),
            where.line or 1,
            where.column or 1,
            stops,
        )

    def _stops(self, name: str) -> bool:
        if name in self._view.inlined:
            return any(self._stops(child) for child in self._view.loaded.graph.children(name))
        return name in self._built or self._is_view(name)

    def _is_view(self, name: str) -> bool:
        state = self._states.get(name)
        return state is not None and state.kind == "view"


def _fits(before: Column, now: Typed | None, dialect: str) -> bool:
    from interlace.run.column_findings import family

    if now is None or now[1] is None or now[1] == before.type:
        return now is not None
    was, is_now = family(before.type, dialect), family(now[1], dialect)
    return was is None or is_now is None or was == is_now
