"""Models that the cache has are restored when they are asked for, and are then what they were."""

from __future__ import annotations

import marshal
import os
import time

import pytest

from interlace.errors import InvalidGraph, StateError
from interlace.graph.build import Graph
from interlace.model import outline
from interlace.model.declared_check import DeclaredCheck, attach
from interlace.model.definition import Source
from interlace.model.outline import Nodes, Outline, outline_of
from interlace.model.words import Words


@pytest.fixture
def restored(monkeypatch):
    """The names of the models that were restored, in their order."""
    names = []
    restore = outline.restore_model

    def noted(said):
        names.append(said[0])
        return restore(said)

    monkeypatch.setattr(outline, "restore_model", noted)
    return names


def warm(project):
    """What a second load of a project gives."""
    long_ago = time.time() - 3_600
    for file in project.root.rglob("*"):
        os.utime(file, (long_ago, long_ago))
    project.load(cache="c")
    return project.load(cache="c")


def test_a_graph_of_cached_models_restores_none_of_them(project, restored):
    project.write("models/a.sql", "SELECT 1 AS id")
    project.write("models/b.sql", "SELECT id FROM a")
    loaded = warm(project)
    graph = Graph.build(loaded.outlines, loaded.sources)

    assert (("a",), ("a", "b"), ["a", "b"]) == (graph.parents("b"), graph.order(), list(graph.nodes))
    assert [] == restored


def test_a_cached_model_is_restored_once_and_is_what_it_was(project, restored):
    project.write("models/a.sql", "-- @tags: [x]\n-- @columns:\n--   id: INT\nSELECT 1 AS id")
    first = project.load(cache="c")
    nodes = Graph.build(warm(project).outlines, ()).nodes

    assert (first.models[0], ["a"]) == (nodes["a"], restored)
    assert nodes["a"] is nodes["a"]
    assert ["a"] == restored


def test_nodes_are_a_mapping_like_any_other(project):
    project.write("models/a.sql", "SELECT 1 AS id")
    loaded = warm(project)
    source = Source("s", "config.yaml")
    nodes = Nodes({"a": loaded.outlines[0], "s": source})

    assert {"a": loaded.models[0], "s": source} == nodes
    assert (2, True, False, None) == (len(nodes), "a" in nodes, "b" in nodes, nodes.get("b"))
    with pytest.raises(KeyError):
        nodes["b"]


def test_a_graph_of_whole_models_gives_the_same_outlines(project):
    project.write("models/a.sql", "SELECT 1 AS id")
    project.write("models/b.sql", "-- @dependencies: [a]\nSELECT 2 AS id")
    loaded = warm(project)
    kept, whole = Graph.build(loaded.outlines, ()), Graph.build(loaded.models, ())

    assert kept == whole
    assert [outline_of(m)[:-1] for m in loaded.models] == [o[:-1] for o in loaded.outlines]
    assert kept.outline("b")[:-1] == whole.outline("b")[:-1]


def test_a_source_has_no_outline():
    assert Graph.build((), [Source("s", "config.yaml")]).outline("s") is None


def test_what_is_wrong_with_cached_models_is_said_with_its_place(project):
    project.write("models/a.sql", "SELECT 1 AS id\nFROM nowhere")
    outlines = warm(project).outlines
    with pytest.raises(InvalidGraph) as caught:
        Graph.build(outlines, ())

    assert str(caught.value).startswith("models/a.sql:2:6: 'a' reads 'nowhere', which is no model, seed or source")


def test_a_cycle_of_cached_models_names_their_files(project):
    project.write("models/a.sql", "SELECT id FROM b")
    project.write("models/b.sql", "SELECT id FROM a")
    outlines = warm(project).outlines
    with pytest.raises(InvalidGraph) as caught:
        Graph.build(outlines, ())

    assert "Defined in models/a.sql:1, models/b.sql:1. The arrows follow the data." == caught.value.hint


@pytest.mark.parametrize("rest", [b"", b"\xff", marshal.dumps(1), marshal.dumps(("a",))])
def test_a_model_that_the_cache_has_wrongly_is_an_error_that_says_what_to_do(project, rest):
    project.write("models/a.sql", "SELECT 1 AS id")
    kept = warm(project).outlines[0]._replace(rest=rest)
    with pytest.raises(StateError) as caught:
        Nodes({"a": kept})["a"]

    expected = "what .interlace/models.cache has of 'a' cannot be read\nDelete the file: it is written anew."
    assert expected == str(caught.value)


def test_a_check_that_stands_apart_restores_its_model_alone(project, restored):
    project.write("models/a.sql", "SELECT 1 AS id")
    project.write("models/b.sql", "SELECT 1 AS id")
    outlines = list(warm(project).outlines)
    check = DeclaredCheck("a", "unique", {"column": "id"}, "checks/few.sql", 1, "0")
    errors = attach(outlines, [], [check], Words(project.plugins), complete=True)

    assert ([], ["a"]) == (errors, restored)
    assert [1, 0] == [len(o.model().checks) for o in outlines]


def test_an_outline_of_a_model_that_was_read_holds_the_model(project):
    project.write("models/a.sql", "SELECT 1 AS id")
    (found,) = project.load().outlines

    assert isinstance(found, Outline)
    assert found.model() is found.rest
