"""What a changed query changes: the columns of its result that may differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlace.lineage.known import Known

if TYPE_CHECKING:
    from sqlglot import exp

    from interlace.lineage.compare_query import Signer
    from interlace.lineage.compare_signs import Part
    from interlace.lineage.relation import OutColumn, Table

__all__ = ["QueryChange", "query_change", "reader_change"]

Lookup = Callable[[tuple[str, ...]], Known]

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class QueryChange:
    """How the results of two queries may differ.

    Attributes:
        columns: the names, casefolded, of the columns whose values may differ, or that only one of the two has; empty
            where both give the same, None where anything may differ, rows too.
        added: columns that only the second query gives, as written; known where all columns of both are.
        removed: columns that only the first one gives.
        why: what changed, for people.
    """

    columns: frozenset[str] | None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Read:
    """One of the two queries, read.

    Attributes:
        moves: whether functions are called that give another value each time.
    """

    signer: Signer
    table: Table
    moves: bool


def query_change(before: str, after: str, dialect: str, lookup: Lookup) -> QueryChange:
    """Say which columns two queries over the same relations may give otherwise.

    What is claimed to be the same is so for any data: a column that is not among `columns` has the same value in each
    row, and the rows are the same.  What an engine chooses among rows that are equal to it (``LIMIT`` without a total
    order, ``row_number()``, ``first()``) counts as changed, because a query that changed may choose otherwise.
    Left aside are the order in which rows come that no ORDER BY orders, on which `reader_change` therefore does not
    rely, and the order in which a sum of floating-point numbers rounds.

    Args:
        before: a query as written.  Its ``$variables`` have in both queries the same values.
        after: the query that it became.
        dialect: sqlglot's word for the dialect.
        lookup: what is known of a relation, by the parts of its name as written in either query; ``$files`` is asked
            for as `interlace.lineage.plain.FILES`.
    """

    def compared() -> QueryChange:
        from interlace.lineage.compare_signs import Unprovable

        second = _read(after, dialect, lookup)
        try:
            first = _read(before, dialect, lookup)
        except Unprovable as reason:  # it may read columns that are gone with this very edit
            raise Unprovable(f"the query before cannot be compared: {reason}") from None
        return _compared(first, second)

    return _proven(compared)


def reader_change(
    query: str, dialect: str, before: Lookup, after: Lookup, changed: Mapping[str, frozenset[str] | None]
) -> QueryChange:
    """Say which columns one query may give otherwise, because columns that it reads may be others.

    Rows that are built again may come in another order: what depends on it counts as changed, whatever it reads.

    Args:
        query: as written; see `query_change`.
        dialect: sqlglot's word for the dialect.
        before: what was known of a relation, by the parts of its name as written.
        after: what is known of it now.
        changed: by the name that `before` and `after` give a relation the columns, casefolded, that may be others, are
            new or are gone; None: anything may be another, rows too.
    """

    def compared() -> QueryChange:
        first = _read(query, dialect, before, changed, "was")
        second = _read(query, dialect, after, changed, "is")
        if not any(changed.get(name, frozenset()) != frozenset() for r in (first, second) for name in r.signer.reads):
            return QueryChange(frozenset())
        return _compared(first, second)

    return _proven(compared)


def _proven(compared: Callable[[], QueryChange]) -> QueryChange:
    from interlace.lineage.compare_signs import Unprovable

    try:
        return compared()
    except Unprovable as reason:
        return QueryChange(None, why=str(reason))
    except RecursionError:
        return QueryChange(None, why="the query is nested too deeply to be compared")


def _read(
    text: str,
    dialect: str,
    lookup: Lookup,
    moved: Mapping[str, frozenset[str] | None] | None = None,
    when: str = "",
) -> _Read:
    from interlace.lineage.compare_query import Signer
    from interlace.lineage.compare_signs import Unprovable
    from interlace.lineage.relation import Names
    from interlace.lineage.scope import Scope

    tree, texts, moves = _parsed(text, dialect)
    names = Names(dialect)
    signer = Signer(names, lookup, moved, when, texts)
    table = signer.query(tree, Scope(names))
    if table.rest is not None:
        raise Unprovable(table.why)
    return _Read(signer, table, moves)


def _parsed(text: str, dialect: str) -> tuple[exp.Expr, str, bool]:
    """The tree of a query, a text in place of each variable; its literals; whether it calls what is volatile."""
    from sqlglot import parse_one, tokenize
    from sqlglot.errors import SqlglotError
    from sqlglot.tokenizer_core import TokenType

    from interlace.errors import InvalidSql
    from interlace.lineage.compare_expression import VARIABLE
    from interlace.lineage.compare_signs import Unprovable
    from interlace.lineage.plain import FILES
    from interlace.model.fingerprint import digest
    from interlace.model.sql_query import QueryReader

    try:
        body, _ = QueryReader(dialect).read(text, "", 1)
        parts = []
        at = 0
        for variable in sorted(body.variables, key=lambda v: v.start):
            said = FILES if variable.name == "files" else f"'{VARIABLE}{variable.name}'"
            parts += [body.text[at : variable.start], said]
            at = variable.end
        plain = "".join([*parts, body.text[at:]])
        literals = [t.text for t in tokenize(plain, dialect) if t.token_type is TokenType.STRING]
        return parse_one(plain, dialect=dialect), digest(*literals), bool(body.volatile)
    except (InvalidSql, SqlglotError):
        raise Unprovable("the query does not parse without the values of its variables") from None


def _compared(before: _Read, after: _Read) -> QueryChange:
    from interlace.lineage.compare_signs import rows_of

    first = {c.name.casefold(): c for c in before.table.columns}
    second = {c.name.casefold(): c for c in after.table.columns}
    added = [c for key, c in second.items() if key not in first]
    removed = [c for key, c in first.items() if key not in second]

    def result(columns: frozenset[str] | None, why: str) -> QueryChange:
        return QueryChange(columns, tuple(c.name for c in added), tuple(c.name for c in removed), why)

    if len(first) != len(before.table.columns) or len(second) != len(after.table.columns):
        return result(None, "two columns have one name")
    rows = [rows_of(before.table), rows_of(after.table)]
    if rows[0].hash != rows[1].hash:
        return result(None, _what_changed(before.signer.parts, after.signer.parts, rows[0].hash, rows[1].hash))
    if not (rows[0].steady and rows[1].steady):
        return result(None, "which rows it gives is left to the database")
    if [k for k in first if k in second] != [k for k in second if k in first]:
        return result(None, "its columns stand in another order")
    kinds = _kinds(first, second)
    changed = [*added, *removed, *(c for columns in kinds.values() for c in columns)]
    if any(not c.named for c in changed):
        return result(None, "a column that the query does not name is another")
    if (before.moves or after.moves) and not kinds["may come out otherwise"]:
        return result(None, "it calls a function that gives another value each time")
    said = [_said(added, "is new", "are new"), _said(removed, "is gone", "are gone")]
    said += [_said(columns, words, words.replace("is ", "are ")) for words, columns in kinds.items()]
    return result(
        frozenset(c.name.casefold() for c in changed), "; ".join(s for s in said if s) or "what it gives is the same"
    )


def _kinds(first: Mapping[str, OutColumn], second: Mapping[str, OutColumn]) -> dict[str, list[OutColumn]]:
    """The columns that both have and that differ, by how they do."""
    from interlace.lineage.compare_signs import sign_of

    kinds: dict[str, list[OutColumn]] = {
        "is made otherwise": [],
        "may come out otherwise": [],
        "is written otherwise": [],
    }
    for key, column in second.items():
        was = first.get(key)
        if was is None:
            continue
        before, after = sign_of(was.deps), sign_of(column.deps)
        if before.hash != after.hash:
            kinds["is made otherwise"].append(column)
        elif not (before.steady and after.steady):
            kinds["may come out otherwise"].append(column)
        elif was.name != column.name:
            kinds["is written otherwise"].append(column)
    return kinds


def _said(columns: Sequence[OutColumn], one: str, several: str) -> str:
    names = [c.name for c in columns]
    if not names:
        return ""
    if len(names) == 1:
        return f"{names[0]} {one}"
    shown = names if len(names) <= _SHOWN else [*names[: _SHOWN - 1], f"{len(names) - _SHOWN + 1} more"]
    return f"{', '.join(shown[:-1])} and {shown[-1]} {several}"


def _what_changed(before: Mapping[str, Sequence[Part]], after: Mapping[str, Sequence[Part]], one: str, two: str) -> str:
    """Which clause decides rows otherwise, looked for inside of what is read.

    Args:
        before: the clauses by the sign of the rows that they decide.
        after: those of the other query.
        one: the sign of the rows before.
        two: that of the rows after.
    """
    first, second = _clauses_of(before, one, two, after), _clauses_of(after, two, one, before)
    for a, b in zip(first, second, strict=False):
        if a.word != b.word:
            break
        if a.hash != b.hash:
            inside = a.relation in before and b.relation in after
            return _what_changed(before, after, a.relation, b.relation) if inside else f"{a.word} is another"
    words = [p.word for p in first], [p.word for p in second]
    new = next((w for w in words[1] if words[1].count(w) > words[0].count(w)), None)
    if new is not None:
        return f"{new} is new"
    gone = next((w for w in words[0] if words[0].count(w) > words[1].count(w)), None)
    return "a relation that it reads is another" if gone is None else f"{gone} is gone"


def _clauses_of(
    clauses: Mapping[str, Sequence[Part]], rows: str, others: str, all_others: Mapping[str, Sequence[Part]]
) -> Sequence[Part]:
    """The clauses of a query; one that hands on the rows of a relation which the other reads has but that one."""
    other = next((p for p in all_others.get(others, ()) if p.relation == rows), None)
    return clauses.get(rows, ()) if other is None else [other]
