"""Observations: a token stands for what is outside, and moves when that does."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from interlace.plan.observe import Observation, observe, observe_file, observe_tree, same

OLD = (1_600_000_000_000_000_000, 1_600_000_000_000_000_000)


def aged(path):
    os.utime(path, ns=OLD)
    return path


def test_a_file_is_observed_by_its_time_size_and_inode(tmp_path):
    path = aged_file(tmp_path, "a")

    found = observe_file(str(path))

    assert ["file"] == [o.kind for o in found]
    assert same(found, salt="")


def aged_file(folder, text):
    path = folder / "x.txt"
    path.write_text(text)
    return aged(path)


def test_a_file_that_was_just_written_is_observed_by_its_content_too(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("one")
    stamp = path.stat()
    found = observe_file(str(path))
    path.write_text("two")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))

    assert ["file", "content"] == [o.kind for o in found]
    assert not same(found, salt="")


def test_a_file_that_appears_moves_the_token(tmp_path):
    found = observe_file(str(tmp_path / "x"))
    assert same(found, salt="")
    (tmp_path / "x").touch()

    assert not same(found, salt="")


@pytest.mark.parametrize("change", ["add", "remove", "touch", "rename"])
def test_a_tree_moves_with_every_file_below_it(tmp_path, change):
    (tmp_path / "sub").mkdir()
    for name in ("a.sql", "sub/b.sql"):
        (tmp_path / name).write_text("SELECT 1")
        aged(tmp_path / name)
    found = observe_tree(str(tmp_path))
    assert ["tree"] == [o.kind for o in found]
    assert same(found, salt="")

    match change:
        case "add":
            (tmp_path / "sub" / "c.sql").touch()
        case "remove":
            (tmp_path / "sub" / "b.sql").unlink()
        case "touch":
            os.utime(tmp_path / "a.sql")
        case "rename":
            (tmp_path / "a.sql").rename(tmp_path / "d.sql")

    assert not same(found, salt="")


def test_what_python_and_git_leave_behind_is_no_part_of_a_tree(tmp_path):
    (tmp_path / "a.py").touch()
    aged(tmp_path / "a.py")
    found = observe_tree(str(tmp_path))
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").touch()

    assert same(found, salt="")


def test_a_variable_is_kept_as_a_hash_that_only_its_salt_gives(monkeypatch):
    monkeypatch.setenv("SECRET", "hunter2")

    token = observe("env", "SECRET", salt="a")

    assert "hunter2" not in token
    assert token == observe("env", "SECRET", salt="a")
    assert token != observe("env", "SECRET", salt="b")
    assert observe("env", "MISSING_VARIABLE") == "absent"


def test_an_observation_of_no_known_kind_is_an_error():
    with pytest.raises(KeyError):
        same([Observation("moon", "", "full")], salt="")


def test_observing_imports_nothing_heavy():
    code = "import sys, interlace.plan.answer; print([m for m in ('pydantic','typer','duckdb','sqlalchemy','yaml','pathlib') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import sys; sys.path[:0] = " + repr(sys.path) + "; " + code],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "[]" == done.stdout.strip()
