"""Copying relations between the connections of one run: each once for all that read it, dropped when the run ends.

A copy is a real table, because a temporary one is seen by the session alone that made it.  What is copied is written down in the
state store before it is made, so that the next run of the environment sweeps what a killed one left.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import TYPE_CHECKING

from interlace.contracts.relation import Relation
from interlace.errors import Cancelled, Defect, InterlaceError
from interlace.model.definition import Model
from interlace.run.transfer import SCHEMA, Need, copy_relation, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from interlace.contracts.connection import Connection, Session
    from interlace.contracts.relation import Column
    from interlace.contracts.state import StateStore
    from interlace.run.compute import Compute
    from interlace.run.connections import Connections
    from interlace.run.runner import Worker
    from interlace.run.task import Task

__all__ = ["Transfers", "streamed", "sweep"]


class Transfers:
    """The copies of one run.

    Args:
        run: its id.
        environment: its name.
        store: where it is written down what has to be dropped.
        connections: of the project.
        tasks: all that run: what they need decides which columns are copied.
        say: told what was copied.
    """

    def __init__(
        self,
        run: str,
        environment: str,
        store: StateStore,
        connections: Connections,
        tasks: Iterable[Task],
        say: Callable[[str], None],
    ) -> None:
        self._run = run
        self._environment = environment
        self._store = store
        self._connections = connections
        self._say = say
        self._needs: dict[tuple[str, str], Need] = {}
        self._locks: dict[tuple[str, str], threading.Lock] = {}
        self._guard = threading.Lock()
        self._made: dict[tuple[str, str], Relation] = {}
        self._begun: list[tuple[str, Relation]] = []
        for task in tasks:
            for need in task.needs:
                key = need.name, need.reader
                before = self._needs.get(key)
                self._needs[key] = need if before is None else joined(before, need)
                self._locks[key] = threading.Lock()

    def relation(self, name: str, reader: str) -> Relation:
        """Where a copy is.

        Raises:
            Defect: it was not made.
        """
        try:
            return self._made[name, reader]
        except KeyError:
            raise Defect(f"{name} was not copied to {reader!r}") from None

    def provide(self, needs: Iterable[Need], worker: Worker, compute: Compute) -> None:
        """Copy what a task needs and nobody copied yet; committed before the task's own transaction begins.

        Raises:
            InvalidModel: a column has a type that the other engine has no equal of; no row was moved.
            QueryFailed: a database refused.
        """
        for need in needs:
            key = need.name, need.reader
            with self._locks[key]:
                if key not in self._made:
                    self._copy(self._needs[key], worker, compute)

    def close(self) -> None:
        """Drop the copies; what cannot be dropped now is left to the next run."""
        if self._begun:
            left = _dropped(self._connections, self._begun)
            self._store.save_answer(_key(self._environment), _encode(left))
            self._begun = []

    def _copy(self, need: Need, worker: Worker, compute: Compute) -> None:
        source, reader = self._connections.get(need.source), self._connections.get(need.reader)
        relation = copy_relation(need.name, self._run)
        self._write_down(reader, relation)
        began = time.monotonic()
        with closing(source.session()) as reading, closing(reader.session()) as writing:

            def stop() -> None:
                reading.interrupt()
                writing.interrupt()

            worker.interrupt = stop
            sql, columns, of, table = _query(need, reading, compute)
            writing.create_schema(SCHEMA)
            rows = streamed(need.name, sql, columns, relation, reading, writing, table=table)
        if worker.left or worker.why is not None:
            raise Cancelled("the attempt was given up while it copied")
        self._made[need.name, need.reader] = relation
        part = f", {len(columns)} of {of} columns" if len(columns) < of else ""
        part += f", {need.window}" if " WHERE " in sql and need.window is not None else ""
        self._say(
            f"{need.name} was copied from {need.source} to {need.reader}:"
            f" {rows:,} rows{part}, {time.monotonic() - began:.2f} s"
        )

    def _write_down(self, reader: Connection, relation: Relation) -> None:
        with self._guard:
            if (reader.name, relation) not in self._begun:
                self._begun.append((reader.name, relation))
                self._store.save_answer(_key(self._environment), _encode(self._begun))


def sweep(store: StateStore, environment: str, connections: Connections) -> list[str]:
    """Drop the copies that a killed run of this environment left; gives what to say of them."""
    saved = store.answer(_key(environment))
    if saved is None or not (found := _decode(saved)):
        return []
    left = _dropped(connections, found)
    store.save_answer(_key(environment), _encode(left))
    gone = len(found) - len(left)
    return [f"{gone} {'copy' if gone == 1 else 'copies'} of a run that was cut off: dropped"] if gone else []


def _query(need: Need, reading: Session, compute: Compute) -> tuple[str, tuple[Column, ...], int, Relation | None]:
    """The query of what is copied, its columns, how many there are in all, and the relation, where it is one."""
    node = compute.graph.nodes[need.name]
    relation: Relation | None = None
    if need.name in compute.inlined and isinstance(node, Model):
        what = f"(\n{compute.readable(node, reading)}\n) AS q"
    else:
        relation = compute.relation(need.name)
        if relation is None:
            raise Defect(f"{need.name} has no relation")
        what = reading.name(relation)
    there = reading.describe(f"SELECT * FROM {what}")
    if need.window is not None and relation is not None:
        from interlace.run.transfer_window import condition

        said = [reading.quote(c.name) for c in there if c.name.casefold() == need.window.column]
        where = condition(need.window, there, "".join(said), reading.connection.dialect)
        what += f" WHERE {where}" if where else ""
    kept = [c for c in there if need.columns is None or c.name.casefold() in need.columns] or list(there[:1])
    chosen = ", ".join(reading.quote(c.name) for c in kept)
    return f"SELECT {chosen} FROM {what}", tuple(kept), len(there), relation


def streamed(
    name: str,
    sql: str,
    columns: Sequence[Column],
    relation: Relation,
    reading: Session,
    writing: Session,
    also: Callable[[], None] | None = None,
    *,
    table: Relation | None = None,
) -> int:
    """Make the copy, in bounded memory, in one transaction; gives its rows.

    Args:
        also: what else is done in the transaction, last.
        table: whose rows they are, where an engine may move them by itself.

    Raises:
        InvalidModel: a column has a type that the other engine has no equal of; no row was moved.
    """
    from interlace.run.transfer_direct import moved_directly
    from interlace.run.transfer_types import refuse_without_equal

    given = reading.arrow(f"SELECT * FROM ({sql}) AS q LIMIT 0").read_all().schema
    refuse_without_equal(name, columns, given, _made_of(given, relation, writing), reading, writing)
    moved = moved_directly(sql, table, relation, given, reading, writing) if table is not None else None
    if moved is not None:
        return moved
    with writing.transaction():
        reader = reading.arrow(sql)
        rows = writing.load_arrow(relation, iter(reader), reader.schema, temporary=False)
        if also is not None:
            also()
        return rows


def _made_of(schema: pa.Schema, relation: Relation, writing: Session) -> pa.Schema:
    """What the engine gives back of a table that it makes of a schema."""
    probe = Relation(f"__interlace_{relation.name}"[:60])
    writing.load_arrow(probe, iter(()), schema)
    found = writing.arrow(f"SELECT * FROM {writing.name(probe)}").read_all().schema
    writing.drop(probe, "table")
    return found


def _dropped(connections: Connections, copies: Iterable[tuple[str, Relation]]) -> list[tuple[str, Relation]]:
    """Drop copies; gives those that could not be."""
    left: list[tuple[str, Relation]] = []
    for name, relation in copies:
        try:
            with closing(connections.get(name).session()) as session:
                session.drop(relation, "table")
        except InterlaceError:
            left.append((name, relation))
    return left


def _key(environment: str) -> str:
    return f"copies:{environment}"


def _encode(copies: Iterable[tuple[str, Relation]]) -> bytes:
    return json.dumps([[name, relation.schema, relation.name] for name, relation in copies]).encode()


def _decode(saved: bytes) -> list[tuple[str, Relation]]:
    return [(name, Relation(relation, schema)) for name, schema, relation in json.loads(saved)]
