"""Merges on real databases: each option, and each case of ``loading.md`` in which another tool gives wrong data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from interlace.contracts.load import Interval
from interlace.errors import InvalidModel, LoadRefused
from interlace_strategies.merge_by_key import MergeByKey

AT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
TABLE = "SELECT 1 AS id, CAST('a' AS VARCHAR) AS s, 10 AS n UNION ALL SELECT 2, 'b', 20"


@pytest.fixture
def merge(engine):
    """Merges a query's rows by ``id``; gives the counts that are not zero."""

    def run(query, key=("id",), **given):
        counts = engine.load(MergeByKey, query, key, **given).known()
        return {name: n for name, n in counts.items() if n}

    return run


@pytest.fixture
def stored(engine):
    """The rows of the table, sorted by their key."""
    return lambda sql="SELECT * FROM items ORDER BY 1, 2": engine.fetch(sql)


# --- what is updated ----------------------------------------------------------------------------------------------


def test_only_rows_that_changed_are_updated(merge, stored):
    merge(TABLE)

    assert {"inserted": 1, "updated": 1, "unchanged": 1} == merge(
        "SELECT 1 AS id, CAST('a' AS VARCHAR) AS s, 10 AS n UNION ALL SELECT 2, 'z', 20 UNION ALL SELECT 3, 'c', 30"
    )
    assert [(1, "a", 10), (2, "z", 20), (3, "c", 30)] == stored()


def test_a_load_of_what_is_there_writes_nothing(merge):
    merge(TABLE)

    assert {"unchanged": 2} == merge(TABLE)


def test_every_row_is_written_where_the_options_say_so(merge):
    merge(TABLE)

    assert {"updated": 2} == merge(TABLE, when_changed=False)


@pytest.mark.parametrize("update", [["n"], {"except": ["s"]}, {"except": ["S"]}])
@pytest.mark.parametrize("how", ["update", "delete_insert"])
def test_columns_that_are_not_updated_keep_their_values(merge, stored, update, how):
    merge(TABLE)

    assert {"updated": 1, "unchanged": 1} == merge(
        "SELECT 1 AS id, CAST('z' AS VARCHAR) AS s, 11 AS n UNION ALL SELECT 2, 'z', 20", update=update, how=how
    )
    assert [(1, "a", 11), (2, "b", 20)] == stored()


def test_rows_are_only_inserted_where_nothing_is_updated(merge, stored):
    merge(TABLE)

    assert {"inserted": 1, "unchanged": 1} == merge(
        "SELECT 1 AS id, CAST('z' AS VARCHAR) AS s, 0 AS n UNION ALL SELECT 3, 'c', 30", update="none"
    )
    assert [(1, "a", 10), (2, "b", 20), (3, "c", 30)] == stored()


@pytest.mark.parametrize("how", ["update", "delete_insert"])
def test_an_expression_computes_a_column_from_both_rows(merge, stored, how):
    merge(TABLE)
    batch = "SELECT 1 AS id, CAST('y' AS VARCHAR) AS s, 5 AS n UNION ALL SELECT 2, 'z', 25 UNION ALL SELECT 3, 'c', 30"

    assert {"inserted": 1, "updated": 2} == merge(batch, set={"n": "greatest(target.n, source.n)"}, how=how)
    assert [(1, "y", 10), (2, "z", 25), (3, "c", 30)] == stored()


def test_an_expression_that_changes_nothing_updates_nothing(merge):
    merge(TABLE)

    assert {"unchanged": 2} == merge(
        "SELECT 1 AS id, 5 AS n UNION ALL SELECT 2, 6", update=["n"], set={"n": "greatest(target.n, source.n)"}
    )


def test_a_merge_by_partition_replaces_the_partitions_of_the_batch(merge, stored):
    merge("SELECT 1 AS id, 1 AS day UNION ALL SELECT 2, 1 UNION ALL SELECT 3, 2 UNION ALL SELECT 4, NULL")

    assert {"inserted": 1, "unchanged": 1, "deleted": 2} == merge(
        "SELECT 1 AS id, 1 AS day UNION ALL SELECT 5, NULL", partition_by="day"
    )
    assert [(1, 1), (3, 2), (5, None)] == stored()


