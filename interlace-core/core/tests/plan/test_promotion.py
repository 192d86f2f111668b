"""What one environment takes over from another, and what it may not.  Everything is a value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from interlace.contracts.relation import Relation
from interlace.contracts.state import ModelState, StateSnapshot
from interlace.model.definition import Fingerprint, Incremental, Model, SqlBody
from interlace.plan.known_columns import NOBODY_KNOWS
from interlace.plan.planner import Kind
from interlace.plan.promotion import make_promotion

KINDS = {
    "table": Kind("table", inlined=False, uses_strategy=True),
    "view": Kind("view", inlined=False, uses_strategy=False),
    "ephemeral": Kind(None, inlined=True, uses_strategy=False),
}


@dataclass
class FakeGraph:
    nodes: dict
    reads: dict = field(default_factory=dict)

    def parents(self, name):
        return self.reads.get(name, ())

    def order(self):
        return list(self.nodes)


def model(name: str, data: str = "2", **keys) -> Model:
    return Model(
        name=name, fingerprint=Fingerprint(data, "c", "m"), body=SqlBody("SELECT 1", 1), file=f"{name}.sql", **keys
    )


def built(name: str, data: str = "2", parents: dict | None = None, **keys) -> ModelState:
    state = ModelState(
        name,
        fingerprint=Fingerprint(data, "c", "m"),
        data_version=f"dev-{name}",
        parents=parents or {},
        relation=f"dev__main.{name}",
        kind="table",
        status="succeeded",
    )
    return replace(state, **keys)


def old(name: str, data: str = "1", **keys) -> ModelState:
    return built(name, data, data_version=f"prod-{name}", relation=f"main.{name}", **keys)


def promotion(*models: Model, dev=(), prod=(), reads=None, selected=None, keeping=(), edits=NOBODY_KNOWS):
    graph = FakeGraph({m.name: m for m in models}, reads or {})
    places = {
        m.name: (Relation(m.name, "dev__main"), Relation(m.name, "main"))
        for m in models
        if KINDS[m.materialise].relation
    }
    states = (StateSnapshot(env, 1, {s.name: s for s in known}) for env, known in (("dev", dev), ("prod", prod)))
    prints = {m.name: m.fingerprint.data for m in models}
    chosen = prints if selected is None else selected
    return make_promotion(graph, KINDS, prints, *states, places, chosen, keeping, edits)


def names(found) -> list[str]:
    return [item.model for item in found.items]


def test_what_changed_is_promoted_and_what_did_not_stays():
    found = promotion(model("a"), model("b", "1"), dev=[built("a"), built("b", "1")], prod=[old("a"), old("b")])

    assert ["a"] == names(found)
    assert {"b": "prod has this definition"} == dict(found.left)
    assert () == found.refused


def test_what_is_new_is_promoted():
    (item,) = promotion(model("a"), dev=[built("a")]).items

    assert (None, "prod has not built it") == (item.before, item.why)


def test_what_reads_what_is_promoted_goes_with_it_through_inlined_models():
    models = model("a"), model("i", "1", materialise="ephemeral"), model("b", "1")
    reads = {"i": ("a",), "b": ("i",)}
    found = promotion(*models, reads=reads, dev=[built("a"), built("b", "1")], prod=[old("a"), old("b")])

    assert ["a", "b"] == names(found)


def test_what_the_source_did_not_build_stays():
    assert {"a": "dev did not build it"} == dict(promotion(model("a"), prod=[old("a")]).left)


def test_a_view_that_was_made_a_table_becomes_a_view():
    (item,) = promotion(model("v", materialise="view"), dev=[built("v")]).items

    assert ("view", "table") == (item.kind, item.built)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (built("a", "3"), "is not what prod would build"),
        (built("a", checks_failed=True), "checks failed"),
        (built("a", status="failed"), "ended as failed"),
        (built("a", relation="dev__old.a"), "published it as dev__old.a"),
    ],
)
def test_what_is_not_as_it_would_be_built_is_refused(state, said):
    (refused,) = promotion(model("a"), dev=[state], prod=[old("a")]).refused

    assert said in refused


def test_what_was_built_before_a_parent_that_goes_with_it_is_refused():
    dev = [built("a"), built("b", parents={"a": "dev-a-before"})]
    (refused,) = promotion(model("a"), model("b"), reads={"b": ("a",)}, dev=dev).refused

    assert "b: dev built it before the a that is promoted: run it in dev again" == refused


def test_what_is_loaded_by_intervals_is_run_again_by_force_alone_and_that_is_said():
    dev = [built("a"), built("b", parents={"a": "dev-a-before"})]
    daily = model("b", incremental=Incremental("datetime", "ts", start="2024-01-01"))
    (refused,) = promotion(model("a"), daily, reads={"b": ("a",)}, dev=dev).refused

    assert refused.endswith(": run it in dev again: interlace run b --env dev --force")


@pytest.mark.parametrize(
    ("since", "reads", "refused"),
    [
        ({"dev-a-before": ("note",)}, {"id"}, 0),
        ({"dev-a-before": ("note",)}, {"note"}, 1),
        ({"dev-a-older": ("note",)}, {"id"}, 1),
    ],
    ids=["reads nothing of it", "reads it", "nobody knows"],
)
def test_what_reads_nothing_of_what_moved_in_the_parent_may_be_older(since, reads, refused):
    class Edits:
        def touched(self, name, changed, building):
            assert ("b", ()) == (name, building)
            return changed["a"] & reads

    dev = [built("a", since=since), built("b", parents={"a": "dev-a-before"})]
    found = promotion(model("a"), model("b"), reads={"b": ("a",)}, dev=dev, edits=Edits())

    assert refused == len(found.refused)


def test_what_read_a_changed_parent_that_stays_is_refused():
    dev = [built("a"), built("b", parents={"a": "dev-a"})]
    found = promotion(model("a"), model("b"), reads={"b": ("a",)}, dev=dev, prod=[old("a")], selected={"b"})

    assert "promote +b" in found.refused[0]


def test_what_read_another_version_of_a_parent_that_did_not_change_is_said():
    dev = [built("b", parents={"a": "prod-a-before"})]
    found = promotion(model("a", "1"), model("b"), reads={"b": ("a",)}, dev=dev, prod=[old("a")])

    assert () == found.refused
    assert "its next run builds b again" in found.notices[0]


@pytest.mark.parametrize(
    ("inputs", "refused"),
    [({"clone:prod": "prod-a"}, 0), ({"clone:prod": "before"}, 1), ({"clone:test": "prod-a"}, 1), ({}, 1)],
)
def test_rows_that_are_kept_are_replaced_only_by_a_copy_of_them_that_is_still_one(inputs, refused):
    found = promotion(model("a"), dev=[built("a", inputs=inputs)], prod=[old("a")], keeping={"a"})

    assert refused == len(found.refused)


def test_a_table_that_keeps_rows_and_is_new_needs_no_copy():
    assert () == promotion(model("a"), dev=[built("a")], keeping={"a"}).refused
