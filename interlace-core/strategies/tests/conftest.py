from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from interlace.contracts.connection import Capabilities
from interlace.contracts.load import LoadSpec, Query
from interlace.contracts.options import Options
from interlace.contracts.relation import Column, Relation


@pytest.fixture
def specify():
    """Makes a specification; keywords replace its fields."""
    spec = LoadSpec(
        target=Relation("orders", "shop"),
        source=Query("SELECT 1 AS id"),
        source_columns=(Column("id", "INTEGER"),),
        target_columns=(Column("id", "INTEGER"),),
        key=(),
        options=Options(),
        execution_time=datetime(2024, 1, 2, tzinfo=UTC),
        capabilities=Capabilities(transactional_ddl=True),
        dialect="duckdb",
    )
    return lambda **changes: replace(spec, **changes)


@pytest.fixture
def session(tmp_path):
    """A session on an empty DuckDB database."""
    from interlace_duckdb.connection import DuckDBConnection

    connection = DuckDBConnection("db", DuckDBConnection.Config(path="test.duckdb"), root=tmp_path)
    connection.open()
    session = connection.session()
    yield session
    session.close()
    connection.close()
