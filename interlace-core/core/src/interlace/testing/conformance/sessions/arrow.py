"""Arrow in and out, in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from interlace.contracts.load import LoadPlan, Publish
from interlace.contracts.relation import Relation
from interlace.errors import InterlaceError, ModelFailed, UnsupportedCapability
from interlace.testing.conformance.base import requires

if TYPE_CHECKING:
    from typing import Any

    from interlace.contracts.connection import Session

STAGED = Relation("__interlace_staged")
MEGABYTE = 1_000_000


def _batch(**columns: pa.Array) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _staged(session: Session) -> list[tuple[Any, ...]]:
    return session.fetch(f"SELECT * FROM {session.name(STAGED)} ORDER BY 1")


class ArrowScenarios:
    """Scenarios of `load_arrow` and `arrow`."""

    @requires("arrow_in")
    def test_batches_become_a_table_of_the_session(self, session: Session) -> None:
        batches = [
            _batch(id=pa.array([1, 2]), item=pa.array(["a", None])),
            _batch(id=pa.array([3]), item=pa.array(["c"])),
        ]
        loaded = session.load_arrow(STAGED, iter(batches), None)

        assert 3 == loaded
        assert [(1, "a"), (2, None), (3, "c")] == _staged(session)

    @requires("arrow_in")
    def test_a_loaded_table_is_replaced(self, session: Session) -> None:
        session.load_arrow(STAGED, iter([_batch(id=pa.array([1]))]), None)
        session.load_arrow(STAGED, iter([_batch(other=pa.array(["x"]))]), None)

        assert [("x",)] == _staged(session)

    @requires("arrow_in")
    def test_a_loaded_table_can_be_published(self, session: Session, schema: str | None) -> None:
        target = Relation("target", schema)
        with session.transaction():
            session.load_arrow(STAGED, iter([_batch(id=pa.array([1, 2]))]), None)
            session.apply(LoadPlan([Publish(target, STAGED)], idempotent=True))

        assert [(1,), (2,)] == session.fetch(f"SELECT id FROM {session.name(target)} ORDER BY id")

    @requires("arrow_in")
    def test_batches_become_a_real_table(self, session: Session, schema: str | None) -> None:
        target = Relation("target", schema)
        batches = [_batch(id=pa.array([1])), _batch(id=pa.array([2**40]), price=pa.array([2.5]))]
        with session.transaction():
            loaded = session.load_arrow(target, iter(batches), None, temporary=False)
        other = session.connection.session()
        rows = other.fetch(f"SELECT id, price FROM {session.name(target)} ORDER BY id")
        other.close()

        assert 2 == loaded
        assert [(1, None), (2**40, 2.5)] == rows

    @requires("arrow_in")
    def test_a_real_table_replaces_what_is_there(self, session: Session, orders: Relation) -> None:
        with session.transaction():
            session.load_arrow(orders, iter([_batch(number=pa.array([9]))]), None, temporary=False)

        assert [(9,)] == session.fetch(f"SELECT * FROM {session.name(orders)}")
        assert [orders] == list(session.catalogue([orders.schema]))

    @requires("arrow_in", "transactional_ddl")
    def test_a_real_table_rolls_back(self, session: Session, orders: Relation) -> None:
        with pytest.raises(LookupError), session.transaction():
            session.load_arrow(orders, iter([_batch(number=pa.array([9]))]), None, temporary=False)
            raise LookupError

        assert ["id", "item"] == [c.name for c in session.columns(orders)]

    @requires("arrow_in")
    def test_columns_that_come_later_are_null_before(self, session: Session) -> None:
        batches = [_batch(id=pa.array([1])), _batch(price=pa.array([2.5]), id=pa.array([2]))]
        session.load_arrow(STAGED, iter(batches), None)

        assert [(1, None), (2, 2.5)] == _staged(session)

    @requires("arrow_in")
    def test_columns_that_stay_away_later_are_null_after(self, session: Session) -> None:
        batches = [_batch(id=pa.array([1]), price=pa.array([1.5])), _batch(id=pa.array([2]))]
        session.load_arrow(STAGED, iter(batches), None)

        assert [(1, 1.5), (2, None)] == _staged(session)

    @requires("arrow_in")
    @pytest.mark.parametrize(
        ("first", "second", "expected"),
        [
            pytest.param(pa.array([1], pa.int32()), pa.array([2**40], pa.int64()), 2**40, id="int32 to int64"),
            pytest.param(pa.array([1], pa.int64()), pa.array([2.5], pa.float64()), 2.5, id="int64 to float64"),
            pytest.param(pa.array([0.5], pa.float32()), pa.array([2.1], pa.float64()), 2.1, id="float32 to float64"),
            pytest.param(pa.array([None], pa.null()), pa.array(["b"], pa.string()), "b", id="null to string"),
            pytest.param(pa.array([None], pa.null()), pa.array([7], pa.int64()), 7, id="null to int64"),
        ],
    )
    def test_wider_types_that_come_later_widen_the_column(
        self, session: Session, first: pa.Array, second: pa.Array, expected: object
    ) -> None:
        batches = [_batch(id=pa.array([1]), value=first), _batch(id=pa.array([2]), value=second)]
        session.load_arrow(STAGED, iter(batches), None)

        assert [(first[0].as_py(),), (expected,)] == [row[1:] for row in _staged(session)]

    @requires("arrow_in")
    def test_a_narrower_type_that_comes_later_fits(self, session: Session) -> None:
        batches = [_batch(id=pa.array([2**40], pa.int64())), _batch(id=pa.array([1], pa.int8()))]
        session.load_arrow(STAGED, iter(batches), None)

        assert [(1,), (2**40,)] == _staged(session)

    @requires("arrow_in")
    def test_a_type_that_fits_in_no_way_names_the_column_and_both_types(self, session: Session) -> None:
        batches = [_batch(price=pa.array([1])), _batch(price=pa.array(["dear"]))]
        with pytest.raises(ModelFailed) as caught:
            session.load_arrow(STAGED, iter(batches), None)

        message = str(caught.value).lower()
        assert "price" in message
        assert "int" in message
        assert any(word in message for word in ("varchar", "string", "text"))

    @requires("arrow_in")
    def test_no_batches_with_a_declared_schema_make_an_empty_table(self, session: Session) -> None:
        schema = pa.schema([("id", pa.int64()), ("item", pa.string())])

        assert 0 == session.load_arrow(STAGED, iter([]), schema)
        assert ["id", "item"] == [c.name for c in session.columns(STAGED)]

    @requires("arrow_in")
    def test_no_batches_and_no_schema_are_an_error(self, session: Session) -> None:
        with pytest.raises(InterlaceError) as caught:
            session.load_arrow(STAGED, iter([]), None)
        if isinstance(caught.value, UnsupportedCapability):
            raise caught.value

    @requires("arrow_in")
    def test_an_exception_of_the_producer_passes(self, session: Session) -> None:
        def broken() -> Iterator[pa.RecordBatch]:
            yield _batch(id=pa.array([1]))
            raise LookupError("the producer's own")

        with pytest.raises(LookupError, match="the producer's own"):
            session.load_arrow(STAGED, broken(), None)

    @requires("arrow_in")
    def test_values_are_kept(self, session: Session, kept_values: Mapping[str, tuple[pa.DataType, object]]) -> None:
        columns = {name: pa.array([value], kind) for name, (kind, value) in kept_values.items()}
        session.load_arrow(STAGED, iter([_batch(**columns)]), None)
        found = dict(zip(columns, _staged(session)[0], strict=True))

        for name, (_, value) in kept_values.items():
            if isinstance(value, float) and math.isnan(value):
                assert math.isnan(found[name]), name
            else:
                assert (name, value) == (name, found[name])

    @requires("arrow_in")
    def test_a_load_holds_a_few_batches_at_a_time(self, session: Session) -> None:
        before = pa.total_allocated_bytes()
        peak = 0

        def batches() -> Iterator[pa.RecordBatch]:
            nonlocal peak
            for _ in range(100):
                yield _batch(text=pa.array(["x" * 200] * 5_000))
                peak = max(peak, pa.total_allocated_bytes() - before)

        assert 500_000 == session.load_arrow(STAGED, batches(), None)
        assert peak < 60 * MEGABYTE

    @requires("arrow_in", "arrow_out")
    def test_a_query_streams_in_batches(self, session: Session) -> None:
        session.load_arrow(STAGED, iter([_batch(id=pa.array(range(20_000)))]), None)
        reader = session.arrow(f"SELECT id FROM {session.name(STAGED)} ORDER BY id", batch_size=4_096)
        batches = list(reader)

        assert list(range(20_000)) == [n for batch in batches for n in batch.column(0).to_pylist()]
        assert len(batches) > 1

    @requires("arrow_out")
    def test_a_query_streams_its_values(self, session: Session, orders: Relation) -> None:
        reader = session.arrow(f"SELECT id, item FROM {session.name(orders)} ORDER BY id")

        assert {"id": [1, 2, 3], "item": ["apple", "pear", None]} == reader.read_all().to_pydict()

    @requires("arrow_out")
    def test_a_query_of_no_rows_has_a_schema(self, session: Session, orders: Relation) -> None:
        reader = session.arrow(f"SELECT id, item FROM {session.name(orders)} WHERE id > 99")

        assert ["id", "item"] == reader.schema.names
        assert 0 == reader.read_all().num_rows
