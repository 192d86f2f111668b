"""``interlace sources`` and what stands behind it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
import yaml
from inline_snapshot import snapshot

from interlace.cli.freshness import freshness_of
from interlace.cli.importing import found_relations, to_import
from interlace.cli.source_file import Imported, with_sources
from interlace.contracts.relation import Column, Relation, RelationInfo
from interlace.errors import QueryFailed, UsageError
from interlace.model.definition import Source
from interlace.model.values import split_name

ORDERS = Imported("orders", Relation("orders", "raw"), (Column("id", "BIGINT"), Column("l", "VARCHAR[]")))
ODD = Imported("my table", Relation('my "table', "raw"), (Column("a: b", "INTEGER"),), "lake")
NOW = datetime(2024, 5, 2, tzinfo=UTC)


def test_a_new_file_begins_with_its_section():
    assert with_sources("", [ORDERS, ODD]) == snapshot("""\
sources:
  orders:
    relation: raw.orders
    columns:
      id: BIGINT
      l: "VARCHAR[]"
  my table:
    connection: lake
    relation: "raw.\\"my \\"\\"table\\""
    columns:
      "a: b": INTEGER
""")


def test_entries_come_after_those_that_are_written_with_their_comments():
    before = "# ours\nsources:\n    a: # kept\n        relation: x.a\n"

    added = '    orders:\n      relation: raw.orders\n      columns:\n        id: BIGINT\n        l: "VARCHAR[]"\n'

    assert before + added == with_sources(before, [ORDERS])


def test_a_file_without_the_section_stays_without():
    assert {
        "a": {"relation": "x.a"},
        "orders": {"relation": "raw.orders", "columns": {"id": "BIGINT", "l": "VARCHAR[]"}},
    } == yaml.safe_load(with_sources("a:\n  relation: x.a\n", [ORDERS]))


def test_an_empty_section_is_filled():
    assert ["orders"] == list(yaml.safe_load(with_sources("sources:\n", [ORDERS]))["sources"])


def test_a_written_relation_is_read_back():
    read = yaml.safe_load(with_sources("", [ODD]))["sources"]["my table"]

    assert ("raw", 'my "table') == split_name(read["relation"])


@pytest.mark.parametrize("text", ["{a: {}}\n", "- a\n", "sources: {a: {}}\n"])
def test_a_file_that_cannot_be_added_to_is_refused(text):
    with pytest.raises(UsageError):
        with_sources(text, [ORDERS])


class FakeSession:
    connection = SimpleNamespace(name="lake")

    def __init__(self) -> None:
        self.tables = [("main", "people"), ("raw", "orders"), ("raw", "__interlace_x"), ("raw", "Items")]

    def catalogue(self, schemas):
        wanted = [s or "main" for s in schemas]
        relations = [Relation(n, s) for s, n in self.tables if s in wanted]
        return {r: RelationInfo(r, "table", (Column("id", "BIGINT"),)) for r in relations}


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("people", ["main.people"]),
        ("raw.ORDERS", ["raw.orders"]),
        ("raw", ["raw.orders", "raw.__interlace_x", "raw.Items"]),
        ("raw.*", ["raw.orders", "raw.__interlace_x", "raw.Items"]),
    ],
)
def test_a_word_means_a_relation_or_a_schema(word, found):
    assert found == [str(i.relation) for i in found_relations(FakeSession(), [word])]


def test_a_word_that_means_nothing_gets_the_nearest():
    with pytest.raises(UsageError, match=r"lake has no relation or schema 'raw.ordrs'.\nDid you mean 'raw.orders'"):
        found_relations(FakeSession(), ["raw.ordrs"])


def test_what_models_write_and_what_is_declared_is_left_out():
    found = found_relations(FakeSession(), ["raw", "people"])
    new, left = to_import(found, connection=None, published=["main.people"], declared=["items"])

    assert ["orders"] == [s.name for s in new]
    assert left == snapshot(
        [
            ("raw.__interlace_x", "it belongs to Interlace"),
            ("raw.Items", "the name 'Items' is taken by a model or source"),
            ("main.people", "a model of this project writes it"),
        ]
    )


def _asked(value):
    def query(sql, *, connection, limit):
        if isinstance(value, Exception):
            raise value
        return (), [(value,)]

    source = Source("s", "f", freshness=86_400, freshness_column="at")
    return freshness_of(SimpleNamespace(query=query), source, NOW)


@pytest.mark.parametrize(
    ("value", "status", "age"),
    [
        (datetime(2024, 5, 1, tzinfo=UTC), "fresh", 86_400),
        (datetime(2024, 4, 30, 23, 59), "stale", 86_460),  # noqa: DTZ001  a column without a zone
        (date(2024, 5, 1), "fresh", 86_400),
        (None, "empty", None),
        ("2024-05-01", "error", None),
        (QueryFailed("no such column"), "error", None),
    ],
)
def test_a_source_is_as_fresh_as_its_newest_row(value, status, age):
    found = _asked(value)

    assert (status, age) == (found.status, found.age)


def test_freshness_exits_with_1_when_a_promise_is_broken(run, project, monkeypatch):
    source = Source("raw_orders", "config.yaml", 3, freshness=60, freshness_column="at")
    project.graph.nodes["raw_orders"] = source
    monkeypatch.setattr(type(project), "query", lambda *_, **__: ((), [(datetime(2020, 1, 1, tzinfo=UTC),)]))
    ended = run("sources", "freshness", "--json")

    assert (1, ["stale"]) == (ended.code, [f["status"] for f in ended.json])
    assert "stale" in run("sources", "freshness", "raw_orders").out


def test_freshness_without_a_promise_says_so(run, project):
    assert (0, "No source promises freshness.\n") == (run("sources", "freshness").code, run("sources", "freshness").out)
    assert "promises no freshness (config.yaml:3)" in run("sources", "freshness", "raw_orders").err


def test_sources_are_listed_with_their_readers(run, project):
    project.config.default_connection = "default"

    assert run("sources", "list").out == snapshot("""\
source      connection  relation    max age  read by
raw_orders  default     raw_orders           orders
""")


def test_an_import_writes_only_below_models(run, project):
    assert 2 == run("sources", "import", "x", "--file", "../sources.yaml").code
    assert 2 == run("sources", "import", "x", "--file", "models/other.yaml").code


def test_an_import_adds_to_the_file_once(run, project, monkeypatch):
    session = FakeSession()
    session.close = lambda: None
    monkeypatch.setattr(type(project), "connection", lambda *_: SimpleNamespace(session=lambda: session))
    first = run("sources", "import", "raw", "--json").json
    project.graph.nodes |= {n: Source(n, "models/sources.yaml") for n in first["imported"]}
    again = run("sources", "import", "raw")

    assert (["Items"], "models/sources.yaml") == (first["imported"], first["file"])
    assert again.out.endswith("Nothing new to import.\n")
    assert ["Items"] == list(yaml.safe_load((project.root / "models" / "sources.yaml").read_text())["sources"])
