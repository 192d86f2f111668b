from __future__ import annotations

from interlace.contracts.relation import Column
from interlace.graph.build import Graph
from interlace.lineage.cache import LineageCache
from interlace.lineage.models import ModelLineage
from interlace.model.definition import ColumnSpec, Fingerprint, Model, Parameter, PythonBody, Source


def declared(*lineage: tuple[str, tuple[str, ...]], reads: tuple[str, ...] = ("orders",), **keys) -> Model:
    body = PythonBody("models/a.py", "a", 1, "function", tuple(Parameter(r, (r,)) for r in reads))
    return Model("a", body, Fingerprint("", "", ""), "models/a.py", lineage=lineage, **keys)


def source(name: str, *columns: str, **keys) -> Source:
    return Source(name, "models/sources.yaml", columns=tuple(ColumnSpec(c) for c in columns), **keys)


def lineage_of(model: Model, *sources: Source, built: tuple[str, ...] | None = None, current: bool = True):
    columns = None if built is None else tuple(Column(c, "INTEGER") for c in built)
    models = ModelLineage(
        Graph.build([model], sources),
        lambda _: "duckdb",
        lambda name: columns if name == "a" else None,
        lambda _: current and built is not None,
        lambda _: None,
        lambda _: (),
        LineageCache(None, "1"),
    )
    return models.of("a")


def values(lineage, column: str) -> list[tuple[str, str, str]]:
    return [(e.relation, e.column, e.kind) for e in lineage.column(column).edges]


def rows(lineage) -> list[tuple[str, str, str]]:
    return [(e.relation, e.column, e.kind) for e in lineage.rows]


ORDERS = source("orders", "id", "Amount", "status")


def test_a_column_is_made_of_what_is_declared():
    model = declared(("n", ("orders.amount", "orders.status")), ("*", ("orders.id",)))

    found = lineage_of(model, ORDERS, built=("n",))

    assert [("orders", "Amount", "transformed"), ("orders", "status", "transformed")] == values(found, "n")
    assert [("orders", "id", "filter_only")] == rows(found)
    assert (("orders",), (), False) == (found.reads, found.unknown, found.open)


def test_a_column_that_is_not_declared_is_made_of_all_columns_of_all_inputs():
    model = declared(("n", ("orders.id",)), ("*", ()), reads=("orders", "customers"))

    found = lineage_of(model, ORDERS, source("customers", "name"), built=("n", "more"))

    assert [
        ("customers", "name", "transformed"),
        ("orders", "id", "transformed"),
        ("orders", "Amount", "transformed"),
        ("orders", "status", "transformed"),
    ] == values(found, "more")
    assert [] == rows(found)


def test_all_columns_decide_the_rows_unless_it_is_declared_which_do():
    found = lineage_of(declared(("n", ("orders.id",))), ORDERS, built=("n",))

    assert ["id", "Amount", "status"] == [column for _, column, _ in rows(found)]


def test_the_columns_that_are_named_are_there_before_it_has_run():
    found = lineage_of(declared(("n", ("orders.id",)), ("*", ())), ORDERS)

    assert ("n",) == found.names
    assert (("the columns of a are not known before it has run",), True) == (found.unknown, found.open)


def test_declared_columns_are_there_before_it_has_run():
    model = declared(("n", ("orders.id",)), ("*", ()), columns=(ColumnSpec("n", "INTEGER"), ColumnSpec("m", "INTEGER")))

    found = lineage_of(model, ORDERS)

    assert (("n", "m"), False) == (found.names, found.open)
    assert 3 == len(values(found, "m"))


def test_a_column_that_was_built_otherwise_is_said():
    model = declared(("revnue", ("orders.id",)), ("*", ()))

    assert ("its lineage names revnue, which it does not have",) == lineage_of(
        model, ORDERS, built=("revenue",)
    ).unknown


def test_a_column_of_a_newer_definition_is_there_before_it_is_built():
    model = declared(("new", ("orders.id",)), ("*", ()))

    found = lineage_of(model, ORDERS, built=("old",), current=False)

    assert (("old", "new"), ()) == (found.names, found.unknown)
    assert [("orders", "id", "transformed")] == values(found, "new")


def test_a_column_that_is_not_there_makes_it_unknown_what_it_is_made_of():
    found = lineage_of(declared(("n", ("orders.amuont",)), ("*", ())), ORDERS, built=("n",))

    assert ("it is declared to be made of orders.amuont, which is not there",) == found.column("n").unknown


def test_a_column_of_what_is_not_known_is_believed():
    found = lineage_of(declared(("n", ("orders.x",)), ("*", ())), source("orders"), built=("n",))

    assert [("orders", "x", "transformed")] == values(found, "n")
    assert () == found.column("n").unknown


def test_all_columns_of_what_is_not_known_are_not_known():
    found = lineage_of(declared(("n", ("orders.x",))), source("orders"), built=("n",))

    assert ("the columns of orders are not known",) == found.unknown


def test_names_may_have_a_schema_and_dots():
    model = declared(("n", ('shop."my orders".id',)), ("*", ()), reads=("my orders",))

    found = lineage_of(model, source("my orders", "id", relation=("shop", "my orders")), built=("n",))

    assert [("my orders", "id", "transformed")] == values(found, "n")
