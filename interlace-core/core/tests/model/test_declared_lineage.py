from __future__ import annotations

import pytest

PYTHON = "from interlace import model\n\n@model({keys})\ndef totals(orders):\n    return orders\n"


def python(keys: str) -> str:
    return PYTHON.replace("{keys}", keys)


def test_a_python_model_says_what_its_columns_are_made_of(project):
    keys = 'lineage={"revenue": ["orders.amount", "shop.orders.status"], "n": [], "*": "customers.id"}'

    model = project.model("models/totals.py", python(keys))

    assert (
        ("revenue", ("orders.amount", "shop.orders.status")),
        ("n", ()),
        ("*", ("customers.id",)),
    ) == model.lineage


def test_a_sidecar_says_it_too(project):
    project.write("models/totals.yaml", 'lineage: {revenue: orders.amount, "*": []}\n')

    model = project.model("models/totals.py", python(""))

    assert (("revenue", ("orders.amount",)), ("*", ())) == model.lineage


def test_what_is_declared_is_no_part_of_what_is_built(project):
    first = project.model("models/totals.py", python('lineage={"a": "orders.b"}')).fingerprint
    second = project.model("models/totals.py", python('lineage={"a": "orders.c"}')).fingerprint

    assert (first.data, first.checks) == (second.data, second.checks)
    assert first.metadata != second.metadata


def test_what_is_declared_is_taken_from_the_cache(project):
    project.write("models/totals.py", python('lineage={"a": "orders.b"}'))
    project.load(cache="cache")

    (model,) = project.load(cache="cache").models

    assert (("a", ("orders.b",)),) == model.lineage


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("lineage={}", "'lineage' must be {column: [model.column, …]}, not {}"),
        ('lineage=["a.b"]', "'lineage' must be {column: [model.column, …]}, not ['a.b']"),
        ("lineage={1: 'a.b'}", "'lineage' must have columns of the result as keys, not 1"),
        ("lineage={'': 'a.b'}", "'lineage' must have columns of the result as keys, not ''"),
        ("lineage={'x': 'a.b', 'X': 'a.c'}", "'lineage' names 'X' twice"),
        ("lineage={'x': 'b'}", "'lineage' of 'x' must name columns as model.column, not 'b'"),
        ("lineage={'x': ['a.b', 'a.']}", "'lineage' of 'x' must be a name such as orders or staging.orders, not 'a.'"),
        ("lineage={'x': ['a.b', 'a.b']}", "'lineage' of 'x' names 'a.b' twice"),
        ("lineage={'x': 3}", "'lineage' of 'x' must be a name or a list of names, not 3"),
        (
            "columns={'revenue': 'INTEGER'}, lineage={'revnue': 'orders.amount'}",
            (
                "'lineage' names the column 'revnue', which is not among 'columns'\n"
                "Did you mean 'revenue'? Columns: revenue."
            ),
        ),
        (
            "materialise='none', lineage={'x': 'orders.amount'}",
            (
                "a model that is materialised as 'none' has no relation, which 'lineage' would be about\n"
                "Leave 'lineage' out, or materialise a table or a view."
            ),
        ),
    ],
    ids=[
        "empty",
        "list",
        "number as a column",
        "empty column",
        "column twice",
        "no model",
        "no name",
        "name twice",
        "no list",
        "unknown column",
        "no relation",
    ],
)
def test_a_wrong_declaration_is_refused(project, keys, message):
    assert f"models/totals.py:3: {message}" == project.error("models/totals.py", python(keys))


def test_a_sql_model_needs_none(project):
    assert (
        "models/a.sql:1: a SQL model needs no 'lineage': its query says what its columns are made of\n"
        "Leave 'lineage' out; 'interlace lineage show' says what was found."
        == project.error("models/a.sql", "-- @lineage: {x: orders.amount}\nSELECT 1 AS x")
    )