# --- columns ------------------------------------------------------------------------------------------------------


def test_a_new_column_that_holds_only_null_updates_no_row(merge, stored):
    merge("SELECT 1 AS id, 10 AS n")

    assert {"unchanged": 1} == merge("SELECT 1 AS id, 10 AS n, CAST(NULL AS INTEGER) AS extra")
    assert [(1, 10, None)] == stored()


@pytest.mark.parametrize("how", ["update", "delete_insert"])
def test_a_column_that_the_batch_lost_is_null_in_rows_that_are_written_from_then_on(merge, stored, how):
    merge(TABLE)

    assert {"updated": 1, "unchanged": 1} == merge("SELECT 1 AS id, 11 AS n UNION ALL SELECT 2, 20", how=how)
    assert [(1, None, 11), (2, "b", 20)] == stored()


def test_the_order_and_the_case_of_columns_change_nothing(merge):
    merge("SELECT 1 AS id, 10 AS n, 20 AS m")

    assert {"unchanged": 1} == merge('SELECT 20 AS "M", 10 AS n, 1 AS "ID"')


def test_a_wider_type_of_the_key_finds_the_same_rows(merge, stored):
    merge("SELECT 1 AS id, 10 AS n")

    assert {"inserted": 1, "updated": 1} == merge(
        "SELECT CAST(1 AS BIGINT) AS id, 11 AS n UNION ALL SELECT 3000000000, 1"
    )
    assert [(1, 11), (3_000_000_000, 1)] == stored()


def test_keys_that_a_cast_makes_equal_are_duplicates(merge):
    merge("SELECT 1 AS id, 10 AS n")

    with pytest.raises(LoadRefused, match="and differ; keys: 1"):
        merge("SELECT CAST('1' AS VARCHAR) AS id, 11 AS n UNION ALL SELECT '01', 12", schema_mode="flexible")


# --- deletes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word",
    [{"delete_mode": "delete_missing"}, {"delete_mode": "hard", "delete_missing": True}, {"delete_missing": True}],
)
def test_rows_that_the_batch_does_not_hold_are_deleted(merge, stored, word):
    merge(TABLE)

    assert {"unchanged": 1, "deleted": 1} == merge("SELECT 1 AS id, CAST('a' AS VARCHAR) AS s, 10 AS n", **word)
    assert [(1, "a", 10)] == stored()


def test_a_row_that_is_deleted_softly_keeps_its_values_and_the_execution_time(merge, stored):
    soft = {"delete_mode": "soft", "delete_missing": True}
    merge("SELECT 1 AS id, 10 AS n UNION ALL SELECT 2, 20", **soft)

    assert {"unchanged": 1, "deleted": 1} == merge("SELECT 1 AS id, 10 AS n", **soft)
    assert [(1, 10, False, None), (2, 20, True, AT)] == stored()
    assert {"unchanged": 1} == merge("SELECT 1 AS id, 10 AS n", execution_time=AT + timedelta(days=1), **soft)
    assert [(1, 10, False, None), (2, 20, True, AT)] == stored()


@pytest.mark.parametrize("n", [20, 21])
def test_a_key_that_comes_back_is_live_again(merge, stored, n):
    soft = {"delete_mode": "soft", "delete_missing": True}
    merge("SELECT 1 AS id, 10 AS n UNION ALL SELECT 2, 20", **soft)
    merge("SELECT 1 AS id, 10 AS n", **soft)

    assert {"inserted": 1, "unchanged": 1} == merge(f"SELECT 1 AS id, 10 AS n UNION ALL SELECT 2, {n}", **soft)
    assert [(1, 10, False, None), (2, n, False, None)] == stored()


def test_a_soft_delete_by_a_flag_seen_twice_keeps_the_first_moment(merge, stored):
    soft = {"delete_mode": "soft", "delete_when": "gone"}
    merge("SELECT 1 AS id, 10 AS n, FALSE AS gone", **soft)

    assert {"deleted": 1} == merge("SELECT 1 AS id, 11 AS n, TRUE AS gone", **soft)
    assert {"unchanged": 1} == merge(
        "SELECT 1 AS id, 11 AS n, TRUE AS gone", execution_time=AT + timedelta(days=1), **soft
    )
    assert [(1, 10, False, True, AT)] == stored()


