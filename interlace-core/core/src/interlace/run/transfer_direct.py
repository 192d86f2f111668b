"""Copies that an engine makes by itself: DuckDB reads and writes tables of PostgreSQL at half of what Arrow and COPY cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Relation

__all__ = ["moved_directly"]


def moved_directly(
    sql: str, source: Relation, target: Relation, schema: pa.Schema, reading: Session, writing: Session
) -> int | None:
    """Make a copy of a table so; None where it is small, where neither engine reaches the other, or a column would not arrive.

    Args:
        sql: its rows, in the dialect of `reading`.
        source: the table.
        target: the copy, made of `schema` as `Session.load_arrow` makes it.
    """
    taken, given = _reaches(writing, reading), _reaches(reading, writing) and reading.connection.access != "read"
    if not (taken or given) or not reading.worth_reaching(source):
        return None
    readable = reading.readable(sql)
    if readable is None:
        return None
    take = _take if taken else _give
    return take(readable, target, schema, reading, writing)


def _take(sql: str, target: Relation, schema: pa.Schema, reading: Session, writing: Session) -> int:
    door = reading.connection.door()
    assert door is not None  # noqa: S101  the caller looked
    with writing.reaching(door, write=False) as there, writing.transaction():
        return there.take(sql, target, schema.names)


def _give(sql: str, target: Relation, schema: pa.Schema, reading: Session, writing: Session) -> int:
    door = writing.connection.door()
    assert door is not None  # noqa: S101  the caller looked
    with reading.reaching(door, write=True) as there:
        with writing.transaction():
            writing.load_arrow(target, iter(()), schema, temporary=False)
        return there.give(sql, target)


def _reaches(one: Session, other: Session) -> bool:
    door = other.connection.door()
    return door is not None and door.kind in one.connection.capabilities.reaches
