from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap

import pytest

from interlace.errors import Cancelled, ExportFailed, QueryFailed
from interlace_exporters.replacing import write_file

pytestmark = pytest.mark.slow  # together they are


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("old")
    return path


def write(text):
    def run(path):
        path.write_text(text)
        return 1

    return run


def fail(error):
    def run(path):
        path.write_text("half")
        raise error

    return run


def test_the_new_file_takes_the_place_of_the_old(old):
    exported = write_file(old, write("new"))

    assert ("new", old, 1, 3) == (old.read_text(), exported.path, exported.rows, exported.bytes)


def test_until_it_is_whole_the_old_file_is_there(old):
    seen = []

    def run(path):
        path.write_text("half")
        seen.extend([old.read_text(), path.parent == old.parent, path.name.startswith(".")])
        return 1

    write_file(old, run)

    assert ["old", True, True] == seen


@pytest.mark.parametrize(
    ("error", "raised", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), ExportFailed, "No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied"), ExportFailed, "Permission denied"),
        (QueryFailed("the disk is full"), ExportFailed, "the disk is full"),
        (Cancelled("stop"), Cancelled, "stop"),
        (KeyboardInterrupt("stop"), KeyboardInterrupt, "stop"),
    ],
)
def test_after_a_failure_the_old_file_is_there_and_nothing_else(old, error, raised, words):
    with pytest.raises(raised, match=words):
        write_file(old, fail(error))

    assert ["old"] == [path.read_text() for path in old.parent.iterdir()]


def test_a_failure_names_the_path(old):
    with pytest.raises(ExportFailed, match=r"out\.csv cannot be written"):
        write_file(old, fail(OSError(errno.ENOSPC, "No space left on device")))


def test_folders_are_made(tmp_path):
    path = tmp_path / "a" / "b" / "out"
    write_file(path, write("new"))

    assert "new" == path.read_text()


def test_a_link_stays_and_its_file_is_replaced(old, tmp_path):
    link = tmp_path / "elsewhere" / "link"
    link.parent.mkdir()
    link.symlink_to(old)
    write_file(link, write("new"))

    assert (True, "new") == (link.is_symlink(), old.read_text())


def test_a_name_of_the_greatest_length_is_written(tmp_path):
    path = tmp_path / ("x" * 255)
    write_file(path, write("new"))

    assert [path] == list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="limits are a matter of POSIX")
@pytest.mark.parametrize(
    ("exporter", "module"), [("Csv", "csv_files"), ("Parquet", "parquet_files"), ("Json", "json_files")]
)
def test_a_file_that_may_not_grow_leaves_the_old_one(old, exporter, module):
    """A limit on the size of files stands in for a full disk: the engine's own writing fails half-way."""
    script = f"""
        import resource, signal, sys
        from pathlib import Path
        from interlace.errors import ExportFailed
        from interlace_duckdb.connection import DuckDBConnection
        from interlace_exporters.{module} import {exporter}

        connection = DuckDBConnection("db", DuckDBConnection.Config(path=":memory:"), root=Path("."))
        connection.open()
        session = connection.session()
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        path = Path(sys.argv[1])
        try:
            {exporter}().export(session, "SELECT random() AS x FROM range(1000000)", path, {exporter}.Config(path=str(path)))
        except ExportFailed as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(old)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ("", 0) == (done.stderr, done.returncode)
    assert f"{old} cannot be written" in done.stdout
    assert ["old"] == [path.read_text() for path in old.parent.iterdir()]
