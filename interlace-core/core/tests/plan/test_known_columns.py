"""Which readers of a moved parent need not run.  Who compares queries and follows columns is told what to say."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from interlace.contracts.relation import Column, Relation, RelationInfo
from interlace.contracts.state import ModelState, StateSnapshot
from interlace.model.definition import CheckUse, Fingerprint, Incremental, Model, PythonBody, SqlBody, StrategyUse
from interlace.plan.planner import Facts, Kind, make_plan

NOW = datetime(2026, 1, 2, tzinfo=UTC)
KINDS = {
    "table": Kind("table", inlined=False, uses_strategy=True),
    "view": Kind("view", inlined=False, uses_strategy=False),
    "ephemeral": Kind(None, inlined=True, uses_strategy=False),
}
COLUMNS = (Column("id", "INTEGER"),)


@dataclass
class FakeGraph:
    nodes: dict
    reads: dict

    def parents(self, name):
        return self.reads.get(name, ())

    def children(self, name):
        return [n for n, parents in self.reads.items() if name in parents]

    def order(self):
        return list(self.nodes)


@dataclass
class FakeEdits:
    """`changes` by model, and by model and parent the columns that it reads, each of which is one of its own."""

    changes: dict = field(default_factory=dict)
    reads: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)

    def edited(self, name, building):
        return self.changes.get(name)

    def touched(self, name, changed, building):
        self.asked.append((name, dict(changed)))
        found = frozenset()
        for parent, columns in changed.items():
            read = self.reads.get((name, parent))
            if read is None:
                return None
            found |= columns & read
        return found

    def close(self):
        pass


def change(*columns: str, added=(), removed=(), why="changed"):
    return SimpleNamespace(columns=frozenset((*columns, *added, *removed)), added=added, removed=removed, why=why)


def model(name: str, data: str = "1", **keys) -> Model:
    keys.setdefault("body", SqlBody("SELECT 1", 1))
    return Model(name=name, fingerprint=Fingerprint(data, "c", "m"), file=f"models/{name}.sql", **keys)


def built(name: str, *parents: str, **keys) -> ModelState:
    state = ModelState(
        name,
        fingerprint=Fingerprint("1", "c", "m"),
        data_version=f"v-{name}",
        parents={p: f"v-{p}" for p in parents},
        relation=f"main.{name}",
        kind="table",
        columns=COLUMNS,
        published_at=NOW - timedelta(hours=1),
        status="succeeded",
    )
    return replace(state, **keys)


def facts(*models: Model, reads: dict, states: tuple, edits: FakeEdits, **keys) -> Facts:
    graph = FakeGraph({m.name: m for m in models}, reads)
    relations = {m.name: Relation(m.name, "main") for m in models if KINDS[m.materialise].relation}
    known = {s.name: s for s in states}
    values = {
        "graph": graph,
        "selected": frozenset(graph.nodes),
        "state": StateSnapshot("dev", 1, known),
        "kinds": KINDS,
        "fingerprints": {m.name: m.fingerprint.data for m in models},
        "exports": {},
        "lost_exports": frozenset(),
        "relations": relations,
        "standing": lambda name: RelationInfo(relations[name], known[name].kind, COLUMNS),
        "inputs": {},
        "where": {},
        "now": NOW,
        "edits": edits,
    }
    return Facts(**{**values, **keys})


CHAIN = {"b": ("a",), "c": ("b",)}


def chain(edits: FakeEdits, *, edited: Model | None = None, **keys) -> Facts:
    """a, which was edited; b reads a; c reads b."""
    return facts(
        edited or model("a", "2"),
        model("b"),
        model("c"),
        reads=CHAIN,
        states=(built("a"), built("b", "a"), built("c", "b")),
        edits=edits,
        **keys,
    )


def said(planned) -> dict[str, list[str]]:
    return {s.model: [r.code for r in s.reasons] for s in planned.plan.steps}


def rest(planned) -> dict[str, list[tuple[str, str]]]:
    return {u.model: [(r.code, r.text) for r in u.reasons] for u in planned.plan.up_to_date}


# --- an edited query --------------------------------------------------------------------------------------------------


def test_a_reader_of_nothing_that_changes_need_not_run():
    planned = make_plan(chain(FakeEdits({"a": change("note")}, {("b", "a"): {"id"}})))

    assert {"a": ["definition"]} == said(planned)
    assert {
        "b": [("columns", "it reads nothing of what changes in a (note)")],
        "c": [("up_to_date", "nothing that it depends on moved")],
    } == rest(planned)


def test_a_reader_of_what_changes_runs_and_says_which_of_its_own_columns_move():
    planned = make_plan(chain(FakeEdits({"a": change("note", "n")}, {("b", "a"): {"n"}, ("c", "b"): {"id"}})))

    assert {"a": ["definition"], "b": ["parent_runs"]} == said(planned)
    assert [{"note", "n"}, {"n"}] == [s.columns for s in planned.plan.steps]
    assert {"c": [("columns", "it reads nothing of what changes in b (n)")]} == rest(planned)


def test_where_nobody_knows_what_the_query_was_all_readers_run():
    planned = make_plan(chain(FakeEdits({}, {("b", "a"): {"id"}})))

    assert {"a": ["definition"], "b": ["parent_runs"], "c": ["parent_runs"]} == said(planned)
    assert [None, None, None] == [s.change for s in planned.plan.steps]


def test_where_anything_may_change_all_readers_run():
    anything = SimpleNamespace(columns=None, added=(), removed=(), why="the WHERE is another")
    planned = make_plan(chain(FakeEdits({"a": anything}, {("b", "a"): {"id"}})))

    assert {"a": ["definition"], "b": ["parent_runs"], "c": ["parent_runs"]} == said(planned)
    assert ("breaking", "the WHERE is another", ()) == (
        planned.plan.steps[0].change.kind,
        planned.plan.steps[0].change.why,
        planned.plan.steps[0].change.spared,
    )


@pytest.mark.parametrize(
    "edited",
    [
        model("a", "2", strategy=StrategyUse("append")),
        model("a", "2", strategy=StrategyUse("merge_by_key"), key=("id",)),
        model("a", "2", strategy=StrategyUse("scd_type_2"), key=("id",)),
        model("a", "2", incremental=Incremental("key", "id")),
        model("a", "2", pre=("SELECT 1",)),
        model("a", "2", post=("DELETE FROM a",)),
        model("a", "2", body=SqlBody("SELECT random()", 1, volatile=("random",)), volatile=False),
        model("a", "2", checks=(CheckUse("not_null", {"column": "note", "on_failure": "quarantine"}),)),
        model("a", "2", cluster_by=("Note",)),
        model("a", "2", body=PythonBody("a.py", "a", 1, "function"), volatile=False),
        model("a", "2", volatile=True),
    ],
)
def test_of_a_model_whose_rows_are_not_just_those_of_its_query_anything_may_move(edited):
    planned = make_plan(chain(FakeEdits({"a": change("note")}, {("b", "a"): {"id"}}), edited=edited))

    assert ["parent_runs"] == said(planned)["b"]
    assert None is planned.moving["a"]


def test_of_a_view_the_changed_columns_are_all_that_moves():
    given = chain(FakeEdits({"a": change("note")}, {("b", "a"): {"id"}}), edited=model("a", "2", materialise="view"))
    states = {**given.state.models, "a": built("a", kind="view")}
    given = replace(
        given,
        state=replace(given.state, models=states),
        standing=lambda n: RelationInfo(given.relations[n], states[n].kind, COLUMNS),
    )

    assert {"a": ["definition"]} == said(make_plan(given))


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"status": "failed"}, "failed"),
        ({"inputs": {"a.csv": "1"}}, "inputs"),
        ({"relation": "main.old"}, "relation"),
        ({"columns": (Column("id", "BIGINT"),)}, "relation"),
    ],
)
def test_any_other_reason_beside_the_definition_moves_everything(state, reason):
    given = chain(FakeEdits({"a": change("note")}, {("b", "a"): {"id"}}))
    states = {**given.state.models, "a": built("a", **state)}
    planned = make_plan(replace(given, state=replace(given.state, models=states)))

    assert {"a": ["definition", reason], "b": ["parent_runs"], "c": ["parent_runs"]} == {
        n: sorted(codes) for n, codes in said(planned).items()
    }


def test_force_runs_all_whatever_they_read():
    planned = make_plan(chain(FakeEdits({"a": change("note")}, {("b", "a"): {"id"}}), force=True))

    assert {"a": ["forced"], "b": ["forced"], "c": ["forced"]} == said(planned)


def test_a_table_that_is_made_anew_moves_everything():
    edits = FakeEdits({"a": change("note")}, {("b", "a"): {"id"}})
    planned = make_plan(chain(edits, refreshed=frozenset({"a"})))

    assert {"a": ["full_refresh"], "b": ["parent_runs"], "c": ["parent_runs"]} == said(planned)


def test_a_reader_with_another_reason_runs_and_keeps_it():
    given = chain(FakeEdits({"a": change("note")}, {("b", "a"): {"id"}}))
    states = {**given.state.models, "b": built("b", "a", status="failed")}
    planned = make_plan(replace(given, state=replace(given.state, models=states)))

    assert ["failed"] == said(planned)["b"]
    assert None is planned.moving["b"]


def test_a_reader_through_an_inlined_model_runs():
    planned = make_plan(
        facts(
            model("a", "2"),
            model("e", materialise="ephemeral"),
            model("b"),
            reads={"e": ("a",), "b": ("e",)},
            states=(built("a"), built("b", parents={"e": "older"})),
            edits=FakeEdits({"a": change("note")}, {("e", "a"): {"id"}, ("b", "e"): {"id"}}),
        )
    )

    assert {"a": ["definition"], "b": ["parent_runs"]} == said(planned)


@pytest.mark.parametrize(
    "reader",
    [
        model("b", strategy=StrategyUse("append")),
        model("b", strategy=StrategyUse("merge_by_key"), key=("id",)),
        model("b", strategy=StrategyUse("scd_type_2"), key=("id",)),
        model("b", incremental=Incremental("key", "id")),
    ],
)
def test_a_reader_that_keeps_rows_is_not_loaded_for_what_it_does_not_read(reader):
    planned = make_plan(
        facts(
            model("a", "2"),
            reader,
            reads={"b": ("a",)},
            states=(built("a"), built("b", "a")),
            edits=FakeEdits({"a": change("note")}, {("b", "a"): {"id"}}),
        )
    )

    assert {"a": ["definition"]} == said(planned)


def test_of_a_reader_that_keeps_rows_anything_may_move():
    edits = FakeEdits({"a": change("note")}, {("b", "a"): {"note"}, ("c", "b"): {"id"}})
    planned = make_plan(
        facts(
            model("a", "2"),
            model("b", strategy=StrategyUse("merge_by_key"), key=("id",)),
            model("c"),
            reads=CHAIN,
            states=(built("a"), built("b", "a"), built("c", "b")),
            edits=edits,
        )
    )

    assert {"a": ["definition"], "b": ["parent_runs"], "c": ["parent_runs"]} == said(planned)


# --- several parents --------------------------------------------------------------------------------------------------


def two_parents(edits: FakeEdits, other: Model, **state) -> Facts:
    """a was edited; b reads a and `other`."""
    return facts(
        model("a", "2"),
        other,
        model("b"),
        reads={"b": ("a", other.name)},
        states=(built("a"), built(other.name, **state), built("b", "a", other.name)),
        edits=edits,
    )


def test_a_parent_of_which_nothing_is_read_is_no_reason_beside_another_that_is():
    given = two_parents(FakeEdits({"a": change("note")}, {("b", "a"): {"id"}}), model("o", volatile=True))
    planned = make_plan(given)

    step = planned.plan.step("b")
    assert [("parent_runs", ("o",))] == [(r.code, r.details) for r in step.reasons]
    assert ({"a"}, {"a": {"note"}}, None) == (step.spared, step.parents, step.columns)


def test_what_moves_in_two_parents_is_taken_together():
    edits = FakeEdits({"a": change("note"), "o": change("x")}, {("b", "a"): {"note"}, ("b", "o"): {"x"}})
    planned = make_plan(two_parents(edits, model("o", "2")))

    assert {"note", "x"} == planned.plan.step("b").columns
    assert ("b", {"a": {"note"}, "o": {"x"}}) in edits.asked


def test_an_edited_reader_moves_what_its_edit_and_its_parents_move():
    edits = FakeEdits({"a": change("note"), "b": change("own")}, {("b", "a"): {"note"}})
    planned = make_plan(
        facts(
            model("a", "2"),
            model("b", "2"),
            reads={"b": ("a",)},
            states=(built("a"), built("b", "a")),
            edits=edits,
        )
    )

    assert ({"own", "note"}, ["definition", "parent_runs"]) == (planned.plan.step("b").columns, said(planned)["b"])


def test_an_edit_that_reads_another_parent_is_told_by_the_edit_alone():
    planned = make_plan(
        facts(
            model("a"),
            model("b", "2"),
            model("c"),
            reads={"b": ("a",), "c": ("b",)},
            states=(built("a"), built("b"), built("c", "b")),
            edits=FakeEdits({"b": change("own")}, {("c", "b"): {"id"}}),
        )
    )

    assert {"b": ["definition", "parent"]} == said(planned)


def test_another_parent_without_an_edit_moves_everything():
    planned = make_plan(
        facts(
            model("a"),
            model("b"),
            model("c"),
            reads={"b": ("a",), "c": ("b",)},
            states=(built("a"), built("b"), built("c", "b")),
            edits=FakeEdits({}, {("b", "a"): {"id"}, ("c", "b"): {"id"}}),
        )
    )

    assert {"b": ["parent"], "c": ["parent_runs"]} == said(planned)


# --- what moved in earlier runs ---------------------------------------------------------------------------------------


def later(read: str, since: dict, **keys) -> Facts:
    """a moved in another run; b read it before."""
    return facts(
        model("a", **keys),
        model("b"),
        reads={"b": ("a",)},
        states=(built("a", since=since), built("b", parents={"a": read})),
        edits=FakeEdits({"a": change("n")}, {("b", "a"): {"id"}}),
    )


def test_a_parent_that_moved_in_another_run_is_judged_by_what_moved_since():
    planned = make_plan(later("v0", {"v0": ("note",)}))

    assert planned.plan.empty
    assert [("columns", "it reads nothing of what changed in a (note)")] == rest(planned)["b"]


def test_a_parent_that_moved_since_nobody_knows_how_is_a_reason():
    assert {"b": ["parent"]} == said(make_plan(later("v0", {"v1": ("note",)})))


def test_what_moved_before_and_what_moves_now_is_taken_together():
    planned = make_plan(later("v0", {"v0": ("note",)}, data="2"))

    assert [("columns", "it reads nothing of what changes in a (n, note)")] == rest(planned)["b"]


def test_a_parent_that_was_not_read_yet_in_this_version_is_a_reason_though_it_changes_little_now():
    assert ["parent_runs"] == said(make_plan(later("v0", {}, data="2")))["b"]


# --- what is said of an edit ------------------------------------------------------------------------------------------


def kinds(planned) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {s.model: (s.change.kind, s.change.spared) for s in planned.plan.steps if s.change is not None}


def test_a_change_that_no_reader_reads_breaks_nothing():
    planned = make_plan(chain(FakeEdits({"a": change("note")}, {("b", "a"): {"id"}})))

    assert {"a": ("non_breaking", ("b", "c"))} == kinds(planned)


def test_a_change_that_a_reader_reads_is_breaking_and_still_spares_others():
    planned = make_plan(chain(FakeEdits({"a": change("n")}, {("b", "a"): {"n"}, ("c", "b"): {"id"}})))

    assert {"a": ("breaking", ("c",))} == kinds(planned)


def test_a_column_that_is_only_added_breaks_nothing_though_a_star_reads_it():
    edits = FakeEdits({"a": change(added=("note",))}, {("b", "a"): {"note"}, ("c", "b"): {"id"}})

    assert {"a": ("non_breaking", ("c",))} == kinds(make_plan(chain(edits)))


def test_readers_that_are_not_selected_are_asked_too():
    edits = FakeEdits({"a": change("n")}, {("b", "a"): {"n"}})
    planned = make_plan(chain(edits, selected=frozenset({"a"})))

    assert {"a": ("breaking", ())} == kinds(planned)


def test_where_no_definition_moved_nobody_is_asked():
    edits = FakeEdits()
    given = chain(edits, edited=model("a"))
    make_plan(given)

    assert [] == edits.asked


def test_an_edit_of_what_reads_a_source_is_told_though_it_spares_nobody():
    given = chain(FakeEdits({"a": change("note")}, {("b", "a"): {"id"}}), edited=model("a", "2", volatile=True))

    assert {"a": ("non_breaking", ())} == kinds(make_plan(given))
