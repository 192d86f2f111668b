from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

from interlace.state.answers import read_answer
from interlace.state.store import Store
from interlace.testing.conformance.state_store import attempt_at


def test_an_answer_is_read_with_the_revisions(store: Store, path: Path) -> None:
    store.record("dev", [attempt_at(1)])
    store.save_answer("key", b"nothing to do")

    assert (b"nothing to do", {"dev": 1}) == read_answer(str(path), "key")
    assert None is read_answer(str(path), "other")


def test_an_answer_is_read_when_nobody_has_the_store_open(store: Store, path: Path) -> None:
    store.save_answer("key", b"x" * 100_000)
    store.close()

    assert (b"x" * 100_000, {}) == read_answer(str(path), "key")


def test_an_answer_is_read_while_another_writes(store: Store, path: Path) -> None:
    store.save_answer("key", b"answer")
    with store._database.writing() as write:
        write.execute("DELETE FROM answers", {})

        assert (b"answer", {}) == read_answer(str(path), "key")


def test_an_answer_of_another_revision_of_the_tables_is_none(store: Store, path: Path) -> None:
    store.save_answer("key", b"answer")
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE store_revision SET version_num = '9999'")
    connection.close()

    assert None is read_answer(str(path), "key")


def test_without_a_store_there_is_no_answer_and_none_is_made(path: Path) -> None:
    assert None is read_answer(str(path), "key")
    assert not path.parent.exists()


def test_in_a_file_that_is_no_store_there_is_no_answer(tmp_path: Path) -> None:
    for content in (b"", b"words" * 1000):
        (tmp_path / "state.db").write_bytes(content)

        assert None is read_answer(str(tmp_path / "state.db"), "key")


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / "a %41?b#c ü" / "state.db"
    store = Store.embedded(path)
    store.open()
    store.save_answer("key", b"answer")
    store.close()

    assert (b"answer", {}) == read_answer(str(path), "key")


def test_reading_an_answer_imports_nothing_heavy() -> None:
    code = "import sys, interlace.state.answers; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout

    heavy = {
        "pydantic",
        "sqlalchemy",
        "alembic",
        "duckdb",
        "typer",
        "interlace.contracts.state",
        "inspect",
        "pathlib",
        "urllib.parse",
    }
    assert set() == heavy & set(loaded.split())


def test_a_run_on_the_embedded_store_imports_neither_sqlalchemy_nor_alembic(path: Path) -> None:
    code = """
import sys
from pathlib import Path
from interlace.contracts.state import ModelState
from interlace.state.owner import this_owner
from interlace.state.recover import lost_runs
from interlace.state.retention import prune_daily
from interlace.state.store import Store
from datetime import UTC, datetime
store = Store.embedded(Path(sys.argv[1]))
store.open()
lost_runs(store, "dev", datetime.now(UTC))
prune_daily(store, this_owner(), datetime.now(UTC))
store.snapshot("dev")
store.close()
print(*sorted(sys.modules))
"""
    command = [sys.executable, "-c", code, str(path)]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    assert set() == {"sqlalchemy", "alembic", "duckdb", "sqlglot", "subprocess"} & set(loaded.split()) - {"subprocess"}
