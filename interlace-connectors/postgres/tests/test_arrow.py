from __future__ import annotations

import json
import threading
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlace.contracts.relation import Relation
from interlace.errors import ConnectionFailure, ModelFailed, QueryFailed

pytestmark = pytest.mark.slow  # together they are

T = Relation("t", "public")
ID = uuid.UUID("12345678-1234-5678-1234-567812345678")

KEPT = {
    "boolean": (pa.bool_(), True, "boolean"),
    "tiny": (pa.int8(), -128, "smallint"),
    "small": (pa.int16(), -(2**15), "smallint"),
    "whole": (pa.int32(), 2**31 - 1, "integer"),
    "big": (pa.int64(), -(2**63), "bigint"),
    "unsigned": (pa.uint64(), 2**64 - 1, "numeric(20,0)"),
    "real": (pa.float32(), 0.5, "real"),
    "double": (pa.float64(), 0.1, "double precision"),
    "infinite": (pa.float64(), float("-inf"), "double precision"),
    "text": (pa.string(), 'a "quoted", \\ and\nbroken ☃ line', "text"),
    "bytes": (pa.binary(), b"\x00\\\xff", "bytea"),
    "day": (pa.date32(), date(1, 1, 1), "date"),
    "hour": (pa.time64("us"), time(23, 59, 59, 999999), "time without time zone"),
    "moment": (pa.timestamp("us"), datetime.fromisoformat("9999-12-31T23:59:59.999999"), "timestamp without time zone"),
    "instant": (pa.timestamp("us", tz="UTC"), datetime(2024, 3, 31, 1, 30, tzinfo=UTC), "timestamp with time zone"),
    "money": (pa.decimal128(38, 10), Decimal("-1234567890123456789012345678.0123456789"), "numeric(38,10)"),
    "uuid": (pa.uuid(), ID, "uuid"),
    "texts": (pa.list_(pa.string()), ['a "b" \\', "", None, "NULL"], "text[]"),
    "numbers": (pa.list_(pa.int64()), [1, None, 3], "bigint[]"),
    "days": (pa.list_(pa.date32()), [date(2024, 2, 29)], "date[]"),
    "none": (pa.list_(pa.int64()), [], "bigint[]"),
}


def batch(**columns):
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def load(session, *batches, schema=None):
    with session.transaction():
        return session.load_arrow(T, iter(batches), schema, temporary=False)


def test_values_and_types_go_in_and_come_out_the_same(session):
    load(session, batch(**{n: pa.array([v, None], kind) for n, (kind, v, _) in KEPT.items()}))
    out = session.arrow("SELECT * FROM t").read_all()

    assert {n: word for n, (_, _, word) in KEPT.items()} == {c.name: c.type for c in session.columns(T)}
    assert [[v, None] for _, v, _ in KEPT.values()] == [column.to_pylist() for column in out.columns]


def test_every_scalar_type_but_small_and_unsigned_ones_comes_out_as_it_went_in(session):
    load(session, batch(**{n: pa.array([v], kind) for n, (kind, v, _) in KEPT.items()}))
    out = session.arrow("SELECT * FROM t").schema
    changed = {"tiny": pa.int16(), "unsigned": pa.decimal128(20, 0)}

    assert {n: changed.get(n, kind) for n, (kind, _, _) in KEPT.items()} == dict(zip(out.names, out.types, strict=True))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (pa.struct([("a", pa.int64()), ("b", pa.list_(pa.string()))]), {"a": 1, "b": ["x", None]}, {"a": 1, "b": ["x", None]}),
        (pa.map_(pa.string(), pa.int64()), [("k", 1)], {"k": 1}),
        (pa.list_(pa.list_(pa.int64())), [[1], [2, 3]], [[1], [2, 3]]),
        (pa.list_(pa.struct([("d", pa.date32())])), [{"d": date(2024, 1, 2)}], [{"d": "2024-01-02"}]),
    ],
)  # fmt: skip
def test_nested_values_are_kept_as_json(session, kind, value, expected):
    load(session, batch(nested=pa.array([value, None], kind)))

    assert "jsonb" == session.columns(T)[0].type
    assert [expected, None] == [v and json.loads(v) for (v,) in session.fetch("SELECT nested FROM t")]


def test_json_stays_json(session):
    values = pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a": [1, null]}', None]))
    load(session, batch(j=values))
    out = session.arrow("SELECT j FROM t").read_all()

    assert ("jsonb", pa.json_()) == (session.columns(T)[0].type, out.schema.field("j").type)
    assert ['{"a": [1, null]}', None] == out.column("j").to_pylist()


def test_durations_become_intervals(session):
    load(session, batch(d=pa.array([timedelta(days=-2, microseconds=3), None], pa.duration("us"))))

    assert [(timedelta(days=-2, microseconds=3),), (None,)] == session.fetch("SELECT d FROM t")


