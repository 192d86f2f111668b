"""A small project on disk, and the bench that tests its models."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

FILES = {
    "config.yaml": """
        name: shop
        connections:
          default: {type: duckdb, path: "data/dev.duckdb"}
        vars:
          vip: {type: int, default: 100}
        """,
    "models/sources.yaml": """
        shop_orders:
          relation: shop.orders
          columns: {order_id: BIGINT, customer: VARCHAR, amount: "DECIMAL(12,2)", ordered_on: DATE}
        events:
          relation: shop.events
        """,
    "models/totals.sql": """
        -- @key: customer
        -- @checks: [{unique: customer}, {expression: total >= 0}]
        -- @export: {format: csv, path: out/totals.csv}
        SELECT customer, count(*) AS orders, sum(amount) AS total, sum(amount) >= $vip AS vip
        FROM shop_orders
        GROUP BY customer
        """,
    "models/best.sql": "SELECT t.customer, n.country FROM totals AS t JOIN countries AS n ON t.vip AND n.customer = t.customer",
    "models/recent.sql": """
        -- @materialise: ephemeral
        SELECT customer, amount FROM shop_orders WHERE ordered_on >= current_date - 7
        """,
    "models/recent_total.sql": "SELECT sum(amount) AS total, now() AS made_at FROM recent",
    "models/log.sql": """
        -- @strategy: append
        SELECT id, kind FROM events
        """,
    "models/pages.py": '''
        from interlace import model


        @model(columns={"page": "VARCHAR", "views": "INTEGER", "at": "TIMESTAMPTZ"})
        def pages(events, context):
            """Views by page."""
            counted = events.group_by("kind").agg(n=events.count()).to_pyarrow().to_pylist()
            return [{"page": row["kind"], "views": row["n"], "at": context.execution_time} for row in counted]


        @model(materialise="none")
        def told(events):
            """A side effect."""
        ''',
    "seeds/countries.csv": "customer,country\nann,NO\nbob,FR\n",
}


@pytest.fixture
def make_project(tmp_path):
    """A function that writes a project, with more files or other ones, and gives its folder."""

    def make(**more: str) -> Path:
        root = tmp_path / "shop"
        for name, text in {**FILES, **more}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return root

    return make


@pytest.fixture
def bench(make_project):
    """The project, loaded."""
    from interlace.testing import Bench

    return Bench.load(make_project())