def test_a_table_from_before_soft_deletes_gets_their_columns(merge, stored):
    merge("SELECT 1 AS id, 10 AS n UNION ALL SELECT 2, 20")

    assert {"unchanged": 1, "deleted": 1} == merge("SELECT 1 AS id, 10 AS n", delete_mode="soft", delete_missing=True)
    assert [(1, 10, None, None), (2, 20, True, AT)] == stored()


def test_a_flag_deletes_keys_and_a_delete_seen_twice_changes_nothing(merge, stored):
    merge("SELECT 1 AS id, 10 AS n, CAST('u' AS VARCHAR) AS op UNION ALL SELECT 2, 20, 'u'")
    batch = "SELECT 2 AS id, 20 AS n, CAST('d' AS VARCHAR) AS op UNION ALL SELECT 3, 30, 'd'"

    assert {"deleted": 1, "unchanged": 1} == merge(batch, delete_when="op = 'd'")
    assert {"unchanged": 2} == merge(batch, delete_when="op = 'd'")
    assert [(1, 10, "u")] == stored()


def test_of_a_row_and_its_delete_in_one_batch_the_greater_sequence_counts_and_on_a_tie_the_delete(merge, stored):
    rows = [(1, 1, False), (1, 2, True), (2, 2, False), (2, 1, True), (3, 1, False), (3, 1, True)]
    batch = " UNION ALL ".join(f"SELECT {i} AS id, {n} AS n, {gone} AS gone" for i, n, gone in rows)

    merge(batch, duplicates="latest", order_by="n", delete_when="gone")

    assert [(2, 2, False)] == stored()


def test_only_the_scopes_of_the_batch_are_looked_through_for_missing_rows(merge, stored):
    merge("SELECT 1 AS id, 1 AS shop UNION ALL SELECT 2, 1 UNION ALL SELECT 3, 2")

    assert {"unchanged": 1, "deleted": 1} == merge(
        "SELECT 1 AS id, 1 AS shop", delete_missing=True, delete_scope="shop"
    )
    assert {} == merge("SELECT 1 AS id, 1 AS shop WHERE FALSE", delete_missing=True, delete_scope="shop")
    assert [(1, 1), (3, 2)] == stored()


def many(n):
    return " UNION ALL ".join(f"SELECT {i} AS id" for i in range(n))


@pytest.mark.parametrize(("live", "left", "refused"), [(100, 49, True), (100, 50, False), (99, 1, False)])
def test_more_deletes_than_the_guard_allows_are_refused_from_a_hundred_rows_on(merge, stored, live, left, refused):
    merge(many(live))
    if refused:
        with pytest.raises(LoadRefused, match="would delete 51 rows"):
            merge(many(left), delete_missing=True)
    else:
        merge(many(left), delete_missing=True)

    assert [(live if refused else left,)] == stored("SELECT count(*) FROM items")


def test_the_guard_can_be_raised_and_does_not_count_deletes_by_a_flag(merge):
    merge(many(100))

    assert {"deleted": 60} == merge(many(60), delete_when="true")
    merge(many(100))
    assert {"unchanged": 1, "deleted": 99} == merge(many(1), delete_missing=True, max_delete_fraction=1)


# --- what is refused ----------------------------------------------------------------------------------------------


def test_an_incremental_batch_is_never_read_as_deletes(engine, merge):
    merge(TABLE)

    with pytest.raises(InvalidModel, match="incremental"):
        merge(TABLE, delete_missing=True, partial=True)
    merge("SELECT 1 AS id, CAST('a' AS VARCHAR) AS s, 10 AS n", delete_missing=True, delete_scope="s", partial=True)
    assert 2 == len(engine.rows())


