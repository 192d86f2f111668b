"""How many rows a model reads."""

from __future__ import annotations

from types import SimpleNamespace

from interlace.model.definition import Fingerprint, Model, PythonBody, Source, SqlBody
from interlace.run.extent import Extent

PARENTS = {"a": (), "v": ("a", "b"), "b": (), "w": ("v", "a"), "m": ("w", "a"), "n": ("s",), "s": (), "f": (), "p": ()}


def node(name):
    bodies = {"f": SqlBody("", 1, files=("x.csv",)), "p": PythonBody("p.py", "p", 1, "function")}
    body = bodies.get(name, SqlBody("", 1))
    return Model(name=name, body=body, fingerprint=Fingerprint("", "", ""), file="x")


NODES = {n: Source(n, "x") if n == "s" else node(n) for n in PARENTS}


def extent() -> Extent:
    graph = SimpleNamespace(nodes=NODES, parents=PARENTS.__getitem__)
    return Extent(graph, {"a": 10, "b": 5}, frozenset({"v", "w"}))


def test_views_are_read_through_and_each_relation_counts_once():
    assert 15 == extent().read_by(NODES["m"])


def test_what_reads_a_source_a_file_or_is_python_reads_nobody_knows_how_much():
    assert [None, None, None] == [extent().read_by(NODES[n]) for n in "nfp"]


def test_what_was_just_built_is_known():
    now = extent()
    now.note("a", 3)

    assert 8 == now.read_by(NODES["v"])


def test_a_query_that_reads_no_model_reads_no_rows():
    assert 0 == extent().read_by(NODES["a"])
