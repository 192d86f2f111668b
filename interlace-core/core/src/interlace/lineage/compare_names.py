"""What names mean while two queries are compared: a column of a relation, how many SELECTs further out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from interlace.lineage.compare_signs import Own, SelectScope, Unprovable, sign_of
from interlace.lineage.edges import DIRECT
from interlace.model.sql_functions import VOLATILE

if TYPE_CHECKING:
    from sqlglot import exp

    from interlace.lineage.edges import Deps
    from interlace.lineage.scope import Scope

__all__ = ["Note", "meaning", "ref_of"]

_PLACES: Final = ("rowid", "ctid")


@dataclass(slots=True)
class Note:
    """What was met while one expression was read.

    Attributes:
        refs: the columns of the SELECT's own relations, as they stand in its text.
        outside: whether it names columns of a SELECT around.
        row_wise: whether it is made of `refs` alone, row by row.
        unsteady: why another value may come out the next time; empty where none can.
    """

    refs: set[str] = field(default_factory=set)
    outside: bool = False
    row_wise: bool = True
    unsteady: str = ""


def meaning(scope: SelectScope, node: exp.Expr, parts: Sequence[exp.Expr], keys: list[str], note: Note) -> str:
    """The text of what a name means, aliases of this SELECT aside.

    Args:
        scope: where the name stands.
        node: the name.
        parts: its identifiers.
        keys: what these are compared by.
        note: is told what it is.

    Raises:
        Unprovable: that is not known.
    """
    deps, _, _ = scope.resolve(node, parts)
    if not deps:
        if keys[0] in VOLATILE or keys[0] in _PLACES:
            note.unsteady = note.unsteady or "it is another each time"
        return f"name({keys!r})"
    refs = [_placed(scope, place, text, keys[0], note) for place, text in deps]
    if all(kind == DIRECT for kind in deps.values()) and len(refs) == 1:
        return refs[0]
    note.row_wise = False
    shown = _row(scope, keys[0]) if len(keys) == 1 else ()
    return f"part({keys!r},{refs},{shown!r})"


def _row(scope: SelectScope, key: str) -> tuple[str, ...]:
    """The names of the columns of a whole row."""
    at: Scope | None = scope
    while at is not None:
        for entry in at.entries:
            if entry.key == key:
                return tuple(c.name for c in entry.table.columns)
        at = at.outer
    return ()


def _placed(scope: SelectScope, place: str, text: str, key: str, note: Note) -> str:
    if not place:
        raise Unprovable(text)
    number, _, index = place[1:].partition(".")
    owns = _owns(scope, int(number), key)
    level = len(owns) - 1
    if place[0] == "~":
        note.unsteady = note.unsteady or "it is made of what may come out otherwise"
    ref = f"#{level}.{index}:{text}"
    if not level:
        note.refs.add(ref)
        return ref
    note.row_wise = False
    note.outside = True
    # Where an alias of a query around has the name, it may be the alias that is meant.
    for i, own in enumerate(owns):
        if i and key in own.aliases:
            ref = f"either({ref},#{i}:{own.aliases[key]})"
            note.unsteady = note.unsteady or (f"{key} is" if key in own.unsteady else "")
    return ref


def _owns(scope: SelectScope, number: int, key: str) -> list[Own]:
    """The SELECTs from this one to the one of a number; all but the last now are known to look outside."""
    passed: list[Own] = []
    at: Scope | None = scope
    while at is not None:
        if isinstance(at, SelectScope) and all(at.own is not own for own in passed):
            passed.append(at.own)
            if at.own.number == number:
                break
        at = at.outer
    else:
        raise Unprovable(f"where {key} comes from is not known")
    for own in passed[:-1]:
        own.escaped = True
    return passed


def ref_of(scope: SelectScope, deps: Deps, note: Note) -> str:
    """The text of a column that is already resolved: one that a star means."""
    if len(deps) != 1:
        raise Unprovable("several columns that are shown as one")
    ((place, text),) = deps
    if len(place) > 1:
        return _placed(scope, place, text, "", note)
    sign = sign_of(deps)
    if not sign.steady:
        note.unsteady = note.unsteady or "it may come out otherwise"
    note.row_wise = False
    return sign.hash
