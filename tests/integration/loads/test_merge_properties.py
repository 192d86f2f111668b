"""Merges of random streams of batches, compared with the reference row for row after each load."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlace.errors import LoadRefused
from interlace.testing.conformance.loads import MergeRules, Refused, merged
from interlace_strategies.merge_by_key import MergeByKey

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

TYPES = {"id": "INTEGER", "part": "VARCHAR", "n": "INTEGER", "s": "VARCHAR", "gone": "BOOLEAN"}
LATER = {**TYPES, "extra": "INTEGER"}
FEWER = {name: type_ for name, type_ in TYPES.items() if name != "s"}
COUNTED = ("inserted", "updated", "unchanged", "deleted", "rejected", "conflict")

row = st.fixed_dictionaries(
    {
        "id": st.sampled_from([1, 1, 2, 2, 3, 3, None]),
        "part": st.sampled_from(["a", "ab", "a", None]),
        "n": st.sampled_from([1, 2, None]),
        "s": st.sampled_from(["", "x", None]),
        "gone": st.sampled_from([False, False, True]),
        "extra": st.sampled_from([None, 7]),
    }
)
batch = st.tuples(st.sampled_from([TYPES, TYPES, TYPES, LATER, FEWER]), st.lists(row, max_size=5))
streams = st.lists(st.one_of(batch, st.just("again")), min_size=1, max_size=5)


@st.composite
def rules(draw):
    duplicates = draw(st.sampled_from(["latest", "latest", "latest", "error"]))
    deletes = draw(st.sampled_from(["none", "missing", "scope", "scope", "flag", "both"]))
    return MergeRules(
        key=draw(st.sampled_from([("id",), ("id",), ("id", "part")])),
        null_keys=draw(st.sampled_from(["skip", "skip", "match", "match", "error"])),
        duplicates=duplicates,
        order_by=("n",) if duplicates == "latest" else (),
        insert_only=draw(st.sampled_from([False, False, True])),
        soft=deletes != "none" and draw(st.booleans()),
        flag="gone" if deletes in {"flag", "both"} else None,
        missing=deletes in {"missing", "scope", "both"},
        scope=("part",) if deletes == "scope" else (),
        allow_empty=draw(st.booleans()),
    )


def options_of(rules, how):
    found = {"null_keys": rules.null_keys, "duplicates": rules.duplicates, "how": how}
    found |= {"order_by": list(rules.order_by)} if rules.order_by else {}
    found |= {"update": "none"} if rules.insert_only else {}
    found |= {"delete_mode": "soft" if rules.soft else "hard"} if rules.flag or rules.missing else {}
    found |= {"delete_when": rules.flag} if rules.flag else {}
    found |= {"delete_missing": True, "allow_empty": rules.allow_empty} if rules.missing else {}
    found |= {"delete_scope": list(rules.scope)} if rules.scope else {}
    return found


def canonical(rows, columns):
    return Counter(tuple(row.get(name) for name in columns) for row in rows)


@settings(settings.get_profile("loads"))
@given(stream=streams, rules=rules(), how=st.sampled_from([None, "update", "delete_insert"]))
def test_every_load_gives_the_rows_and_the_counts_of_the_reference(database, rows_as_query, stream, rules, how):
    database.fresh()
    expected, known, last = [], dict.fromkeys(TYPES), (TYPES, [])
    for day, step in enumerate(stream):
        types, rows = last = last if step == "again" else step
        rows = [{name: row[name] for name in types} for row in rows]
        at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day)
        query = rows_as_query(types, rows)
        load = partial(database.load, MergeByKey, query, rules.key, execution_time=at, **options_of(rules, how))
        try:
            expected, counts = merged(expected, rows, list(types), rules, at)
        except Refused:
            with pytest.raises(LoadRefused):
                load()
        else:
            found = load().known()
            known |= dict.fromkeys(types)
            assert {name: counts[name] for name in COUNTED} == {name: found.get(name, 0) for name in COUNTED}
        columns = [*known, *(["_deleted", "_deleted_at"] if rules.soft else [])]
        assert canonical(expected, columns) == canonical(database.rows() if database.columns() else [], columns)