@pytest.mark.parametrize(
    ("sql", "kind", "value"),
    [
        ("interval '1 year 2 days 3.5 seconds'", pa.month_day_nano_interval(), pa.MonthDayNano([12, 2, 3_500_000_000])),
        ("'x'::char(3)", pa.string(), "x  "),
        ("'relation'::name", pa.string(), "relation"),
        ("'10.0.0.1'::inet", pa.string(), "10.0.0.1/32"),
        ("int4range(1, 5)", pa.string(), "[1,5)"),
        ("'{\"b\":1}'::json", pa.json_(), '{"b":1}'),
        ("ARRAY['10.0.0.1'::inet]", pa.list_(pa.string()), ["10.0.0.1/32"]),
        ("ARRAY[1.5, NULL]::numeric(4,1)[]", pa.list_(pa.decimal128(4, 1)), [Decimal("1.5"), None]),
        ("sum(x) FROM (VALUES (1.25), (2)) AS v(x)", pa.decimal128(38, 20), Decimal("3.25")),
        ("'happy'::mood", pa.string(), "happy"),
        ("ARRAY['happy'::mood, NULL]", pa.list_(pa.string()), ["happy", None]),
        ("5::positive", pa.int32(), 5),
    ],
)
def test_types_of_the_server_have_types_of_arrow(session, sql, kind, value):
    session.execute("CREATE TYPE mood AS ENUM ('happy', 'sad'); CREATE DOMAIN positive AS integer CHECK (VALUE > 0)")
    out = session.arrow(f"SELECT {sql}").read_all()

    assert kind == out.schema.field(0).type
    assert [value] == out.column(0).to_pylist()


def test_columns_of_one_name_come_both(session):
    out = session.arrow("SELECT 1 AS a, '10.0.0.1'::inet AS a").read_all()

    assert [("a", 1), ("a", "10.0.0.1/32")] == [
        (n, c[0].as_py()) for n, c in zip(out.schema.names, out.columns, strict=True)
    ]


@pytest.mark.parametrize(
    "value", ["'NaN'::numeric", "1e30::numeric", "'infinity'::timestamptz", "'4713-01-01 BC'::date"]
)
def test_a_value_that_arrow_cannot_hold_is_an_error(session, value):
    with pytest.raises(QueryFailed):
        session.arrow(f"SELECT {value} AS odd").read_all()

    assert [(1,)] == session.fetch("SELECT 1")


def test_nanoseconds_are_not_lost_in_silence(session):
    with pytest.raises(ModelFailed, match="microseconds"):
        load(session, batch(at=pa.array([1], pa.timestamp("ns"))))
    load(session, batch(at=pa.array([1000], pa.timestamp("ns"))))

    assert [(datetime.fromisoformat("1970-01-01T00:00:00.000001"),)] == session.fetch("SELECT at FROM t")


def test_a_row_of_nothing_but_null_is_a_row(session):
    assert 3 == load(session, batch(a=pa.array([None, "", None])))
    assert [(None,), ("",), (None,)] == session.fetch("SELECT a FROM t")


def test_a_loaded_table_keeps_the_views_on_what_it_replaces(session):
    load(session, batch(id=pa.array([1]), item=pa.array(["a"])))
    session.execute("CREATE VIEW v AS SELECT id FROM t")
    load(session, batch(id=pa.array([2]), price=pa.array([1.5])))

    assert [(2,)] == session.fetch("SELECT id FROM v")
    assert ["id", "price"] == [c.name for c in session.columns(T)]


def test_a_stream_outside_a_transaction_ends_with_the_next_statement(session):
    reader = session.arrow("SELECT generate_series(1, 1000) AS n", batch_size=100)
    reader.read_next_batch()
    session.execute("CREATE TABLE t (n integer)")

    assert [(0,)] == session.fetch("SELECT count(*) FROM t")
    with pytest.raises(QueryFailed, match="ended by another statement"):
        reader.read_next_batch()


def test_what_fails_in_the_middle_of_a_stream_is_raised(session):
    reader = session.arrow("SELECT 10 / (500 - n) AS q FROM generate_series(1, 1000) AS n", batch_size=100)
    with pytest.raises(QueryFailed, match="division by zero"):
        reader.read_all()

    assert [(1,)] == session.fetch("SELECT 1")


def test_a_temporary_table_is_gone_for_the_next_who_gets_the_connection(connect):
    connection = connect(pool={"max": 2})
    for _ in range(3):
        session = connection.session()
        session.load_arrow(Relation("staged"), iter([batch(id=pa.array([1]))]), None)
        session.close()
    session = connection.session()

    with pytest.raises(QueryFailed):
        session.columns(Relation("staged"))


