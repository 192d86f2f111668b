from __future__ import annotations

import functools
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from interlace.contracts.state import EventRecord, IntervalRecord
from interlace.errors import StateError
from interlace.state import revision
from interlace.state.config import StateOptions
from interlace.state.store import Store
from interlace.testing.conformance.state_store import MINUTE, NOON, attempt_at


def hurried(path: Path, seconds: float = 0.3) -> Store:
    return Store(StateOptions(path=str(path), lock_timeout=seconds), root=Path())


def stamp(path: Path, number: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE store_revision SET version_num = ?", (number,))
    connection.close()


def test_a_relative_path_is_read_from_the_root(tmp_path: Path) -> None:
    store = Store(StateOptions(), root=tmp_path)
    store.open()
    store.close()

    assert tmp_path / ".interlace" / "state.db" == store.file()
    assert store.file().exists()  # type: ignore[union-attr]


def test_the_file_is_in_wal_mode(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert ("wal",) == connection.execute("PRAGMA journal_mode").fetchone()


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("These are my notes, and they are long enough to be read as a header of a database." * 20)

    with pytest.raises(StateError, match=r"state\.db: the file is no SQLite database") as caught:
        hurried(path).open()
    assert "move it away" in str(caught.value)


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_file_is_refused(store: Store, path: Path, seed: int) -> None:
    store.record("dev", [attempt_at(n, f"m{n}") for n in range(100)])
    store.close()
    noise = random.Random(seed)
    content = bytearray(path.read_bytes())
    content[100:] = noise.randbytes(len(content) - 100)
    path.write_bytes(content)

    damaged = hurried(path)
    with pytest.raises(StateError, match=r"state\.db: the file is damaged") as caught:
        damaged.open()
    assert "Nothing in the warehouse is lost" in str(caught.value)


def test_text_that_is_none_is_told_as_damage(store: Store) -> None:
    store.record("dev", [attempt_at(1)])
    with store._database.writing() as write:
        write.execute("UPDATE models SET error = CAST(x'ff' AS TEXT)", {})

    with pytest.raises(StateError, match=r"state\.db: the file is damaged"):
        store.snapshot("dev")


def test_a_database_of_somebody_else_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE holidays (day)")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(StateError, match="not one of Interlace's state: it has the tables holidays"):
        hurried(path).open()
    assert before == path.read_bytes()


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / ".interlace").write_text("")

    with pytest.raises(StateError, match=r"\.interlace for the state cannot be made"):
        hurried(tmp_path / ".interlace" / "state.db").open()


def test_a_folder_where_the_file_should_be_is_named(path: Path) -> None:
    path.mkdir(parents=True)

    with pytest.raises(StateError, match=r"state\.db: it cannot be opened or made"):
        hurried(path).open()


AS_NOBODY = """
import os, sys
from interlace.errors import StateError
from interlace.state.store import Store
from interlace.testing.conformance.state_store import attempt_at
from pathlib import Path
store = Store.embedded(Path(sys.argv[1]))
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    store.open()
    store.record("dev", [attempt_at(1)])
except StateError as error:
    print(error)
"""


def as_nobody(path: Path) -> str:
    # Root may write everywhere, so a child that gave up its rights tries.
    command = [sys.executable, "-c", AS_NOBODY, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that everybody can reach, as those of pytest are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        Path(folder).chmod(0o755)


def test_an_unwritable_folder_is_named(public: Path) -> None:
    path = public / "state.db"
    public.chmod(0o555)

    said = as_nobody(path)

    assert f"the state in {path}: it cannot be opened or made" in said
    assert "make its folder writable, or set `state.path`" in said


def test_a_folder_that_cannot_be_made_is_named(public: Path) -> None:
    path = public / ".interlace" / "state.db"
    public.chmod(0o555)

    assert f"the folder {path.parent} for the state cannot be made: Permission denied" in as_nobody(path)


def test_a_read_only_file_is_named(public: Path) -> None:
    path = public / "state.db"
    Store.embedded(path).upgrade()
    public.chmod(0o555)
    path.chmod(0o444)

    said = as_nobody(path)

    assert f"the state in {path}: it " in said
    assert "make " in said
    assert "set `state.path`" in said


def test_a_full_disk_is_said_and_what_was_recorded_stays(store: Store) -> None:
    store.record("dev", [attempt_at(1)])
    (pages,) = store._database.rows("PRAGMA page_count", {})[0]
    store._database.rows(f"PRAGMA max_page_count = {pages}", {})

    with pytest.raises(StateError, match="the disk is full") as caught:
        store.record("dev", [attempt_at(n, f"m{n}") for n in range(2, 500)])
    assert "free some space" in str(caught.value)
    assert ["orders"] == list(store.snapshot("dev").models)


def test_a_file_system_without_shared_memory_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # This VFS of SQLite locks by files and shares no memory, as on a network file system.
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda p, **k: connect(f"file:{p}?vfs=unix-dotfile", uri=True, **k))

    with pytest.raises(StateError, match="network file systems lack") as caught:
        hurried(path).open()
    assert "`state.url`" in str(caught.value)


# --- locks --------------------------------------------------------------------------------------------------------

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
"""


@pytest.fixture
def other(store: Store, path: Path) -> Any:
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "held\n" == process.stdout.readline()
        yield process
        process.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds a lock")
def test_who_holds_the_lock_is_named(path: Path, other: Any) -> None:
    store = hurried(path)
    store.open()
    with pytest.raises(StateError, match=f"is locked: process {other.pid} has been writing for over 0.3 s") as caught:
        store.record("dev", [attempt_at(1)])
    store.close()

    assert caught.value.transient


def test_a_writer_waits_for_the_other(store: Store, other: Any) -> None:
    timer = threading.Timer(0.5, lambda: print("go on", file=other.stdin, flush=True))
    timer.start()
    start = time.monotonic()
    store.record("dev", [attempt_at(1)])
    timer.join()

    assert time.monotonic() - start > 0.3
    assert 1 == store.revision("dev")


def test_readers_do_not_wait_for_a_writer(store: Store, other: Any) -> None:
    assert 0 == store.revision("dev")
    assert [] == store.attempts()


# --- revisions ----------------------------------------------------------------------------------------------------


def test_a_newer_store_is_refused(store: Store, path: Path) -> None:
    store.close()
    stamp(path, "9999")

    with pytest.raises(StateError, match=r"state\.db has revision '9999'.*a newer Interlace made it") as caught:
        store.open()
    assert "upgrade Interlace" in str(caught.value)
    with pytest.raises(StateError, match="a newer Interlace made it"):
        store.upgrade()


PRESENT = revision.REVISION
NEXT = """
from alembic import op
import sqlalchemy as sa
revision, down_revision = "next", "{present}"
def upgrade():
    op.add_column("runs", sa.Column("note", sa.Text()))
    {then}
"""


@pytest.fixture
def next_release(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """An Interlace that knows one more revision."""
    from interlace.state import migrate

    def release(then: str = "") -> None:
        (tmp_path / "next.py").write_text(NEXT.format(then=then, present=PRESENT))
        first = Path(migrate.__file__).parent / "migrations" / "versions"
        configuration = migrate.configuration

        @functools.wraps(configuration)
        def with_next(connection: Any = None) -> Any:
            config = configuration(connection)
            config.set_main_option("version_locations", os.pathsep.join([str(first), str(tmp_path)]))
            return config

        monkeypatch.setattr(migrate, "configuration", with_next)
        monkeypatch.setattr(revision, "KNOWN", (*revision.KNOWN, "next"))
        monkeypatch.setattr(revision, "REVISION", "next")

    return release


def test_an_older_store_says_to_upgrade_and_is_upgraded(store: Store, path: Path, next_release: Any) -> None:
    store.record("dev", [attempt_at(1)])
    store.close()
    next_release()

    with pytest.raises(StateError, match=f"has revision {PRESENT}; this Interlace needs next") as caught:
        store.open()
    assert "interlace state upgrade" in str(caught.value)

    assert (PRESENT, "next") == store.upgrade()
    store.open()
    assert 1 == store.revision("dev")
    assert "note" in next(iter(store._database.rows("SELECT sql FROM sqlite_master WHERE name = 'runs'", {})))[0]


def test_an_upgrade_that_fails_half_way_changes_nothing(store: Store, path: Path, next_release: Any) -> None:
    store.close()
    next_release(then="raise ZeroDivisionError")

    with pytest.raises(ZeroDivisionError):
        store.upgrade()

    with sqlite3.connect(path) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
        found = connection.execute("SELECT version_num FROM store_revision").fetchall()
    connection.close()
    assert "note" not in columns
    assert [(PRESENT,)] == found


# --- what it costs ------------------------------------------------------------------------------------------------


def test_a_thousand_intervals_take_a_handful_of_statements(store: Store) -> None:
    said: list[str] = []
    store.record("dev", [attempt_at(0, cursor="1")])
    store._database._open.set_trace_callback(lambda sql: said.append(sql.split()[0] + " " + sql.split()[2]))
    windows = [IntervalRecord(NOON + n * MINUTE, NOON + (n + 1) * MINUTE, f"f{n % 2}") for n in range(1000)]
    store.record("dev", [attempt_at(1, intervals=windows, cursor="2")])
    store._database._open.set_trace_callback(None)

    assert 1000 == said.count("INSERT intervals")
    assert {"INSERT intervals", "INSERT cursors", "INSERT models"} < set(said)
    assert len(said) < 1000 + 12


def test_an_interval_among_many_touches_its_neighbours_only(store: Store) -> None:
    windows = [IntervalRecord(NOON + n * MINUTE, NOON + (n + 1) * MINUTE, f"f{n % 2}") for n in range(1000)]
    store.record("dev", [attempt_at(1, intervals=windows)])
    changes = store._database._open.total_changes
    store.record("dev", [attempt_at(2, intervals=windows[500:501])])

    # The environment, the attempt, the model and the interval: one taken away, one put there.
    assert 5 == store._database._open.total_changes - changes


# --- housekeeping -------------------------------------------------------------------------------------------------


def test_a_file_gets_smaller_when_much_was_deleted(store: Store, path: Path) -> None:
    store.record("dev", [], [EventRecord("run-1", NOON, "x", data={"text": "x" * 10_000}) for _ in range(1000)])
    from datetime import timedelta

    (before,) = store._database.rows("PRAGMA page_count", {})[0]
    store.prune(NOON + timedelta(days=1), {"events": timedelta(0)})
    (after,) = store._database.rows("PRAGMA page_count", {})[0]

    assert after < before / 4


def test_an_export_holds_nobody_up(store: Store, path: Path) -> None:
    store.record("dev", [], [EventRecord("run-1", NOON, "x") for _ in range(3)])
    exported = iter(store.export())
    next(exported)
    store.record("dev", [], [EventRecord("run-1", NOON, "late")])

    assert ["x", "x"] == [row["type"] for table, row in exported if table == "events"]
