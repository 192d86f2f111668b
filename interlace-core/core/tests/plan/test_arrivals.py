"""Which files are new, changed, waiting: what is listed, compared with what was loaded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.contracts.files import FileInfo
from interlace.model.definition import FileDrop
from interlace.plan.arrivals import Arrivals, LoadedFile, arrivals_of, decode, encode, reasons_to_take, stamp
from interlace.plan.steps import Reason

NOW = datetime(2024, 1, 1, 12, tzinfo=UTC)
DROP = FileDrop("drop", "in/*.csv", "csv")


def file(path, *, age=60.0, size=10, etag=None):
    return FileInfo(path, size, NOW - timedelta(seconds=age), etag)


def loaded(file, content="same"):
    return {file.path: LoadedFile(file.size, stamp(file.modified), file.etag, content)}


def found(listed, known=None, *, drop=DROP, keyed=False, content=lambda _: "same"):
    return arrivals_of(drop, listed, known or {}, NOW, keyed=keyed, content=content)


def never(_):
    raise AssertionError("its bytes are not looked at")


def test_what_was_never_loaded_is_new_and_the_oldest_is_first():
    a, b = file("in/a.csv", age=20), file("in/b.csv", age=40)

    assert (b, a) == found([a, b]).new


def test_what_was_loaded_is_told_by_its_stamp_and_not_read():
    a = file("in/a.csv")

    assert Arrivals(loaded=loaded(a), present=(a,)) == found([a], loaded(a), content=never)


def test_a_file_with_another_time_and_the_same_bytes_was_loaded():
    assert () == found([file("in/a.csv", age=30)], loaded(file("in/a.csv"))).new


@pytest.mark.parametrize(
    ("changed", "keyed", "expected"),
    [
        (None, True, "new"),
        (None, False, "changed"),
        ("load", False, "new"),
        ("error", True, "changed"),
        ("ignore", True, ""),
    ],
)
def test_other_content_under_a_name_that_was_loaded(changed, keyed, expected):
    a = file("in/a.csv", size=11)
    drop = FileDrop("drop", "in/*.csv", "csv", changed=changed)

    seen = found([a], loaded(file("in/a.csv")), drop=drop, keyed=keyed, content=lambda _: "other")

    assert {"new": (a,) if expected == "new" else (), "changed": (a,) if expected == "changed" else ()} == {
        "new": seen.new,
        "changed": seen.changed,
    }


@pytest.mark.parametrize("after", ["archive", "delete"])
def test_other_content_under_the_name_of_a_file_that_was_taken_away_is_a_new_file(after):
    a = file("in/a.csv", size=11)
    drop = FileDrop("drop", "in/*.csv", "csv", after=after)

    assert (a,) == found([a], loaded(file("in/a.csv")), drop=drop, content=lambda _: "other").new


def test_a_file_that_was_just_written_waits_until_it_has_settled():
    a, b = file("in/a.csv", age=4), file("in/b.csv", age=2)

    seen = found([a, b])

    assert ((), (a, b), NOW + timedelta(seconds=6)) == (seen.new, seen.waiting, seen.until)


def test_a_file_whose_time_is_in_the_future_waits():
    assert () == found([file("in/a.csv", age=-3600)]).new


def test_nothing_waits_where_nothing_has_to_settle():
    drop = FileDrop("drop", "in/*.csv", "csv", settle=0.0)

    assert 1 == len(found([file("in/a.csv", age=0)], drop=drop).new)


def test_a_place_without_times_gives_files_that_do_not_wait():
    assert 1 == len(found([FileInfo("in/a.csv", 10)]).new)


def test_files_that_are_not_there_any_more_are_counted():
    assert 1 == found([], loaded(file("in/a.csv"))).gone


def test_a_model_runs_for_new_files_and_not_because_what_it_reads_moved():
    moved = [Reason("parent", "customers changed since"), Reason("definition", "its definition changed")]

    assert [] == reasons_to_take(Arrivals(), moved, there=True)
    assert ["2 files arrived: in/a.csv, in/b.csv"] == [
        r.text for r in reasons_to_take(Arrivals(new=(file("in/a.csv"), file("in/b.csv"))), moved, there=True)
    ]


def test_a_model_whose_table_is_gone_runs_without_new_files():
    gone = [Reason("relation", "table main.orders is not there")]

    assert gone == reasons_to_take(Arrivals(), gone, there=False)
    assert [] == reasons_to_take(Arrivals(), gone, there=True)


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
        st.builds(LoadedFile, st.integers(0), st.none() | st.integers(), st.none() | st.text(), st.text()),
    )
)
def test_what_was_loaded_is_read_as_it_was_written(known):
    assert known == decode(encode(known))


@pytest.mark.parametrize("recorded", [None, "2024-01-01 00:00:00", "17"])
def test_the_cursor_of_a_model_that_was_incremental_names_no_files(recorded):
    assert {} == decode(recorded)
