"""Readers of prod while dev is promoted and taken back: they see one version or the other, never a mix, never nothing."""

from __future__ import annotations

import threading
import time
from contextlib import closing

import pytest

from interlace import Project

CONFIG = """
connections:
  default: {{{warehouse}}}
environments:
  prod:
  dev: {{defer_to: prod}}
"""
ROUNDS = 4


class Reader:
    """Asks again and again, until it is stopped."""

    def __init__(self, ask) -> None:
        self.seen: list[object] = []
        self.errors: list[BaseException] = []
        self._ask = ask
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        self._thread.start()
        self.wait(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(20)

    def wait(self, more: int) -> None:
        """Until it has asked so often again."""
        wanted, until = len(self.seen) + more, time.monotonic() + 20
        while len(self.seen) < wanted and not self.errors:
            assert time.monotonic() < until
            time.sleep(0.001)

    def _read(self) -> None:
        try:
            while not self._stop.is_set():
                self.seen.append(self._ask())
        except BaseException as error:  # noqa: BLE001  shown by the test
            self.errors.append(error)


@pytest.fixture(params=["duckdb", "files", "postgres"])
def engine(request):
    return request.param


@pytest.fixture
def schema(engine):
    return "public" if engine == "postgres" else "main"


@pytest.fixture
def shop(project, engine, make_warehouse):
    """Two tables and two views upon them, which all tell their version."""
    project.write("config.yaml", CONFIG.format(warehouse=make_warehouse(engine, project.root).config))
    write(project, 1)
    with Project.load(project.root, env="prod") as loaded:
        assert loaded.run().exit_code == 0
    return project


def write(project, version: int) -> None:
    project.sql("orders", f"SELECT {version} AS version, 1 AS id\n")
    project.sql("lines", f"SELECT {version} AS version, 1 AS id\n")
    project.sql("both", "-- @materialise: view\nSELECT o.version AS a, l.version AS b FROM orders o, lines l\n")
    project.sql("last", f"-- @materialise: view\nSELECT version, {version} AS own FROM lines\n")


QUERY = """
SELECT (SELECT version FROM {schema}.lines), (SELECT version FROM {schema}.orders), a, b, last.version, last.own
FROM {schema}.both, {schema}.last"""


def read(shop, ask, rounds: int, *, back: bool = False):
    """Read in a loop while versions are promoted, and every other one is taken back; gives what was seen."""
    with Project.load(shop.root, env="prod") as prod, closing(prod.connection().session()) as session:
        with Reader(lambda: ask(session)) as reader:
            for version in range(2, 2 + rounds):
                write(shop, version)
                with Project.load(shop.root, env="dev") as dev:
                    assert dev.run().exit_code == 0
                with Project.load(shop.root, env="prod") as target:
                    target.promote("dev")
                    reader.wait(3)
                    if back and version % 2:
                        target.rollback()
                        reader.wait(3)
        assert [] == reader.errors
        return reader.seen


def test_a_reader_sees_one_version_or_the_other_in_one_statement(shop, schema):
    query = QUERY.format(schema=schema)
    seen = read(shop, lambda session: tuple(session.fetch(query)), ROUNDS, back=True)

    assert {((version,) * 6,) for version in range(1, 2 + ROUNDS)} == set(seen)


def test_a_reader_sees_one_version_in_a_transaction_of_several_statements(shop, schema):
    def ask(session):
        with session.transaction():
            first = session.fetch(f"SELECT version FROM {schema}.orders")
            time.sleep(0.01)
            return (*first, *session.fetch(f"SELECT version FROM {schema}.lines"))

    seen = read(shop, ask, ROUNDS)

    assert {((version,), (version,)) for version in range(1, 2 + ROUNDS)} == set(seen)
