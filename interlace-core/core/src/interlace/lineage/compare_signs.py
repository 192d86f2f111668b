"""Signs: what stands for a value or for the rows of a relation while two queries are compared.

Two values have one sign only where both are made in one way of the same rows.  A sign travels as what a column of
`interlace.lineage.relation` is made of, so that names mean here what they mean to lineage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from interlace.lineage.edges import DIRECT, Deps
from interlace.lineage.relation import Table
from interlace.lineage.scope import Scope
from interlace.model.fingerprint import digest

if TYPE_CHECKING:
    from interlace.lineage.relation import Rest

__all__ = ["Own", "Part", "SelectScope", "Sign", "Unprovable", "rows_of", "sign_of", "stamped"]

_STEADY: Final = "="
_OPEN: Final = "~"


class Unprovable(Exception):
    """Nothing can be said of a query; the message says why."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What a value or the rows of a relation come from.

    Attributes:
        steady: whether it is the same each time; not where the engine chooses among rows that are equal.
    """

    hash: str
    steady: bool = True

    @classmethod
    def of(cls, word: str, *parts: Sign | str) -> Sign:
        """A sign of several, steady where all are."""
        hashes = [p if isinstance(p, str) else p.hash for p in parts]
        return cls(digest(word, *hashes), all(p.steady for p in parts if isinstance(p, Sign)))

    def deps(self) -> Deps:
        """The sign as what a column is made of."""
        return {(_STEADY if self.steady else _OPEN, self.hash): DIRECT}


@dataclass(frozen=True, slots=True)
class Part:
    """One clause of a query, for people: its name, its sign, and the relation that stands there, if one does."""

    word: str
    hash: str
    relation: str = ""


@dataclass(slots=True)
class Own:
    """What one SELECT knows of itself.

    Attributes:
        number: of this SELECT, in the order of reading.
        texts: stands for all literals of the whole query.
        aliases: the texts of its items by what their aliases are compared by.
        unsteady: the aliases of those that may come out otherwise.
        escaped: whether something in it names what stands outside.
    """

    number: int
    texts: str = ""
    aliases: dict[str, str] = field(default_factory=dict)
    unsteady: set[str] = field(default_factory=set)
    escaped: bool = False


@dataclass(slots=True)
class SelectScope(Scope):
    """The scope of one SELECT; how many of them lie between tells which one a name from outside belongs to."""

    own: Own = field(default_factory=lambda: Own(0))


def sign_of(deps: Deps) -> Sign:
    """The sign that a column or the rows of a relation carry."""
    ((flag, text),) = deps
    if not flag:
        raise Unprovable(text)
    return Sign(text, flag[0] == _STEADY)


def rows_of(table: Table) -> Sign:
    """The sign of a relation's rows."""
    return sign_of(table.rows)


def stamped(table: Table, own: Own, index: int | str) -> Table:
    """A relation as it stands in a FROM: its columns know of which SELECT they are, and its how manieth relation."""
    place = f"{own.number}.{index}"
    columns = [replace(c, deps=_stamp(c.deps, place)) for c in table.columns]
    return Table(columns, table.rows, _stamped_rest(table.rest, place), table.why)


def _stamp(deps: Deps, place: str) -> Deps:
    return {(flag + place if flag else flag, text): kind for (flag, text), kind in deps.items()}


def _stamped_rest(rest: Rest | None, place: str) -> Callable[[str], Deps | None] | None:
    if rest is None:
        return None

    def stamp(name: str) -> Deps | None:
        deps = rest(name)
        return None if deps is None else _stamp(deps, place)

    return stamp
