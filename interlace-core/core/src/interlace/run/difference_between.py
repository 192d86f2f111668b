"""How a model differs between two environments: its columns, its rows, and some of them to look at.

Where both environments keep it in one database, the database compares.  Otherwise the rows of one are streamed into a
temporary table beside the other, and there is one database again: what is equal is then a matter of one engine, whatever
the other's collations are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from interlace.contracts.relation import Relation
from interlace.errors import InvalidModel, QueryFailed, UnsupportedCapability, UsageError, did_you_mean
from interlace.model.definition import Model
from interlace.run.deferring import same_database
from interlace.run.difference_columns import Columns, columns_differ, pair, paired
from interlace.run.difference_rows import Comparison, Counts, Sample, Side
from interlace.run.sample import MASK, plain

if TYPE_CHECKING:
    from sqlglot import exp

    from interlace.contracts.connection import Connection, Session
    from interlace.contracts.relation import Column
    from interlace.model.definition import Node
    from interlace.run.difference_columns import Pair
    from interlace.run.view import View

__all__ = ["Compare", "Difference", "between"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """What is compared, and how.

    Attributes:
        key: the columns that identify a row; by default the model's.
        whole_rows: compare whole rows with their multiplicity, although there is a key.
        columns: only these, besides the key; all without.
        exclude: all but these.
        tolerance: how far two floats may lie apart and count as equal; needs a key.
        where: a condition over one row's columns, in the words of the second environment's database; the others are left out.
        sample: how many rows of each sort are given to look at.
    """

    key: Sequence[str] = ()
    whole_rows: bool = False
    columns: Sequence[str] = ()
    exclude: Sequence[str] = ()
    tolerance: float = 0.0
    where: str | None = None
    sample: int = 5


@dataclass(frozen=True, slots=True)
class Difference:
    """How a model differs between two environments, the first being what it is compared with.

    Attributes:
        model: its name.
        environments: their names.
        relations: where it is read from in each.
        key: the columns that identify a row; empty where whole rows were compared.
        columns: how the columns differ.
        counts: how the rows differ.
        removed: rows that only the first has; values are plain JSON values, masked where the column is tagged ``pii``.
        added: rows that only the second has.
        changed: rows that both have with other values.
        one: whether both environments read one and the same relation, so that nothing was compared.
    """

    model: str
    environments: tuple[str, str]
    relations: tuple[str, str]
    key: tuple[str, ...] = ()
    columns: Columns = field(default_factory=Columns)
    counts: Counts | None = None
    removed: tuple[Sample, ...] = ()
    added: tuple[Sample, ...] = ()
    changed: tuple[Sample, ...] = ()
    one: bool = False

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        counts = self.counts
        return not self.columns and (counts is None or not (counts.added or counts.removed or counts.changed))


@dataclass(frozen=True, slots=True)
class _Place:
    """A model in one environment."""

    view: View
    node: Node
    connection: Connection
    relation: Relation

    @property
    def environment(self) -> str:
        return self.view.environment


@dataclass(frozen=True, slots=True)
class _Table:
    """The relation while it is compared: a session of its database, and its columns."""

    place: _Place
    session: Session
    columns: tuple[Column, ...]
    condition: exp.Expr | None = None

    @property
    def dialect(self) -> str:
        return self.session.connection.dialect

    @property
    def side(self) -> Side:
        return Side(self.place.relation, self.condition)


def between(there: View, here: View, name: str, asked: Compare) -> Difference:
    """Compare what two environments publish of a model, seed or source.  Writes nothing that stays.

    Args:
        there: the first environment.
        here: the second.
        name: of the node.
        asked: what is compared.

    Raises:
        UsageError: it is not built in one of them or has no relation; there is no such column; the key is none.
        UnsupportedCapability: they keep it in different databases, and no temporary table can be made in either.
        QueryFailed: a database refused.
    """
    _check(asked)
    old, new = _place(there, name), _place(here, name)
    shared = _one_database(old, new)
    said = (name, (old.environment, new.environment), (str(old.relation), str(new.relation)))
    if shared and old.relation == new.relation:
        return Difference(*said, one=True)
    with _tables(old, new, shared=shared) as whole:
        key = _key(*whole, asked)
        before, after = _conditioned(*_chosen(*whole, asked, key), asked.where)
        columns = columns_differ(before.columns, after.columns, before.dialect, after.dialect)
        with _together(before, after) as (session, one, other):
            comparison = _comparison(session, one, other, key, asked.tolerance)
            _check_keys(comparison, name, said[1], key)
            counts = comparison.counts()
            hidden = _hidden(old.node) | _hidden(new.node)
            samples = _samples(comparison, counts, asked.sample, hidden)
    return Difference(*said, key, columns, counts, *samples)


# --- what is compared -------------------------------------------------------------------------------------------------


def _check(asked: Compare) -> None:
    if not asked.tolerance >= 0 or asked.tolerance == float("inf"):
        raise UsageError(f"--tolerance {asked.tolerance:g}: a number, at least 0.")
    if asked.sample < 0:
        raise UsageError(f"--sample {asked.sample}: at least 0.")
    if asked.key and asked.whole_rows:
        raise UsageError("--key and --whole-rows exclude each other.")
    if asked.columns and asked.exclude:
        raise UsageError("--columns and --exclude exclude each other.")


def _place(view: View, name: str) -> _Place:
    nodes = view.loaded.graph.nodes
    if name not in nodes:
        near = did_you_mean(name, nodes, label="There are")
        raise UsageError(f"There is no model or source {name!r} in {view.environment}. {near}".rstrip())
    node = nodes[name]
    relation = view.reads(name)
    if relation is None:
        raise UsageError(f"{name} is materialised as {_word(node)!r}: it has no rows of its own to compare.")
    return _Place(view, node, view.connection(node), relation)


def _word(node: Node) -> str:
    return node.materialise if isinstance(node, Model) else node.kind


def _one_database(old: _Place, new: _Place) -> bool:
    if old.connection.name != new.connection.name:
        return False
    return same_database(new.view.loaded.config, old.view.loaded.config, new.connection.name)


@contextmanager
def _tables(old: _Place, new: _Place, *, shared: bool) -> Iterator[tuple[_Table, _Table]]:
    """Both relations with sessions; of one database, with one session."""
    for place in (old, new):
        _require_file(place)
    with closing(new.connection.session()) as session:
        if shared:
            yield _table(old, session), _table(new, session)
            return
        with closing(old.connection.session()) as other:
            yield _table(old, other), _table(new, session)


def _require_file(place: _Place) -> None:
    """A database file that is not there is not made by looking for it."""
    files = place.connection.files()
    if files and not any(file.exists() for file in files):
        raise _not_built(place)


def _table(place: _Place, session: Session) -> _Table:
    try:
        return _Table(place, session, session.columns(place.relation))
    except QueryFailed as error:
        if isinstance(place.node, Model) and not _stands(place.relation, session):
            raise _not_built(place) from error
        raise


def _stands(relation: Relation, session: Session) -> bool:
    found = session.catalogue([relation.schema])
    return any(each.name.casefold() == relation.name.casefold() for each in found)


def _not_built(place: _Place) -> UsageError:
    return UsageError(
        f"{place.node.name} is not built in {place.environment}: there is no {place.relation} in "
        f"{place.connection.where()}.",
        hint=f"interlace run {place.node.name} --env {place.environment}",
    )


def _key(before: _Table, after: _Table, asked: Compare) -> tuple[str, ...]:
    """The key, by the names of the second table.

    Raises:
        UsageError: one of them has no such column; or a tolerance was asked for where there is no key.
    """
    node = after.place.node
    given = tuple(asked.key) or (node.key if isinstance(node, Model) else ())
    if asked.whole_rows or not given:
        if asked.tolerance:
            raise UsageError("--tolerance needs a key: whole rows are equal or not.", hint="Name one: --key id")
        return ()
    hint = None if asked.key else "This is the model's key: name another one with --key, or give --whole-rows."
    found = []
    for name in given:
        for table in (before, after):
            column = _named(name, table.columns, f"the key, in {table.place.environment}", hint)
        found.append(column.name)
    return tuple(dict.fromkeys(found))


def _named(name: str, columns: Sequence[Column], what: str, hint: str | None = None) -> Column:
    for wanted in (name, name.casefold()):
        for column in columns:
            if wanted in {column.name, column.name.casefold()}:
                return column
    near = did_you_mean(name, [c.name for c in columns], label="Columns")
    raise UsageError(f"There is no column {name!r} for {what}. {near}".rstrip(), hint=hint)


def _chosen(before: _Table, after: _Table, asked: Compare, key: Sequence[str]) -> tuple[_Table, _Table]:
    """The tables with the columns that are compared."""
    everything = [*after.columns, *before.columns]
    folded = {name: _named(name, everything, "--columns").name.casefold() for name in asked.columns}
    left_out = {_named(name, everything, "--exclude").name.casefold() for name in asked.exclude}
    keys = {name.casefold() for name in key}
    if both := sorted(left_out & keys):
        raise UsageError(f"--exclude {both[0]}: it is of the key, by which rows are told.")
    only = set(folded.values()) | keys

    def kept(table: _Table) -> _Table:
        names = only if folded else {c.name.casefold() for c in table.columns} - left_out
        return replace(table, columns=tuple(c for c in table.columns if c.name.casefold() in names))

    return kept(before), kept(after)


def _conditioned(before: _Table, after: _Table, where: str | None) -> tuple[_Table, _Table]:
    if where is None:
        return before, after
    from sqlglot import parse_one

    from interlace.model.sql_condition import parse_condition, require_columns

    try:
        found = parse_condition(where, after.dialect, "--where")
        for table in (before, after):
            names = [c.name for c in table.session.columns(table.place.relation)]
            of = f"{table.place.node.name} in {table.place.environment}"
            require_columns(found, names, of, where, "--where")
    except InvalidModel as error:
        raise UsageError(error.message, hint=error.hint) from error
    if before.dialect == after.dialect:
        return replace(before, condition=found), replace(after, condition=found)
    translated = parse_one(found.sql(dialect=before.dialect), dialect=before.dialect)
    return replace(before, condition=translated), replace(after, condition=found)


def _comparison(session: Session, one: _Table, other: _Table, key: Sequence[str], tolerance: float) -> Comparison:
    dialect = session.connection.dialect
    names = {name.casefold() for name in key}
    both = paired(one.columns, other.columns)
    by: list[Pair] = [pair(o, n, dialect) for o, n in both if n.name.casefold() in names]
    others = [pair(o, n, dialect, tolerant=tolerance > 0) for o, n in both if n.name.casefold() not in names]
    return Comparison(session, one.side, other.side, tuple(by), tuple(others), tolerance)


def _check_keys(comparison: Comparison, name: str, environments: Sequence[str], key: Sequence[str]) -> None:
    if not key:
        return
    for environment, found in zip(environments, comparison.keys(), strict=True):
        if found:
            said = [f"rows without one (NULL): {found.missing:,}"] if found.missing else []
            said += [f"keys that several rows have: {found.shared:,}"] if found.shared else []
            raise UsageError(
                f"({', '.join(key)}) is no key of {name} in {environment}; {'; '.join(said)}.",
                hint="Name another one with --key, or compare whole rows: --whole-rows",
            )


# --- one database -----------------------------------------------------------------------------------------------------


@contextmanager
def _together(before: _Table, after: _Table) -> Iterator[tuple[Session, _Table, _Table]]:
    """Both tables in one database: as they are, or one of them as a temporary table beside the other."""
    if before.session is after.session:
        yield after.session, before, after
        return
    standing = _host(before, after)
    moving = before if standing is after else after
    moved = _moved(moving, standing.session)  # goes when the session is closed
    yield (standing.session, moved, after) if moving is before else (standing.session, before, moved)


def _host(before: _Table, after: _Table) -> _Table:
    """Where the other's rows are brought: an engine of this process before a server, then where more rows are.

    Raises:
        UnsupportedCapability: neither can take them.
    """
    able = [t for t in (after, before) if t.place.connection.access == "readwrite" and _takes(t)]
    if not able:
        names = " and ".join(repr(t.place.connection.name) for t in (before, after))
        raise UnsupportedCapability(
            f"{before.place.environment} and {after.place.environment} are in different databases, and neither of the "
            f"connections {names} can take the other's rows: it needs 'access: readwrite' and Arrow."
        )
    embedded = [t for t in able if t.place.connection.capabilities.embedded] or able
    return embedded[0] if len(embedded) == 1 else max(embedded, key=_size)


def _takes(table: _Table) -> bool:
    return table.place.connection.capabilities.arrow_in


def _size(table: _Table) -> int:
    return int(table.session.fetch(f"SELECT count(*) FROM {table.session.name(table.place.relation)}")[0][0])


def _moved(table: _Table, host: Session) -> _Table:
    """The rows as a temporary table of another database's session, streamed."""
    relation = Relation(f"__interlace_diff_{uuid4().hex[:12]}")
    columns = ", ".join(table.session.quote(c.name) for c in table.columns)
    query = f"SELECT {columns} FROM {table.session.name(table.place.relation)}"
    if table.condition is not None:
        query += f" WHERE {table.condition.sql(dialect=table.dialect)}"
    reader = table.session.arrow(query)
    host.load_arrow(relation, iter(reader), reader.schema, temporary=True)
    return _Table(replace(table.place, relation=relation), host, host.columns(relation))