def test_rows_outside_the_interval_are_rejected_and_can_be_kept(engine, merge, stored):
    interval = Interval("at", datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC))
    days = ["'2023-12-31 23:59:59'", "'2024-01-01 00:00:00'", "'2024-01-02 00:00:00'", "NULL"]
    batch = " UNION ALL ".join(f"SELECT {i} AS id, CAST({day} AS TIMESTAMP) AS at" for i, day in enumerate(days))

    assert {"inserted": 1, "rejected": 3} == merge(batch, interval=interval, partial=True, rejects="keep")
    assert {"unchanged": 1, "rejected": 3} == merge(batch, interval=interval, partial=True)
    assert [(1,)] == stored("SELECT id FROM items")
    assert [(i, "outside the interval", AT) for i in (0, 2, 3)] == stored(
        "SELECT id, _reason, _loaded_at FROM items__rejects ORDER BY 1"
    )


def test_rows_that_are_kept_aside_follow_the_columns_of_the_batches(merge, stored):
    skip = {"null_keys": "skip", "rejects": "keep", "schema_mode": "flexible"}
    merge("SELECT 1 AS id, 10 AS n UNION ALL SELECT NULL, 11", **skip)
    merge("SELECT 1 AS id, 10 AS n, 5 AS extra UNION ALL SELECT NULL, 12, 6", **skip)

    assert [(None, 11, "null key", None), (None, 12, "null key", 6)] == stored(
        "SELECT id, n, _reason, extra FROM items__rejects ORDER BY n"
    )


def test_a_table_that_holds_a_key_twice_is_not_merged_into(engine, merge):
    engine.execute("CREATE TABLE items AS SELECT 1 AS id, 10 AS n UNION ALL SELECT 1, 11")

    with pytest.raises(LoadRefused, match="share already"):
        merge("SELECT 1 AS id, 11 AS n")
    with pytest.raises(LoadRefused, match="share already"):
        merge("SELECT 1 AS id, 12 AS n")
    assert 2 == len(engine.rows())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"update": ["nn"]}, "'nn'"),
        ({"update": ["id"]}, "of its key"),
        ({"set": {"n": "n + 1"}}, "write target.n or source.n"),
        ({"set": {"n": "target.m"}}, "no column"),
        ({"set": {"n": "sum(source.n)"}}, "an aggregate"),
        ({"delete_when": "opp = 'd'"}, "no column"),
        ({"delete_when": "op ="}, "does not parse"),
        ({"delete_missing": True, "delete_scope": "shop"}, "'shop'"),
        ({"duplicates": "latest", "order_by": "at"}, "'at'"),
        ({"key": ("idd",)}, "'idd'"),
    ],
)
def test_options_that_do_not_fit_the_columns_are_named_before_anything_runs(merge, options, said):
    merge(TABLE)

    with pytest.raises(InvalidModel, match=said):
        merge(TABLE, **options)


# --- where others fail (loading.md) -------------------------------------------------------------------------------


def test_compound_keys_are_compared_column_by_column(merge, stored):
    """dlt joins ("a", "bc") and ("ab", "c") to one key."""
    merge("SELECT CAST('a' AS VARCHAR) AS x, CAST('bc' AS VARCHAR) AS y, 1 AS n", key=("x", "y"))

    assert {"inserted": 1} == merge(
        "SELECT CAST('ab' AS VARCHAR) AS x, CAST('c' AS VARCHAR) AS y, 2 AS n", key=("x", "y")
    )
    assert [("a", "bc", 1), ("ab", "c", 2)] == stored()


@pytest.mark.parametrize("how", ["update", "delete_insert"])
def test_null_in_a_compound_key_touches_no_other_row(merge, stored, how):
    """SQLMesh deletes another row."""
    query = "SELECT CAST({} AS INTEGER) AS x, CAST({} AS INTEGER) AS y, {} AS n"
    match = {"key": ("x", "y"), "null_keys": "match", "how": how}
    merge(" UNION ALL ".join([query.format(1, "NULL", 1), query.format(1, 0, 2), query.format("NULL", 1, 3)]), **match)

    assert {"updated": 1} == merge(query.format(1, "NULL", 9), **match)
    assert [2, 3, 9] == [n for (n,) in stored("SELECT n FROM items ORDER BY n")]


