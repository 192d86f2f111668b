"""Files that arrive are taken in, each exactly once: projects run through `Project`, on a real DuckDB."""

from __future__ import annotations

import gzip
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb
import pytest

from interlace import Project
from interlace.errors import InterlaceError

CONFIG = """
connections:
  default:
    type: duckdb
    path: warehouse.duckdb
  drop:
    type: filesystem
    path: incoming
"""

APPENDED = """
-- @files: {connection: drop, path: "in/*.csv*", settle: 0, columns: {id: INTEGER, amount: DOUBLE}, filename: true}
SELECT id, amount, filename FROM $files
"""

MERGED = APPENDED.replace("-- @files", "-- @key: id\n-- @files")

ARCHIVED = APPENDED.replace("settle: 0", 'settle: 0, archive: "done/{model}"')


@dataclass
class Folder:
    """A project with a folder that files arrive in."""

    root: Path

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else dedent(text).lstrip("\n").encode())
        return file

    def sql(self, name: str, text: str) -> None:
        self.write(f"models/{name}.sql", text)

    def run(self, **options: Any) -> Any:
        env = options.pop("env", None)
        with Project.load(self.root, environ={}, env=env) as project:
            return project.run(**options)

    def ran(self, **options: Any) -> dict[str, str]:
        """How each model ended; all of them well."""
        result = self.run(**options)
        assert result.status in {"succeeded", "nothing"}, result.outcomes
        return {name: type(o).__name__ for name, o in result.outcomes.items()}

    def fails(self, **options: Any) -> str:
        """What is said of a run that fails, before it began or of one model."""
        try:
            result = self.run(**options)
        except InterlaceError as error:
            return str(error)
        assert "failed" == result.status
        (said,) = [str(getattr(o, "error", None) or o.export_errors[0]) for o in result.outcomes.values() if _bad(o)]
        return said

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.root / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()


def _bad(outcome: Any) -> bool:
    return hasattr(outcome, "error") or bool(getattr(outcome, "export_errors", ()))


@pytest.fixture
def project(tmp_path):
    folder = Folder(tmp_path / "project")
    folder.write("config.yaml", CONFIG)
    (folder.root / "models").mkdir()
    return folder


@pytest.fixture
def drop(project):
    """Puts a file there."""

    def put(name, *rows, header="id,amount", folder="in"):
        text = "\n".join([header, *rows, ""]).encode()
        return project.write(f"incoming/{folder}/{name}", gzip.compress(text) if name.endswith(".gz") else text)

    return put


def ids(project):
    return [row[0] for row in project.query("SELECT id FROM orders ORDER BY id")]


def there(project, folder="in"):
    place = project.root / "incoming" / folder
    return sorted(p.name for p in place.iterdir()) if place.is_dir() else []


def test_each_file_is_loaded_once(project, drop):
    project.sql("orders", APPENDED)
    drop("a.csv", "1,2.5", "2,3")
    project.run()
    drop("b.csv.gz", "3,1")
    project.run()

    assert [1, 2, 3] == ids(project)
    assert {} == project.ran()
    assert [("in/a.csv", 2), ("in/b.csv.gz", 1)] == project.query(
        "SELECT filename, count(*) FROM orders GROUP BY 1 ORDER BY 1"
    )


def test_what_reads_the_table_runs_when_files_came_and_is_left_alone_when_not(project, drop):
    project.sql("orders", APPENDED)
    project.sql("total", "SELECT count(*) AS n FROM orders")
    drop("a.csv", "1,2.5")
    project.run()
    drop("empty.csv")

    assert {"orders": "Succeeded", "total": "NotRun"} == project.ran()
    drop("b.csv", "2,1")
    assert {"orders": "Succeeded", "total": "Succeeded"} == project.ran()


def test_of_two_files_with_one_key_the_later_is_right(project, drop):
    project.sql("orders", MERGED)
    first, second = drop("b.csv", "1,2", "2,2"), drop("a.csv", "2,5", "3,5")
    os.utime(first, (1_700_000_000, 1_700_000_000))
    os.utime(second, (1_700_000_100, 1_700_000_100))
    project.run()

    assert [(1, 2.0), (2, 5.0), (3, 5.0)] == project.query("SELECT id, amount FROM orders ORDER BY id")


