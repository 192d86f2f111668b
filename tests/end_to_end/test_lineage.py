"""``interlace lineage``: what columns are made of, before and after a run, through SQL and Python."""

from __future__ import annotations

import pytest

CONFIG = """
connections:
  default: {type: duckdb, path: shop.duckdb}
"""


@pytest.fixture
def shop(project):
    project.write("config.yaml", CONFIG)
    project.write("seeds/raw.csv", "id,paid,taken\n1,250,2024-01-01 10:00:00\n2,0,2024-01-02 11:00:00\n")
    project.sql("orders", "SELECT id, paid / 100 AS paid, taken::DATE AS day FROM raw WHERE paid > 0")
    project.sql("daily", "-- @schema: marts\nSELECT day, sum(paid) AS revenue FROM orders GROUP BY day")
    project.python(
        "totals",
        """
        import ibis
        from interlace import model

        @model
        def totals(daily: ibis.Table):
            return daily.filter(daily.revenue > 1).agg(revenue=daily.revenue.sum(), first=daily.day.min())
        """,
    )
    return project


def test_a_column_is_followed_before_anything_ran(shop):
    said = shop("lineage", "show", "daily.revenue")

    assert (
        0,
        """\
daily.revenue
├── orders.paid  aggregated
│   └── raw.paid  transformed
└── orders.day  filter_only
    ├── raw.taken  transformed
    └── raw.paid  filter_only
""",
    ) == (said.code, said.out)


def test_an_expression_of_python_is_known_once_it_ran(shop):
    before = shop("lineage", "list", "totals", "--json").json
    shop.run()

    table = shop("lineage", "show", "totals", "--format", "table", "--depth", "1").out

    assert [["the columns of totals are not known before it has run"]] == [row["unknown"] for row in before]
    assert (
        """\
from           to              kind
daily.revenue  totals.revenue  aggregated
daily.day      totals.first    aggregated
daily.revenue  totals.first    filter_only
"""
        == table
    )
    assert [] == [row["model"] for row in shop("lineage", "list", "--json").json if row["unknown"]]


def test_both_directions_are_one_document(shop):
    said = shop("lineage", "show", "marts.daily.day", "-u", "-d", "--depth", "1", "--json").json

    day, orders_day = {"model": "daily", "column": "day"}, {"model": "orders", "column": "day"}
    assert {
        "columns": [day],
        "upstream": [{"from": orders_day, "to": day, "kind": "passthrough", "depth": 1}],
        "downstream": [],
        "unknown": {"totals": ["the columns of totals are not known before it has run"]},
    } == said


def test_graphs_have_the_edges_of_both_directions_once(shop):
    dot = shop("lineage", "show", "orders.day", "--upstream", "--downstream", "--format", "dot").out
    mermaid = shop("lineage", "show", "orders.day", "--downstream", "--format", "mermaid").out

    assert 1 == dot.count('"raw.taken" -> "orders.day" [label="transformed"];')
    assert 1 == dot.count('"orders.day" -> "daily.day" [label="passthrough"];')
    assert "  c0 -->|passthrough| c1\n" in mermaid


def test_what_is_refreshed_is_counted(shop):
    said = shop("lineage", "refresh")

    assert (
        "Followed the columns of 3 models: not all is known of 1 model.\n'interlace lineage list' says why.\n"
        == said.out
    )
    assert (shop.root / ".interlace" / "lineage.cache").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("daily.revnue",), "'daily' has no column 'revnue'. Did you mean 'revenue'? Columns: day, revenue."),
        (("dialy.day",), "There is no model or source 'dialy'. Did you mean 'daily'?"),
        (("dialy",), "There is no model or source 'dialy'. Did you mean 'daily'?"),
        (("daily", "--depth", "0"), "--depth 0: at least 1."),
        (
            ("totals",),
            "The columns of 'totals' are not known: the columns of totals are not known before it has run.",
        ),
    ],
    ids=["column", "model of a column", "model", "depth", "columns that are not known"],
)
def test_a_wrong_word_is_refused(shop, words, message):
    assert message in shop.fails("lineage", "show", *words)


def test_a_source_without_columns_is_said_to_be_unknown_until_the_model_ran(project):
    project.write("config.yaml", f"{CONFIG}sources:\n  outside: {{}}\n")
    project.sql("a", "-- @strategy: {name: scd_type_2}\n-- @key: id\nSELECT * FROM outside")
    import duckdb

    with duckdb.connect(str(project.root / "shop.duckdb")) as connection:
        connection.execute("CREATE TABLE outside AS SELECT 1 AS id, 'x' AS name")
    before = project("lineage", "list", "--json").json
    project.run()

    after = project("lineage", "show", "a", "--json").json

    assert "the columns of outside are not known" in before[0]["unknown"]
    assert ["id", "name"] == [edge["from"]["column"] for edge in after["upstream"]]
    assert "valid_from is kept by the strategy scd_type_2" in after["unknown"]["a"]
