from __future__ import annotations

import pytest


@pytest.fixture
def connect(tmp_path):
    """Makes connections to DuckDB databases in memory."""
    from interlace_duckdb.connection import DuckDBConnection

    return lambda: DuckDBConnection("db", DuckDBConnection.Config(path=":memory:"), root=tmp_path)


@pytest.fixture
def session(connect):
    """A session on an empty DuckDB database."""
    connection = connect()
    connection.open()
    session = connection.session()
    yield session
    session.close()
    connection.close()