def test_a_file_that_was_changed_is_loaded_again_by_key_and_an_error_without(project, drop):
    project.sql("orders", MERGED)
    project.sql("log", APPENDED.replace("in/*.csv*", "log/*.csv"))
    drop("a.csv", "1,2")
    drop("a.csv", "1,2", folder="log")
    project.run()
    drop("a.csv", "1,99")
    drop("a.csv", "1,99", folder="log")
    said = project.fails()

    assert [(1, 99.0)] == project.query("SELECT id, amount FROM orders")
    assert [(1, 2.0)] == project.query("SELECT id, amount FROM log")
    assert "drop:log/a.csv was loaded, and has other content now" in said
    project.sql("log", APPENDED.replace("in/*.csv*", "log/*.csv").replace("settle: 0", "settle: 0, changed: load"))
    project.run()
    assert [(2.0,), (99.0,)] == project.query("SELECT amount FROM log ORDER BY 1")


def test_a_file_that_was_only_touched_is_not_loaded_again(project, drop):
    project.sql("orders", APPENDED)
    path = drop("a.csv", "1,2")
    project.run()
    os.utime(path, (1_700_000_000, 1_700_000_000))

    assert {} == project.ran()


def test_a_file_that_may_still_be_written_waits(project, drop):
    project.sql("orders", APPENDED.replace("settle: 0", "settle: 60"))
    os.utime(drop("a.csv", "1,2"), (1_700_000_000, 1_700_000_000))
    project.run()
    path = drop("b.csv", "2,2")
    waiting = project.run()
    past = (datetime.now(UTC) - timedelta(seconds=61)).timestamp()
    os.utime(path, (past, past))
    project.run()

    (rest,) = waiting.plan.up_to_date
    assert [("waiting", "in/b.csv may still be written")] == [(r.code, r.text) for r in rest.reasons]
    assert [1, 2] == ids(project)


def test_nothing_is_loaded_of_a_broken_file_and_it_is_named(project, drop):
    project.sql("orders", APPENDED)
    drop("a.csv", "1,2")
    drop("b.csv", "2,2", "3,x")
    said = project.fails()

    assert "drop:in/b.csv cannot be loaded: In CSV column #1: CSV conversion error to double: invalid value 'x'" in said
    drop("b.csv", "2,2", "3,4")
    project.run()
    assert [1, 2, 3] == ids(project)


def test_a_table_is_made_empty_where_columns_are_declared_and_no_file_has_come(project, drop):
    project.sql("orders", APPENDED)
    project.sql("total", "SELECT count(*) AS n FROM orders")
    project.run()

    assert [(0,)] == project.query("SELECT n FROM total")


def test_without_columns_the_first_run_waits_for_a_file_and_says_so(project, drop):
    project.sql("orders", '-- @files: {connection: drop, path: "in/*.csv", settle: 0}\nFROM $files')
    said = project.fails()

    assert "orders was never built, and no file has rows at drop:in/*.csv" in said
    drop("a.csv", "1,2")
    project.run()
    assert [1] == ids(project)


def test_files_are_archived_once_they_are_published(project, drop):
    project.sql("orders", ARCHIVED)
    drop("a.csv", "1,2")
    project.run()

    assert ([], ["a.csv"]) == (there(project), there(project, "done/orders"))
    drop("a.csv", "2,2")
    project.run()
    assert [1, 2] == ids(project)
    assert 2 == len(there(project, "done/orders"))
    assert {} == project.ran()


def test_files_are_deleted_once_they_are_published(project, drop):
    project.sql("orders", APPENDED.replace("settle: 0", "settle: 0, after: delete"))
    drop("a.csv", "1,2")
    project.run()

    assert ([], [1]) == (there(project), ids(project))


def test_a_file_that_cannot_be_archived_leaves_the_table_published_and_is_archived_by_the_next_run(project, drop):
    project.sql("orders", ARCHIVED)
    drop("a.csv", "1,2")
    project.write("incoming/done", "a file where a folder should be")
    said = project.fails()

    assert "incoming/done" in said
    assert ([1], ["a.csv"]) == (ids(project), there(project))
    (project.root / "incoming/done").unlink()
    project.run()
    assert ([1], [], ["a.csv"]) == (ids(project), there(project), there(project, "done/orders"))


def test_a_file_that_failed_its_checks_is_not_archived(project, drop):
    project.sql("orders", "-- @checks: [{range: {column: amount, max: 10}}]\n" + ARCHIVED.lstrip())
    drop("a.csv", "1,200")
    project.fails()

    assert ["a.csv"] == there(project)


def test_an_environment_that_shares_the_place_takes_nothing_away(project, drop):
    project.write("config.yaml", "environments: [prod, dev]\n" + CONFIG)
    project.sql("orders", ARCHIVED)
    drop("a.csv", "1,2")
    said = project.run(env="dev").plan.notices
    project.run(env="prod")

    assert ("orders leaves its files where they are: drop is not dev's own",) == said
    assert ["a.csv"] == there(project, "done/orders")
    assert [(1,)] == project.query("SELECT id FROM dev__main.orders")
    assert [(1,)] == project.query("SELECT id FROM main.orders")


