"""What other tools do to a history, one test for each; and the rules that one case shows best."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from interlace.errors import LoadRefused
from interlace_strategies.append import Append
from interlace_strategies.scd_type_2 import ScdType2

TYPES = {"id": "INTEGER", "v": "VARCHAR", "w": "VARCHAR"}
TIMED = {**TYPES, "u": "TIMESTAMPTZ"}


def day(number):
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number)


@pytest.fixture
def load(engine, rows_as_query):
    """Loads rows given as tuples, as of a day; keywords are options, or `key` and `types`."""

    def run(at, *rows, **options):
        types = options.pop("types", TIMED if "updated_at" in options else TYPES)
        key = options.pop("key", ("id",))
        given = [dict(zip(types, row, strict=False)) for row in rows]
        return engine.load(ScdType2, rows_as_query(types, given), key, execution_time=day(at), **options).known()

    return run


@pytest.fixture
def versions(engine):
    """The rows of the table: values, then from and to as days; ordered."""

    def read(*names):
        names = names or ("id", "v")
        begin = lambda at: None if at is None else round((at - day(0)).total_seconds() / 86_400, 6)
        found = [(*(row[n] for n in names), begin(row["valid_from"]), begin(row["valid_to"])) for row in engine.rows()]
        return sorted(found, key=repr)

    return read


# --- where peers give wrong data ------------------------------------------------------------------------------------


def test_a_value_that_was_null_makes_a_version_and_leaves_the_closed_rows_alone(load, versions):
    load(1, (1, "a"))
    load(2, (1, None))
    load(3, (1, "b"))

    assert [(1, "a", 1, 2), (1, "b", 3, None), (1, None, 2, 3)] == versions()


def test_closed_rows_do_not_move_on_later_runs(load, versions):
    options = {"delete_mode": "close", "delete_missing": True}
    load(1, (1, "a"), (2, "x"), **options)
    load(2, (1, "b"), **options)
    before = versions()
    for at in (3, 4):
        load(at, (1, "b"), **options)

    assert before == versions()


@pytest.mark.parametrize("null_keys", ["match", "skip"])
def test_a_null_key_makes_no_version_on_each_run_when_what_is_missing_is_deleted(load, versions, null_keys):
    options = {"delete_mode": "close", "delete_missing": True, "null_keys": null_keys}
    for at in (1, 2, 3):
        counts = load(at, (1, "a"), (None, "n"), **options)

    assert [(1, "a", 1, None), *([(None, "n", 1, None)] if null_keys == "match" else [])] == versions()
    assert (0, 0) == (counts["inserted"], counts["closed"])


def test_a_null_key_is_refused_unless_it_is_said_what_it_means(load, versions):
    with pytest.raises(LoadRefused, match=r"NULL in the key \(id\): 1\.") as refused:
        load(1, (None, "n"))

    assert [{"id": None, "v": "n", "w": None}] == list(refused.value.sample)


def test_two_versions_of_a_key_in_a_batch_are_both_kept_in_order(load, versions):
    options = {"updated_at": "u", "duplicates": "sequence"}
    load(9, (1, "b", "", day(2)), (1, "a", "", day(1)), (1, "c", "", day(3)), **options)

    assert [(1, "a", 1, 2), (1, "b", 2, 3), (1, "c", 3, None)] == versions()


def test_two_versions_of_a_key_in_a_batch_are_refused_by_default(load):
    with pytest.raises(LoadRefused, match="differ in several rows") as refused:
        load(9, (1, "a", "", day(1)), (1, "b", "", day(2)), (2, "x", "", day(1)), updated_at="u")

    assert ["a", "b"] == sorted(row["v"] for row in refused.value.sample)


def test_rows_that_differ_are_refused_even_where_one_is_what_the_table_holds(load):
    load(1, (1, "a"))
    with pytest.raises(LoadRefused, match="differ in several rows"):
        load(2, (1, "a"), (1, "b"))


def test_identical_rows_open_one_version(load, versions):
    counts = load(1, (1, "a"), (1, "a"))

    assert [(1, "a", 1, None)] == versions()
    assert (1, 1) == (counts["inserted"], counts["unchanged"])


def test_a_new_column_that_holds_only_null_makes_no_versions(load, versions, engine):
    load(1, (1, "a"), types={"id": "INTEGER", "v": "VARCHAR"})
    counts = load(2, (1, "a", None))

    assert [(1, "a", None, 1, None)] == versions("id", "v", "w")
    assert 1 == counts["unchanged"]


def test_a_new_column_with_a_value_makes_a_version_and_is_null_before(load, versions):
    load(1, (1, "a"), (2, "b"), types={"id": "INTEGER", "v": "VARCHAR"})
    load(2, (1, "a", "new"), (2, "b", None))

    assert [(1, "a", "new", 2, None), (1, "a", None, 1, 2), (2, "b", None, 1, None)] == versions("id", "v", "w")


def test_an_empty_batch_closes_nothing_unless_that_is_allowed(load, versions):
    options = {"delete_mode": "close", "delete_missing": True}
    load(1, (1, "a"), **options)
    with pytest.raises(LoadRefused, match="is empty and would delete all of its 1 live keys"):
        load(2, **options)
    assert [(1, "a", 1, None)] == versions()

    load(3, allow_empty=True, **options)
    assert [(1, "a", 1, 3)] == versions()


def test_too_many_missing_keys_are_refused(load, versions):
    options = {"delete_mode": "close", "delete_missing": True}
    load(1, *((n, "a") for n in range(100)), **options)
    with pytest.raises(LoadRefused, match=r"would delete 51 keys .* more than 50%"):
        load(2, *((n, "a") for n in range(49)), **options)

    assert 50 == load(3, *((n, "a") for n in range(50)), **options)["deleted"]


def test_compound_keys_are_compared_column_by_column(load, versions):
    key = ("id", "v")
    types = {"id": "VARCHAR", "v": "VARCHAR", "w": "VARCHAR"}
    load(1, ("a", "bc", "1"), ("ab", "c", "2"), key=key, types=types)
    load(2, ("a", "bc", "1"), ("ab", "c", "3"), key=key, types=types)

    assert [("a", "bc", "1", 1, None), ("ab", "c", "2", 1, 2), ("ab", "c", "3", 2, None)] == versions("id", "v", "w")


# --- rules ------------------------------------------------------------------------------------------------------------


def test_the_same_batch_at_the_same_time_changes_nothing(load, versions):
    load(1, (1, "a"))
    load(2, (1, "b"))
    before = versions()
    load(2, (1, "b"))

    assert before == versions()


@pytest.mark.parametrize("at", [1, 2])
def test_another_batch_at_an_earlier_or_the_same_time_is_refused(load, versions, at):
    load(2, (1, "a"))
    with pytest.raises(LoadRefused, match="versions of a load at or after 2024-01-0"):
        load(at, (1, "b"))

    assert [(1, "a", 2, None)] == versions()


def test_a_change_in_a_column_that_is_not_tracked_overwrites_the_open_row(load, versions):
    load(1, (1, "a", "x"), track=["v"])
    load(2, (1, "b", "y"), track=["v"])
    counts = load(3, (1, "b", "z"), track=["v"])

    assert [(1, "a", "x", 1, 2), (1, "b", "z", 2, None)] == versions("id", "v", "w")
    assert (1, 0) == (counts["updated"], counts["inserted"])


def test_tracking_other_columns_makes_no_versions_of_rows_that_did_not_change(load, versions):
    load(1, (1, "a", "x"), (2, "b", "y"), track=["v"])
    load(2, (1, "a", "x"), (2, "b", "z"), track={"except": ["v"]})

    assert [(1, "a", "x", 1, None), (2, "b", "y", 1, 2), (2, "b", "z", 2, None)] == versions("id", "v", "w")


def test_a_table_that_was_loaded_in_another_way_begins_its_history_without_new_versions(
    load, engine, versions, rows_as_query
):
    engine.load(Append, rows_as_query(TYPES, [{"id": 1, "v": "a"}, {"id": 2, "v": "b"}]))
    load(1, (1, "a"), (2, "c"), is_current="now")

    epoch = (datetime(1970, 1, 1, tzinfo=UTC) - day(0)).days
    assert [
        (1, "a", True, epoch, None), (2, "b", False, epoch, 1), (2, "c", True, 1, None)
    ] == versions("id", "v", "now")  # fmt: skip


def test_by_time_such_a_table_is_valid_since_its_own_times(load, engine, versions, rows_as_query):
    engine.load(Append, rows_as_query(TIMED, [{"id": 1, "v": "a", "u": day(1)}]))
    load(9, (1, "b", None, day(3)), updated_at="u")

    assert [(1, "a", 1, 3), (1, "b", 3, None)] == versions()


def test_a_table_whose_keys_repeat_cannot_begin_a_history(load, engine, rows_as_query):
    engine.load(Append, rows_as_query(TYPES, [{"id": 1, "v": "a"}, {"id": 1, "v": "b"}]))
    with pytest.raises(LoadRefused, match="holds more than once"):
        load(1, (1, "a"))


def test_a_history_by_column_goes_on_by_time(load, versions):
    load(1, (1, "a", "", day(0)), types=TIMED, track={"except": ["u"]})
    counts = load(9, (1, "a", "", day(0)), (2, "x", "", day(5)), updated_at="u")
    load(9, (1, "b", "", day(6)), updated_at="u")

    assert 1 == counts["unchanged"]
    assert [(1, "a", 1, 6), (1, "b", 6, None), (2, "x", 5, None)] == versions()


def test_a_row_of_an_earlier_time_is_late_and_changes_nothing(load, versions):
    load(9, (1, "b", "", day(5)), updated_at="u")
    counts = load(10, (1, "a", "", day(3)), updated_at="u")

    assert 1 == counts["late"]
    assert [(1, "b", 5, None)] == versions()


def test_a_late_row_is_an_error_where_it_is_said_so(load):
    load(9, (1, "b", "", day(5)), updated_at="u")
    with pytest.raises(LoadRefused, match="older than what is known of their key: 1") as refused:
        load(10, (1, "a", "", day(3)), updated_at="u", late="error")

    assert "a" == refused.value.sample[0]["v"]


def test_a_late_row_splits_the_interval_it_falls_in(load, versions):
    options = {"updated_at": "u", "late": "insert"}
    load(9, (1, "a", "", day(1)), **options)
    load(9, (1, "c", "", day(5)), **options)
    load(9, (1, "b", "", day(3)), **options)
    load(9, (1, "z", "", day(0)), **options)

    assert [(1, "a", 1, 3), (1, "b", 3, 5), (1, "c", 5, None), (1, "z", 0, 1)] == versions()


def test_a_late_row_that_equals_its_neighbour_is_merged_with_it(load, versions):
    options = {"updated_at": "u", "late": "insert"}
    load(9, (1, "a", "", day(1)), **options)
    load(9, (1, "b", "", day(5)), **options)
    load(9, (1, "b", "", day(3)), **options)

    assert [(1, "a", 1, 3), (1, "b", 3, None)] == versions()


def test_a_late_row_in_a_deleted_gap_is_rejected(load, versions):
    types = {**TIMED, "op": "VARCHAR"}
    options = {"updated_at": "u", "late": "insert", "delete_mode": "close", "delete_when": "op = 'D'", "types": types}
    load(9, (1, "a", "", day(1), "U"), **options)
    load(9, (1, "a", "", day(3), "D"), **options)
    load(9, (1, "b", "", day(7), "U"), **options)
    counts = load(9, (1, "x", "", day(5), "U"), **options)

    assert (1, 0) == (counts["rejected"], counts["late"])
    assert [(1, "a", 1, 3), (1, "b", 7, None)] == versions()


def test_of_one_moment_with_two_values_the_first_wins_and_it_is_counted(load, versions):
    load(9, (1, "a", "", day(1)), updated_at="u")
    for value in "bab":
        counts = load(10, (1, value, "", day(1)), updated_at="u")

    assert 1 == counts["conflict"]
    assert [(1, "a", 1, None)] == versions()


def test_a_known_row_is_unchanged_and_never_late(load):
    load(9, (1, "a", "", day(1)), updated_at="u")
    load(9, (1, "b", "", day(3)), updated_at="u")
    counts = load(10, (1, "a", "", day(1)), updated_at="u")

    assert (1, 0, 0) == (counts["unchanged"], counts["late"], counts["conflict"])


def test_a_version_that_the_source_dates_before_its_row_ends_it_a_microsecond_after_it_began(load, engine):
    options = {"updated_at": "u", "first_valid_from": "execution"}
    load(9, (1, "a", "", day(1)), **options)
    load(10, (1, "b", "", day(2)), **options)

    ends = {row["v"]: (row["valid_from"], row["valid_to"]) for row in engine.rows()}
    assert {
        "a": (day(9), day(9) + timedelta(microseconds=1)),
        "b": (day(9) + timedelta(microseconds=1), None),
    } == ends


def test_a_key_that_comes_back_opens_a_new_version(load, versions):
    options = {"delete_mode": "close", "delete_missing": True}
    load(1, (1, "a"), (2, "x"), **options)
    load(2, (2, "x"), **options)
    load(3, (1, "a"), (2, "x"), **options)

    assert [(1, "a", 1, 2), (1, "a", 3, None), (2, "x", 1, None)] == versions()


def test_by_time_a_key_comes_back_only_with_something_newer(load, versions):
    options = {"updated_at": "u", "delete_mode": "close", "delete_missing": True}
    load(5, (1, "a", "", day(1)), (2, "x", "", day(1)), **options)
    load(6, (2, "x", "", day(1)), **options)
    load(7, (1, "a", "", day(1)), (2, "x", "", day(1)), **options)
    assert [(1, "a", 1, 6), (2, "x", 1, None)] == versions()

    load(8, (1, "b", "", day(4)), (2, "x", "", day(1)), **options)
    assert [(1, "a", 1, 6), (1, "b", 6, None), (2, "x", 1, None)] == versions()


def test_an_older_extract_deletes_nothing_that_is_newer_than_it(load, versions):
    options = {"updated_at": "u", "delete_mode": "close", "delete_missing": True}
    load(5, (1, "a", "", day(1)), (2, "x", "", day(4)), **options)
    load(3, (1, "a", "", day(1)), **options)

    assert [(1, "a", 1, None), (2, "x", 4, None)] == versions()


def test_a_delete_is_a_row_of_its_own_where_that_is_said(load, versions):
    options = {"delete_mode": "new_record", "delete_missing": True}
    load(1, (1, "a"), (2, "x"), **options)
    for at in (2, 3):
        counts = load(at, (2, "x"), **options)

    assert [(1, "a", False, 1, 2), (1, "a", True, 2, None), (2, "x", False, 1, None)] == versions("id", "v", "_deleted")
    assert 0 == counts["deleted"]


def test_a_hard_delete_takes_the_whole_history_of_a_key(load, versions):
    options = {"delete_mode": "delete_missing"}
    load(1, (1, "a"), (2, "x"), **options)
    load(2, (1, "b"), (2, "x"), **options)
    load(3, (2, "x"), **options)

    assert [(2, "x", 1, None)] == versions()


def test_a_batch_that_carries_and_deletes_a_key_takes_the_later_of_both_and_on_a_tie_the_delete(load, versions):
    types = {**TIMED, "op": "VARCHAR"}
    options = {"updated_at": "u", "delete_mode": "close", "delete_when": "op = 'D'", "types": types}
    load(9, *((n, "a", "", day(1), "U") for n in (1, 2, 3)), **options)
    load(10, (1, "b", "", day(3), "U"), (1, "", "", day(2), "D"), (2, "b", "", day(2), "U"), (2, "", "", day(3), "D"),
         (3, "b", "", day(3), "U"), (3, "", "", day(3), "D"), **options)  # fmt: skip

    assert [(1, "a", 1, 3), (1, "b", 3, None), (2, "a", 1, 3), (3, "a", 1, 3)] == versions()


def test_only_keys_in_the_scope_of_the_batch_can_be_missing(load, versions):
    options = {"delete_mode": "close", "delete_missing": True, "delete_scope": "w"}
    load(1, (1, "a", "east"), (2, "b", "east"), (3, "c", "west"), **options)
    load(2, (1, "a", "east"), **options)

    assert [(1, "a", 1, None), (2, "b", 1, 2), (3, "c", 1, None)] == versions()


def test_the_scope_of_a_row_that_gives_way_to_another_of_its_key_is_in_the_batch(load, versions):
    options = {
        "delete_mode": "close",
        "delete_missing": True,
        "delete_scope": "w",
        "duplicates": "latest",
        "order_by": "v",
    }
    load(1, (1, "a", "east"), (2, "b", "west"), **options)
    load(2, (3, "a", "west"), (3, "b", "east"), (1, "a", "east"), **options)

    assert [(1, "a", 1, None), (2, "b", 1, 2), (3, "b", 2, None)] == versions()


def test_an_open_row_may_end_at_a_moment_that_never_comes(load, engine):
    options = {"open_valid_to": "9999-12-31", "is_current": "now"}
    load(1, (1, "a"), **options)
    load(2, (1, "b"), **options)

    never = datetime(9999, 12, 31, tzinfo=UTC)
    assert {("a", day(2), False), ("b", never, True)} == {(r["v"], r["valid_to"], r["now"]) for r in engine.rows()}


def test_rows_that_are_not_loaded_can_be_kept_aside(load, engine):
    options = {"updated_at": "u", "null_keys": "skip", "rejects": "keep"}
    load(9, (1, "a", "", day(5)), (None, "n", "", day(5)), **options)
    load(10, (1, "b", "", day(3)), (1, "b", "", day(3)), **options)
    load(11, (1, "c", "", day(5)), **options)

    kept = engine.rows(f"SELECT * FROM {engine.schema}.items__rejects")
    assert {("n", "null key", day(9)), ("b", "late", day(10)), ("c", "conflict", day(11))} == {
        (r["v"], r["_reason"], r["_loaded_at"]) for r in kept
    }


def test_what_did_not_change_is_not_written(load, engine):
    load(1, *((n, "a") for n in range(50)))
    physical = {"duckdb": "rowid", "postgres": "ctid"}[engine.name]
    where = lambda: dict(engine.fetch(f"SELECT id, {physical} FROM {engine.schema}.items WHERE id <> 7"))
    before = where()
    load(2, *((n, "b" if n == 7 else "a") for n in range(50)))

    assert before == where()


def test_times_without_a_zone_are_in_utc_and_dates_begin_at_midnight(load, engine):
    load(9, (1, "a", "", day(1).replace(tzinfo=None)), updated_at="u", types={**TYPES, "u": "TIMESTAMP"})
    assert [day(1)] == [row["valid_from"] for row in engine.rows()]

    engine.fresh()
    load(9, (1, "a", "", day(2).date()), updated_at="u", types={**TYPES, "u": "DATE"})
    assert [day(2)] == [row["valid_from"] for row in engine.rows()]


def test_a_row_without_its_time_is_refused(load):
    with pytest.raises(LoadRefused, match="without u: 1"):
        load(9, (1, "a", "", None), updated_at="u")


def test_odd_names_are_kept(load, engine):
    types = {"select": "INTEGER", "__was 'x'": "VARCHAR", "__": "VARCHAR"}
    load(1, (1, "a", "b"), key=("select",), types=types)
    load(2, (1, "a", "c"), key=("select",), types=types)

    assert {"b", "c"} == {row["__"] for row in engine.rows()}


@pytest.mark.parametrize("value", ["b", "z"])
def test_a_history_in_which_somebody_opened_a_key_twice_is_refused(engine, load, versions, value):
    load(1, (1, "a"))
    engine.execute("INSERT INTO items (id, v, w, valid_from) SELECT id, 'z', w, valid_from FROM items")
    before = versions()

    with pytest.raises(LoadRefused, match=r"that are open in several rows: 1\."):
        load(2, (1, value))
    assert before == versions()


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_history_in_partitions_is_loaded(engine, load, versions):
    """Its rows have places of the same name."""
    load(1, *((n, "a") for n in range(8)))
    engine.execute(
        "ALTER TABLE items RENAME TO old; CREATE TABLE items (LIKE old) PARTITION BY HASH (id); "
        + "".join(
            f"CREATE TABLE p{n} PARTITION OF items FOR VALUES WITH (MODULUS 4, REMAINDER {n}); " for n in range(4)
        )
        + "INSERT INTO items SELECT * FROM old"
    )
    load(2, *((n, "b" if n % 3 else "a") for n in range(8)))

    changed = [n for n in range(8) if n % 3]
    expected = [(n, "a", 1, 2 if n in changed else None) for n in range(8)] + [(n, "b", 2, None) for n in changed]
    assert sorted(expected, key=repr) == versions()


def test_a_late_delete_is_refused_where_late_rows_are(load, versions):
    options = {"updated_at": "u", "late": "error", "delete_mode": "close", "delete_when": "v = 'gone'"}
    options["first_valid_from"] = "epoch"  # so that the key was there already
    load(7, (1, "a", "", day(6)), **options)

    with pytest.raises(LoadRefused, match="older than what is known of their key: 1"):
        load(8, (1, "gone", "", day(1)), **options)
    assert [(1, "a", None)] == [(key, value, ended) for key, value, _, ended in versions()]
