"""Relations that are no SELECT while two queries are compared: functions, VALUES, pivots, two sides together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.lineage.compare_expression import Meanings
from interlace.lineage.compare_functions import depends_on_order, is_volatile
from interlace.lineage.compare_rows import only
from interlace.lineage.compare_signs import Part, Sign, Unprovable, rows_of, sign_of
from interlace.lineage.relation import OutColumn, Table
from interlace.lineage.table_functions import values_table
from interlace.model.fingerprint import digest

if TYPE_CHECKING:
    from interlace.lineage.compare_query import Signer
    from interlace.lineage.relation import Rest
    from interlace.lineage.scope import Scope

__all__ = ["computed", "opaque", "pivoted", "together", "values"]

_VALUES: Final = frozenset({"expressions", "alias", "pivots"})


def opaque(signer: Signer, columns: list[OutColumn], rows: Sign) -> Table:
    """A relation all of which may change when any of its parts does."""
    signer.parts[rows.hash] = [Part("a relation that it reads", rows.hash)]
    made = [replace(c, deps=Sign.of("of", rows, str(i)).deps()) for i, c in enumerate(columns)]
    return Table(made, rows.deps())


def computed(signer: Signer, table: Table, node: exp.Expr, scope: Scope) -> Table:
    """A function that gives a table: the same for the same arguments."""
    meanings = Meanings(signer.scope_in(scope), signer.query)
    word = str(node.this) if isinstance(node, exp.Anonymous) else type(node).__name__
    said = [*_arguments(node, meanings), Sign("", not is_volatile(node))]
    rows = Sign.of("function", word.casefold(), *said)
    closed = opaque(signer, table.columns, rows)
    return closed if table.rest is None else Table(closed.columns, closed.rows, _of(signer, rows), table.why)


def _of(signer: Signer, rows: Sign) -> Rest:
    """Columns of a relation whose columns are not known."""
    return lambda name: Sign.of("of", rows, signer.names.stored(name)).deps()


def values(signer: Signer, node: exp.Expr, scope: Scope) -> Table:
    """VALUES: rows by their number, columns by position."""
    only(node, _VALUES)
    table = values_table(node, signer, scope)
    meanings = Meanings(signer.scope_in(scope), signer.query)
    lines = [r.expressions if isinstance(r, exp.Tuple) else [r] for r in node.expressions]
    if any(len(line) != len(table.columns) for line in lines):
        raise Unprovable("rows of different length")
    cells = [[meanings.sign(cell) for cell in line] for line in lines]
    columns = [
        replace(c, deps=Sign.of("values", *(line[i] for line in cells)).deps()) for i, c in enumerate(table.columns)
    ]
    rows = Sign.of("values", str(len(lines)), *meanings.effects)
    signer.parts[rows.hash] = [Part("the number of VALUES", rows.hash)]
    return Table(columns, rows.deps())


def pivoted(signer: Signer, node: exp.Expr, table: Table) -> Table:
    """A pivot: which columns it makes may hang on any value that it is given."""
    if table.rest is not None:
        raise Unprovable(table.why)
    if any(isinstance(n, exp.Query) and n is not node.this for n in node.find_all(exp.Query)):
        raise Unprovable("a pivot with a query in it")
    read = node.copy()
    read.set("alias", None)
    if isinstance(read.this, exp.Expr):
        read.set("this", exp.to_table("pivoted"))
    columns = [text for c in table.columns for text in (c.key, sign_of(c.deps).hash)]
    steady = all(sign_of(c.deps).steady for c in table.columns) and rows_of(table).steady
    steady &= not any(is_volatile(n) or depends_on_order(n) for n in node.find_all(exp.Func))
    rows = Sign(digest("pivot", repr(read), rows_of(table).hash, *columns), steady)
    signer.parts[rows.hash] = [Part("what it pivots", rows.hash)]
    return Table([], rows.deps(), _of(signer, rows), "the columns that a pivot makes are not compared")


def together(signer: Signer, node: exp.Expr, left: Table, right: Table) -> Table:
    """UNION, INTERSECT and EXCEPT."""
    columns = _by_name(left, right) if node.args.get("by_name") else _by_position(left, right)
    word = type(node).__name__
    rows = [Sign.of(word, str(bool(node.args.get("by_name")))), rows_of(left), rows_of(right)]
    if node.args.get("distinct") or word != "Union":
        rows += [Sign.of("distinct", str(bool(node.args.get("distinct")))), *(sign_of(c.deps) for c in columns)]
    sign = Sign.of("set", *rows)
    signer.parts[sign.hash] = [
        Part(f"the {word.upper()}", rows[0].hash),
        *(Part("a relation that it reads", rows_of(t).hash, rows_of(t).hash) for t in (left, right)),
        Part(f"what the {word.upper()} compares", digest(*(s.hash for s in rows[3:]))),
    ]
    return Table(columns, sign.deps())


def _arguments(node: exp.Expr, meanings: Meanings) -> Iterator[Sign]:
    """The arguments of a function in a FROM."""
    for word, value in sorted(node.args.items()):
        if word in ("alias", "pivots") or not value:
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, exp.EQ | exp.PropertyEQ | exp.Kwarg):  # an option: header = true
                yield Sign.of("option", word, one.this.name.casefold(), meanings.sign(one.expression))
            else:
                yield Sign.of("argument", word, meanings.sign(one) if isinstance(one, exp.Expr) else repr(one))


def _by_position(left: Table, right: Table) -> list[OutColumn]:
    if len(left.columns) != len(right.columns):
        raise Unprovable("two sides with another number of columns")
    pairs = zip(left.columns, right.columns, strict=True)
    return [replace(a, deps=Sign.of("both", sign_of(a.deps), sign_of(b.deps)).deps(), type=None) for a, b in pairs]


def _by_name(left: Table, right: Table) -> list[OutColumn]:
    if any(len({c.key for c in t.columns}) != len(t.columns) for t in (left, right)):
        raise Unprovable("two columns of one name")
    columns = []
    for column in [*left.columns, *(c for c in right.columns if left.find(c.key) is None)]:
        found = [t.find(column.key) for t in (left, right)]
        signs = [sign_of(c.deps) if c is not None else Sign("none") for c in found]
        columns.append(replace(column, deps=Sign.of("both", *signs).deps(), type=None))
    return columns
