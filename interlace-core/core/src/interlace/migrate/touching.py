"""What a statement does, as its tree says: which tables it makes, changes, empties and drops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["Act", "Change", "changes", "is_understood", "schema_of"]

Change = Literal[
    "make",
    "remake",
    "drop",
    "drop_view",
    "rename",
    "write",
    "empty",
    "change",
    "dress",
    "add_column",
    "drop_column",
    "rename_column",
    "change_type",
]
"""What is done to a table: ``remake`` replaces it, ``dress`` changes its comments, grants and indexes."""

_KINDS: Final = frozenset({"TABLE", "VIEW", "INDEX", "SCHEMA"})


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a statement does to one table.

    Attributes:
        change: what.
        table: to which, as it stands in the tree.
        column: which column it is about.
        to: the new name, or the new type, where there is one.
    """

    change: Change
    table: exp.Table
    column: str | None = None
    to: str | None = None


def is_understood(tree: exp.Expr) -> bool:
    """Whether every table that a statement touches is seen in its tree."""
    from sqlglot import exp

    if isinstance(tree, (exp.Create, exp.Drop)):
        return str(tree.args.get("kind")).upper() in _KINDS
    if isinstance(tree, exp.Alter):
        return str(tree.args.get("kind")).upper() in {"TABLE", "VIEW"}
    if isinstance(tree, exp.Comment):
        return isinstance(tree.this, exp.Table)
    known = (exp.DML, exp.Query, exp.Values, exp.TruncateTable, exp.Copy, exp.Grant, exp.Revoke, exp.Set, exp.Analyze)
    return isinstance(tree, known)


def schema_of(tree: exp.Expr) -> exp.Table | None:
    """What stands for the schema that a statement makes or drops."""
    from sqlglot import exp

    if isinstance(tree, (exp.Create, exp.Drop)) and str(tree.args.get("kind")).upper() == "SCHEMA":
        return tree.this if isinstance(tree.this, exp.Table) else None
    return None


def changes(tree: exp.Expr, dialect: str) -> Iterator[Act]:
    """What a statement does, CTEs that write included."""
    from sqlglot import exp

    if schema_of(tree) is not None:
        return
    match tree:
        case exp.Create():
            yield from _made(tree)
        case exp.Drop():
            yield from _dropped(tree)
        case exp.Alter():
            yield from _altered(tree, dialect)
        case exp.TruncateTable():
            yield from (Act("empty", t) for t in tree.expressions if isinstance(t, exp.Table))
        case exp.Comment() | exp.Grant() | exp.Revoke():
            found = tree.this if isinstance(tree, exp.Comment) else tree.args.get("securable")
            yield from (Act("dress", t) for t in (found.find_all(exp.Table) if found is not None else ()))
        case exp.Copy() if tree.args.get("kind"):
            yield from (Act("write", t) for t in [_table(tree.this)] if t is not None)
    for node in tree.find_all(exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Into):
        table = _table(node.this)
        if table is not None:
            all_rows = isinstance(node, exp.Delete) and node.args.get("where") is None
            yield Act("make" if isinstance(node, exp.Into) else "empty" if all_rows else "write", table)


def _made(tree: exp.Create) -> Iterator[Act]:
    from sqlglot import exp

    kind = str(tree.args.get("kind")).upper()
    if isinstance(tree.this, exp.Index):
        yield from (Act("dress", t) for t in [_table(tree.this.args.get("table"))] if t is not None)
        return
    table = _table(tree.this)
    if table is not None:
        change: Change = "remake" if tree.args.get("replace") and kind == "TABLE" else "make"
        yield Act(change, table)


def _dropped(tree: exp.Drop) -> Iterator[Act]:
    kind = str(tree.args.get("kind")).upper()
    table = _table(tree.this)
    if table is not None:
        change: Change = {"TABLE": "drop", "VIEW": "drop_view"}.get(kind, "dress")  # type: ignore[assignment]
        yield Act(change, table)


def _altered(tree: exp.Alter, dialect: str) -> Iterator[Act]:
    from sqlglot import exp

    table = _table(tree.this)
    if table is None:
        return
    for action in tree.args.get("actions") or ():
        match action:
            case exp.ColumnDef():
                yield Act("add_column", table, action.name)
            case exp.Drop():
                yield Act("drop_column", table, action.this.name)
            case exp.RenameColumn():
                yield Act("rename_column", table, action.this.name, action.args["to"].name)
            case exp.AlterRename():
                yield _renamed(table, action, tree)
            case exp.AlterColumn() if action.args.get("dtype") is not None:
                yield Act("change_type", table, action.name, action.args["dtype"].sql(dialect=dialect))
            case _:
                yield Act("change", table)


def _renamed(table: exp.Table, action: exp.AlterRename, tree: exp.Alter) -> Act:
    """``RENAME TO new``; or ``RENAME old TO new``, which is a column's."""
    from sqlglot import exp

    for option in tree.args.get("options") or ():
        if isinstance(option, exp.ToTableProperty):
            return Act("rename_column", table, action.this.name, option.this.name)
    return Act("rename", table, to=action.this.name)


def _table(node: object) -> exp.Table | None:
    from sqlglot import exp

    if isinstance(node, exp.Schema):
        node = node.this
    return node if isinstance(node, exp.Table) else None
