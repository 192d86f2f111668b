"""Seeking in what is read in pieces."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.contracts.seekable_reader import SeekableReader

DATA = bytes(range(100))


class InMemory(SeekableReader):
    def __init__(self) -> None:
        super().__init__(len(DATA), "the numbers")

    def readinto(self, buffer) -> int:
        piece = DATA[self._at : self._at + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


MOVES = st.tuples(st.integers(-120, 120), st.sampled_from([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END]), st.integers(0, 30))


@given(st.lists(MOVES, max_size=8))
def test_it_seeks_as_bytes_in_memory_do(moves):
    mine, theirs = InMemory(), io.BytesIO(DATA)

    for offset, whence, size in moves:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: theirs.tell(), io.SEEK_END: len(DATA)}[whence]
        if base + offset >= 0:
            assert theirs.seek(offset, whence) == mine.seek(offset, whence)
        assert (theirs.read(size), theirs.tell()) == (mine.read(size), mine.tell())


def test_no_byte_is_before_the_first_and_it_stays_where_it_is():
    reader = InMemory()
    reader.seek(3)

    with pytest.raises(ValueError, match=r"^-4 is before the beginning of the numbers$"):
        reader.seek(-4, io.SEEK_CUR)
    assert 3 == reader.tell()


def test_it_says_that_it_reads_and_seeks():
    assert (True, True, False) == (InMemory().readable(), InMemory().seekable(), InMemory().writable())
