from __future__ import annotations

import os

import pytest

from interlace.errors import ConnectionFailure


def put(files, path, data):
    with files.write(path) as target:
        target.write(data)


def test_a_relative_path_begins_in_the_projects_folder(make, tmp_path):
    assert str(tmp_path / "data" / "files") == make(path="data/files").where()


def test_nothing_is_made_before_something_is_written(make, tmp_path):
    files = make(path="data/files")
    files.open()

    assert ([], False) == (list(files.list("**")), files.exists("a"))
    assert [] == list(tmp_path.iterdir())


def test_a_link_is_followed_when_its_file_is_replaced(make, tmp_path):
    files = make(path=".")
    (tmp_path / "real.txt").write_bytes(b"old")
    (tmp_path / "link.txt").symlink_to("real.txt")
    put(files, "link.txt", b"new")

    assert (True, b"new") == ((tmp_path / "link.txt").is_symlink(), (tmp_path / "real.txt").read_bytes())


def test_links_that_lead_in_circles_are_no_folders(make, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "again").symlink_to(tmp_path)
    (tmp_path / "in" / "a.txt").write_bytes(b"x")

    assert ["in/a.txt"] == [found.path for found in make(path=".").list("**")]


def test_a_name_of_255_bytes_can_be_written(make, tmp_path):
    name = "n" * 251 + ".txt"
    put(make(path="."), name, b"x")

    assert [name] == [file.name for file in tmp_path.iterdir()]


def test_a_file_where_a_folder_should_be_is_named(make, tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    with pytest.raises(ConnectionFailure, match=r"a/b \(lake\): ") as raised:
        put(make(path="."), "a/b", b"x")

    assert not raised.value.transient


def test_a_folder_cannot_be_read(make, tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(FileNotFoundError):
        make(path=".").read("a")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")
def test_a_folder_without_the_right_to_write_is_named(make, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ConnectionFailure, match="Permission denied"):
        put(make(path="."), "a", b"x")


def test_a_file_that_cannot_be_moved_stays_and_that_is_said(make, tmp_path):
    connection = make(path=".")
    (tmp_path / "a.csv").write_text("one")
    (tmp_path / "done").write_text("a file where a folder should be")

    with pytest.raises(ConnectionFailure):
        connection.move("a.csv", "done/a.csv")

    assert "one" == (tmp_path / "a.csv").read_text()
