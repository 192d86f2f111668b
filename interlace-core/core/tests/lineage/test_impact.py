from __future__ import annotations

import pytest

from interlace.contracts.attachments import Constraint, Index
from interlace.contracts.relation import Column
from interlace.graph.build import Graph
from interlace.lineage.cache import LineageCache
from interlace.lineage.impact import affected_by
from interlace.lineage.models import ModelLineage
from interlace.lineage.naming import exports_of, namings_of
from interlace.lineage.reading_place import identifiers, reading_place
from interlace.model.definition import (
    ColumnSpec,
    ExportUse,
    Fingerprint,
    Incremental,
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
    body = PythonBody(f"models/{name}.py", name, 7, "function", tuple(Parameter(r, (r,)) for r in reads))
    return Model(name, body, Fingerprint(name, "", ""), f"models/{name}.py", **keys)


def source(name: str, *columns: str) -> Source:
    return Source(name, "models/sources.yaml", columns=tuple(ColumnSpec(c) for c in columns))


def lineage(*nodes, built=None) -> ModelLineage:
    graph = Graph.build([n for n in nodes if isinstance(n, Model)], [n for n in nodes if isinstance(n, Source)])
    recorded = {n: tuple(Column(c, "INTEGER") for c in columns) for n, columns in (built or {}).items()}
    return ModelLineage(
        graph,
        lambda _: "duckdb",
        recorded.get,
        lambda model: model.name in recorded,
        lambda _: None,
        lambda _: (),
        LineageCache(None, "1"),
    )


def paths(models: ModelLineage, *starts: tuple[str, str | None], depth: int | None = None) -> list[str]:
    found = []
    for affected in affected_by(models, starts, depth):
        steps = [f"{s.model}.{s.column or '*'} {s.kind}" for s in affected.path]
        found.append(" > ".join(steps) + (" ?" if affected.reasons else ""))
    return found


@pytest.fixture
def shop():
    return lineage(
        source("raw", "id", "paid", "at", "status"),
        sql("orders", "SELECT id, paid / 100 AS paid, at::DATE AS day FROM raw WHERE status = 'ok'"),
        sql("daily", "SELECT day, sum(paid) AS revenue FROM orders GROUP BY day"),
        sql("report", "SELECT revenue AS total FROM daily"),
        sql("many", "SELECT count(*) AS n FROM orders"),
    )


def test_a_value_is_followed_with_the_kind_of_each_step(shop):
    assert [
        "orders.paid transformed",
        "orders.paid transformed > daily.revenue aggregated",
        "orders.paid transformed > daily.revenue aggregated > report.total renamed",
    ] == paths(shop, ("raw", "paid"))


def test_a_column_that_decides_rows_touches_whoever_reads_the_rows(shop):
    assert [
        "orders.* filter_only",
        "orders.* filter_only > daily.* rows",
        "orders.* filter_only > many.* rows",
        "orders.* filter_only > daily.* rows > report.* rows",
    ] == paths(shop, ("raw", "status"))


def test_a_column_that_groups_rows_is_a_value_too(shop):
    assert [
        "daily.day passthrough",
        "daily.* filter_only",
        "daily.* filter_only > report.* rows",
    ] == paths(shop, ("orders", "DAY"))


def test_nothing_depends_on_what_nobody_reads(shop):
    assert [] == paths(shop, ("orders", "id"))


def test_a_depth_counts_models(shop):
    assert ["orders.paid transformed"] == paths(shop, ("raw", "paid"), depth=1)


def test_the_path_is_a_shortest_one():
    models = lineage(
        sql("a", "SELECT 1 AS x"),
        sql("b", "SELECT x FROM a"),
        sql("c", "SELECT x FROM b"),
        sql("d", "SELECT c.x + a.x AS y FROM c CROSS JOIN a"),
    )

    assert "d.y transformed" in paths(models, ("a", "x"))


def test_the_condition_of_a_join_decides_rows():
    models = lineage(
        source("a", "id", "x"), source("b", "id", "y"), sql("c", "SELECT x, y FROM a JOIN b ON a.id = b.id")
    )

    assert ["c.* join_only"] == paths(models, ("b", "id"))


def test_beyond_a_function_nobody_sees_into_all_is_only_possible(shop):
    models = lineage(
        source("raw", "id"),
        sql("a", "SELECT id FROM raw"),
        python("opaque", "a"),
        sql("after", "SELECT id FROM opaque"),
    )

    assert [
        "a.id passthrough",
        "a.id passthrough > opaque.* unknown ?",
        "a.id passthrough > opaque.* unknown > after.* rows ?",
    ] == paths(models, ("raw", "id"))
    reasons = [a.reasons for a in affected_by(models, (("raw", "id"),))]
    assert [(), ("nobody sees into the function of opaque",), ("nobody sees into the function of opaque",)] == reasons


def test_what_is_certain_by_a_longer_path_is_certain():
    models = lineage(
        source("raw", "id"),
        python("opaque", "raw"),
        sql("a", "SELECT id FROM raw"),
        sql("b", "SELECT id FROM a"),
        sql("both", "SELECT b.id FROM b CROSS JOIN opaque"),
    )

    found = {a.spot: a.reasons for a in affected_by(models, (("raw", "id"),))}

    assert () == found["both", "id"]
    assert ("nobody sees into the function of opaque",) == found["both", None]


def test_a_model_that_declares_its_lineage_is_seen_into():
    models = lineage(
        source("raw", "id", "x", "y"),
        python("declared", "raw", lineage=(("n", ("raw.x",)), ("*", ("raw.id",)))),
        built={"declared": ["n"]},
    )

    assert ["declared.n transformed"] == paths(models, ("raw", "x"))
    assert ["declared.* filter_only"] == paths(models, ("raw", "id"))
    assert [] == paths(models, ("raw", "y"))


def test_columns_that_are_not_known_may_be_affected():
    models = lineage(source("raw", "id"), source("other"), sql("a", "SELECT r.id, o.* FROM raw r CROSS JOIN other o"))

    assert ["a.id passthrough", "a.* unknown ?"] == paths(models, ("raw", "id"))


def test_who_only_comes_after_a_model_is_not_affected():
    models = lineage(sql("a", "SELECT 1 AS x"), sql("b", "SELECT 2 AS y", dependencies=("a",)))

    assert [] == paths(models, ("a", "x"), ("a", None))


def test_identifiers_are_not_looked_for_in_strings_and_comments():
    text = "SELECT a, 'b' -- c\n, \"d e\" /* f */, $g, $$ h $$ FROM i"

    assert ["SELECT", "a", "d e", "FROM", "i"] == [word for word, _ in identifiers(text)]


@pytest.mark.parametrize(
    ("text", "column", "line"),
    [
        ("SELECT\n  id,\n  Paid\nFROM raw", "paid", 3),
        ('SELECT\n  id,\n  "my paid"\nFROM raw', "my paid", 3),
        ("SELECT id, -- paid\n 'paid' AS x\nFROM raw\nWHERE paid > 0", "paid", 4),
        ("SELECT 1 AS x\nFROM raw\nWHERE raw.raw > 0", "raw", 3),
        ("SELECT *\nFROM raw", "paid", 2),
        ("SELECT *\nFROM raw", None, 2),
    ],
    ids=["as a name", "quoted", "in code", "like the relation", "by a star", "rows"],
)
def test_the_place_is_where_the_column_is_first_written(text, column, line):
    model = sql("a", text)
    references = lineage(source("raw"), model).graph.references("a")

    assert ("models/a.sql", line) == reading_place(model, references, "raw", column)


def test_the_place_of_python_is_its_function():
    assert ("models/a.py", 7) == reading_place(python("a", "raw"), {("raw",): "raw"}, "raw", "id")


def test_what_names_a_column_is_found_in_all_keys():
    model = sql(
        "a",
        "SELECT 1 AS id, 2 AS Paid",
        key=("id",),
        columns=(ColumnSpec("paid", "INTEGER", contract=True), ColumnSpec("id", "INTEGER")),
        incremental=Incremental("key", "PAID"),
        strategy=StrategyUse("merge", {"name": "id", "update": {"paid": "greatest(target.paid, source.paid)"}}),
        indexes=(Index(("other",), where="paid > 0"), Index(("id",))),
        constraints=(Constraint(check="paid <> 'id'"),),
        cluster_by=("paid",),
        post=("ANALYZE a -- id", "UPDATE a SET paid = 1"),
    )

    def found(column: str) -> list[tuple[str, str]]:
        return [(n.what, n.text) for n in namings_of(model, [column])]

    assert [("index", "id"), ("key", "id")] == found("id")
    assert [
        ("contract", "paid: INTEGER"),
        ("incremental", "key(PAID)"),
        ("strategy", "merge"),
        ("post", "UPDATE a SET paid = 1"),
        ("index", "other"),
        ("constraint", "paid <> 'id'"),
        ("cluster_by", "paid"),
    ] == found("Paid")


def test_what_a_source_says_of_a_column_is_found():
    outside = Source("raw", "models/sources.yaml", freshness_column="at", sample_by=("id",))

    assert [("freshness", "at"), ("sample_by", "id")] == [(n.what, n.text) for n in namings_of(outside, ["id", "at"])]


def test_an_export_has_all_columns():
    model = sql("a", "SELECT 1 AS id", export=(ExportUse("csv", {"path": "out/a.csv"}), ExportUse("own", {})))

    assert [(None, "csv to out/a.csv"), (None, "own")] == [(n.column, n.text) for n in exports_of(model)]
