"""``append`` and the replacement of intervals on real databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlace.contracts.load import Interval
from interlace.errors import InvalidModel, LoadRefused
from interlace_strategies.append import Append
from interlace_strategies.replace import Replace

DAY = Interval("at", datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC))


def events(*rows, type_="TIMESTAMP"):
    lines = [f"SELECT {i} AS id, CAST({at!r} AS {type_}) AS at" for i, at in rows]
    return " UNION ALL ".join(lines) or f"SELECT 1 AS id, CAST(NULL AS {type_}) AS at WHERE FALSE"


@pytest.fixture
def load(engine):
    """Loads a query's rows; gives the counts that are not zero."""

    def run(strategy, query, **given):
        return {name: n for name, n in engine.load(strategy, query, **given).known().items() if n}

    return run


@pytest.fixture
def ids(engine):
    return lambda: sorted(row["id"] for row in engine.rows())


# --- append -------------------------------------------------------------------------------------------------------


def test_rows_that_are_there_are_left_out(load, engine):
    batch = "SELECT 1 AS id, CAST(NULL AS INTEGER) AS n UNION ALL SELECT 2, 20"

    assert {"inserted": 2} == load(Append, batch, dedup=True)
    assert {"unchanged": 2} == load(Append, batch, dedup=True)
    assert {"inserted": 1, "unchanged": 3} == load(
        Append, batch + " UNION ALL SELECT 3, NULL UNION ALL SELECT 3, NULL", dedup=True
    )
    assert 3 == len(engine.rows())


def test_rows_that_the_batch_has_twice_are_unchanged_from_the_first_load_on(load, engine):
    assert {"inserted": 1, "unchanged": 1} == load(Append, "SELECT 1 AS id UNION ALL SELECT 1", dedup=True)
    assert 1 == len(engine.rows())


def test_without_dedup_every_row_is_inserted(load, ids):
    load(Append, "SELECT 1 AS id UNION ALL SELECT 1")
    load(Append, "SELECT 1 AS id")

    assert [1, 1, 1] == ids()


def test_rows_can_be_told_apart_by_some_columns(load, engine):
    by = {"dedup": {"by": ["id"]}}
    load(Append, "SELECT 1 AS id, 10 AS n", **by)

    assert {"inserted": 1, "unchanged": 2} == load(
        Append, "SELECT 1 AS id, 11 AS n UNION ALL SELECT 2, 20 UNION ALL SELECT 2, 20", **by
    )
    assert [(1, 10), (2, 20)] == engine.fetch("SELECT * FROM items ORDER BY id")


def test_rows_of_one_batch_that_only_these_columns_do_not_tell_apart_are_refused_or_the_latest_is_taken(load, engine):
    batch = "SELECT 1 AS id, 10 AS n UNION ALL SELECT 1, 11"

    with pytest.raises(LoadRefused, match="and differ"):
        load(Append, batch, dedup={"by": "id"})
    load(Append, batch, dedup={"by": "id", "duplicates": "latest", "order_by": "n"})
    assert [(1, 11)] == engine.fetch("SELECT * FROM items")


def test_a_column_that_the_batch_lost_does_not_make_its_rows_new(load):
    load(Append, "SELECT 1 AS id, 10 AS n", dedup=True)

    assert {"unchanged": 1} == load(Append, "SELECT 1 AS id", dedup=True)


def test_whole_rows_with_types_without_equality_are_compared_as_text(load):
    batch = "SELECT 1 AS id, CAST('{\"a\": 1}' AS JSON) AS doc"
    load(Append, batch, dedup=True)

    assert {"inserted": 1, "unchanged": 1} == load(
        Append, batch + f" UNION ALL {batch.replace('1}', '2}')}", dedup=True
    )


@pytest.mark.parametrize("dedup", [False, True, {"by": "id"}])
def test_an_appended_batch_keeps_to_its_interval(load, ids, dedup):
    rows = [(1, "2023-12-31 23:59:59"), (2, "2024-01-01"), (3, "2024-01-01 23:59:59"), (4, "2024-01-02")]

    assert {"inserted": 2, "rejected": 2} == load(Append, events(*rows), interval=DAY, dedup=dedup)
    assert [2, 3] == ids()


# --- replace ------------------------------------------------------------------------------------------------------


def test_the_rows_of_the_interval_are_replaced_and_the_others_stay(load, ids):
    load(Replace, events((1, "2023-12-31"), (2, "2024-01-01"), (3, "2024-01-01 12:00:00"), (4, "2024-01-02")))

    assert {"inserted": 1, "deleted": 2, "rejected": 1} == load(
        Replace, events((5, "2024-01-01 06:00:00"), (6, "2024-01-02")), interval=DAY
    )
    assert [1, 4, 5] == ids()