def test_a_full_refresh_loads_all_files_that_are_there_and_never_those_that_are_taken_away(project, drop):
    project.sql("orders", APPENDED)
    drop("a.csv", "1,2")
    project.run()
    drop("b.csv", "2,2")
    project.run(full_refresh=True)
    assert [1, 2] == ids(project)

    project.sql("orders", ARCHIVED)
    project.run()
    said = project.run(full_refresh=True)
    assert "orders is not made anew" in said.plan.notices[0]
    assert [1, 2] == ids(project)


def test_a_full_refresh_without_files_that_are_gone_is_refused_unless_it_is_allowed(project, drop):
    project.sql("orders", APPENDED)
    path = drop("a.csv", "1,2")
    drop("b.csv", "2,2")
    project.run()
    path.unlink()
    said = project.fails(full_refresh=True)

    assert "1 of the files that orders was loaded from are gone: made anew, it would lose their rows" in said
    assert [1, 2] == ids(project)
    project.sql("orders", "-- @full_refresh: allow\n" + APPENDED.lstrip())
    project.run(full_refresh=True)
    assert [2] == ids(project)


def test_a_table_that_somebody_dropped_is_made_anew_and_the_files_that_are_gone_are_told(project, drop):
    project.sql("orders", APPENDED)
    path = drop("a.csv", "1,2")
    drop("b.csv", "2,2")
    project.run()
    path.unlink()
    with duckdb.connect(str(project.root / "warehouse.duckdb")) as warehouse:
        warehouse.execute("DROP TABLE orders")
    said = project.run()

    assert [2] == ids(project)
    assert "made anew without 1 of the files that it was loaded from" in said.outcomes["orders"].warnings[0]


def test_what_is_held_back_leaves_its_files_until_it_is_released(project, drop):
    project.sql("orders", ARCHIVED)
    drop("a.csv", "1,2")
    held = project.run(hold=True)
    assert ["a.csv"] == there(project)

    with Project.load(project.root, environ={}) as loaded:
        loaded.release(held.id)
    project.run()
    assert ([1], [], ["a.csv"]) == (ids(project), there(project), there(project, "done/orders"))


def test_a_python_model_reads_files_of_any_kind(project, drop):
    project.write(
        "models/orders.py",
        """
        from interlace import model


        @model(
            strategy="append",
            files={"connection": "drop", "path": "in/*", "settle": 0},
            columns={"id": "INTEGER", "name": "VARCHAR"},
        )
        def orders(context):
            for file in context.arrivals:
                with file.open() as opened:
                    yield {"id": int(opened.read()), "name": file.path}
        """,
    )
    project.run()
    project.write("incoming/in/one.txt", "1")
    project.run()
    project.write("incoming/in/two.txt", "2")
    project.run()

    assert [(1, "in/one.txt"), (2, "in/two.txt")] == project.query("SELECT * FROM orders ORDER BY 1")


def test_what_is_wrong_is_said_before_anything_runs(project, drop):
    project.sql("orders", APPENDED.replace("connection: drop", "connection: drpo"))
    assert "takes in files of the connection 'drpo', which does not exist" in project.fails()

    project.sql("orders", APPENDED.replace("connection: drop", "connection: default"))
    assert "takes in files of the connection 'default', which has tables" in project.fails()

    project.sql("orders", APPENDED.replace("amount: DOUBLE", "amount: DOUBEL"))
    assert "orders declares a column of its files" in project.fails()

    project.sql("orders", "SELECT * FROM $files")
    assert "$files stands for the rows of files, and orders takes in none" in project.fails()

    project.write("config.yaml", CONFIG + "    access: read\n")
    project.sql("orders", ARCHIVED)
    assert "would archive the files of the connection 'drop', which is 'access: read'" in project.fails()


@pytest.fixture
def elsewhere(project):
    """The place is in another store, whose files are copied before they are read."""
    import fsspec

    store = fsspec.filesystem("memory")
    project.write("config.yaml", CONFIG.replace("path: incoming", "url: memory://drop"))
    yield store
    store.rm("/drop", recursive=True)


