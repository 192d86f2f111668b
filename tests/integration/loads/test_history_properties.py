"""Histories of random streams of batches, compared with the reference row for row after each load."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlace.errors import LoadRefused
from interlace.testing.conformance.histories import History, HistoryRules
from interlace.testing.conformance.loads import Refused
from interlace_strategies.scd_type_2 import ScdType2

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

TYPES = {"id": "INTEGER", "part": "VARCHAR", "n": "INTEGER", "s": "VARCHAR", "u": "TIMESTAMPTZ", "gone": "BOOLEAN"}
LATER = {**TYPES, "extra": "INTEGER"}
FEWER = {name: type_ for name, type_ in TYPES.items() if name != "s"}
COUNTED = ("inserted", "updated", "unchanged", "deleted", "closed", "rejected", "late", "conflict")
NEVER = datetime(9999, 12, 31, tzinfo=UTC)


def day(number):
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number)


row = st.fixed_dictionaries(
    {
        "id": st.sampled_from([1, 1, 1, 2, 2, 3, 3, None]),
        "part": st.sampled_from(["a", "a", "a", "a", "ab", None]),
        "n": st.sampled_from([1, 2, None]),
        "s": st.sampled_from(["", "x", None]),
        "u": st.integers(0, 9).map(day),
        "gone": st.sampled_from([False, False, True]),
        "extra": st.sampled_from([None, 7]),
    }
)
batch = st.tuples(st.sampled_from([TYPES, TYPES, TYPES, LATER, FEWER]), st.lists(row, max_size=4))
moves = st.sampled_from([1, 1, 1, 1, 2, 2, 3, 0, -1])
streams = st.lists(
    st.tuples(st.one_of(batch, batch, st.sampled_from(["retry", "again"])), moves), min_size=1, max_size=5
)


@st.composite
def rules(draw, by_time, replays):
    duplicates = draw(st.sampled_from(["latest", "error"] if not replays else ["sequence", "sequence", "latest"]))
    late = (
        draw(st.sampled_from(["ignore", "error"]))
        if not replays
        else draw(st.sampled_from(["insert", "insert", "ignore"]))
    )
    if replays and duplicates == "latest":
        late = "insert"
    deletes = draw(st.sampled_from(["none", "missing", "scope", "flag", "both"]))
    modes = ["close", "new_record", *(["hard"] if late != "insert" else [])]
    firsts = ["updated_at"] if late == "insert" else ["execution", "epoch", *(["updated_at"] if by_time else [])]
    flag = "gone" if deletes in {"flag", "both"} else None
    tracked = draw(st.sampled_from([("part", "n", "s", "gone", "extra"), ("n",), ("n", "s")]))
    key = draw(st.sampled_from([("id",), ("id", "part")]))
    return HistoryRules(
        key=key,
        tracked=tuple(name for name in tracked if name not in key and name != flag),
        updated_at="u" if by_time else None,
        first=draw(st.sampled_from(firsts)),
        late=late if by_time else "ignore",
        duplicates=duplicates,
        order_by=("n",) if duplicates == "latest" and (not by_time or draw(st.booleans())) else (),
        null_keys=draw(st.sampled_from(["skip", "skip", "match", "match", "error"])),
        delete_mode=draw(st.sampled_from(modes)) if deletes != "none" else "preserve",
        flag=flag,
        missing=deletes in {"missing", "scope", "both"},
        scope=("part",) if deletes == "scope" else (),
        allow_empty=draw(st.booleans()),
    )


def options_of(rules, tracked, **more):
    found = {"null_keys": rules.null_keys, "duplicates": rules.duplicates, "late": rules.late, "track": list(tracked)}
    found |= {"updated_at": rules.updated_at} if rules.updated_at else {}
    found |= {"first_valid_from": rules.first, "delete_mode": rules.delete_mode, **more}
    found |= {"order_by": list(rules.order_by)} if rules.order_by else {}
    found |= {"delete_when": rules.flag} if rules.flag else {}
    found |= {"delete_missing": True, "allow_empty": rules.allow_empty} if rules.missing else {}
    found |= {"delete_scope": list(rules.scope)} if rules.scope else {}
    return found


def canonical(rows, columns):
    return Counter(tuple(row.get(name) for name in columns) for row in rows)


def compare(database, rows_as_query, stream, rules, **more):
    """Load a stream into the table and into the reference; both must agree after each load."""
    database.fresh()
    history = History(rules)
    at, last = 5, (TYPES, [])
    for step, move in stream:
        at = at if step == "retry" else at + move
        types, rows = last = last if isinstance(step, str) else step
        rows = [{name: row[name] for name in types} for row in rows]
        tracked = [name for name in rules.tracked if name in {*history.columns, *types}]
        options = {"execution_time": day(at), **options_of(rules, tracked, **more)}
        query = rows_as_query(types, rows)
        try:
            counts = history.load(rows, list(types), day(at))
        except Refused:
            with pytest.raises(LoadRefused):
                database.load(ScdType2, query, rules.key, **options)
        else:
            found = database.load(ScdType2, query, rules.key, **options).known()
            assert {name: counts[name] for name in COUNTED} == {name: found.get(name, 0) for name in COUNTED}
        agree(database, history, rules, more)


def agree(database, history, rules, more):
    columns = [*history.columns, "valid_from", "valid_to"]
    columns += ["_source_at"] if rules.updated_at else []
    columns += ["_deleted"] if rules.delete_mode == "new_record" else []
    columns += [more["is_current"]] if "is_current" in more else []
    expected = history.rows()
    for version in expected:
        version["current"] = version["valid_to"] is None
        version["valid_to"] = version["valid_to"] or (NEVER if "open_valid_to" in more else None)
    assert canonical(expected, columns) == canonical(database.rows() if database.columns() else [], columns)


extras = st.sampled_from([{}, {}, {"is_current": "current"}, {"open_valid_to": "9999-12-31"}])


@settings(settings.get_profile("loads"))
@given(stream=streams, rules=rules(by_time=False, replays=False), more=extras)
def test_by_column_every_load_gives_the_rows_and_the_counts_of_the_reference(
    database, rows_as_query, stream, rules, more
):
    compare(database, rows_as_query, stream, rules, **more)


@settings(settings.get_profile("loads"))
@given(stream=streams, rules=rules(by_time=True, replays=False), more=extras)
def test_by_time_every_load_gives_the_rows_and_the_counts_of_the_reference(
    database, rows_as_query, stream, rules, more
):
    compare(database, rows_as_query, stream, rules, **more)


@settings(settings.get_profile("loads"))
@given(stream=streams, rules=rules(by_time=True, replays=True), more=extras)
def test_sequences_and_repairs_give_the_rows_and_the_counts_of_the_reference(
    database, rows_as_query, stream, rules, more
):
    compare(database, rows_as_query, stream, rules, **more)


changes = st.lists(st.integers(0, 30), min_size=2, max_size=7, unique=True)


@settings(settings.get_profile("loads"))
@given(moments=changes, data=st.data())
def test_repairs_of_streams_of_changes_do_not_depend_on_the_order_of_landing(database, rows_as_query, moments, data):
    """Each event says something that its key never said before; or `updated_at` is tracked, so that each says something."""
    said = data.draw(st.booleans())
    events = [{"id": 1, "v": f"v{n}" if said else "v", "u": day(at)} for n, at in enumerate(sorted(moments))]
    options = {"updated_at": "u", "late": "insert", "duplicates": "sequence"} | ({} if said else {"track": ["u"]})
    left = data.draw(st.permutations(events))
    database.fresh()
    while left:
        size = data.draw(st.integers(1, len(left)))
        query = rows_as_query({"id": "INTEGER", "v": "VARCHAR", "u": "TIMESTAMPTZ"}, left[:size])
        database.load(ScdType2, query, ("id",), execution_time=day(40), **options)
        left = left[size:]

    ends = [*(each["u"] for each in events[1:]), None]
    expected = {(each["v"], each["u"], end) for each, end in zip(events, ends, strict=True)}
    assert expected == {(row["v"], row["valid_from"], row["valid_to"]) for row in database.rows()}