def test_an_interval_without_rows_deletes_those_that_were_there(load, ids):
    load(Replace, events((1, "2024-01-01"), (2, "2024-01-02")))

    assert {"deleted": 1} == load(Replace, events(), interval=DAY)
    assert [2] == ids()


def test_the_first_interval_makes_the_table(load, ids):
    assert {"inserted": 1, "rejected": 1} == load(Replace, events((1, "2024-01-01"), (2, "2024-01-02")), interval=DAY)
    assert [1] == ids()


@pytest.mark.parametrize(("type_", "inside"), [("DATE", [2, 3]), ("TIMESTAMP", [2, 3]), ("TIMESTAMPTZ", [1, 2])])
def test_values_without_a_zone_are_in_the_zone_of_the_interval(load, ids, type_, inside):
    zone = timezone(timedelta(hours=2))
    interval = Interval("at", datetime(2024, 1, 1, tzinfo=zone), datetime(2024, 1, 2, tzinfo=zone))
    rows = [
        (1, "2023-12-31 22:00:00"),
        (2, "2024-01-01 00:00:00"),
        (3, "2024-01-01 23:00:00"),
        (4, "2024-01-02 00:00:00"),
    ]

    load(Replace, events(*rows, type_=type_), interval=interval)

    assert inside == ids()


def test_a_column_that_is_no_time_is_named(load):
    with pytest.raises(InvalidModel, match="must be a date or a timestamp"):
        load(Replace, "SELECT 1 AS id, 5 AS at", interval=DAY)
    with pytest.raises(InvalidModel, match="no column 'at'"):
        load(Replace, "SELECT 1 AS id", interval=DAY)


def test_a_new_column_is_added_to_a_table_that_keeps_its_other_rows(load, engine):
    load(Replace, events((1, "2023-12-31"), (2, "2024-01-01")))
    load(Replace, "SELECT 3 AS id, CAST('2024-01-01' AS TIMESTAMP) AS at, 5 AS n", interval=DAY)

    assert [(1, None), (3, 5)] == engine.fetch("SELECT id, n FROM items ORDER BY id")


def test_an_interval_load_that_fails_keeps_the_intervals_old_rows(load, engine, ids):
    """SQLMesh on DuckDB loses them."""
    load(Replace, events((1, "2024-01-01")))
    engine.execute("ALTER TABLE items ALTER COLUMN id SET NOT NULL")

    with pytest.raises(Exception, match=r"(?i)not.null"):
        load(Replace, "SELECT NULL AS id, CAST('2024-01-01' AS TIMESTAMP) AS at", interval=DAY, schema_mode="flexible")
    assert [1] == ids()


days = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 4)), max_size=6)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(settings.get_profile("loads"))
@given(loads=st.lists(st.tuples(st.integers(0, 3), days), min_size=1, max_size=5))
def test_after_any_order_of_intervals_each_holds_what_was_loaded_last_into_it(database, loads):
    database.fresh()
    first, expected = datetime(2024, 1, 1, tzinfo=UTC), {}
    for day, batch in loads:
        interval = Interval("at", first + timedelta(days=day), first + timedelta(days=day + 1))
        rows = [(i, f"2024-01-0{d + 1} 12:00:00") for i, d in batch]
        counts = database.load(Replace, events(*rows), interval=interval)
        kept = sorted(i for i, d in batch if d == day)
        assert (len(kept), len(batch) - len(kept), len(expected.get(day, []))) == (
            counts.inserted,
            counts.rejected,
            counts.deleted or 0,
        )
        expected[day] = kept
    found = database.fetch('SELECT EXTRACT(day FROM "at") - 1, id FROM items')
    assert sorted((d, i) for d, kept in expected.items() for i in kept) == sorted((int(d), i) for d, i in found)


row = st.tuples(st.sampled_from([1, 2, None]), st.sampled_from(["a", None]))


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(settings.get_profile("loads"))
@given(batches=st.lists(st.lists(row, max_size=4), min_size=1, max_size=5))
def test_with_dedup_the_table_is_the_set_of_all_rows_whatever_was_retried(database, rows_as_query, batches):
    database.fresh()
    expected = set()
    for batch in batches:
        query = rows_as_query({"id": "INTEGER", "s": "VARCHAR"}, [{"id": i, "s": s} for i, s in batch])
        counts = database.load(Append, query, dedup=True)
        new = set(batch) - expected
        assert (len(new), len(batch) - len(new)) == (counts.inserted, counts.unchanged)
        expected |= new
        assert sorted(expected, key=repr) == sorted(database.fetch("SELECT * FROM items"), key=repr)