def test_ibis_reads_a_table_in_memory(session):
    import ibis

    table = ibis.memtable(pa.table({"id": [1, 2], "item": ["a", "b"]}))
    found = session.ibis().to_pyarrow(table.filter(table.id > 1).select("item"))

    assert {"item": ["b"]} == found.to_pydict()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.one_of(st.none(), st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))),
            st.one_of(st.none(), st.floats(allow_nan=False)),
            st.one_of(st.none(), st.binary(max_size=20)),
            st.one_of(st.none(), st.datetimes()),
            st.one_of(st.none(), st.lists(st.one_of(st.none(), st.text("ab\"\\{},'\n é", max_size=5)), max_size=3)),
        ),
        max_size=20,
    )
)
def test_any_rows_go_in_and_come_out_the_same(session, rows):
    kinds = [pa.string(), pa.float64(), pa.binary(), pa.timestamp("us"), pa.list_(pa.string())]
    columns = list(zip(*rows, strict=True)) if rows else [[] for _ in kinds]
    arrays = {f"c{n}": pa.array(c, kind) for n, (c, kind) in enumerate(zip(columns, kinds, strict=True))}
    load(session, batch(**arrays))

    assert rows == [tuple(row.values()) for row in session.arrow("SELECT * FROM t").read_all().to_pylist()]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_moments_stay_what_they_are_whatever_the_zone_of_the_session(session, zone):
    moments = pa.array([datetime(2024, 7, 1, 12, 30, tzinfo=UTC), None], pa.timestamp("us", tz="America/New_York"))
    session.execute(f"SET TimeZone = '{zone}'")
    load(session, batch(at=moments))

    assert [("2024-07-01 12:30:00",), (None,)] == session.fetch("SELECT (at AT TIME ZONE 'UTC')::text FROM t")


def test_rows_are_read_by_copy_and_those_with_arrays_by_a_cursor(session):
    from interlace_postgres.copying import CopyStream
    from interlace_postgres.streaming import Stream, begin

    plain = begin(session, "SELECT 1 AS a", 10)
    plain.end()
    nested = begin(session, "SELECT ARRAY[1] AS a", 10)
    nested.end()

    assert (CopyStream, Stream) == (type(plain), type(nested))


def test_a_stream_that_nobody_reads_any_more_leaves_the_transaction_alive(session):
    with session.transaction():
        session.execute("CREATE TABLE t AS SELECT 1 AS n")
        reader = session.arrow("SELECT generate_series(1, 1000000) AS n", batch_size=10)
        reader.read_next_batch()
        session.execute("INSERT INTO t VALUES (2)")

    assert [(2,)] == session.fetch("SELECT count(*) FROM t")


def test_a_stream_is_interrupted(session):
    reader = session.arrow("SELECT n, pg_sleep(0.01)::text AS s FROM generate_series(1, 10000) AS n", batch_size=10_000)
    stopping = threading.Timer(0.3, session.interrupt)
    stopping.start()
    with pytest.raises(QueryFailed, match="cancel"):
        reader.read_all()
    stopping.join()

    assert [(1,)] == session.fetch("SELECT 1")


def test_a_stream_sees_what_its_transaction_wrote_in_bounded_memory(session):
    with session.transaction():
        session.execute(
            "CREATE TABLE t AS SELECT g AS n, repeat('x', 1000) AS text FROM generate_series(1, 100000) AS g"
        )
        sizes = [(b.num_rows, b.nbytes) for b in session.arrow("SELECT n, text FROM t")]

    assert 100_000 == sum(rows for rows, _ in sizes)
    assert max(size for _, size in sizes) < 40 * 2**20


def test_a_server_that_is_lost_in_a_stream_is_a_lost_connection(connect, postgres_url):
    import psycopg

    session = connect().session()
    number = session.fetch("SELECT pg_backend_pid()")[0][0]
    reader = session.arrow("SELECT n, pg_sleep(0.001)::text AS s FROM generate_series(1, 100000) AS n", batch_size=10)
    reader.read_next_batch()
    with psycopg.connect(postgres_url, autocommit=True) as administrator:
        administrator.execute("SELECT pg_terminate_backend(%s)", [number])
    with pytest.raises(ConnectionFailure):
        reader.read_all()


def test_batches_of_ibis_can_be_read_while_something_else_is_asked(session):
    session.execute("CREATE TABLE t AS SELECT generate_series(1, 1000) AS n")
    table = session.ibis().table("t")
    batches = table.to_pyarrow_batches(chunk_size=100)
    first = next(iter(batches))

    assert 100 == first.num_rows
    assert 1000 == table.count().to_pyarrow().as_py()


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("NULL::text", [None]),
        ("''::text", [""]),
        ("E'a,\"b\"\\n\\r\\\\.'", ['a,"b"\n\r\\.']),
        ("'Infinity'::float8", [float("inf")]),
        ("0.1::float4", [0.10000000149011612]),
        ("time '23:59:59.123456'", [time(23, 59, 59, 123456)]),
        ("decode('00ff', 'hex')", [b"\x00\xff"]),
        ("'00000000-0000-0000-0000-00000000002a'::uuid", [uuid.UUID(int=42)]),
        ("NULL::uuid", [None]),
        ("'{\"a\": [1]}'::jsonb", ['{"a": [1]}']),
        ("99999999999999999999.5::numeric(38,10)", [Decimal("99999999999999999999.5")]),
    ],
)
def test_values_come_by_copy_as_they_are(session, sql, expected):
    assert expected == session.arrow(f"SELECT {sql} AS x").read_all().column(0).to_pylist()
