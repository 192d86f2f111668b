"""Loads on real databases: one engine after the other, a table, batches of rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from interlace.contracts.connection import Session
from interlace.contracts.load import LoadCounts, LoadSpec, Query
from interlace.contracts.relation import Column, Relation
from interlace.contracts.strategy import Strategy

AT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


class Engine:
    """A database with one table that batches are loaded into."""

    def __init__(self, name: str, session: Session) -> None:
        self.name = name
        self.session = session
        self.target = Relation("items", self.schema)

    @property
    def schema(self) -> str:
        return {"duckdb": "main", "postgres": "public"}[self.name]

    def fresh(self) -> None:
        """Leave no table."""
        for relation, info in self.session.catalogue([self.schema]).items():
            self.session.drop(relation, info.kind)

    def spec(self, strategy: type[Strategy], query: str, key: Sequence[str] = (), **given: Any) -> LoadSpec[Any]:
        """The specification of a load; `given` are fields of it and, for the rest, options of the strategy."""
        fields = {name: given.pop(name) for name in list(given) if name in LoadSpec.__slots__}
        fields.setdefault("execution_time", AT)
        return LoadSpec(
            target=self.target,
            source=Query(query),
            source_columns=self.session.describe(query),
            target_columns=self.columns() or None,
            key=tuple(key),
            options=strategy.Config.model_validate(given),
            capabilities=self.session.connection.capabilities,
            dialect=self.session.connection.dialect,
            **fields,
        )

    def load(self, strategy: type[Strategy], query: str, key: Sequence[str] = (), **given: Any) -> LoadCounts:
        """Load what a query gives, in a transaction."""
        plan = strategy().plan(self.spec(strategy, query, key, **given))
        with self.session.transaction():
            return self.session.apply(plan)

    def columns(self) -> tuple[Column, ...]:
        """The columns of the table; none where there is no table."""
        found = self.session.catalogue([self.schema])
        return next((info.columns for relation, info in found.items() if relation.name == self.target.name), ())

    def rows(self, query: str | None = None) -> list[dict[str, Any]]:
        """The rows of the table, in no order."""
        sql = query or f"SELECT * FROM {self.session.name(self.target)}"
        names = [column.name for column in self.session.describe(sql)]
        return [dict(zip(names, row, strict=True)) for row in self.session.fetch(sql)]

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        return self.session.fetch(sql)

    def execute(self, sql: str) -> int | None:
        with self.session.transaction():
            return self.session.execute(sql)


def values(types: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> str:
    """A query that gives these rows, with these columns."""
    lines = [", ".join(f'CAST({_literal(row.get(n))} AS {t}) AS "{n}"' for n, t in types.items()) for row in rows]
    nothing = ", ".join(f'CAST(NULL AS {t}) AS "{n}"' for n, t in types.items())
    return " UNION ALL ".join(f"SELECT {line}" for line in lines) or f"SELECT {nothing} WHERE FALSE"


def _literal(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case bool() | int() | float():
            return str(value)
        case datetime():
            return f"'{value.isoformat(sep=' ')}'"
        case _:
            return "'" + str(value).replace("'", "''") + "'"


@pytest.fixture(scope="module")
def rows_as_query() -> Callable[..., str]:
    """Writes rows as a query: types by column, rows as mappings."""
    return values


@pytest.fixture(scope="module")
def make_engine(request, tmp_path_factory):
    """Opens an engine by its name; closed with the module."""
    return lambda name: {"duckdb": _duckdb, "postgres": _postgres}[name](request, tmp_path_factory)


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def database(request, make_engine) -> Engine:
    """An engine for the tests of a module, which call `Engine.fresh` themselves: for Hypothesis."""
    return make_engine(request.param)


@pytest.fixture
def engine(database: Engine) -> Engine:
    """An engine without a table."""
    database.fresh()
    return database


def _duckdb(request: Any, folders: Any) -> Engine:
    from interlace_duckdb.connection import DuckDBConnection

    connection = DuckDBConnection("db", DuckDBConnection.Config(path="loads.duckdb"), root=folders.mktemp("duckdb"))
    return _opened(request, "duckdb", connection)


def _postgres(request: Any, folders: Any) -> Engine:
    import psycopg

    from interlace_postgres.connection import PostgresConnection

    server = request.getfixturevalue("postgres_server")
    name = f"loads_{os.getpid()}_{os.urandom(4).hex()}"
    with psycopg.connect(server, autocommit=True) as administrator:
        administrator.execute(f"CREATE DATABASE {name}")
    url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    return _opened(
        request,
        "postgres",
        PostgresConnection("db", PostgresConnection.Config(url=url), root=folders.mktemp("postgres")),
    )


def _opened(request: Any, name: str, connection: Any) -> Engine:
    connection.open()
    session = connection.session()
    request.addfinalizer(connection.close)
    request.addfinalizer(session.close)
    return Engine(name, session)
