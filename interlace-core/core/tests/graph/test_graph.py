from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.errors import InvalidGraph, InvalidProject
from interlace.graph.build import Graph
from interlace.graph.draw import draw_tree
from interlace.model.context import LoadingSettings
from interlace.model.definition import Fingerprint, Model, Parameter, PythonBody, Reference, Source, SqlBody


def sql(name, *reads, **keys):
    text = "SELECT *\nFROM " + ", ".join(reads)
    references, at = [], len("SELECT *\nFROM ")
    for read in reads:
        references.append(Reference(tuple(read.split(".")), at, at + len(read), False))
        at += len(read) + 2
    body = SqlBody(text, keys.pop("line", 1), tuple(references))
    return Model(name, body, Fingerprint("d", "c", "m"), f"models/{name}.sql", **keys)


def python(name, *parameters, **keys):
    body = PythonBody(f"models/{name}.py", name, 3, "function", tuple(Parameter(p, (p,)) for p in parameters))
    return Model(name, body, Fingerprint("d", "c", "m"), f"models/{name}.py", line=3, **keys)


def build(*nodes, settings=None):
    models = [n for n in nodes if isinstance(n, Model)]
    return Graph.build(models, [n for n in nodes if isinstance(n, Source)], settings)


def problem(*nodes):
    with pytest.raises(InvalidGraph) as caught:
        build(*nodes)
    return str(caught.value)


def problems(*nodes):
    with pytest.raises(InvalidProject) as caught:
        build(*nodes)
    return [str(e) for e in caught.value.errors]


def test_names_in_queries_parameters_and_declarations_are_edges():
    graph = build(sql("a"), python("b", "a"), sql("c", "B", dependencies=("d",)), sql("d"), Source("s", "f"))

    assert {"a": (), "b": ("a",), "c": ("b", "d"), "d": (), "s": ()} == {n: graph.parents(n) for n in graph.nodes}
    assert ("b",) == graph.children("a")
    assert {("B",): "b", ("d",): "d"} == graph.references("c")


def test_names_resolve_bare_and_with_their_schema_without_regard_to_case():
    settings = LoadingSettings(default_schema="main")
    orders = sql("orders", schema="staging")
    source = Source("raw_orders", "f", relation=("lake", "raw", "orders"))
    graph = build(orders, sql("plain"), source, settings=settings)
    asked = [
        ("Orders",),
        ("staging", "ORDERS"),
        ("main", "plain"),
        ("raw", "orders"),
        ("lake", "raw", "orders"),
        ("raw_orders",),
    ]

    assert ["orders", "orders", "plain", "raw_orders", "raw_orders", "raw_orders"] == [graph.resolve(p) for p in asked]


def test_a_missing_upstream_names_the_place_and_what_is_near():
    message = problem(sql("orders"), sql("daily", "ordres", line=7))

    assert (
        "models/daily.sql:8:6: 'daily' reads 'ordres', which is no model, seed or source\nDid you mean 'orders'?"
        == message
    )


def test_a_missing_upstream_of_a_function_names_its_line():
    assert "models/daily.py:3: 'daily' reads 'nothing', which is no model" in problem(python("daily", "nothing"))


def test_a_name_that_could_be_two_is_refused():
    one = Source("one", "f", relation=("raw", "orders"))
    two = Source("two", "f", relation=("Raw", "Orders"))

    assert "reads 'raw.orders', which can be 'one' or 'two'" in problem(one, two, sql("m", "raw.orders"))


def test_a_disabled_model_that_is_read_is_an_error_saying_so():
    message = problem(sql("orders", enabled=False), sql("daily", "orders"))

    assert "'daily' reads 'orders', which is disabled in models/orders.sql:1" in message


def test_a_disabled_model_is_no_node_and_its_own_reads_do_not_matter():
    assert ["a"] == list(build(sql("a"), sql("b", "nothing", enabled=False)).nodes)


def test_a_side_effect_cannot_be_read_but_followed():
    effect = python("effect", materialise="none")

    assert "'m' reads 'effect', which is a side effect without a relation" in problem(effect, sql("m", "effect"))
    assert ("effect",) == build(effect, sql("m", dependencies=("effect",))).parents("m")


def test_a_cycle_names_its_path_and_files():
    message = problem(sql("a", "c"), sql("b", "a"), sql("c", "b"), sql("below", "c"), sql("apart"))

    assert "the models read one another: a → b → c → a" in message
    assert "models/a.sql:1, models/b.sql:1, models/c.sql:1" in message


