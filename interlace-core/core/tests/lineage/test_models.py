from __future__ import annotations

import pytest

from interlace.contracts.relation import Column
from interlace.graph.build import Graph
from interlace.lineage import Lineage
from interlace.lineage.cache import LineageCache
from interlace.lineage.draw import draw_dot, draw_mermaid, draw_tree
from interlace.lineage.follow import columns_of, downstream, upstream
from interlace.lineage.known import Expression
from interlace.lineage.models import ModelLineage
from interlace.model.definition import (
    ColumnSpec,
    Fingerprint,
    Model,
    Parameter,
    PythonBody,
    Source,
    StrategyUse,
)
from interlace.model.sql_query import QueryReader


def sql(name: str, text: str, **keys) -> Model:
    body, digest = QueryReader("duckdb").read(text, f"models/{name}.sql", 1)
    return Model(name, body, Fingerprint(digest, "", ""), f"models/{name}.sql", **keys)


def python(name: str, *reads: str, **keys) -> Model:
    body = PythonBody(f"models/{name}.py", name, 1, "function", tuple(Parameter(r, (r,)) for r in reads))
    return Model(name, body, Fingerprint(name, "", ""), f"models/{name}.py", **keys)


def source(name: str, *columns: str) -> Source:
    return Source(name, "models/sources.yaml", columns=tuple(ColumnSpec(c) for c in columns))


@pytest.fixture
def make(tmp_path):
    """Makes the lineage of some nodes; `built` gives recorded columns, those of `stale` come from an older definition."""

    def made(*nodes, built=None, stale=(), returned=None, own=None, cache=None):
        graph = Graph.build([n for n in nodes if isinstance(n, Model)], [n for n in nodes if isinstance(n, Source)])
        recorded = {n: tuple(Column(c, "INTEGER") for c in columns) for n, columns in (built or {}).items()}
        return ModelLineage(
            graph,
            lambda _: "duckdb",
            recorded.get,
            lambda model: model.name in recorded and model.name not in stale,
            lambda model: (returned or {}).get(model.name),
            lambda model: (own or {}).get(model.name, ()),
            cache or LineageCache(tmp_path / "lineage.cache", "1"),
        )

    return made


def edges(models: ModelLineage, name: str, column: str) -> list[tuple[str, str, str]]:
    return [(e.relation, e.column, e.kind) for e in models.of(name).edges(column)]


def test_a_star_is_expanded_from_the_recorded_columns(make):
    models = make(sql("a", "SELECT 1 AS x"), sql("b", "SELECT * FROM a"), built={"a": ["x", "added"]})

    assert ("x", "added") == models.of("b").names


def test_a_star_over_a_model_that_was_edited_since_goes_by_its_query(make):
    nodes = sql("a", "SELECT 1 AS x, 2 AS y"), sql("b", "SELECT * FROM a")

    models = make(*nodes, built={"a": ["x"]}, stale={"a"})

    assert ("x", "y") == models.of("b").names


def test_a_star_goes_through_models_that_were_never_built(make):
    models = make(source("raw", "id", "at"), sql("a", "SELECT * FROM raw"), sql("b", "SELECT * EXCLUDE (at) FROM a"))

    assert ("id",) == models.of("b").names
    assert [("a", "id", "passthrough")] == edges(models, "b", "id")


def test_a_star_goes_through_thousands_of_them(make):
    chain = [sql(f"m{i}", f"SELECT * FROM m{i - 1}") for i in range(1, 3000)]

    models = make(sql("m0", "SELECT 1 AS x"), *chain)

    assert ("x",) == models.of("m2999").names


def test_only_what_is_asked_for_is_computed(make):
    nodes = sql("a", "SELECT 1 AS x"), sql("b", "SELECT x FROM a"), sql("c", "SELECT x FROM b")
    models = make(*nodes, built={"a": ["x"], "b": ["x"]})

    models.of("c")

    assert {"c"} == set(models.cache._records)


def test_a_reference_with_a_schema_is_the_node(make):
    models = make(sql("orders", "SELECT 1 AS id", schema="staging"), sql("b", "SELECT id AS n FROM staging.orders"))

    assert [("orders", "id", "renamed")] == edges(models, "b", "n")


def test_variables_need_no_value(make):
    query = "SELECT id, $rate * x AS y FROM raw WHERE at >= $start AND kind IN $kinds LIMIT $most"

    models = make(source("raw", "id", "x", "at", "kind"), sql("a", query))

    assert [("raw", "x", "transformed"), ("raw", "at", "filter_only"), ("raw", "kind", "filter_only")] == edges(
        models, "a", "y"
    )