def test_files_of_another_store_are_taken_in_and_archived(project, elsewhere):
    project.sql("orders", ARCHIVED)
    elsewhere.pipe("/drop/in/a.csv", b"id,amount\n1,2\n")
    elsewhere.pipe("/drop/in/b.csv.gz", gzip.compress(b"id,amount\n2,2\n"))
    project.run()

    assert [1, 2] == ids(project)
    assert ["/drop/done/orders/a.csv", "/drop/done/orders/b.csv.gz"] == sorted(elsewhere.find("/drop"))
    assert {} == project.ran()


def test_a_place_that_does_not_answer_fails_its_model_alone(project, elsewhere, monkeypatch):
    from interlace_filesystem.elsewhere import FsspecPlace

    project.sql("orders", APPENDED)
    project.sql("other", "SELECT 1 AS n")
    elsewhere.pipe("/drop/in/a.csv", b"id,amount\n1,2\n")
    with monkeypatch.context() as patch:
        patch.setattr(FsspecPlace, "walk", _gone)
        result = project.run()

    assert {"orders": "Failed", "other": "Succeeded"} == {n: type(o).__name__ for n, o in result.outcomes.items()}
    assert "memory://drop" in str(result.outcomes["orders"].error)
    project.run()
    assert [1] == ids(project)


def _gone(*_):
    raise ConnectionResetError("the server went away")


def test_a_file_that_is_changed_while_it_is_read_is_not_loaded(project, drop, monkeypatch):
    from interlace.run.taking import Taking

    project.sql("orders", APPENDED)
    drop("a.csv", "1,2")
    opened = Taking.opened

    def meddled(self, file):
        found = opened(self, file)
        drop("a.csv", "1,2", "2,2")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Taking, "opened", meddled)
        said = project.fails()

    assert "drop:in/a.csv was changed while it was read" in said
    project.run()
    assert [1, 2] == ids(project)


def test_a_file_that_was_overwritten_after_it_was_loaded_is_not_archived(project, drop, monkeypatch):
    from interlace.run.take_away import TakeAway

    project.sql("orders", ARCHIVED)
    drop("a.csv", "1,2")
    send = TakeAway.send

    def overwritten(self, task, session):
        drop("a.csv", "2,2", "3,3")
        return send(self, task, session)

    with monkeypatch.context() as patch:
        patch.setattr(TakeAway, "send", overwritten)
        project.run()
    assert ["a.csv"] == there(project)

    project.run()
    assert ([1, 2, 3], []) == (ids(project), there(project))


def test_a_unit_test_says_that_it_has_no_files(project):
    from interlace.errors import InvalidTest
    from interlace.testing import test_model_sync

    project.sql("orders", APPENDED)

    with pytest.raises(InvalidTest, match="orders takes in files, and a test has none"):
        test_model_sync("orders", {}, [], project=project.root)


@pytest.mark.slow
def test_files_go_into_a_table_of_postgresql(project, drop, postgres_url):
    import psycopg

    project.write(
        "config.yaml",
        CONFIG.replace("type: duckdb\n    path: warehouse.duckdb", f"type: postgres\n    url: '{postgres_url}'"),
    )
    project.sql("orders", MERGED)
    first, second = drop("a.csv", "1,2", "2,2"), drop("b.csv.gz", "2,5", "3,5")
    os.utime(first, (1_700_000_000, 1_700_000_000))
    os.utime(second, (1_700_000_100, 1_700_000_100))
    project.run()
    drop("c.csv", "1,7")

    assert {"orders": "Succeeded"} == project.ran()
    assert {} == project.ran()
    with psycopg.connect(postgres_url) as server:
        rows = server.execute("SELECT id, amount, filename FROM public.orders ORDER BY id").fetchall()
        left = server.execute("SELECT count(*) FROM pg_class WHERE relname LIKE '\\_\\_interlace%'").fetchall()
    assert ([(1, 7.0, "in/c.csv"), (2, 5.0, "in/b.csv.gz"), (3, 5.0, "in/b.csv.gz")], [(0,)]) == (rows, left)


def test_an_environment_that_defers_begins_with_what_the_other_loaded(project, drop):
    project.write("config.yaml", "environments:\n  prod:\n  dev: {defer_to: prod}\n" + CONFIG)
    project.sql("orders", APPENDED)
    drop("a.csv", "1,2")
    project.run(env="prod")
    project.sql("orders", APPENDED.replace("SELECT id", "SELECT id + 0 AS id"))
    with Project.load(project.root, environ={}, env="dev") as loaded:
        loaded.run(defer_to="prod")
        drop("b.csv", "2,2")
    with Project.load(project.root, environ={}, env="dev") as loaded:
        loaded.run(defer_to="prod")

    assert [(1,), (2,)] == project.query("SELECT id FROM dev__main.orders ORDER BY id")
    assert [1] == ids(project)
