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


class Proxy:
    """Something, with some attributes of its own."""

    def __init__(self, inner, **own):
        self.__dict__.update(own, _inner=inner)

    def __getattr__(self, name):
        return getattr(self._inner, name)


@pytest.fixture(params=["engine", "arrow"])
def writer(request, session):
    """The session, once as it is and once without `copy_out`."""
    from dataclasses import replace

    if request.param == "engine":
        return session
    less = replace(session.connection.capabilities, copy_out=False)
    return Proxy(session, connection=Proxy(session.connection, capabilities=less))


@pytest.fixture
def export(tmp_path, writer):
    """Exports a query by a class and its options; gives the path."""

    def run(exporter, sql, *, name="out", **options):
        path = tmp_path / name
        given = exporter.Config.model_validate({"path": str(path), **options})
        exporter().export(writer, sql, path, given)
        return path

    return run
