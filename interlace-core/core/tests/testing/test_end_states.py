"""Tests of incremental models, merges and history: the state of the table after each of several runs."""

from __future__ import annotations

import pytest

from interlace.testing import Bench
from interlace.testing.yaml_tests import read_tests

MODELS = {
    "models/current.sql": "-- @key: id\n-- @strategy: merge_by_key\nSELECT id, kind FROM events",
    "models/history.sql": "-- @key: id\n-- @strategy: scd_type_2\nSELECT id, kind FROM events",
    "models/daily.sql": """
        -- @incremental: {by: datetime, column: ordered_on, grain: day, start: 2026-03-01}
        SELECT order_id, amount, ordered_on FROM shop_orders
        """,
}
TESTS = {
    "a merge": """
        merged:
          model: current
          runs:
            - given: {events: [{id: 1, kind: a}, {id: 2, kind: b}]}
              expect: [{id: 1, kind: a}, {id: 2, kind: b}]
            - given: {events: [{id: 1, kind: c}]}
              expect: [{id: 1, kind: c}, {id: 2, kind: b}]
            - given: {events: [{id: 1, kind: c}, {id: 1, kind: d}]}
              expect: {error: ILC-608}
            - expect: {error: ILC-608}
            - given: {events: [{id: 3, kind: e}]}
              expect: [{id: 1, kind: c}, {id: 2, kind: b}, {id: 3, kind: e}]
        """,
    "history": """
        versions:
          model: history
          runs:
            - at: 2026-03-01
              given: {events: [{id: 1, kind: a}]}
              expect: [{id: 1, kind: a, valid_from: 2026-03-01, valid_to: null}]
            - at: 2026-03-02T12:00:00
              given: {events: [{id: 1, kind: b}]}
              expect:
                - {id: 1, kind: a, valid_from: 2026-03-01, valid_to: 2026-03-02T12:00:00}
                - {id: 1, kind: b, valid_from: 2026-03-02T12:00:00, valid_to: null}
            - at: 2026-03-03
              expect:
                - {id: 1, kind: a, valid_from: 2026-03-01, valid_to: 2026-03-02T12:00:00}
                - {id: 1, kind: b, valid_from: 2026-03-02T12:00:00, valid_to: null}
        """,
    "intervals": """
        days:
          model: daily
          runs:
            - at: 2026-03-03
              given: {shop_orders: "&orders"}
              expect: {columns: [order_id, amount], rows: [{order_id: 1, amount: 1}, {order_id: 2, amount: 1}]}
            - at: 2026-03-04T05:00:00
              given:
                shop_orders:
                  - {order_id: 1, amount: 9, ordered_on: 2026-03-01}
                  - {order_id: 3, amount: 1, ordered_on: 2026-03-03}
              expect:
                columns: [order_id, amount]
                rows: [{order_id: 1, amount: 1}, {order_id: 2, amount: 1}, {order_id: 3, amount: 1}]
        """.replace(
        '"&orders"',
        "[{order_id: 1, amount: 1, ordered_on: 2026-03-01}, {order_id: 2, amount: 1, ordered_on: 2026-03-02},"
        " {order_id: 3, amount: 1, ordered_on: 2026-03-03}]",
    ),
}


@pytest.mark.parametrize("what", TESTS)
def test_the_state_of_the_table_after_each_run(make_project, what):
    bench = Bench.load(make_project(**MODELS, **{"tests/test_it.yaml": TESTS[what]}))
    (case,) = read_tests(bench.root / "tests" / "test_it.yaml", bench.root, bench.loaded.graph)

    outcomes = bench.perform(case)

    assert len(case.runs) == len(outcomes)
