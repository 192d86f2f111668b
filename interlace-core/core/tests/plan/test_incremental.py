"""What the planner says of models that are incremental by datetime.  Everything is a value."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from interlace.contracts.relation import Column, Relation, RelationInfo
from interlace.contracts.state import IntervalRecord, ModelState, StateSnapshot
from interlace.model.definition import Fingerprint, Incremental, Model, SqlBody
from interlace.plan.incremental import Asked, interval_label
from interlace.plan.planner import Facts, Kind, make_plan
from interlace.plan.windows import Size

COLUMNS = (Column("ts", "TIMESTAMP"),)
DAILY = Incremental("datetime", "ts", start="2024-01-01")


def day(n: int) -> datetime:
    return datetime(2024, 1, n, tzinfo=UTC)


def model(name: str, incremental: Incremental | None = DAILY, data: str = "1") -> Model:
    return Model(name, SqlBody("SELECT 1", 1), Fingerprint(data, "c", "m"), f"{name}.sql", incremental=incremental)


def published(name: str, **keys) -> ModelState:
    state = ModelState(
        name,
        fingerprint=Fingerprint("1", "c", "m"),
        data_version="v",
        relation=name,
        kind="table",
        columns=COLUMNS,
        status="succeeded",
    )
    return replace(state, **keys)


def plan(*models, loaded=(), states=(), reads=None, now=None, **keys):
    graph = SimpleNamespace(
        nodes={m.name: m for m in models},
        parents=lambda name: (reads or {}).get(name, ()),
        order=lambda: [m.name for m in models],
    )
    records = [IntervalRecord(day(a), day(b), by) for a, b, by in loaded]
    facts = Facts(
        graph=graph,
        selected=frozenset(graph.nodes),
        state=StateSnapshot("dev", 1, {s.name: s for s in states}),
        kinds={"table": Kind("table", inlined=False, uses_strategy=True)},
        fingerprints={m.name: m.fingerprint.data for m in models},
        exports={},
        lost_exports=frozenset(),
        relations={m.name: Relation(m.name) for m in models},
        standing=lambda name: RelationInfo(Relation(name), "table", COLUMNS),
        inputs={},
        where={},
        now=now or day(5),
        intervals=lambda _: records,
    )
    return make_plan(replace(facts, **keys))


def texts(planned, name="daily") -> list[str]:
    step = planned.plan.step(name)
    return [r.text for r in step.reasons] if step is not None else []


def test_the_plan_expires_when_the_next_interval_ends():
    planned = plan(model("daily"), loaded=[(1, 5, "1")], states=[published("daily")], now=day(5))

    assert planned.plan.empty
    assert day(6) == planned.expires


def test_the_reasons_count_the_intervals_and_name_the_first_and_the_last():
    planned = plan(model("daily"), loaded=[(1, 2, "1"), (3, 4, "1")], states=[published("daily")], now=day(8))

    assert [
        "4 intervals are due: 2024-01-04 … 2024-01-07",
        "1 interval is missing: 2024-01-02",
    ] == texts(planned)


def test_a_new_definition_alone_is_no_reason_and_is_told():
    planned = plan(model("daily", data="2"), loaded=[(1, 5, "1")], states=[published("daily")])

    [rest] = planned.plan.up_to_date
    assert [
        "it is loaded up to 2024-01-05, and no interval is due",
        "4 intervals come from an older definition: 2024-01-01 … 2024-01-04",
    ] == [r.text for r in rest.reasons]


def test_a_backfill_takes_what_an_older_definition_loaded_grain_by_grain():
    asked = Asked(until=day(4), scope="older", backfill=True)

    planned = plan(model("daily", data="2"), loaded=[(1, 5, "1")], states=[published("daily")], asked=asked)

    assert [(1, 2), (2, 3), (3, 4)] == [(b.start.day, b.end.day) for b in planned.plan.step("daily").intervals]


def test_a_full_refresh_begins_anew():
    planned = plan(model("daily"), loaded=[(1, 5, "1")], states=[published("daily")], refreshed=frozenset({"daily"}))

    step = planned.plan.step("daily")
    assert step.fresh
    assert ["--full-refresh", "4 intervals are due: 2024-01-01 … 2024-01-04"] == texts(planned)


def test_a_table_that_is_gone_is_loaded_anew():
    planned = plan(model("daily"), loaded=[(1, 5, "1")], states=[published("daily")], standing=lambda _: None)

    assert planned.plan.step("daily").fresh


def test_columns_that_something_else_changed_are_no_reason_to_load_again():
    other = RelationInfo(Relation("daily"), "table", ())

    planned = plan(model("daily"), loaded=[(1, 5, "1")], states=[published("daily")], standing=lambda _: other)

    assert planned.plan.empty


def test_late_rows_alone_make_a_tentative_step():
    parent = model("orders", None)
    child = model("daily", replace(DAILY, lookback=1))

    planned = plan(
        parent,
        child,
        reads={"daily": ("orders",)},
        loaded=[(1, 5, "1")],
        states=[published("daily", parents={"orders": "v"})],
    )

    assert planned.plan.step("daily").tentative
    assert ["orders runs", "1 interval is open to late rows: 2024-01-04"] == texts(planned)


def test_a_history_is_loaded_one_interval_at_a_time():
    planned = plan(model("daily"), history=frozenset({"daily"}))

    assert 4 == len(planned.plan.step("daily").intervals)


def test_a_window_takes_the_place_of_the_batch_size():
    planned = plan(model("daily", replace(DAILY, batch_size=1)), asked=Asked(window=Size(3, "day")))

    assert [3, 1] == [(b.end - b.start).days for b in planned.plan.step("daily").intervals]


@pytest.mark.parametrize(
    ("grain", "label"),
    [
        ("hour", "2024-05-01 00:00"),
        ("day", "2024-05-01"),
        ("month", "2024-05"),
        ("quarter", "2024-Q2"),
        ("year", "2024"),
    ],
)
def test_an_interval_goes_by_its_local_beginning(grain, label):
    assert label == interval_label(datetime(2024, 4, 30, 22, tzinfo=UTC), grain, ZoneInfo("Europe/Berlin"))
