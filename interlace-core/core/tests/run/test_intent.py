from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from interlace.contracts.relation import Column
from interlace.contracts.state import (
    AttemptRecord,
    CheckRecord,
    DefinitionRecord,
    IntervalRecord,
    MetricRecord,
    ModelState,
)
from interlace.model.definition import Fingerprint
from interlace.run.intent import decode, encode

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
RECORD = AttemptRecord(
    id="a1",
    run="r1",
    model="orders",
    status="succeeded",
    reason="a new interval",
    started_at=NOON,
    finished_at=NOON + DAY,
    state=ModelState(
        "orders",
        fingerprint=Fingerprint("d", "c", "m"),
        columns=(Column("id", "BIGINT", nullable=False),),
        published_at=NOON,
        since={"v0": ("id",), "v1": ()},
    ),
    counts={"inserted": 3},
    checks=[],
    intervals=(IntervalRecord(NOON, NOON + DAY, "d"), IntervalRecord(NOON + DAY, NOON + 2 * DAY, "d", partial=True)),
    forget_intervals=True,
    cursor="42",
    metrics=(MetricRecord("orders", "mean", 1.5, "amount", "r1", NOON), MetricRecord("orders", "row_count", 3.0)),
    definition=DefinitionRecord("SELECT 1", "rest", {"description": "All orders", "tags": ["a"]}),
)


def test_a_record_comes_back_as_it_was_encoded() -> None:
    assert ("dev", RECORD) == decode(encode("dev", RECORD))


def test_the_checks_of_a_record_are_left_out() -> None:
    check = CheckRecord("unique(id)", "unique", "error", passed=True, message="ok")

    assert ("dev", replace(RECORD, checks=[])) == decode(encode("dev", replace(RECORD, checks=(check,))))


def test_what_an_older_interlace_kept_is_read() -> None:
    environment, fields = json.loads(encode("dev", RECORD))
    for name in ("intervals", "forget_intervals", "cursor", "metrics", "definition"):
        del fields[name]
    del fields["state"]["since"]

    expected = replace(
        RECORD,
        intervals=(),
        forget_intervals=False,
        cursor=None,
        metrics=(),
        definition=None,
        state=replace(RECORD.state, since={}),
    )
    assert ("dev", expected) == decode(json.dumps([environment, fields]).encode())