def test_opaque_python_reads_all_columns_of_its_inputs(make):
    models = make(source("raw", "id", "at"), python("a", "raw"), built={"a": ["n"]})

    assert [("raw", "id", "transformed"), ("raw", "at", "transformed")] == edges(models, "a", "n")


def test_opaque_python_has_the_columns_that_are_declared(make):
    models = make(source("raw", "id"), python("a", "raw", columns=(ColumnSpec("n", "INTEGER"),)))

    assert [("raw", "id", "transformed")] == edges(models, "a", "n")


def test_opaque_python_without_columns_says_so(make):
    models = make(source("raw"), python("a", "raw"), sql("b", "SELECT * FROM a"))

    assert (
        "the columns of raw are not known",
        "the columns of a are not known before it has run",
    ) == models.of("a").unknown
    assert ("the columns of a are not known",) == models.of("b").unknown


def test_a_python_model_without_a_table_has_no_columns(make):
    assert Lineage(()) == make(python("a", materialise="none")).of("a")


def test_an_expression_that_python_returned_is_followed(make):
    query = 'SELECT "t0"."id", SUM("t0"."x") AS "s" FROM (SELECT * FROM "dev"."raw") AS "t0" GROUP BY 1'
    models = make(
        source("raw", "id", "x", "y"),
        python("a", "raw"),
        returned={"a": Expression(query, {"raw": '"dev"."raw"'})},
    )

    assert [("raw", "id", "passthrough")] == edges(models, "a", "id")
    assert [("raw", "x", "aggregated"), ("raw", "id", "filter_only")] == edges(models, "a", "s")


def test_columns_that_a_strategy_keeps_are_no_columns_of_the_query(make):
    history = sql("a", "SELECT * FROM raw", strategy=StrategyUse("scd_type_2"))

    models = make(source("raw"), history, built={"a": ["id", "valid_from"]}, own={"a": ("valid_from",)})

    assert [("raw", "id", "passthrough")] == edges(models, "a", "id")
    assert ("valid_from is kept by the strategy scd_type_2",) == models.of("a").column("valid_from").unknown


def test_what_was_found_is_kept(make, tmp_path):
    nodes = source("raw", "id"), sql("a", "SELECT id, id + 1 AS n FROM raw WHERE id > 1")
    with make(*nodes) as first:
        found = first.of("a")
    cache = LineageCache(tmp_path / "lineage.cache", "1")
    cache.open()

    again = make(*nodes, cache=cache)

    assert found == again.of("a")
    assert not cache.changed


def test_of_what_stands_above_only_the_names_are_taken_from_the_cache(make, tmp_path, monkeypatch):
    nodes = source("raw", "id"), sql("a", "SELECT * FROM raw"), sql("b", "SELECT * FROM a"), sql("c", "SELECT * FROM b")
    with make(*nodes) as first:
        found = first.of("c")
    cache = LineageCache(tmp_path / "lineage.cache", "1")
    cache.open()
    read = []
    monkeypatch.setattr(LineageCache, "get", lambda self, name, key: read.append(name) or found)

    assert found == make(*nodes, cache=cache).of("c")
    assert ["c"] == read


def test_columns_that_may_be_more_are_not_taken_for_all_of_them(make, tmp_path):
    nodes = (
        source("raw"),
        sql("a", "SELECT 1 AS x, * FROM raw"),
        sql("b", "SELECT * FROM a"),
        sql("c", "SELECT * FROM b"),
    )
    with make(*nodes) as first:
        first.of("b")
    cache = LineageCache(tmp_path / "lineage.cache", "1")
    cache.open()

    assert ("the columns of b are not known",) == make(*nodes, cache=cache).of("c").unknown


@pytest.mark.parametrize(
    "nodes",
    [
        (source("raw", "id", "more"), sql("a", "SELECT * FROM raw")),
        (source("raw", "id"), sql("a", "SELECT *, 1 AS more FROM raw")),
    ],
    ids=["columns of what it reads", "its query"],
)
def test_what_was_found_is_not_kept_beyond_a_change_of(nodes, make, tmp_path):
    with make(source("raw", "id"), sql("a", "SELECT * FROM raw")) as first:
        first.of("a")
    cache = LineageCache(tmp_path / "lineage.cache", "1")
    cache.open()

    assert ("id", "more") == make(*nodes, cache=cache).of("a").names


