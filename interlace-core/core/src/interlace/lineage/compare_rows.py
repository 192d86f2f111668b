"""What decides the rows of a query, and how they are ordered and cut off, while two queries are compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.lineage.compare_expression import VARIABLE
from interlace.lineage.compare_names import Note
from interlace.lineage.compare_signs import Part, Sign, Unprovable
from interlace.model.fingerprint import digest

if TYPE_CHECKING:
    from interlace.lineage.compare_expression import Meanings
    from interlace.lineage.relation import OutColumn

__all__ = ["Listed", "Made", "Rows", "end", "key_of", "only"]

_ORDERED: Final = frozenset({"this", "desc", "nulls_first"})
_SETS: Final = (exp.Tuple, exp.Paren, exp.Rollup, exp.Cube, exp.GroupingSets)


@dataclass(slots=True)
class Made:
    """One column of a result, with the text of what it is made of."""

    column: OutColumn
    text: str
    note: Note


@dataclass(frozen=True, slots=True)
class Listed:
    """The columns that ORDER BY and GROUP BY can say the number of; `is_open` where others stand among them."""

    made: list[Made]
    is_open: bool = False

    def at(self, number: int) -> Made:
        """The column of this number, from 1 on."""
        if self.is_open or not 1 <= number <= len(self.made):
            raise Unprovable(f"which column {number} is, is not known")
        return self.made[number - 1]


@dataclass(slots=True)
class Rows:
    """What decides the rows of a query.

    Attributes:
        steady: whether they are the same each time.
        keys: where the engine chooses among rows that are equal in these, the texts of these; else None.
    """

    parts: list[Part] = field(default_factory=list)
    steady: bool = True
    keys: set[str] | None = None

    def add(self, word: str, sign: Sign, relation: str = "") -> None:
        """Note one clause."""
        self.parts.append(Part(word, sign.hash, relation))
        self.steady &= sign.steady

    def choose(self, keys: set[str]) -> None:
        """Note that the engine chooses among rows that are equal in `keys`; a choice among the chosen tells nothing."""
        self.steady &= self.keys is None
        self.keys = keys

    def sign(self) -> Sign:
        """The sign of the rows."""
        return Sign(digest("select", *(text for p in self.parts for text in (p.word, p.hash))), self.steady)

    def is_open(self, made: Made) -> bool:
        """Whether a column may come out otherwise."""
        if made.note.unsteady:
            return True
        if self.keys is None or made.text in self.keys:
            return False
        return not (made.note.row_wise and made.note.refs <= self.keys)


def only(node: exp.Expr, words: frozenset[str]) -> None:
    """Refuse a node that says something which is not compared."""
    for word, value in node.args.items():
        if value and word not in words:
            raise Unprovable(f"{word.rstrip('_').upper()} is not compared")


def key_of(node: exp.Expr, meanings: Meanings, listed: Listed, note: Note) -> str:
    """An expression of GROUP BY or ORDER BY, or the number of a column."""
    if isinstance(node, exp.Literal) and node.name.startswith(VARIABLE):
        raise Unprovable("a variable that may be the number of a column")
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit():
        found = listed.at(int(node.name))
        note.unsteady = note.unsteady or found.note.unsteady
        return found.text
    if isinstance(node, _SETS):
        inner = [key_of(k, meanings, listed, note) for k in node.iter_expressions()]
        return inner[0] if isinstance(node, exp.Paren) else f"{type(node).__name__}({inner})"
    return meanings.text(node, note)


def end(node: exp.Expr, meanings: Meanings, listed: Listed, rows: Rows, *, on: bool = False) -> None:
    """ORDER BY, LIMIT and OFFSET; `on` says that the first row of each group is kept."""
    keys, steady = _order(node, meanings, listed, rows)
    if on and rows.keys is not None:
        rows.steady &= steady
        rows.keys |= keys
    bounds = [b for word in ("limit", "offset") if isinstance(b := node.args.get(word), exp.Expr)]
    for bound in bounds:
        note = Note()
        text = ",".join(f"{k}={_bound(v, meanings, note)}" for k, v in sorted(bound.args.items()) if v)
        rows.add(f"the {type(bound).__name__.upper()}", Sign(digest(text), not note.unsteady))
    if bounds:
        rows.steady &= bool(keys) and steady
        rows.choose(keys)


def _bound(value: object, meanings: Meanings, note: Note) -> str:
    if isinstance(value, exp.LimitOptions):
        return repr(sorted((k, bool(v)) for k, v in value.args.items()))
    if isinstance(value, list):
        raise Unprovable("LIMIT BY is not compared")
    return meanings.text(value, note) if isinstance(value, exp.Expr) else repr(value)


def _order(node: exp.Expr, meanings: Meanings, listed: Listed, rows: Rows) -> tuple[set[str], bool]:
    """The texts of the keys of ORDER BY, and whether these are the same each time."""
    order = node.args.get("order")
    if order is None:
        return set(), True
    only(order, frozenset({"expressions"}))
    note = Note()
    said: list[str] = []
    texts: set[str] = set()
    for one in order.expressions:
        only(one, _ORDERED)
        found = _sorted_by(one.this, meanings, listed, note)
        texts.update(found)
        said += [*found, repr([bool(one.args.get("desc")), bool(one.args.get("nulls_first"))])]
    rows.add("the ORDER BY", Sign.of("order", *said))
    return texts, not note.unsteady


def _sorted_by(key: exp.Expr, meanings: Meanings, listed: Listed, note: Note) -> list[str]:
    if not (isinstance(key, exp.Var) and key.name.upper() == "ALL"):
        return [key_of(key, meanings, listed, note)]
    if listed.is_open:
        raise Unprovable("ORDER BY ALL, where not all columns are known")
    for made in listed.made:
        note.unsteady = note.unsteady or made.note.unsteady
    return [m.text for m in listed.made]
