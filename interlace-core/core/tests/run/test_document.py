from __future__ import annotations

import json
from datetime import date

from interlace import redaction
from interlace.contracts.relation import Column
from interlace.contracts.state import DefinitionRecord
from interlace.model.definition import (
    CheckUse,
    ColumnSpec,
    ExportUse,
    Fingerprint,
    Incremental,
    Model,
    PythonBody,
    SqlBody,
    StrategyUse,
)
from interlace.model.fingerprint import rest_of
from interlace.run.document import columns_document, definition_of, document_of
from interlace.run.document_history import DocumentChange, document_changes


def a_model(text: str = "SELECT 1 AS id", **keys) -> Model:
    return Model("orders", SqlBody(text, 1), Fingerprint("d", "c", "m"), "models/orders.sql", **keys)


def test_what_nobody_said_is_there_and_empty():
    assert {
        "description": None,
        "owner": None,
        "tags": [],
        "meta": {},
        "checks": [],
        "columns": [],
        "group": None,
        "materialise": "table",
        "strategy": None,
        "key": [],
        "incremental": None,
        "exports": [],
    } == document_of(a_model(), None)


def test_values_of_yaml_are_plain_json():
    model = a_model(
        meta={"since": date(2026, 1, 2), 3: {"x"}, "nan": float("nan")},
        checks=(CheckUse("accepted_values", {"values": (date(2026, 1, 1), None, 1.5)}),),
        export=(ExportUse("csv", {"path": "out.csv"}),),
        strategy=StrategyUse("merge_by_key", {"columns": ["a"]}),
        incremental=Incremental("datetime", "at"),
    )
    found = document_of(model, None)

    assert {"since": "2026-01-02", "3": ["x"], "nan": "nan"} == found["meta"]
    assert ["2026-01-01", None, 1.5] == found["checks"][0]["options"]["values"]
    assert found == json.loads(json.dumps(found, allow_nan=False))


def test_columns_are_those_that_were_published_and_then_those_that_are_only_declared():
    declared = [ColumnSpec("gone", "DATE"), ColumnSpec("ID", "BIGINT", "which order", tags=("pii",))]
    found = columns_document(declared, [Column("id", "INTEGER", nullable=False), Column("paid", "DOUBLE")])

    assert [("id", "INTEGER", "BIGINT", False), ("paid", "DOUBLE", None, True), ("gone", None, "DATE", None)] == [
        (c["name"], c["type"], c["declared"], c["nullable"]) for c in found
    ]
    assert ("which order", ["pii"]) == (found[0]["description"], found[0]["tags"])


def test_a_definition_has_the_query_of_sql_only():
    python = Model("p", PythonBody("models/p.py", "p", 3, "function"), Fingerprint("d", "c", "m"), "models/p.py")

    assert DefinitionRecord("SELECT 1 AS id", "r", document_of(a_model(), None)) == definition_of(a_model(), "r", None)
    assert None is definition_of(python, "r", None).query


def test_a_secret_in_a_model_is_not_kept():
    redaction.conceal("tr0ub4dor&3")
    found = definition_of(a_model("SELECT 'tr0ub4dor&3' AS a", description="not tr0ub4dor&3"), "r", None)

    assert (None, "not ***") == (found.query, found.document["description"])


def test_the_rest_is_what_decides_the_rows_but_the_query():
    same = [
        a_model("SELECT 2 AS id"),
        a_model(description="All", tags=("x",), checks=(CheckUse("unique", {"columns": ["id"]}),)),
        a_model(columns=(ColumnSpec("id", None, "which order"),)),
    ]
    other = [
        a_model(columns=(ColumnSpec("id", "BIGINT"),)),
        a_model(key=("id",)),
        a_model(strategy=StrategyUse("append")),
        a_model(pre=("SELECT 1",)),
        a_model(schema="marts"),
        a_model(connection="other"),
        a_model(materialise="view"),
        a_model(incremental=Incremental("datetime", "at")),
    ]

    assert {rest_of(a_model())} == {rest_of(m) for m in same}
    assert len(other) == len({rest_of(m) for m in other} - {rest_of(a_model())})


# --- what a version changed -------------------------------------------------------------------------------------------


def changed(old: Model, new: Model, before=(), after=()) -> list[tuple[str, object, object]]:
    found = document_changes(document_of(old, before), document_of(new, after))
    assert all(isinstance(c, DocumentChange) for c in found)
    return [(c.what, c.before, c.after) for c in found]


def test_equal_documents_have_no_changes():
    assert [] == changed(a_model(), a_model("SELECT 2"))


def test_keys_and_columns_are_told_by_their_names():
    old = a_model(description="a", columns=(ColumnSpec("id", "BIGINT"),))
    new = a_model(description="b", owner="ann", columns=(ColumnSpec("ID", "BIGINT", "which"),))

    assert [
        ("description", "a", "b"),
        ("owner", None, "ann"),
        ("columns.id.type", "INTEGER", "BIGINT"),
        ("columns.id.description", None, "which"),
    ] == changed(old, new, [Column("id", "INTEGER")], [Column("id", "BIGINT")])


def test_columns_that_come_and_go_are_told_whole():
    found = changed(a_model(), a_model(), [Column("a", "DATE")], [Column("b", "DATE")])

    assert [("columns.a", None), ("columns.b", "b")] == [(what, after and after["name"]) for what, _, after in found]
    assert "a" == found[0][1]["name"]
