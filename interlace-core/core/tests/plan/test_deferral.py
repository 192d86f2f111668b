"""What is read from another environment, what is this one's own, what begins as a copy.  Everything is a value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.contracts.relation import Relation
from interlace.contracts.state import ModelState, StateSnapshot
from interlace.model.definition import Fingerprint, Model, SqlBody
from interlace.plan.deferral import Base, Elsewhere, clone_tokens, cloned_from, decide
from interlace.plan.planner import Kind
from interlace.plan.versions import Versions

KINDS = {
    "table": Kind("table", inlined=False, uses_strategy=True),
    "view": Kind("view", inlined=False, uses_strategy=False),
    "ephemeral": Kind(None, inlined=True, uses_strategy=False),
    "none": Kind(None, inlined=False, uses_strategy=False),
}


@dataclass
class FakeGraph:
    nodes: dict
    reads: dict = field(default_factory=dict)

    def parents(self, name):
        return self.reads.get(name, ())

    def order(self):
        return list(self.nodes)


def model(name: str, data: str = "1", **keys) -> Model:
    return Model(
        name=name, fingerprint=Fingerprint(data, "c", "m"), body=SqlBody("SELECT 1", 1), file=f"{name}.sql", **keys
    )


def published(name: str, parents: dict | None = None, **keys) -> ModelState:
    state = ModelState(
        name,
        fingerprint=Fingerprint("1", "c", "m"),
        data_version=f"v-{name}",
        parents=parents or {},
        relation=f"main.{name}",
        kind="table",
    )
    return replace(state, **keys)


def decided(*models: Model, reads=None, there=(), here=(), selected=None, **keys):
    graph = FakeGraph({m.name: m for m in models}, reads or {})
    relations = {m.name: Relation(m.name, "main") for m in models if KINDS[m.materialise].relation}
    base = Base(StateSnapshot("prod", 1, {s.name: s for s in there}), relations)
    state = StateSnapshot("dev", 1, {s.name: s for s in here})
    prints = {m.name: m.fingerprint.data for m in models}
    return decide(graph, KINDS, prints, state, base, selected=prints if selected is None else selected, **keys)


def test_what_is_defined_as_there_is_read_there():
    found = decided(model("a"), there=[published("a")])

    assert {"a": Relation("a", "main")} == found.relations


def test_a_snapshot_is_read_by_its_name_and_was_published_by_its_own():
    base = Base(StateSnapshot("prod", 1, {"a": published("a")}), {"a": Relation("a", "main")}, {"a": "copy"})
    found = decide(FakeGraph({"a": model("a")}), KINDS, {"a": "1"}, StateSnapshot("dev", 1, {}), base, selected=["a"])

    assert {"a": Relation("a", "main", "copy")} == found.relations


def test_what_is_shared_is_read_whatever_it_is_and_makes_nothing_that_reads_it_ones_own():
    shared = {"a": Elsewhere(Relation("a", "main"), published("a"), "prod")}
    there = [published("b", parents={"a": "v-a"})]
    found = decided(model("a", data="2"), model("b"), reads={"b": ("a",)}, there=there, shared=shared, forced={"a"})

    assert {"a", "b"} == set(found.read)
    assert shared["a"] == found.read["a"]


@pytest.mark.parametrize(
    "there",
    [
        published("a", fingerprint=Fingerprint("2", "c", "m")),
        published("a", fingerprint=None),
        published("a", relation="elsewhere.a"),
        published("a", parents={"gone": "v"}),
    ],
)
def test_what_is_not_is_its_own(there):
    assert {} == decided(model("a"), there=[there]).read


def test_what_reads_its_own_is_its_own():
    found = decided(
        model("a", "2"), model("b"), reads={"b": ("a",)}, there=[published("a"), published("b", {"a": "v-a"})]
    )

    assert {} == found.read


def test_checks_and_metadata_make_no_difference():
    found = decided(replace(model("a"), fingerprint=Fingerprint("1", "other", "other")), there=[published("a")])

    assert {"a"} == set(found.read)


def test_an_inlined_model_that_changed_makes_its_reader_its_own():
    models, reads = (model("i", materialise="ephemeral"), model("b")), {"b": ("i",)}
    version = Versions({}, {"i": "1"}, FakeGraph({}, reads).parents).of("i")
    there = [published("b", {"i": version})]

    assert {"b"} == set(decided(*models, reads=reads, there=there).read)
    changed = (model("i", "2", materialise="ephemeral"), model("b"))
    assert {} == decided(*changed, reads=reads, there=there).read


def test_what_was_built_here_and_is_as_there_again_is_read_there():
    here = [published("a", fingerprint=Fingerprint("2", "c", "m"), relation="dev__main.a")]

    assert {"a"} == set(decided(model("a"), there=[published("a")], here=here).read)


def test_what_is_forced_is_its_own_and_so_is_what_reads_it():
    reads, there = {"b": ("a",)}, [published("a"), published("b", {"a": "v-a"})]

    assert {} == decided(model("a"), model("b"), reads=reads, there=there, forced={"a"}).read


def test_what_is_not_selected_is_read_where_it_is():
    there = [published("a"), published("b")]
    models = (model("a", "2"), model("b", "2"))

    assert {"a", "b"} == set(decided(*models, there=there, selected=()).read)
    assert {"b"} == set(decided(*models, there=there, here=[published("a")], selected=()).read)


def test_a_view_over_what_is_read_there_is_cut_off():
    reads = {"v": ("a",), "w": ("v",)}
    models = (model("a"), model("v", "2", materialise="view"), model("w", "2", materialise="view"))
    found = decided(*models, reads=reads, there=[published("a")])

    assert {"v"} == found.cut


def test_a_view_over_what_is_read_there_through_an_inlined_one_is_cut_off():
    reads = {"i": ("a",), "v": ("i",)}
    models = (model("a"), model("i", materialise="ephemeral"), model("v", "2", materialise="view"))

    assert {"v"} == decided(*models, reads=reads, there=[published("a")]).cut


def test_a_table_that_keeps_rows_begins_as_a_copy_once():
    changed, there = model("a", "2"), [published("a")]

    assert {"a"} == set(decided(changed, there=there, keeping={"a"}).clones)
    assert {} == decided(changed, there=there, keeping={"a"}, here=[published("a")]).clones
    assert {} == decided(changed, there=[published("a", kind="view")], keeping={"a"}).clones
    assert {} == decided(changed, there=there).clones


def test_what_a_table_began_as_is_known_until_it_is_made_anew():
    found = decided(model("a", "2"), there=[published("a")], keeping={"a"})
    empty = StateSnapshot("dev", 1, {})
    tokens = clone_tokens(empty, found, ())
    known = StateSnapshot("dev", 2, {"a": published("a", inputs=tokens["a"])})

    assert {"prod": "v-a"} == cloned_from(known.models["a"])
    assert tokens == clone_tokens(known, decided(), ())
    assert {} == clone_tokens(known, decided(), {"a"})


@given(
    st.lists(st.tuples(st.sampled_from("12"), st.lists(st.integers(0, 6), max_size=3)), min_size=1, max_size=7),
    st.sets(st.integers(0, 6)),
)
def test_nothing_that_is_built_here_is_read_there_and_nothing_reads_what_is_nowhere(described, published_there):
    models = [model(f"m{n}", data) for n, (data, _) in enumerate(described)]
    reads = {f"m{n}": tuple(sorted({f"m{p}" for p in parents if p < n})) for n, (_, parents) in enumerate(described)}
    there = [published(f"m{n}", {p: f"v-{p}" for p in reads[f"m{n}"]}) for n in published_there if n < len(models)]
    found = decided(*models, reads=reads, there=there)
    own = {m.name for m in models} - set(found.read)

    assert set(found.read) <= {s.name for s in there}
    assert all(not (set(reads[name]) & own) for name in found.read)
    assert all(m.fingerprint.data == "1" for m in models if m.name in found.read)
