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
from interlace.state.revision import REVISION
from interlace.state.store import Store
from interlace.testing.conformance.state_store import NOON, a_definition, attempt_at, full_state

FIRST = Path(__file__).with_name("revision_0001.sql")
SECOND = Path(__file__).with_name("revision_0002.sql")
THIRD = Path(__file__).with_name("revision_0003.sql")

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

MORE_ROWS: Mapping[str, tuple[object, ...]] = {
    "intervals": ("dev", "orders", 1, 2, "d", 0, "attempt-1"),
    "cursors": ("dev", "orders", "42", "attempt-1", 1),
    "metrics": ("dev", "orders", "mean", "", 1, "attempt-1", 0, 0.5, "run-1"),
    "dead_letters": ("letter-1", "dev", "orders", "run-1", "attempt-1", 1, 2, "no", None, "QueryFailed", None, None, 1, "open",
                     None, None),
    "circuits": ("default", "open", 5, 1, None),
    "held": ("run-1", "orders", "dev", "default", "main.orders", "main.x", 1, None, b"\x00", None),
}  # fmt: skip


NEW_IN_0003: Mapping[str, tuple[object, ...]] = {
    "definitions": ("dev", "orders", "d", "c", "m", "SELECT 1", "r", "attempt-1", 1),
    "documents": ("dev", "orders", 1, "d", "c", "m", '{"description":"x"}', "attempt-1", 1),
}
IN_0003 = {**ROWS, **MORE_ROWS, **NEW_IN_0003, "models": (*ROWS["models"], '{"v0":["id"]}')}


@pytest.fixture
def first(path: Path) -> Path:
    """A file of revision 0001 with a row in each table."""
    return made(path, FIRST, ROWS)


@pytest.fixture
def second(path: Path) -> Path:
    """A file of revision 0002 with a row in each table."""
    return made(path, SECOND, {**ROWS, **MORE_ROWS})


@pytest.fixture
def third(path: Path) -> Path:
    """A file of revision 0003 with a row in each table."""
    return made(path, THIRD, IN_0003)


def made(path: Path, tables: Path, rows: Mapping[str, tuple[object, ...]]) -> Path:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.executescript(tables.read_text())
        connection.execute("PRAGMA journal_mode=WAL")
        for table, row in rows.items():
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

    assert ("0001", REVISION) == store.upgrade()
    rows = dict(exported(store))
    assert set(ROWS) == set(rows)
    assert ("v1", "main.orders", {"a": "1"}) == tuple(
        rows["models"][k] for k in ("data_version", "relation", "parents")
    )
    assert (5, "run_started") == tuple(rows["events"][k] for k in ("id", "type"))


def test_a_store_of_revision_0002_keeps_its_rows(second: Path) -> None:
    store = Store.embedded(second)

    assert ("0002", REVISION) == store.upgrade()
    rows = exported(store)
    assert {**ROWS, **MORE_ROWS}.keys() == {table for table, _ in rows}
    assert list(ROWS["models"]) == values_of(second, "models")[:-1]
    assert {name: list(row) for name, row in MORE_ROWS.items()} == {name: values_of(second, name) for name in MORE_ROWS}


def test_a_store_of_revision_0003_keeps_its_rows(third: Path) -> None:
    before = {name: values_of(third, name) for name in IN_0003}
    store = Store.embedded(third)

    assert ("0003", REVISION) == store.upgrade()
    assert set(IN_0003) == {table for table, _ in exported(store)}
    assert before == {name: values_of(third, name) for name in IN_0003}


def test_of_a_model_that_an_older_interlace_recorded_nothing_is_known_but_its_present(second: Path) -> None:
    store = Store.embedded(second)
    store.upgrade()
    store.open()

    assert {} == store.snapshot("dev").models["orders"].since
    assert (None, []) == (store.definition("dev", "orders"), store.documents("dev", "orders"))
    store.close()


def values_of(path: Path, table: str) -> list[object]:
    with sqlite3.connect(path) as connection:
        (row,) = connection.execute(f"SELECT * FROM {table}").fetchall()
    connection.close()
    return list(row)


def test_an_upgraded_store_records_what_is_new(first: Path) -> None:
    store = Store.embedded(first)
    store.upgrade()
    store.open()
    store.record("dev", [attempt_at(1, cursor="42")])

    store.record("dev", [attempt_at(2, definition=a_definition())])

    assert ("42", 9) == (store.cursor("dev", "orders"), store.revision("dev"))
    assert [("run-1", "orders")] == [(run, model) for _, run, model, _ in store.check_history("dev")]
    assert full_state("orders") == store.snapshot("dev").models["orders"]
    assert [a_definition().document] == [document for *_, document in store.documents("dev", "orders")]
    store.close()


@pytest.mark.parametrize(("old", "rows"), [("0001", ROWS), ("0002", {**ROWS, **MORE_ROWS}), ("0003", IN_0003)])
def test_a_server_of_an_older_revision_keeps_its_rows(
    make_server_store: Any, server_options: Any, old: str, rows: Mapping[str, tuple[object, ...]]
) -> None:
    store = make_server_store()
    engine = create_engine(store._database._url)
    with engine.begin() as connection:
        connection.execute(text(f'CREATE SCHEMA "{server_options.schema_}"'))
        connection.execute(text(f'SET LOCAL search_path TO "{server_options.schema_}"'))
        command.upgrade(migrate.configuration(connection), old)
        for table, row in rows.items():
            names = [f"c{i}" for i in range(len(row))]
            values = ", ".join(f":{n}" for n in names)
            connection.execute(text(f"INSERT INTO {table} VALUES ({values})"), dict(zip(names, row, strict=True)))
    engine.dispose()

    assert (old, REVISION) == store.upgrade()
    assert set(rows) == {table for table, _ in exported(store)}
    store.open()
    since = {"v0": ("id",)} if old == "0003" else {}
    assert since == store.snapshot("dev").models["orders"].since
    store.close()


def test_the_times_of_an_old_store_are_read_as_they_were(first: Path) -> None:
    with sqlite3.connect(first) as connection:
        connection.execute("UPDATE runs SET started_at = ?", (micros(NOON),))
    connection.close()
    store = Store.embedded(first)
    store.upgrade()
    store.open()

    assert [NOON] == [run.started_at for run in store.runs()]
    store.close()
