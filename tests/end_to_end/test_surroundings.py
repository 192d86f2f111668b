"""The machine around a project: folders, rights, disks, locks."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def test_a_folder_that_is_no_project_says_what_makes_one(folder):
    said = folder.fails("run")

    assert "ILC-201" in said
    assert "config.yaml" in said
    assert "interlace init" in said


def test_a_project_that_does_not_exist_is_named(folder):
    assert "no-such-folder" in folder.fails("run", "--project", "no-such-folder")


def test_a_project_without_models_has_nothing_to_do(project):
    said = project.run()

    assert "Nothing to do" in said.out
    assert [] == project("list", "--json").json


def test_an_empty_folder_is_no_project(folder):
    assert 2 == folder("plan").code
    assert 2 == folder("list").code


def test_a_command_works_in_any_sub_folder(project):
    project.sql("staging/deep/a", "SELECT 1 AS id")
    project.write("data.csv", "id\n1\n")
    project.sql("b", "SELECT * FROM read_csv('data.csv')")

    said = project.run("--json", cwd="models/staging/deep")

    assert {"a": "succeeded", "b": "succeeded"} == said.statuses
    assert (project.root / "warehouse.duckdb").exists()


def test_the_project_may_be_named_from_elsewhere(project, folder):
    project.sql("a", "SELECT 1 AS id")

    assert 0 == folder("run", "--project", str(project.root)).code
    assert 0 == folder("-p", str(project.root), "run").code
    assert 0 == folder("run", env={"INTERLACE_PROJECT": str(project.root)}).code


@pytest.mark.skipif(ROOT, reason="root may write into any folder")
def test_a_project_that_cannot_be_written_to_is_refused(project):
    project.sql("a", "SELECT 1 AS id")
    project.root.chmod(0o500)
    try:
        said = project.fails("run", code=1)
    finally:
        project.root.chmod(0o700)
    assert str(project.root) in said


@pytest.mark.skipif(not ROOT or sys.platform != "linux", reason="only root marks a folder as immutable")
def test_an_immutable_project_is_refused_for_root_too(project):
    project.sql("a", "SELECT 1 AS id")
    marked = shutil.which("chattr") and subprocess.run(
        ["chattr", "+i", str(project.root)], capture_output=True, check=False
    )
    if not marked or marked.returncode != 0:
        pytest.skip("the file system knows no immutable folders")
    try:
        said = project.fails("run", code=1)
    finally:
        subprocess.run(["chattr", "-i", str(project.root)], check=True)
    assert str(project.root) in said


def test_a_state_folder_that_is_a_file_is_refused(project):
    project.sql("a", "SELECT 1 AS id")
    project.write(".interlace", "in the way")

    said = project.fails("run", code=1)

    assert ".interlace" in said


def test_a_database_in_a_folder_that_cannot_be_made_is_refused(project):
    project.write("config.yaml", "connections:\n  default: {type: duckdb, path: taken/warehouse.duckdb}\n")
    project.write("taken", "a file")
    project.sql("a", "SELECT 1 AS id")

    said = project.fails("run", code=1)

    assert "taken" in said


def test_a_file_that_is_no_database_is_refused_and_stays_as_it_was(project):
    project.write("warehouse.duckdb", "notes, not a database\n" * 100)
    project.sql("a", "SELECT 1 AS id")

    said = project.fails("run", code=1)

    assert "warehouse.duckdb" in said
    assert (project.root / "warehouse.duckdb").read_text().startswith("notes")


def test_a_state_file_that_is_no_database_is_refused_and_stays_as_it_was(project):
    project.sql("a", "SELECT 1 AS id")
    project.write(".interlace/state.db", "notes, not a database\n" * 100)

    said = project.fails("run", code=1)

    assert "state.db" in said
    assert (project.root / ".interlace" / "state.db").read_text().startswith("notes")


def test_init_into_a_folder_below_a_file_is_refused(folder):
    folder.write("notes.txt", "")

    said = folder.fails("init", "notes.txt/demo", code=2)

    assert "notes.txt" in said


def test_a_locked_database_names_the_process_that_holds_it(project):
    project.sql("a", "SELECT 1 AS id")
    code = "import duckdb, sys; c = duckdb.connect('warehouse.duckdb'); c.execute('CREATE TABLE x (i INT)'); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code], cwd=project.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        holder.stdout.readline()
        said = project.fails("run", code=1)
    finally:
        holder.communicate("")
    assert "ILC-401" in said
    assert str(holder.pid) in said
    assert 0 == project("run").code


def test_a_second_run_of_an_environment_is_told_of_the_first(project, wait):
    project.python(
        "slow",
        """
        import time
        from pathlib import Path
        from interlace import model

        @model()
        def slow():
            Path("begun").touch()
            while not Path("go on").exists():
                time.sleep(0.02)
            return [{"id": 1}]
    """,
    )
    first = project.start("run")
    wait((project.root / "begun").exists)
    second = project("run")
    project.write("go on", "")
    first.communicate(timeout=30)

    assert 0 == first.returncode
    assert 1 == second.code
    assert str(first.pid) in second.err
    assert "ILC-607" in second.err or "ILC-401" in second.err


@pytest.fixture
def small_disk(tmp_path):
    """A disk of two megabytes."""
    if not ROOT or sys.platform != "linux":
        pytest.skip("only root mounts a small disk")
    where = tmp_path / "small"
    where.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(where)], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield where
    subprocess.run(["umount", "-l", str(where)], check=True)


def test_a_full_disk_under_the_database_fails_the_model_and_keeps_yesterdays_table(project, small_disk):
    project.write("config.yaml", f"connections:\n  default: {{type: duckdb, path: {small_disk}/warehouse.duckdb}}\n")
    project.sql("a", "SELECT 1 AS id")
    project.run()
    project.sql("a", "SELECT range AS id, md5(CAST(range AS VARCHAR)) AS text FROM range(1000000)")

    said = project.fails("run", code=1)

    assert "space" in said.lower()
    assert [(1,)] == project.query("FROM a", str(small_disk / "warehouse.duckdb"))


def test_a_full_disk_under_the_state_is_said_and_nothing_is_half_done(project, small_disk):
    project.sql("a", "SELECT 1 AS id")
    (project.root / ".interlace").symlink_to(small_disk)
    project.run()
    project.sql("a", "SELECT 2 AS id")
    filler = small_disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as out:
        while out.write(b"x" * 4096) == 4096:
            pass

    said = project("run")
    filler.unlink()
    again = project.run()

    assert 1 == said.code
    assert "full" in said.err.lower() or "space" in said.err.lower()
    assert 0 == again.code
    assert [(2,)] == project.query("FROM a")
    assert "Nothing to do" in project.run().out


def test_a_full_disk_under_an_export_leaves_the_model_published(project):
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    project.sql("a", "-- @export: {format: csv, path: out/a.csv}\nSELECT 1 AS id")
    (project.root / "out").mkdir()
    (project.root / "out" / "a.csv").mkdir()

    said = project("run")

    assert 1 == said.code
    assert "published" in said.out
    assert [(1,)] == project.query("FROM a")