# --- samples ----------------------------------------------------------------------------------------------------------


def _hidden(node: Node) -> frozenset[str]:
    return frozenset(c.name.casefold() for c in node.columns if "pii" in c.tags)


def _samples(
    comparison: Comparison, counts: Counts, limit: int, hidden: Collection[str]
) -> tuple[tuple[Sample, ...], tuple[Sample, ...], tuple[Sample, ...]]:
    """Rows of each sort of which there are any: removed, added, changed."""
    removed = comparison.removed(limit) if limit and counts.removed else []
    added = comparison.added(limit) if limit and counts.added else []
    changed = comparison.changed(limit) if limit and counts.changed else []
    return (
        tuple(_shown(row, hidden) for row in removed),
        tuple(_shown(row, hidden) for row in added),
        tuple(_shown(row, hidden) for row in changed),
    )


def _shown(row: Sample, hidden: Collection[str]) -> Sample:
    values: Mapping[str, Any] = {name: _cell(name, value, hidden) for name, value in row.values.items()}
    changed = {name: (_cell(name, o, hidden), _cell(name, n, hidden)) for name, (o, n) in row.changed.items()}
    return Sample(values, changed, row.times)


def _cell(name: str, value: object, hidden: Collection[str]) -> Any:
    return MASK if name.casefold() in hidden else plain(value)
