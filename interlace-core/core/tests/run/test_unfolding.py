"""Views upon views: who unfolds into too much is told before anything runs."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from interlace.errors import InvalidModel
from interlace.model.definition import Fingerprint, Model, SqlBody
from interlace.run.unfolding import stacked_views


def tower(levels: int, materialise: str):
    names = [f"v{i}_{side}" for i in range(levels) for side in "ab"]
    parents = {n: () if n.startswith("v0_") else (f"v{int(n[1:-2]) - 1}_a", f"v{int(n[1:-2]) - 1}_b") for n in names}
    models = {
        n: Model(name=n, body=SqlBody("", 1), fingerprint=Fingerprint("", "", ""), file="x", materialise=materialise)
        for n in names
    }
    relation = None if materialise == "ephemeral" else materialise
    return SimpleNamespace(
        models=models,
        kinds={materialise: SimpleNamespace(relation=relation)},
        inlined=frozenset(names if materialise == "ephemeral" else ()),
        loaded=SimpleNamespace(graph=SimpleNamespace(order=lambda: names, parents=parents.__getitem__)),
    ), frozenset(names)


def test_a_low_tower_is_fine():
    assert [] == stacked_views(*tower(5, "view"))


def test_a_tower_of_tables_is_fine_however_high():
    assert [] == stacked_views(*tower(40, "table"))


def test_a_high_tower_of_views_is_warned_of_with_where_to_cut():
    said = stacked_views(*tower(20, "view"))

    assert "v9_a unfolds into 1,023 queries: give one of v8_a, v8_b 'materialise: table'" == said[0]
    assert 3 == len(said)


def test_a_tower_of_inlined_models_that_nothing_could_run_is_refused():
    with pytest.raises(InvalidModel, match="v14_a unfolds into 32,767 inlined queries"):
        stacked_views(*tower(30, "ephemeral"))
