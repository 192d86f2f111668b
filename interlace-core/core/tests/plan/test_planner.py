"""The planner: what runs, and why.  Everything is a value, nothing is opened."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.contracts.relation import Column, Relation, RelationInfo
from interlace.contracts.state import ModelState, StateSnapshot
from interlace.errors import UsageError
from interlace.model.definition import Fingerprint, Model, Parameter, PythonBody, Source, SqlBody
from interlace.plan.planner import Facts, Kind, make_plan

NOW = datetime(2026, 1, 2, tzinfo=UTC)
KINDS = {
    "table": Kind("table", inlined=False, uses_strategy=True),
    "view": Kind("view", inlined=False, uses_strategy=False),
    "ephemeral": Kind(None, inlined=True, uses_strategy=False),
    "none": Kind(None, inlined=False, uses_strategy=False),
}
COLUMNS = (Column("id", "INTEGER"),)


@dataclass
class FakeGraph:
    nodes: dict
    reads: dict = field(default_factory=dict)

    def parents(self, name):
        return self.reads.get(name, ())

    def order(self):
        return list(self.nodes)


def model(name: str, data: str = "1", **keys) -> Model:
    keys.setdefault("body", SqlBody("SELECT 1", 1))
    return Model(name=name, fingerprint=Fingerprint(data, "c", "m"), file=f"models/{name}.sql", **keys)


def published(name: str, parents: dict | None = None, **keys) -> ModelState:
    state = ModelState(
        name,
        fingerprint=Fingerprint("1", "c", "m"),
        data_version=f"v-{name}",
        parents=parents or {},
        relation=f"main.{name}",
        kind="table",
        columns=COLUMNS,
        published_at=NOW - timedelta(hours=1),
        status="succeeded",
    )
    return replace(state, **keys)


def facts(*models, reads: dict | None = None, states: tuple = (), **keys) -> Facts:
    graph = FakeGraph({m.name: m for m in models}, reads or {})
    relations = {
        m.name: Relation(m.name, "main") for m in models if isinstance(m, Model) and KINDS[m.materialise].relation
    }
    values = {
        "graph": graph,
        "selected": frozenset(graph.nodes),
        "state": StateSnapshot("dev", 1, {s.name: s for s in states}),
        "kinds": KINDS,
        "fingerprints": {m.name: m.fingerprint.data for m in models if isinstance(m, Model)},
        "exports": {},
        "lost_exports": frozenset(),
        "relations": relations,
        "standing": lambda name: RelationInfo(relations[name], "table", COLUMNS),
        "inputs": {},
        "where": {},
        "now": NOW,
    }
    return Facts(**{**values, **keys})


def said(planned) -> dict[str, list[str]]:
    return {s.model: [r.code for r in s.reasons] for s in planned.plan.steps}


def test_what_was_never_built_runs():
    assert {"a": ["new"]} == said(make_plan(facts(model("a"))))


def test_what_is_published_as_it_is_defined_does_not_run():
    planned = make_plan(facts(model("a"), states=(published("a"),)))

    assert planned.plan.empty
    assert ["a"] == [u.model for u in planned.plan.up_to_date]


def test_a_changed_definition_runs_and_what_reads_it_follows_tentatively():
    planned = make_plan(
        facts(
            model("a", "2"),
            model("b"),
            model("c"),
            reads={"b": ("a",)},
            states=(published("a"), published("b", {"a": "v-a"}), published("c")),
        )
    )

    assert {"a": ["definition"], "b": ["parent_runs"]} == said(planned)
    assert [False, True] == [s.tentative for s in planned.plan.steps]


def test_a_parent_that_moved_in_another_run_is_named():
    planned = make_plan(
        facts(model("a"), model("b"), reads={"b": ("a",)}, states=(published("a"), published("b", {"a": "older"})))
    )

    assert {"b": ["parent"]} == said(planned)
    assert "a changed since" == planned.plan.steps[0].reasons[0].text


def test_parents_that_only_the_new_definition_reads_or_no_more_are_told_from_those_that_changed():
    planned = make_plan(
        facts(
            *(model(name) for name in ("a", "b", "c")),
            model("d", "2"),
            reads={"d": ("a", "b")},
            states=(*map(published, "abc"), published("d", {"b": "older", "c": "v-c"})),
        )
    )

    assert ["its definition changed", "b changed since", "it reads a now", "it reads c no more"] == [
        r.text for r in planned.plan.steps[0].reasons
    ]


def test_several_parents_run():
    planned = make_plan(
        facts(
            model("a", "2"),
            model("b", "2"),
            model("c"),
            reads={"c": ("a", "b")},
            states=(published("a"), published("b"), published("c", {"a": "v-a", "b": "v-b"})),
        )
    )

    assert ["a, b run"] == [r.text for r in planned.plan.steps[2].reasons]


def test_a_changed_model_that_is_inlined_rebuilds_its_readers():
    inlined = model("e", "2", materialise="ephemeral")
    before = make_plan(facts(model("e", "1", materialise="ephemeral"), model("b"), reads={"b": ("e",)}))
    read = before.versions.read_by("b")

    planned = make_plan(facts(inlined, model("b"), reads={"b": ("e",)}, states=(published("b", read),)))

    assert {"b": ["parent"]} == said(planned)


def test_a_relation_that_is_gone_or_was_changed_is_built_again():
    gone = facts(model("a"), states=(published("a"),), standing=lambda _: None)
    other = facts(
        model("a"),
        states=(published("a"),),
        standing=lambda _: RelationInfo(Relation("a", "main"), "table", (Column("x", "TEXT"),)),
    )

    assert {"a": ["relation"]} == said(make_plan(gone)) == said(make_plan(other))


def test_where_nobody_else_wrote_the_state_is_believed():
    def unknown(name):
        raise KeyError(name)

    assert make_plan(facts(model("a"), states=(published("a"),), standing=unknown)).plan.empty


def test_inputs_count_by_content():
    body = SqlBody("SELECT 1", 1, files=("x.csv",))
    now = {"a": {"x.csv": "stamp-2|content"}}
    same = facts(model("a", body=body), states=(published("a", inputs={"x.csv": "stamp-1|content"}),), inputs=now)
    other = facts(model("a", body=body), states=(published("a", inputs={"x.csv": "stamp-1|else"}),), inputs=now)

    assert make_plan(same).plan.empty
    assert {"a": ["inputs"]} == said(make_plan(other))


ROOT = PythonBody("models/a.py", "a", 1, "function")


@pytest.mark.parametrize(
    ("keys", "runs"),
    [
        ({}, True),
        ({"volatile": False}, False),
        ({"volatile": True}, True),
        ({"inputs": ("data/*.csv",)}, False),
        ({"cache": 7200.0}, False),
        ({"cache": 60.0}, True),
    ],
)
def test_root_python_runs_each_time_unless_something_else_is_said(keys, runs):
    planned = make_plan(facts(model("a", body=ROOT, **keys), states=(published("a"),)))

    assert runs is not planned.plan.empty


def test_python_that_reads_models_is_up_to_date_like_sql():
    body = replace(ROOT, parameters=(Parameter("p", ("p",)),))
    planned = make_plan(
        facts(
            model("p"),
            model("a", body=body),
            reads={"a": ("p",)},
            states=(published("p"), published("a", {"p": "v-p"})),
        )
    )

    assert planned.plan.empty


def test_sql_that_calls_now_runs_each_time():
    body = SqlBody("SELECT now()", 1, volatile=("now",))

    assert {"a": ["volatile"]} == said(make_plan(facts(model("a", body=body), states=(published("a"),))))


def test_what_reads_a_source_runs_each_time_or_follows_its_cache():
    source = Source("raw", "models/sources.yaml")
    reads = {"a": ("raw",)}
    states = (published("a", {"raw": "unseen"}),)

    assert {"a": ["source"]} == said(make_plan(facts(source, model("a"), reads=reads, states=states)))
    cached = make_plan(facts(source, model("a", cache=7200.0), reads=reads, states=states))
    assert cached.plan.empty
    assert NOW + timedelta(hours=1) == cached.expires


def test_changed_checks_only_check_again_and_changed_metadata_runs_nothing():
    checks = replace(published("a"), fingerprint=Fingerprint("1", "other", "m"))
    metadata = replace(published("a"), fingerprint=Fingerprint("1", "c", "other"))

    planned = make_plan(facts(model("a"), states=(checks,)))
    assert [("a", "check")] == [(s.model, s.action) for s in planned.plan.steps]
    assert make_plan(facts(model("a"), states=(metadata,))).plan.empty


def test_a_failed_export_is_done_alone():
    planned = make_plan(
        facts(model("a"), states=(published("a", exports={"0:csv": None}),), exports={"a": {"0:csv": "fp"}})
    )

    assert [("a", "export")] == [(s.model, s.action) for s in planned.plan.steps]


def test_an_export_whose_file_is_gone_is_written_again():
    keys = {"exports": {"a": {"0:csv": "fp"}}, "states": (published("a", exports={"0:csv": "fp"}),)}

    assert make_plan(facts(model("a"), **keys)).plan.empty
    assert {"a": ["export"]} == said(make_plan(facts(model("a"), lost_exports=frozenset({("a", "0:csv")}), **keys)))


def test_what_is_not_selected_does_not_run_and_must_be_there_to_be_read():
    reads = {"b": ("a",)}
    missing = facts(model("a"), model("b"), reads=reads, selected=frozenset({"b"}), standing=lambda _: None)

    with pytest.raises(UsageError, match="b reads a, which is not selected and was never built in dev"):
        make_plan(missing)
    assert ["b"] == list(said(make_plan(facts(model("a"), model("b"), reads=reads, selected=frozenset({"b"})))))


def test_force_runs_what_is_selected_although_it_is_up_to_date():
    assert {"a": ["forced"]} == said(make_plan(facts(model("a"), states=(published("a"),), force=True)))


def test_a_relation_whose_model_is_gone_is_an_orphan_and_stays():
    planned = make_plan(facts(model("a"), states=(published("a"), published("old"))))

    assert ("main.old",) == planned.plan.orphans
    assert planned.plan.empty


@st.composite
def projects(draw):
    size = draw(st.integers(1, 8))
    names = [f"m{i}" for i in range(size)]
    reads = {
        n: tuple(draw(st.lists(st.sampled_from(names[:i]), unique=True, max_size=3))) if i else ()
        for i, n in enumerate(names)
    }
    kinds = {n: draw(st.sampled_from(["table", "view", "ephemeral"])) for n in names}
    edited = draw(st.sets(st.sampled_from(names)))
    return names, reads, kinds, edited


def built(names, reads, kinds, fingerprints):
    """The state after everything ran once."""
    models = [model(n, fingerprints[n], materialise=kinds[n]) for n in names]
    versions = make_plan(facts(*models, reads=reads)).versions
    states = []
    for n in names:
        if kinds[n] == "ephemeral":
            continue
        states.append(
            replace(
                published(n, versions.read_by(n)),
                fingerprint=Fingerprint(fingerprints[n], "c", "m"),
                kind=kinds[n],
            )
        )
        versions.move(n, f"v-{n}")
    return models, tuple(states)


@given(projects())
def test_what_does_not_run_reads_nothing_that_changed(project):
    names, reads, kinds, edited = project
    _, states = built(names, reads, kinds, dict.fromkeys(names, "1"))
    now = [model(n, "2" if n in edited else "1", materialise=kinds[n]) for n in names]

    def standing(name):
        return RelationInfo(Relation(name, "main"), kinds[name], COLUMNS)

    planned = make_plan(facts(*now, reads=reads, states=states, standing=standing))

    stale: set[str] = set()
    for n in names:
        if n in edited or stale & set(reads[n]):
            stale.add(n)
    expected = {n for n in stale if kinds[n] != "ephemeral"}
    assert expected == set(said(planned))
