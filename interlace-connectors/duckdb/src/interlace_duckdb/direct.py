"""Tables of PostgreSQL that DuckDB's own extension reads and writes, while a copy is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from typing import TYPE_CHECKING, Final

import duckdb

from interlace.contracts.direct import Reached
from interlace_duckdb.extensions import load_extension
from interlace_duckdb.failures import cleaned, refused
from interlace_duckdb.quoting import identifier, identifiers, literal, qualified

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlace.contracts.direct import Door
    from interlace.contracts.relation import Column, Relation
    from interlace_duckdb.instance import Instance
    from interlace_duckdb.session import DuckDBSession

__all__ = ["WORTH", "arrive", "reaching"]

WORTH: Final = 1_000_000
"""Values of a table: to load the extension costs a tenth of a second."""

_ARRIVE: Final = frozenset(
    {"BOOLEAN", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "VARCHAR", "DATE", "TIMESTAMP", "BLOB", "UUID"}
    | {"TIMESTAMP WITH TIME ZONE"}
)
_numbers = count(1)


def arrive(columns: Iterable[Column]) -> bool:
    """Whether the extension writes these types as they are."""
    return all(c.type in _ARRIVE or c.type.startswith("DECIMAL(") for c in columns)


@contextmanager
def reaching(session: DuckDBSession, instance: Instance, door: Door, *, write: bool) -> Iterator[Reached]:
    """Attach a database for as long as the block lasts."""
    from interlace_duckdb.attached import conninfo

    name = f"__interlace_door_{next(_numbers)}"
    words = " ".join(f"{key}={conninfo(value)}" for key, value in door.parameters.items() if key != "password")
    with closing(instance.cursor()) as cursor:
        try:
            _attach(cursor, name, f"ATTACH {literal(words)} AS", door.parameters.get("password", ""), write=write)
            yield _Postgres(session, name)
        finally:
            cursor.execute(f"DETACH DATABASE IF EXISTS {identifier(name)}")
            cursor.execute(f"DROP TEMPORARY SECRET IF EXISTS {identifier(name)}")


def _attach(cursor: duckdb.DuckDBPyConnection, name: str, attach: str, password: str, *, write: bool) -> None:
    known, only = identifier(name), "" if write else ", READ_ONLY"
    try:
        load_extension(cursor, "postgres_scanner")
        cursor.execute(f"CREATE OR REPLACE TEMPORARY SECRET {known} (TYPE postgres, PASSWORD {literal(password)})")
        cursor.execute(f"{attach} {known} (TYPE postgres{only}, SECRET {known})")
    except duckdb.Error as error:
        failed = refused(f"DuckDB cannot reach PostgreSQL: {cleaned(str(error))}")
        failed.transient = True
        raise failed from None


class _Postgres(Reached):
    """A database that is attached."""

    def __init__(self, session: DuckDBSession, name: str) -> None:
        self._session = session
        self._name = name

    def take(self, sql: str, relation: Relation, names: Sequence[str]) -> int:
        """By a binary COPY of the server's; to fill a table that is made already would take twice as long."""
        rows = f"postgres_query({literal(self._name)}, {literal(sql)}) AS q({identifiers(names)})"
        return self._session.execute(f"CREATE OR REPLACE TABLE {qualified(relation)} AS SELECT * FROM {rows}") or 0

    def give(self, sql: str, relation: Relation) -> int:
        """By a binary COPY to the server, which is its own transaction."""
        there = f"{identifier(self._name)}.{qualified(relation)}"
        return self._session.execute(f"INSERT INTO {there} {sql}") or 0
