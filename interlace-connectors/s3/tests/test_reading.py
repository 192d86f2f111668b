from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlace_s3 import reading
from interlace_s3.reading import ObjectReader

DATA = bytes(range(251)) * 4


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture
def small(monkeypatch):
    """Parts of a few bytes."""
    monkeypatch.setattr(reading, "PART", 32)
    monkeypatch.setattr(reading, "BUFFER", 8)
    monkeypatch.setattr(reading, "AHEAD", 3)


STEPS = st.one_of(
    st.tuples(st.just("seek"), st.integers(0, 1100)),
    st.tuples(st.just("read"), st.integers(0, 300)),
    st.tuples(st.just("back"), st.integers(-40, 0)),
    st.tuples(st.just("all"), st.none()),
)


@given(steps=st.lists(STEPS, max_size=12), buffered=st.booleans())
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_it_reads_like_bytes_in_memory(threads, small, steps, buffered):
    raw = ObjectReader("a", len(DATA), lambda start, end: DATA[start:end], threads)
    mine, theirs = (io.BufferedReader(raw, 16) if buffered else raw), io.BytesIO(DATA)

    for what, number in steps:
        if what == "seek":
            assert theirs.seek(number) == mine.seek(number)
        elif what == "back":
            at = theirs.tell()
            assert theirs.seek(max(-at, number), io.SEEK_CUR) == mine.seek(max(-at, number), io.SEEK_CUR)
        elif what == "all":
            assert theirs.read() == mine.read()
        else:
            expected, found = theirs.read(number), b""
            while len(found) < len(expected):
                found += mine.read(len(expected) - len(found))
            assert expected == found
        assert theirs.tell() == mine.tell()
    mine.close()


def test_what_is_read_in_order_is_asked_for_ahead_and_no_further(threads, small):
    asked = []

    def fetch(start, end):
        asked.append((start, end))
        return DATA[start:end]

    reader = ObjectReader("a", len(DATA), fetch, threads)
    reader.read(8)
    assert [(0, 8)] == asked

    reader.read(8)
    reader._ahead[-1][1].result()
    assert [(0, 8), (8, 40), (40, 72), (72, 104)] == sorted(asked)


def test_a_jump_asks_for_little(threads, small):
    asked = []

    def fetch(start, end):
        asked.append((start, end))
        return DATA[start:end]

    reader = ObjectReader("a", len(DATA), fetch, threads)
    reader.seek(-4, io.SEEK_END)

    assert (DATA[-4:], [(len(DATA) - 4, len(DATA))]) == (reader.read(4), asked)


def test_no_byte_is_before_the_first(threads):
    with pytest.raises(ValueError, match="before the beginning"):
        ObjectReader("a", 3, lambda start, end: b"abc"[start:end], threads).seek(-1)
