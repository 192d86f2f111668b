from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from interlace.errors import StateError
from interlace.state import migrate
from interlace.state.codec import micros
from interlace.state.store import Store
from interlace.testing.conformance.state_store import NOON, attempt_at

FIRST = Path(__file__).with_name("revision_0001.sql")

ROWS: Mapping[str, tuple[object, ...]] = {
    "environments": ("dev", 7),
    "models": ("dev", "orders", "d", "c", "m", "v1", '{"a":"1"}', None, "main.orders", "table", '[["id","BIGINT"]]', 1, 2,
               0.5, None, "succeeded", 3, "run-1", None, 0),
    "runs": ("run-1", "dev", "succeeded", 1, 2, "interlace run", "me", '{"succeeded":1}', 1.5),
    "attempts": ("attempt-1", "run-1", "dev", "orders", "succeeded", "first run", 1, 2, None, None, None, 1),
    "check_results": ("attempt-1", 0, "run-1", "dev", "orders", "unique(id)", "unique", "error", 1, "ok", None, None, 2),
    "data_versions": ("dev", "orders", "v1", "d", "run-1", "attempt-1", 1, 2),
    "schema_versions": ("dev", "orders", 1, '[["id","BIGINT"]]', "attempt-1", 1),
    "events": (5, "run-1", 1, "run_started", None, '{"n":1}'),
    "leases": ("prune", "me", 1, 2),
    "answers": ("nothing:1", b"\x00\xff", 1),
}  # fmt: skip


@pytest.fixture
def first(path: Path) -> Path:
    """A file of revision 0001 with a row in each table."""
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.executescript(FIRST.read_text())
        connection.execute("PRAGMA journal_mode=WAL")
        for table, row in ROWS.items():
            connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
    connection.close()
    return path


def exported(store: Store) -> list[tuple[str, Mapping[str, Any]]]:
    store.open()
    rows = list(store.export())
    store.close()
    return rows


def test_a_store_of_revision_0001_asks_to_be_upgraded(first: Path) -> None:
    with pytest.raises(StateError, match="interlace state upgrade"):
        Store.embedded(first).open()


def test_a_store_of_revision_0001_keeps_its_rows(first: Path) -> None:
    store = Store.embedded(first)

    assert ("0001", "0002") == store.upgrade()
    rows = dict(exported(store))
    assert set(ROWS) == set(rows)
    assert ("v1", "main.orders", {"a": "1"}) == tuple(
        rows["models"][k] for k in ("data_version", "relation", "parents")
    )
    assert (5, "run_started") == tuple(rows["events"][k] for k in ("id", "type"))


def test_an_upgraded_store_records_what_is_new(first: Path) -> None:
    store = Store.embedded(first)
    store.upgrade()
    store.open()
    store.record("dev", [attempt_at(1, cursor="42")])

    assert ("42", 8) == (store.cursor("dev", "orders"), store.revision("dev"))
    assert [("run-1", "orders")] == [(run, model) for _, run, model, _ in store.check_history("dev")]
    store.close()


def test_a_server_of_revision_0001_keeps_its_rows(make_server_store: Any, server_options: Any) -> None:
    store = make_server_store()
    engine = create_engine(store._database._url)
    with engine.begin() as connection:
        connection.execute(text(f'CREATE SCHEMA "{server_options.schema_}"'))
        connection.execute(text(f'SET LOCAL search_path TO "{server_options.schema_}"'))
        command.upgrade(migrate.configuration(connection), "0001")
        for table, row in ROWS.items():
            names = [f"c{i}" for i in range(len(row))]
            values = ", ".join(f":{n}" for n in names)
            connection.execute(text(f"INSERT INTO {table} VALUES ({values})"), dict(zip(names, row, strict=True)))
    engine.dispose()

    assert ("0001", "0002") == store.upgrade()
    assert set(ROWS) == {table for table, _ in exported(store)}


def test_the_times_of_an_old_store_are_read_as_they_were(first: Path) -> None:
    with sqlite3.connect(first) as connection:
        connection.execute("UPDATE runs SET started_at = ?", (micros(NOON),))
    connection.close()
    store = Store.embedded(first)
    store.upgrade()
    store.open()

    assert [NOON] == [run.started_at for run in store.runs()]
    store.close()