def test_null_in_a_key_is_refused_with_a_sample_before_anything_is_written(merge, stored):
    """SQLMesh, dbt and Bruin write a new version on each run."""
    merge(TABLE)

    with pytest.raises(LoadRefused, match="with NULL in the key") as caught:
        merge("SELECT CAST(NULL AS INTEGER) AS id, CAST('z' AS VARCHAR) AS s, 1 AS n UNION ALL SELECT 1, 'z', 1")
    assert ({"id": None, "s": "z", "n": 1},) == caught.value.sample
    assert [(1, "a", 10), (2, "b", 20)] == stored()


def test_new_keys_that_a_batch_holds_twice_are_inserted_once(merge, stored):
    """dbt's merge and a plain MERGE insert them twice."""
    batch = "SELECT 1 AS id, 10 AS n UNION ALL SELECT 1, 10 UNION ALL SELECT 2, 20 UNION ALL SELECT 2, 20"

    assert {"inserted": 2} == merge(batch)
    assert {"unchanged": 2} == merge(batch)
    assert [(1, 10), (2, 20)] == stored()


def test_two_rows_of_a_key_that_differ_are_refused_with_a_sample_or_the_latest_is_taken(merge, stored):
    """SQLMesh, dbt, dlt and Bruin take one of them, or both."""
    batch = "SELECT 1 AS id, 2 AS n UNION ALL SELECT 1, 10 UNION ALL SELECT 1, NULL UNION ALL SELECT 2, 20"

    with pytest.raises(LoadRefused, match="and differ; keys: 1") as caught:
        merge(batch)
    assert {1} == {row["id"] for row in caught.value.sample}
    assert {"inserted": 2} == merge(batch, duplicates="latest", order_by="n")
    assert [(1, 10), (2, 20)] == stored()


def test_an_empty_batch_with_deletes_on_is_refused(merge, stored):
    """SQLMesh, dbt and Bruin delete or close everything."""
    merge(TABLE)
    empty = "SELECT 1 AS id, CAST('a' AS VARCHAR) AS s, 10 AS n WHERE FALSE"

    with pytest.raises(LoadRefused, match="is empty and would delete all of its 2 live rows"):
        merge(empty, delete_missing=True)
    assert 2 == len(stored())
    assert {"deleted": 2} == merge(empty, delete_missing=True, allow_empty=True)


def test_a_merge_that_fails_leaves_the_rows_that_matched(engine, merge, stored):
    """SQLMesh on DuckDB loses them."""
    merge("SELECT 1 AS id, 10 AS n UNION ALL SELECT 2, 20")
    engine.execute("ALTER TABLE items ALTER COLUMN n SET NOT NULL")

    with pytest.raises(Exception, match=r"(?i)not.null"):
        merge("SELECT 1 AS id, 11 AS n UNION ALL SELECT 2, NULL")
    assert [(1, 10), (2, 20)] == stored()


# --- how ----------------------------------------------------------------------------------------------------------


def test_rows_that_did_not_change_are_not_touched(engine, merge):
    merge(TABLE)
    place = {"duckdb": "rowid", "postgres": "ctid::text || xmin::text"}[engine.name]
    before = engine.fetch(f"SELECT {place} FROM items WHERE id = 1")

    merge("SELECT 1 AS id, CAST('a' AS VARCHAR) AS s, 10 AS n UNION ALL SELECT 2, 'z', 20")

    assert before == engine.fetch(f"SELECT {place} FROM items WHERE id = 1")


def test_the_source_is_read_once(engine):
    engine.execute("CREATE SEQUENCE IF NOT EXISTS reads")
    engine.load(MergeByKey, "SELECT 1 AS id, 10 AS n", ("id",))
    engine.execute("DROP SEQUENCE reads")
    engine.execute("CREATE SEQUENCE reads")

    engine.load(MergeByKey, "SELECT 1 AS id, 10 AS n, nextval('reads') AS read", ("id",))

    assert [(2,)] == engine.fetch("SELECT nextval('reads')")


def test_types_without_equality_are_compared_as_text(merge, stored):
    batch = "SELECT 1 AS id, CAST('{\"a\": 1}' AS JSON) AS doc"
    merge(batch)

    assert {"unchanged": 1} == merge(batch + " UNION ALL " + batch)
    assert {"updated": 1} == merge(batch.replace("1}", "2}"))
