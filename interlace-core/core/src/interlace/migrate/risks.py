"""What a migration would lose, and whom it would break: said before it runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from interlace.contracts.relation import Relation
from interlace.migrate.readers import givers, readers

if TYPE_CHECKING:
    from interlace.contracts.relation import RelationInfo
    from interlace.migrate.compiling import Compiled, Touch
    from interlace.migrate.names import Names

__all__ = ["Risk", "Risks", "There", "schemas_of"]

There = Mapping[tuple[str, str], "RelationInfo"]
"""What stands in a database, by schema and name in lower case."""

_BREAKING = {"drop", "drop_view", "rename", "drop_column", "rename_column", "change_type"}


@dataclass(frozen=True, slots=True)
class Risk:
    """One thing to know before a migration runs.

    Attributes:
        kind: ``loss`` of data; ``break`` of who reads; ``unknown``: what it does cannot be told.
        text: a sentence without its subject, such as ``drops the column region of main.orders``.
        line: of the migration's file.
        readers: the places that read it.
        givers: the queries that give it, and still will.
    """

    kind: Literal["loss", "break", "unknown"]
    text: str
    line: int
    readers: tuple[str, ...] = ()
    givers: tuple[str, ...] = ()


class Risks:
    """Judges the statements of one connection, in their order, against what stands there now.

    What migrations before it make has no rows yet: dropping it again loses nothing.

    Args:
        there: what stands there now.
    """

    def __init__(self, there: There) -> None:
        self._there = there
        self._moved: set[tuple[str, str]] = set()

    def of(self, names: Names, statement: Compiled) -> Iterator[Risk]:
        """What there is to say of one statement."""
        if statement.opaque:
            word = " ".join(statement.text.split()[:2])
            yield Risk("unknown", f"runs {word} …, and what that touches cannot be told", statement.line)
        if statement.drops is not None:
            broken = tuple(str(p) for p in readers(names, names.nodes_in(statement.drops), None))
            yield Risk("loss", f"drops the schema {statement.drops} and what is in it", statement.line, broken)
        for touch in statement.touches:
            yield from self._about(names, touch, statement.line)

    def _about(self, names: Names, touch: Touch, line: int) -> Iterator[Risk]:
        act, relation = touch.act, touch.named.relation
        if act.change == "rename" and act.to is not None:
            self._moved.add(_key(Relation(act.to, relation.schema)))
        if _key(relation) not in self._there and _key(relation) not in self._moved:
            return
        loss = self._loss(names, touch)
        broken: tuple[str, ...] = ()
        given: tuple[str, ...] = ()
        if act.change in _BREAKING and (act.change != "change_type" or loss is not None):
            nodes = names.nodes_at(relation)
            broken = tuple(str(p) for p in readers(names, nodes, act.column))
            if act.column is not None and act.change != "change_type":
                given = tuple(str(p) for p in givers(names, nodes, act.column))
        if loss is not None:
            yield Risk("loss", loss, line, broken, given)
        elif broken or given:
            yield Risk("break", _breaking(touch), line, broken, given)

    def _loss(self, names: Names, touch: Touch) -> str | None:
        act, relation = touch.act, touch.named.relation
        match act.change:
            case "drop":
                return f"drops the table {relation} with its rows"
            case "empty":
                return f"deletes all rows of {relation}"
            case "remake":
                return f"makes {relation} anew, without the rows that it has"
            case "drop_column":
                return f"drops the column {act.column} of {relation}" if self._has(relation, act.column) else None
            case "change_type":
                return self._narrowing(names, relation, act.column or "", act.to or "")
            case _:
                return None

    def _has(self, relation: Relation, column: str | None) -> bool:
        return self._type(relation, column or "") is not None or _key(relation) in self._moved

    def _type(self, relation: Relation, column: str) -> str | None:
        info = self._there.get(_key(relation))
        found = (c.type for c in (info.columns if info else ()) if c.name.casefold() == column.casefold())
        return next(found, None)

    def _narrowing(self, names: Names, relation: Relation, column: str, to: str) -> str | None:
        """What a change of a type loses; None where the new one holds all values of the old one."""
        from interlace.schema.sql_types import parse_type, same_type
        from interlace.schema.widening import widens

        old = self._type(relation, column)
        if old is None or same_type(old, to, names.dialect):
            return None
        if widens(parse_type(old, names.dialect), parse_type(to, names.dialect)):
            return None
        return f"changes {column} of {relation} from {old} to {to}, which does not hold all its values"


def _breaking(touch: Touch) -> str:
    act, relation = touch.act, touch.named.relation
    match act.change:
        case "rename":
            return f"renames {relation} to {act.to}"
        case "rename_column":
            return f"renames the column {act.column} of {relation} to {act.to}"
        case _:
            return f"drops the view {relation}"


def _key(relation: Relation) -> tuple[str, str]:
    return (relation.schema or "").casefold(), relation.name.casefold()


def schemas_of(statements: Iterable[Compiled]) -> set[str | None]:
    """The schemas of what is touched."""
    return {t.named.relation.schema for s in statements for t in s.touches}
