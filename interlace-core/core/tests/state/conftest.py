from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from interlace.state.config import StateOptions
from interlace.state.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".interlace" / "state.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = Store.embedded(path)
    store.open()
    yield store
    store.close()


@pytest.fixture
def server_options(postgres_server: str, request: pytest.FixtureRequest) -> Iterator[StateOptions]:
    """A schema of its own for each test."""
    import psycopg

    schema = "s" + format(abs(hash(request.node.nodeid)), "x")
    yield StateOptions(url=postgres_server, schema=schema)
    with psycopg.connect(postgres_server) as connection:
        connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


@pytest.fixture
def make_server_store(server_options: StateOptions) -> Callable[[], Store]:
    return lambda: Store(server_options, root=Path())
