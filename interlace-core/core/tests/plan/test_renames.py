from __future__ import annotations

import pytest

from interlace.contracts.relation import Relation
from interlace.contracts.state import ModelState, StateSnapshot
from interlace.errors import InvalidModel
from interlace.model.definition import Fingerprint, Model, SqlBody
from interlace.plan.renames import Move, moves

PRINT = Fingerprint("d", "c", "m")


def a_model(name, renamed_from=None, schema="main"):
    return Model(name, SqlBody("SELECT 1", 1), PRINT, f"models/{name}.sql", schema=schema, renamed_from=renamed_from)


def built(name, schema="main", kind="table"):
    return ModelState(name, fingerprint=PRINT, relation=f"{schema}.{name}", kind=kind, data_version="1")


def look(models, states, selected=None):
    by_name = {m.name: m for m in models}
    relations = {m.name: Relation(m.name, m.schema) for m in models}
    snapshot = StateSnapshot("dev", 7, {s.name: s for s in states})
    return moves(by_name, relations, snapshot, set(by_name) if selected is None else selected)


def test_a_model_goes_on_under_its_new_name():
    found = look([a_model("sales", "orders")], [built("orders")])

    expected = Move("orders", "sales", Relation("orders", "main"), Relation("sales", "main"), "table")
    assert {"sales": expected} == found.due
    assert ["sales"] == list(found.state.models)
    assert ("main.sales", "1") == (found.state.models["sales"].relation, found.state.models["sales"].data_version)
    assert ("orders", "other") == (found.recorded("sales"), found.recorded("other"))


def test_the_old_name_may_be_qualified_and_is_compared_without_case():
    assert ["sales"] == list(look([a_model("sales", "main.ORDERS")], [built("orders")]).due)


def test_a_table_may_move_to_another_schema():
    found = look([a_model("sales", "orders", schema="marts")], [built("orders", "staging")])

    assert (Relation("orders", "staging"), Relation("sales", "marts")) == (
        found.due["sales"].source,
        found.due["sales"].target,
    )


def test_a_view_that_changes_its_schema_is_made_anew():
    assert {} == look([a_model("sales", "orders", schema="marts")], [built("orders", kind="view")]).due


def test_what_is_not_selected_waits_and_is_no_orphan():
    found = look([a_model("sales", "orders")], [built("orders")], selected=set())

    assert ({}, frozenset({"orders"})) == (found.due, found.claimed)
    assert ["orders"] == list(found.state.models)


def test_a_declaration_that_was_carried_out_is_told():
    found = look([a_model("sales", "orders")], [built("sales")])

    assert {} == found.due
    assert (
        "sales says 'renamed_from: orders', and nothing of that name is left to rename: remove the line",
    ) == found.notices


def test_in_an_environment_where_nothing_was_built_the_model_is_new():
    assert ({}, ()) == (look([a_model("sales", "orders")], []).due, look([a_model("sales", "orders")], []).notices)


def test_a_name_that_was_never_built_is_refused_where_something_lost_its_model():
    with pytest.raises(InvalidModel, match="never built in dev") as caught:
        look([a_model("sales", "ordrs")], [built("orders")])

    assert "Did you mean 'orders'?" in caught.value.hint
    assert "models/sales.sql:1" in str(caught.value)


def test_both_names_built_are_refused():
    with pytest.raises(InvalidModel, match="both were built in dev"):
        look([a_model("sales", "orders")], [built("orders"), built("sales")])


def test_an_attempt_that_failed_under_the_new_name_does_not_count():
    found = look([a_model("sales", "orders")], [built("orders"), ModelState("sales", status="failed")])

    assert ["sales"] == list(found.due)
    assert PRINT == found.state.models["sales"].fingerprint


def test_a_name_that_is_still_a_model_is_refused():
    with pytest.raises(InvalidModel, match="is a model of the project itself"):
        look([a_model("sales", "orders"), a_model("orders")], [built("orders")])


def test_a_name_that_is_a_model_again_is_told():
    found = look([a_model("sales", "orders"), a_model("orders")], [built("sales"), built("orders")])

    assert {} == found.due
    assert "which is a model of its own now" in found.notices[0]


def test_two_models_cannot_claim_one_name():
    with pytest.raises(InvalidModel, match="and so does sales"):
        look([a_model("sales", "orders"), a_model("revenue", "orders")], [built("orders")])
