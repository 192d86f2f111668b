"""Following columns of models that the cache has restores those alone whose own columns are asked for."""

from __future__ import annotations

import marshal

import pytest

from interlace.graph.build import Graph
from interlace.lineage.cache import LineageCache
from interlace.lineage.follow import upstream
from interlace.lineage.models import ModelLineage
from interlace.model.definition import Fingerprint, Model
from interlace.model.outline import Outline, compact_outline
from interlace.model.sql_query import QueryReader

QUERIES = {"a": "SELECT 1 AS x", "b": "SELECT x FROM a", "c": "SELECT x + 1 AS x FROM b"}


def model(name: str, text: str) -> Model:
    body, digest = QueryReader("duckdb").read(text, f"models/{name}.sql", 1)
    return Model(name, body, Fingerprint(digest, "", ""), f"models/{name}.sql")


def kept(models: list[Model]) -> list[Outline]:
    """The outlines as the cache gives them."""
    return [Outline(*marshal.loads(marshal.dumps(compact_outline(m)))) for m in models]


@pytest.fixture
def lineage(tmp_path):
    """Makes the lineage of a graph with the cache of the one before."""

    def made(nodes: list[Model] | list[Outline]) -> ModelLineage:
        cache = LineageCache(tmp_path / "lineage.cache", "1")
        cache.open()
        return ModelLineage(
            Graph.build(nodes, ()),
            lambda _: "duckdb",
            lambda _: None,
            lambda _: False,
            lambda _: None,
            lambda _: (),
            cache,
        )

    return made


def test_one_column_restores_its_own_model_and_none_above_it(lineage, monkeypatch):
    models = [model(name, text) for name, text in QUERIES.items()]
    with lineage(models) as first:
        first.of("c")
    again = lineage(kept(models))
    restored = []
    whole = Outline.model
    monkeypatch.setattr(Outline, "model", lambda self: (restored.append(self.name), whole(self))[1])
    found = upstream(again, (("c", "x"),), 1)

    assert [(("b", "x"), ("c", "x"))] == [(hop.source, hop.target) for hop in found.hops]
    assert ["c"] == restored


def test_what_was_found_of_whole_models_holds_for_kept_ones(lineage):
    models = [model(name, text) for name, text in QUERIES.items()]
    with lineage(models) as first:
        expected = [first.of(name) for name in QUERIES]
    again = lineage(kept(models))

    assert expected == [again.of(name) for name in QUERIES]
    assert not again.cache.changed


def test_a_column_that_was_renamed_above_is_followed_anew(lineage):
    with lineage([model(name, text) for name, text in QUERIES.items()]) as first:
        first.of("c")
    edited = {**QUERIES, "a": "SELECT 1 AS x, 2 AS y", "b": "SELECT * FROM a", "c": "SELECT * FROM b"}

    assert ("x", "y") == lineage(kept([model(name, text) for name, text in edited.items()])).of("c").names
