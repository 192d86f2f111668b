from __future__ import annotations

import pytest

from interlace.contracts.exporter import Exported, Folder
from interlace.run.exported_folder import superseded, write_local

MERGED = Folder(".parquet")
WHOLE = Folder(".parquet", keeps_others=False)


def test_what_was_in_the_folders_that_got_files_goes():
    old = ["a=1/part-0.parquet", "a=1/part-1.parquet", "a=2/part-0.parquet"]

    assert ["a=1/part-1.parquet"] == superseded(old, ["a=1/part-0.parquet"], MERGED)


def test_where_others_are_not_kept_all_of_the_kind_goes():
    old = ["a=1/part-0.parquet", "a=2/part-0.parquet", "a=2/notes.txt", "README.md"]

    assert ["a=2/part-0.parquet"] == superseded(old, ["a=1/part-0.parquet"], WHOLE)
    assert ["a=1/part-0.parquet", "a=2/part-0.parquet"] == superseded(old, [], WHOLE)


def write(files):
    def done(folder):
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return Exported(folder, len(files), 0)

    return done


def found(folder):
    return {f.relative_to(folder).as_posix(): f.read_text() for f in folder.rglob("*") if f.is_file()}


def test_the_new_files_take_the_places_of_the_old_ones(tmp_path):
    write_local(tmp_path / "out", MERGED, write({"a=1/p.parquet": "old", "a=2/p.parquet": "old"}))
    write_local(tmp_path / "out", MERGED, write({"a=1/p.parquet": "new"}))

    assert {"a=1/p.parquet": "new", "a=2/p.parquet": "old"} == found(tmp_path / "out")


def test_folders_that_lost_their_last_file_go_too(tmp_path):
    write_local(tmp_path / "out", WHOLE, write({"a=1/b=1/p.parquet": "old", "a=2/b=1/p.parquet": "old"}))
    write_local(tmp_path / "out", WHOLE, write({"a=2/b=1/p.parquet": "new"}))

    assert ["a=2"] == [folder.name for folder in (tmp_path / "out").iterdir()]


def test_an_error_leaves_everything_as_it_was(tmp_path):
    write_local(tmp_path / "out", WHOLE, write({"a=1/p.parquet": "old"}))

    def breaks(folder):
        write({"a=1/p.parquet": "new", "a=2/p.parquet": "new"})(folder)
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        write_local(tmp_path / "out", WHOLE, breaks)

    assert {"out/a=1/p.parquet": "old"} == found(tmp_path)


def test_no_rows_make_an_empty_folder(tmp_path):
    write_local(tmp_path / "out", WHOLE, write({}))

    assert (tmp_path / "out").is_dir()


def test_a_file_where_the_folder_should_be_is_left_alone(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(NotADirectoryError):
        write_local(tmp_path / "out", MERGED, write({}))

    assert "a file" == (tmp_path / "out").read_text()
