from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.errors import UsageError
from interlace.graph.build import Graph
from interlace.graph.select import select
from interlace.model.definition import Fingerprint, Model, Reference, Source, SqlBody


def node(name, *reads, file=None, **keys):
    body = SqlBody("", 1, tuple(Reference((r,), 0, 0, False) for r in reads))
    return Model(name, body, Fingerprint("", "", ""), file or f"models/{name}.sql", **keys)


SHOP = Graph.build(
    [
        node("stg_orders", "raw", file="models/staging/stg_orders.sql", tags=("daily",), owner="ann"),
        node("stg_items", file="models/staging/stg_items.sql", tags=("daily", "big"), owner="bob"),
        node("orders", "stg_orders", "stg_items", file="models/marts/orders.sql", group="sales"),
        node("report", "orders", file="models/marts/report.sql", tags=("big",), owner="@ann"),
        node("my orders, 2+2", "report"),
    ],
    [Source("raw", "models/sources.yaml", tags=("outside",))],
)


def chosen(*selectors, exclude=(), state=None):
    return sorted(select(SHOP, selectors, exclude, state=state))


@pytest.mark.parametrize(
    ("selectors", "names"),
    [
        ([], ["my orders, 2+2", "orders", "raw", "report", "stg_items", "stg_orders"]),
        (["ORDERS"], ["orders"]),
        (["stg_*"], ["stg_items", "stg_orders"]),
        (["+orders"], ["orders", "raw", "stg_items", "stg_orders"]),
        (["1+orders"], ["orders", "stg_items", "stg_orders"]),
        (["0+orders"], ["orders"]),
        (["orders+"], ["my orders, 2+2", "orders", "report"]),
        (["orders+1"], ["orders", "report"]),
        (["1+orders+1"], ["orders", "report", "stg_items", "stg_orders"]),
        (["source:raw+1"], ["raw", "stg_orders"]),
        (["tag:daily"], ["stg_items", "stg_orders"]),
        (["tag:BIG,path:models/staging"], ["stg_items"]),
        (["tag:daily report"], ["report", "stg_items", "stg_orders"]),
        (["tag:daily", "report"], ["report", "stg_items", "stg_orders"]),
        (["owner:ann"], ["stg_orders"]),
        (["owner:@ann"], ["report"]),
        (["owner:*"], ["report", "stg_items", "stg_orders"]),
        (["group:sales"], ["orders"]),
        (["path:models/marts/report.sql"], ["report"]),
        (["path:models/*/stg_*"], ["stg_items", "stg_orders"]),
        (["path:./models/marts/"], ["orders", "report"]),
        (["my orders, 2+2"], ["my orders, 2+2"]),
        (['"my orders, 2+2"'], ["my orders, 2+2"]),
        (['1+"my orders, 2+2"'], ["my orders, 2+2", "report"]),
        (["orders,report"], []),
    ],
)
def test_a_selector_means_what_the_language_says(selectors, names):
    assert names == chosen(*selectors)


def test_an_exclusion_takes_away():
    assert ["orders", "raw"] == chosen("+orders", exclude=["tag:daily"])


def test_a_state_may_be_empty_and_can_be_extended():
    states = {"failed": frozenset({"orders", "gone"}), "new": frozenset()}

    assert ["my orders, 2+2", "orders", "report"] == chosen("state:failed+", state=states.__getitem__)
    assert [] == chosen("state:new", state=states.__getitem__)


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("ordrs", "the selector 'ordrs' matches no model\nDid you mean 'orders'?"),
        ("x_*", "matches no model"),
        ("tag:dayly", "the selector 'tag:dayly' matches nothing\nDid you mean 'daily'? Tags: big, daily, outside."),
        ("tga:daily", "asks for 'tga:', which is unknown\nDid you mean 'tag'?"),
        ("state:modifed", "asks for an unknown state\nDid you mean 'modified'?"),
        ("state:new", "needs the project's state"),
        ("path:models/martz", "matches no file\nDid you mean 'models/marts'?"),
        ("+", "the selector '+' names nothing"),
        ("tag:", "says nothing after the colon"),
        ("", "an empty selector"),
        ('"orders', "is never closed"),
        (",", "names nothing"),
    ],
)
def test_a_selector_that_means_nothing_is_a_usage_error(selector, message):
    with pytest.raises(UsageError) as caught:
        chosen(selector)

    assert message in str(caught.value)
    assert 2 == caught.value.exit_code


def test_an_exclusion_that_matches_nothing_is_an_error_too():
    with pytest.raises(UsageError):
        chosen(exclude=["ordrs"])


NAMES = [f"m{i}" for i in range(8)]
graphs = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=16).map(
    lambda pairs: {(NAMES[min(a, b)], NAMES[max(a, b)]) for a, b in pairs if a != b}
)
atoms = st.tuples(st.none() | st.just("") | st.integers(0, 3), st.sampled_from([*NAMES, "m*", "tag:odd", "tag:even"]),
                  st.none() | st.just("") | st.integers(0, 3))  # fmt: skip
terms = st.lists(atoms, min_size=1, max_size=3)


def written(atom):
    up, core, down = atom
    return ("" if up is None else f"{up}+") + core + ("" if down is None else f"+{down}")


def naive(atom, edges):
    """The same, by adding neighbours step by step until nothing is new."""
    up, core, down = atom
    start = {n for i, n in enumerate(NAMES) if core in (n, "m*", "tag:odd" if i % 2 else "tag:even")}
    above, below = set(start), set(start)
    for _ in range(0 if up is None else 99 if up == "" else up):
        above |= {a for a, b in edges if b in above}
    for _ in range(0 if down is None else 99 if down == "" else down):
        below |= {b for a, b in edges if a in below}
    return above | below


@given(edges=graphs, include=st.lists(terms, min_size=1, max_size=3), exclude=st.lists(terms, max_size=2))
def test_selection_agrees_with_a_naive_reference(edges, include, exclude):
    graph = Graph.build(
        [node(n, *(a for a, b in edges if b == n), tags=("odd" if i % 2 else "even",)) for i, n in enumerate(NAMES)], []
    )

    def union(selectors):
        return set().union(*(set.intersection(*(naive(a, edges) for a in term)) for term in selectors))

    found = select(
        graph, [",".join(map(written, t)) for t in include], [" ".join([",".join(map(written, t))]) for t in exclude]
    )
    assert union(include) - union(exclude) == found