@pytest.mark.parametrize("content", [b"", b"no cache", b"\xfb\xff"], ids=["empty", "text", "broken"])
def test_a_file_that_is_no_cache_is_none(make, tmp_path, content):
    (tmp_path / "lineage.cache").write_bytes(content)
    cache = LineageCache(tmp_path / "lineage.cache", "1")
    cache.open()

    assert ("x",) == make(sql("a", "SELECT 1 AS x"), cache=cache).of("a").names


def test_a_cache_of_other_versions_is_empty(make, tmp_path):
    with make(sql("a", "SELECT 1 AS x")) as first:
        first.of("a")
    cache = LineageCache(tmp_path / "lineage.cache", "2")
    cache.open()

    assert {} == cache._records


@pytest.fixture
def shop(make):
    return make(
        source("raw", "id", "paid", "at"),
        sql("orders", "SELECT id, paid / 100 AS paid, at::DATE AS day FROM raw WHERE paid > 0"),
        sql("daily", "SELECT day, sum(paid) AS revenue FROM orders GROUP BY day"),
        sql("unused", "SELECT id FROM orders"),
    )


def hops(followed) -> list[tuple[str, str, str, int]]:
    return [(".".join(h.source), ".".join(h.target), h.kind, h.depth) for h in followed.hops]


def test_a_column_is_followed_to_what_it_is_made_of(shop):
    assert [
        ("orders.paid", "daily.revenue", "aggregated", 1),
        ("orders.day", "daily.revenue", "filter_only", 1),
        ("raw.paid", "orders.paid", "transformed", 2),
        ("raw.at", "orders.day", "transformed", 2),
        ("raw.paid", "orders.day", "filter_only", 2),
    ] == hops(upstream(shop, columns_of(shop, "daily", "Revenue")))


def test_a_column_is_followed_to_what_is_made_of_it(shop):
    assert [
        ("raw.at", "orders.day", "transformed", 1),
        ("orders.day", "daily.day", "passthrough", 2),
        ("orders.day", "daily.revenue", "filter_only", 2),
    ] == hops(downstream(shop, columns_of(shop, "raw", "at")))


def test_a_depth_counts_models(shop):
    starts = columns_of(shop, "daily", "revenue")

    assert {1} == {h.depth for h in upstream(shop, starts, 1).hops}
    assert [] == downstream(shop, starts).hops


def test_what_is_not_known_on_the_way_is_said(make):
    models = make(source("raw"), sql("a", "SELECT * FROM raw"), sql("b", "SELECT x FROM a"))

    followed = upstream(models, columns_of(models, "b", "x"))

    assert [("a.x", "b.x", "passthrough", 1)] == hops(followed)
    assert {"a": ("the columns of raw are not known",)} == followed.unknown


def test_a_tree_shows_each_column_once_with_what_is_below(shop):
    starts = (*columns_of(shop, "daily", "revenue"), *columns_of(shop, "daily", "day"))

    assert """\
daily.revenue
├── orders.paid  aggregated
│   └── raw.paid  transformed
└── orders.day  filter_only
    ├── raw.at  transformed
    └── raw.paid  filter_only
daily.day
└── orders.day  passthrough (again)""" == draw_tree(upstream(shop, starts), "upstream")


def test_a_graph_dashes_what_only_decides_rows(shop):
    starts = columns_of(shop, "orders", "day")
    found = upstream(shop, starts).hops

    assert """\
digraph lineage {
  rankdir=LR;
  node [shape=box];
  "orders.day";
  "raw.at";
  "raw.paid";
  "raw.at" -> "orders.day" [label="transformed"];
  "raw.paid" -> "orders.day" [label="filter_only", style=dashed];
}""" == draw_dot(found, starts)
    assert """\
flowchart LR
  c0["orders.day"]
  c1["raw.at"]
  c2["raw.paid"]
  c1 -->|transformed| c0
  c2 -.->|filter_only| c0""" == draw_mermaid(found, starts)


def test_names_with_quotes_are_escaped_in_graphs(make):
    models = make(sql("a", 'SELECT 1 AS "say ""x"""'))
    starts = columns_of(models, "a")

    assert '  "a.say \\"x\\"";' in draw_dot([], starts)
    assert '  c0["a.say &quot;x&quot;"]' in draw_mermaid([], starts)
