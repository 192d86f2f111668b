"""What a connection to files must do: the suite for `interlace.contracts.files`."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, ClassVar

import pytest

from interlace.errors import UnsupportedCapability, UsageError

if TYPE_CHECKING:
    from interlace.contracts.files import FileConnection

__all__ = ["FileConformance"]

LARGE = bytes(range(256)) * 4096 * 20
"""20 MiB: more than any piece that is sent or fetched at once."""


class Stop(Exception):
    """What a block that writes is left by."""


class FileConformance:
    """All scenarios of a connection to files: override `connect`.

    Attributes:
        reported_as: what the connector is called in a report (`interlace.testing.conformance.report`).
    """

    reported_as: ClassVar[str] = ""

    @pytest.fixture
    def connect(self) -> Callable[[], FileConnection]:
        """A function that makes a connection, not opened yet.

        Each call within one test gives a new object for the same place, each test gets an empty one.
        """
        raise NotImplementedError("override the fixture `connect`: return a function that makes your connection")

    @pytest.fixture
    def files(self, connect: Callable[[], FileConnection]) -> Iterator[FileConnection]:
        """An open connection to an empty place."""
        connection = connect()
        connection.open()
        yield connection
        connection.close()

    # --- opening ----------------------------------------------------------------------------------------------

    def test_opening_twice_and_closing_twice_does_nothing(self, connect: Callable[[], FileConnection]) -> None:
        connection = connect()

        connection.open()
        connection.open()
        connection.close()
        connection.close()

    def test_what_is_written_is_there_for_another_connection(
        self, connect: Callable[[], FileConnection], files: FileConnection
    ) -> None:
        put(files, "kept.txt", b"kept")
        other = connect()

        assert b"kept" == get(other, "kept.txt")
        other.close()

    def test_it_has_no_tables(self, files: FileConnection) -> None:
        assert not files.has_tables
        with pytest.raises(UnsupportedCapability):
            files.session()

    # --- writing and reading ----------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        "path", ["a.txt", "in/a folder/b.txt", "day=2024-01-01/part 0.parquet", "ünï/ça%20va+&=#.txt"]
    )
    def test_what_is_written_is_read(self, files: FileConnection, path: str) -> None:
        put(files, path, b"one\ntwo")

        assert b"one\ntwo" == get(files, path)

    def test_a_file_without_bytes_is_a_file(self, files: FileConnection) -> None:
        put(files, "empty", b"")

        assert files.exists("empty")
        assert b"" == get(files, "empty")

    def test_a_large_file_is_written_and_read_in_pieces(self, files: FileConnection) -> None:
        with files.write("large.bin") as target:
            for start in range(0, len(LARGE), 1_000_003):
                target.write(LARGE[start : start + 1_000_003])
        found = bytearray()
        with files.read("large.bin") as source:
            while piece := source.read(700_001):
                found += piece

        assert LARGE == bytes(found)

    def test_a_reader_goes_where_it_wants(self, files: FileConnection) -> None:
        put(files, "large.bin", LARGE)
        with files.read("large.bin") as source:
            assert len(LARGE) == source.seek(0, io.SEEK_END)
            assert b"" == source.read(1)
            source.seek(-300, io.SEEK_END)
            assert LARGE[-300:] == source.read()
            source.seek(9_000_000)
            assert LARGE[9_000_000:9_000_010] == source.read(10)
            assert 9_000_010 == source.tell()
            source.seek(5)
            assert LARGE[5:] == source.read()

    def test_parquet_is_read_from_a_reader(self, files: FileConnection) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.table({"id": list(range(1000)), "name": [f"n{i}" for i in range(1000)]})
        with files.write("t.parquet") as target:
            pq.write_table(table, target)
        with files.read("t.parquet") as source:
            found = pq.read_table(source)

        assert table.equals(found)

    def test_a_file_that_is_not_there_cannot_be_read(self, files: FileConnection) -> None:
        with pytest.raises(FileNotFoundError):
            files.read("none.txt")

    def test_local_files_go_up_and_down(self, files: FileConnection, tmp_path: Path) -> None:
        source, target = tmp_path / "up.bin", tmp_path / "down.bin"
        source.write_bytes(LARGE)
        files.upload(source, "in/large.bin")
        files.download("in/large.bin", target)

        assert LARGE == target.read_bytes()

    def test_what_is_not_there_cannot_be_downloaded(self, files: FileConnection, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            files.download("none.txt", tmp_path / "none.txt")

    def test_threads_share_a_connection(self, files: FileConnection) -> None:
        found: dict[int, bytes] = {}

        def work(number: int) -> None:
            put(files, f"thread/{number}", str(number).encode() * 100_000)
            found[number] = get(files, f"thread/{number}")

        threads = [Thread(target=work, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert {n: str(n).encode() * 100_000 for n in range(6)} == found

    def test_a_file_is_moved_to_a_folder_that_is_made(self, files: FileConnection) -> None:
        put(files, "in/a.csv", b"one")

        files.move("in/a.csv", "done/2024-01-01/a.csv")

        assert b"one" == get(files, "done/2024-01-01/a.csv")
        assert not files.exists("in/a.csv")

    def test_a_file_that_is_moved_takes_the_place_of_another(self, files: FileConnection) -> None:
        put(files, "in/a.csv", b"new")
        put(files, "done/a.csv", b"old")

        files.move("in/a.csv", "done/a.csv")

        assert b"new" == get(files, "done/a.csv")

    def test_what_is_not_there_cannot_be_moved(self, files: FileConnection) -> None:
        with pytest.raises(FileNotFoundError):
            files.move("in/a.csv", "done/a.csv")

        assert not files.exists("done/a.csv")

    def test_the_local_folder_is_where_the_files_are(self, files: FileConnection) -> None:
        put(files, "in/a.csv", b"one")
        folder = files.local_folder()

        assert folder is None or b"one" == (folder / "in/a.csv").read_bytes()

    # --- all or nothing ---------------------------------------------------------------------------------------

    def test_a_file_is_replaced(self, files: FileConnection) -> None:
        put(files, "a.txt", b"a longer old text")
        put(files, "a.txt", b"new")

        assert b"new" == get(files, "a.txt")

    @pytest.mark.parametrize("written", [b"a part", LARGE], ids=["little", "much"])
    def test_a_block_that_raises_leaves_the_old_file_and_nothing_else(
        self, files: FileConnection, written: bytes
    ) -> None:
        put(files, "in/a.txt", b"old")
        with pytest.raises(Stop), files.write("in/a.txt") as target:
            target.write(written)
            raise Stop

        assert b"old" == get(files, "in/a.txt")
        assert ["in/a.txt"] == paths(files, "**")
        assert [] == paths(files, "in/.*")

    @pytest.mark.parametrize("written", [b"a part", LARGE], ids=["little", "much"])
    def test_a_block_that_raises_makes_no_new_file(self, files: FileConnection, written: bytes) -> None:
        with pytest.raises(Stop), files.write("new.txt") as target:
            target.write(written)
            raise Stop

        assert not files.exists("new.txt")

    def test_the_old_file_is_read_until_the_block_ends(self, files: FileConnection) -> None:
        put(files, "a.bin", b"old")
        with files.write("a.bin") as target:
            target.write(LARGE)
            assert b"old" == get(files, "a.bin")

        assert LARGE == get(files, "a.bin")

    # --- listing ----------------------------------------------------------------------------------------------

    def test_a_listing_says_size_and_time(self, files: FileConnection) -> None:
        put(files, "in/a.txt", b"12345")
        [found] = files.list("in/*.txt")

        assert ("in/a.txt", 5) == (found.path, found.size)
        assert found.modified is None or abs(datetime.now(UTC) - found.modified) < timedelta(minutes=10)

    @pytest.mark.parametrize(
        ("pattern", "expected"),
        [
            ("*.csv", ["a.csv", "b.csv"]),
            ("a.csv", ["a.csv"]),
            ("?.csv", ["a.csv", "b.csv"]),
            ("[b-z].csv", ["b.csv"]),
            ("[!b].csv", ["a.csv"]),
            ("**", ["a.csv", "b.csv", "in/2024/c.csv", "in/c.csv", "in/d.txt", "inside/e.csv"]),
            ("**/c.csv", ["in/2024/c.csv", "in/c.csv"]),
            ("in/**/*.csv", ["in/2024/c.csv", "in/c.csv"]),
            ("in/*", ["in/c.csv", "in/d.txt"]),
            ("*/*.csv", ["in/c.csv", "inside/e.csv"]),
            (".*", [".hidden"]),
            ("in", []),
            ("none/*", []),
        ],
    )
    def test_a_pattern_chooses_files(self, files: FileConnection, pattern: str, expected: list[str]) -> None:
        for path in ["a.csv", "b.csv", ".hidden", "in/c.csv", "in/d.txt", "in/2024/c.csv", "inside/e.csv"]:
            put(files, path, b"x")

        assert expected == paths(files, pattern)

    def test_a_file_exists_and_a_folder_with_files_too(self, files: FileConnection) -> None:
        put(files, "in/2024/a.txt", b"x")

        assert [True, True, True, False, False] == [
            files.exists(path) for path in ("in/2024/a.txt", "in/2024", "in", "in/20", "in/2024/a")
        ]

    # --- removing ---------------------------------------------------------------------------------------------

    def test_a_file_is_removed_and_its_neighbours_stay(self, files: FileConnection) -> None:
        put(files, "in/a.txt", b"x")
        put(files, "in/a.txt.gz", b"x")
        files.delete("in/a.txt")

        assert ["in/a.txt.gz"] == paths(files, "**")

    def test_removing_what_is_not_there_does_nothing(self, files: FileConnection) -> None:
        files.delete("in/none.txt")

        assert [] == paths(files, "**")

    # --- staying inside ---------------------------------------------------------------------------------------

    @pytest.mark.parametrize("path", ["", "/etc/passwd", "../a", "in/../../a", "in//a", "./a", "in/", "a\\b", "a\0b"])
    def test_no_path_leads_out_of_the_place(self, files: FileConnection, path: str) -> None:
        def written() -> None:
            with files.write(path):
                pass

        for use in (files.read, files.exists, files.delete, lambda p: list(files.list(p)), lambda _: written()):
            with pytest.raises(UsageError):
                use(path)


def put(files: FileConnection, path: str, data: bytes) -> None:
    """Write a file."""
    with files.write(path) as target:
        target.write(data)


def get(files: FileConnection, path: str) -> bytes:
    """Read a file."""
    with files.read(path) as source:
        return source.read()


def paths(files: FileConnection, pattern: str) -> list[str]:
    """The paths of a listing, sorted."""
    return sorted(found.path for found in files.list(pattern))
