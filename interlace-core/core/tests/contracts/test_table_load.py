"""Batches into a new table, whatever the database."""

from __future__ import annotations

import pyarrow as pa
import pytest

from interlace.contracts.table_load import TableLoad
from interlace.errors import ModelFailed
from interlace.schema.arrow_kinds import wider_scalar


class Written(TableLoad):
    """Writes down what is asked of it."""

    def __init__(self, most_rows: int = 3) -> None:
        super().__init__(most_rows, 1_000_000)
        self.did = []

    def kinds(self, schema):
        return dict(zip(schema.names, schema.types, strict=True))

    def word(self, name, kind):
        return "text" if pa.types.is_null(kind) else str(kind)

    def wider(self, one, other):
        return wider_scalar(one, other, 38)

    def make(self, words):
        self.did.append(("make", words))

    def add(self, name, word):
        self.did.append(("add", name, word))

    def alter(self, name, word):
        self.did.append(("alter", name, word))

    def insert(self, table):
        self.did.append(("insert", table.to_pydict()))


@pytest.fixture
def load() -> Written:
    return Written()


def batch(**columns) -> pa.RecordBatch:
    return pa.record_batch(columns)


ID = pa.schema([("id", pa.int32())])


def of_id(*values: int) -> pa.RecordBatch:
    return pa.record_batch([pa.array(values, pa.int32())], schema=ID)


def test_the_table_is_made_with_the_first_batch_and_rows_are_written_together(load):
    assert 5 == load.run([of_id(1), of_id(2, 3), of_id(4), of_id(5)], None)

    assert [
        ("make", {"id": "int32"}),
        ("insert", {"id": [1, 2, 3]}),
        ("insert", {"id": [4, 5]}),
    ] == load.did


def test_a_later_column_is_added_once_what_came_before_is_written(load):
    assert 2 == load.run([of_id(1), batch(id=pa.array([2], pa.int32()), name=["b"])], None)

    assert [("insert", {"id": [1]}), ("add", "name", "string"), ("insert", {"id": [2], "name": ["b"]})] == load.did[1:]


def test_a_later_type_that_is_wider_alters_the_column(load):
    load.run([of_id(1), batch(id=pa.array([2], pa.int64()))], None)

    assert ("alter", "id", "int64") in load.did


def test_a_later_type_of_the_same_word_alters_nothing(load):
    load.word = lambda *_: "text"

    load.run([batch(name=pa.nulls(1)), batch(name=["b"])], None)

    assert ["make", "insert", "insert"] == [what for what, *_ in load.did]


def test_types_without_a_common_one_are_refused_with_both_words(load):
    with pytest.raises(ModelFailed, match="'id' has the type int32 in the first rows and string in later ones"):
        load.run([of_id(1), batch(id=["a"])], None)


def test_declared_types_win_and_declared_columns_are_made(load):
    declared = pa.schema([("id", pa.int64()), ("name", pa.string())])

    load.run([of_id(1)], declared)

    assert [("make", {"id": "int64", "name": "string"}), ("insert", {"id": [1]})] == load.did


def test_without_batches_the_declared_table_is_made_empty(load):
    assert (0, [("make", {"id": "int32"})]) == (load.run([], ID), load.did)


def test_without_batches_and_schema_there_is_no_table(load):
    with pytest.raises(ModelFailed, match="gave no rows and no schema"):
        load.run([], None)
    assert [] == load.did
