"""``interlace impact``: what depends on a column, as people and programs are told; ``lineage refresh`` asks for columns."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow  # together they are: some seconds of runs

CONFIG = """
connections:
  default: {type: duckdb, path: warehouse.duckdb}
sources:
  outside: {}
"""


@pytest.fixture
def shop(project):
    project.write("config.yaml", CONFIG)
    project.write("seeds/raw.csv", "id,paid,status\n1,250,ok\n2,0,failed\n")
    project.sql("orders", "-- @key: id\nSELECT id, paid / 100 AS paid\nFROM raw\nWHERE status = 'ok'")
    project.sql("daily", "-- @schema: marts\nSELECT sum(paid) AS revenue\nFROM orders")
    project.python(
        "opaque",
        """
        from interlace import model

        @model
        def opaque(daily):
            return daily
        """,
    )
    return project


def test_a_tree_has_paths_places_and_what_names_the_column(shop):
    assert (
        0,
        """\
raw.id
└── orders.id  passthrough  models/orders.sql:2
Named by:
  orders.id  key id  models/orders.sql:1
1 model is affected.
""",
    ) == (shop("impact", "raw.id").code, shop("impact", "raw.id").out)


def test_json_has_paths_kinds_places_and_reasons(shop):
    said = shop("impact", "orders.paid", "--json").json

    start = {"model": "orders", "column": "paid"}
    revenue = {"model": "daily", "column": "revenue", "kind": "aggregated"}
    assert {
        "columns": [start],
        "affected": [
            {
                **revenue,
                "rows": False,
                "depth": 1,
                "file": "models/daily.sql",
                "line": 2,
                "path": [start, revenue],
            }
        ],
        "may_be_affected": [
            {
                "model": "opaque",
                "column": None,
                "kind": "unknown",
                "rows": True,
                "depth": 2,
                "file": "models/opaque.py",
                "line": 4,
                "path": [start, revenue, {"model": "opaque", "column": None, "kind": "unknown"}],
                "reasons": ["nobody sees into the function of opaque"],
            }
        ],
        "named": [],
    } == said
    assert said == shop("impact", "orders.paid", "--format", "json").json


def test_a_table_has_a_path_in_each_line(shop):
    assert (
        """\
affected        kind         read in              path
rows of orders  filter_only  models/orders.sql:4  raw.status -> rows of orders (filter_only)
rows of daily   rows         models/daily.sql:3   raw.status -> rows of orders (filter_only) -> rows of daily
May be affected:
  rows of opaque  models/opaque.py:4  nobody sees into the function of opaque
2 models are affected, and perhaps 1 more.
"""
        == shop("impact", "raw.status", "--format", "table").out
    )


def test_markdown_shows_what_comes_from_the_project_as_code(shop):
    assert (
        """\
### What `marts.daily.revenue` touches

Perhaps 1 model is affected.

| may be affected | read in | why | path |
| --- | --- | --- | --- |
| `rows of opaque` | `models/opaque.py:4` | `nobody sees into the function of opaque` | `daily.revenue -> rows of opaque (unknown)` |
"""
        == shop("impact", "marts.daily.revenue", "--format", "markdown").out
    )


def test_a_depth_ends_with_the_next_models(shop):
    assert ["orders"] == [a["model"] for a in shop("impact", "raw.paid", "--depth", "1", "--json").json["affected"]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("orders.piad",), "'orders' has no column 'piad'. Did you mean 'paid'? Columns: id, paid."),
        (("ordres.paid",), "There is no model or source 'ordres'. Did you mean 'orders'?"),
        (("ordres",), "There is no model or source 'ordres'. Did you mean 'orders'?"),
        (("outside.id",), "The columns of 'outside' are not known, and no model reads a column 'id' of it."),
        (("orders.paid", "--depth", "0"), "--depth 0: at least 1."),
        (("orders.paid", "--json", "--format", "table"), "--json and --format table exclude each other."),
        (("orders.paid", "--format", "dot"), "'dot'"),
        ((), "MODEL[.COLUMN]"),
    ],
    ids=["column", "model of a column", "model", "column of a source", "depth", "two formats", "format", "nothing"],
)
def test_a_wrong_word_is_refused(shop, words, message):
    assert message in shop.fails("impact", *words)


def test_what_is_refreshed_asks_for_the_columns_of_sources(shop):
    import duckdb

    shop.sql("all_of_it", "SELECT * FROM outside")
    first = shop("lineage", "refresh", "all_of_it")
    with duckdb.connect(str(shop.root / "warehouse.duckdb")) as connection:
        connection.execute("CREATE TABLE outside AS SELECT 1 AS id, 'x' AS name")

    second = shop("lineage", "refresh", "all_of_it", "--json").json

    assert first.out.startswith("outside could not be asked for its columns: Catalog Error: Table with name outside")
    assert {"models": 1, "partly": [], "not_asked": {}} == second
    assert ["id", "name"] == [
        e["to"]["column"] for e in shop("lineage", "show", "all_of_it", "--json").json["upstream"]
    ]