def test_a_model_that_reads_itself_is_a_cycle():
    assert "the model 'a' reads itself" in problem(sql("a", "a"))


def test_all_mistakes_are_told_at_once():
    with pytest.raises(InvalidProject) as caught:
        build(sql("a", "x"), sql("b", "y"), sql("c", "d"), sql("d", "c"))

    assert 3 == len(caught.value.errors)


def test_names_that_differ_only_in_case_are_refused():
    assert "the names 'A' and 'a' differ only in case: models/A.sql:1 and models/a.sql:1" in problem(sql("A"), sql("a"))


def test_a_chain_of_five_thousand_is_ordered_and_walked():
    names = [f"m{i:05}" for i in range(5000)]
    graph = build(sql(names[0]), *(sql(b, a) for a, b in pairwise(names)))

    assert tuple(names) == graph.order()
    assert 4999 == len(graph.ancestors(names[-1]))
    assert 4999 == len(graph.descendants(names[0]))
    assert "→ … 4980 more … → m00000" in problem(sql(names[0], names[-1]), *(sql(b, a) for a, b in pairwise(names)))


def test_ten_thousand_wide_models_are_built_quickly():
    models = [sql(f"m{i}", *([f"m{i % 500}", f"m{(i * 7) % 500}"] if i >= 500 else [])) for i in range(10_000)]
    start = time.process_time()
    graph = Graph.build(models, [])

    assert 10_000 == len(graph.order())
    # Ten times what it takes: the test is about a quadratic mistake, not about a slow machine.
    assert time.process_time() - start < 2


edges = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30)


@given(edges)
def test_an_order_puts_each_after_its_parents_and_is_always_the_same(pairs):
    reads = {f"m{i}": sorted({f"m{min(a, b)}" for a, b in pairs if max(a, b) == i and a != b}) for i in range(12)}
    nodes = [sql(name, *above) for name, above in reads.items()]
    order = build(*nodes).order()

    assert sorted(reads) == sorted(order)
    assert all(order.index(parent) < order.index(name) for name, above in reads.items() for parent in above)
    assert order == build(*reversed(nodes)).order()


@given(edges)
def test_whatever_the_edges_there_is_an_order_or_a_real_cycle(pairs):
    reads = {f"m{i}": sorted({f"m{a}" for a, b in pairs if b == i}) for i in range(12)}
    nodes = [sql(name, *above) for name, above in reads.items()]
    found: list[InvalidGraph] = []
    try:
        assert len(reads) == len(build(*nodes).order())
    except InvalidGraph as error:
        found.append(error)
    for error in found:
        path = [error.model] * 2 if "itself" in error.message else error.message.partition(": ")[2].split(" → ")
        assert path[0] == path[-1]
        assert all(above in reads[below] for above, below in pairwise(path))


def test_the_tree_is_drawn_below_what_is_read():
    graph = build(sql("a"), sql("b", "a"), sql("c", "a", "b"), sql("d", "c"), Source("s", "f"))

    assert "a\n├── b\n│   └── c\n│       └── d\n└── c (again)\ns" == draw_tree(graph)
    assert "b\n└── c" == draw_tree(graph, {"b", "c"})


def test_a_declared_lineage_names_what_the_model_reads():
    lineage = (("n", ("staging.orders.id", "A.x")),)

    graph = build(sql("a"), sql("orders", schema="staging"), python("b", "a", "orders", lineage=lineage))

    assert ("a", "orders") == graph.parents("b")


def test_a_declared_lineage_of_what_is_not_read_is_refused():
    made = problems(sql("orders"), sql("other"), python("b", "orders", lineage=(("n", ("other.id", "ordes.id")),)))

    assert [
        "models/b.py:3: the lineage of 'b' names 'other.id', and 'b' does not read 'other'\nIt reads: orders.",
        (
            "models/b.py:3: the lineage of 'b' names 'ordes.id', and 'b' does not read 'ordes'\n"
            "Did you mean 'orders'? It reads: orders."
        ),
    ] == made


def test_a_model_that_reads_nothing_is_made_of_nothing():
    assert (
        "models/b.py:3: the lineage of 'b' names 'other.id', and 'b' does not read 'other'\nIt reads nothing."
        == problem(sql("other"), python("b", lineage=(("n", ("other.id",)),)))
    )
