"""Batches that wait to be written together."""

from __future__ import annotations

import pyarrow as pa
import pytest

from interlace.contracts.batch_buffer import BatchBuffer


def batch(*values: int) -> pa.RecordBatch:
    return pa.record_batch({"id": pa.array(values, pa.int64())})


@pytest.fixture
def buffer() -> BatchBuffer:
    return BatchBuffer(most_rows=4, most_bytes=1_000)


def test_what_waited_is_given_once_in_its_order(buffer):
    buffer.add(batch(1, 2))
    buffer.add(batch(3))

    assert ({"id": [1, 2, 3]}, None) == (buffer.take().to_pydict(), buffer.take())


def test_it_is_full_with_so_many_rows_and_empty_again_once_they_are_taken(buffer):
    found = [buffer.full]
    for values in ((1, 2, 3), (4,)):
        buffer.add(batch(*values))
        found.append(buffer.full)
    buffer.take()

    assert [False, False, True, False] == [*found, buffer.full]


def test_it_is_full_with_so_many_bytes():
    buffer = BatchBuffer(most_rows=1_000, most_bytes=16)
    buffer.add(batch(1))
    before = buffer.full
    buffer.add(batch(2))

    assert (False, True) == (before, buffer.full)


def test_batches_without_rows_are_nothing(buffer):
    buffer.add(batch())

    assert buffer.take() is None
