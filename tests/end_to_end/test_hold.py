"""``run --hold`` stages and shows; ``release`` publishes exactly that, ``discard`` drops it."""

from __future__ import annotations

import json

import pytest

ORDERS = "-- @key: id\nSELECT range AS id, range * {factor} AS amount, 'note' AS note FROM range({rows})\n"


@pytest.fixture
def orders(project):
    """A key, a child that sums, a view; built once."""
    project.sql("orders", ORDERS.format(factor=10, rows=4))
    project.sql("total", "SELECT sum(amount)::BIGINT AS total FROM orders\n")
    project.sql("big", "-- @materialise: view\nSELECT * FROM orders WHERE amount > 10\n")
    project.run()
    return project


def change(project):
    """Three of four rows change, one is new."""
    project.sql("orders", ORDERS.format(factor=20, rows=5))


def hold(project, *words):
    return project.run("--hold", "--json", *words).json


def tables(project):
    return {name for (name,) in project.query("SELECT table_name FROM information_schema.tables")}


def test_what_is_published_stays_and_the_difference_is_shown_by_column(orders):
    change(orders)
    held = {h["model"]: h["difference"] for h in hold(orders)["held"]}

    assert {"orders", "total", "big"} == set(held)
    found = held["orders"]
    assert (4, 5, 1, 0, 3, {"amount": 3}) == tuple(
        found[k] for k in ("rows_before", "rows_after", "added", "removed", "changed", "columns")
    )
    assert (None, 1, 1) == tuple(held["total"][k] for k in ("changed", "added", "removed"))
    assert [(60,)] == orders.query("SELECT total FROM total")
    assert [(4,)] == orders.query("SELECT count(*) FROM orders")


def test_it_is_shown_in_words_with_how_to_go_on(orders):
    change(orders)
    said = orders.run("--hold").out

    assert "4 → 5 rows: 1 added, 3 changed, amount: 3 changed" in said
    assert "interlace release" in said
    assert "interlace discard" in said


def test_a_release_publishes_what_was_staged_and_nothing_is_left_to_do(orders):
    change(orders)
    run = hold(orders)["run"]

    assert 0 == orders("release", run[:30]).code
    assert [(200,)] == orders.query("SELECT total FROM total")
    assert [(4,)] == orders.query("SELECT count(*) FROM big")
    assert {"orders", "total", "big"} == {t for t in tables(orders) if t != "commits"}
    assert "Nothing to do" in orders.run().out
    assert "Nothing is held back" in orders("release").out


def test_a_release_publishes_what_was_staged_although_the_project_changed_since(orders):
    change(orders)
    run = hold(orders)["run"]
    orders.sql("orders", ORDERS.format(factor=99, rows=9))

    orders("release", run)

    assert [(200,)] == orders.query("SELECT total FROM total")
    assert "its definition changed" in orders("plan").out


def test_discarding_drops_what_was_staged_and_the_next_run_builds_it(orders):
    change(orders)
    run = hold(orders)["run"]

    assert 0 == orders("discard", run).code
    assert {"orders", "total", "big"} == {t for t in tables(orders) if t != "commits"}
    assert [(60,)] == orders.query("SELECT total FROM total")
    orders.run()
    assert [(200,)] == orders.query("SELECT total FROM total")


def test_nothing_is_held_when_a_check_fails(orders):
    orders.sql("orders", "-- @checks: [{row_count: {min: 100}}]\n" + ORDERS.format(factor=20, rows=5))

    said = orders("run", "--hold", "--json")

    assert 1 == said.code
    assert [] == said.json["held"]
    assert {"orders", "total", "big"} == {t for t in tables(orders) if t != "commits"}
    assert [(60,)] == orders.query("SELECT total FROM total")


def test_a_release_is_refused_when_the_target_was_published_since(orders):
    change(orders)
    run = hold(orders)["run"]
    orders.run()

    assert "published again since" in orders.fails("release", run)


def test_rows_that_are_added_go_to_a_copy_first(project):
    project.sql("log", "-- @strategy: append\n-- @volatile: true\nSELECT 1 AS id\n")
    project.run()
    held = hold(project)

    assert [(1,)] == project.query("SELECT count(*) FROM log")
    assert 1 == held["held"][0]["difference"]["added"]
    project("release", held["run"])
    assert [(2,)] == project.query("SELECT count(*) FROM log")


def test_a_run_that_is_not_known_is_an_error_that_names_those_that_wait(orders):
    change(orders)
    run = hold(orders)["run"]

    assert run in orders.fails("release", "nosuchrun")
    assert "no run 'nosuchrun' holds anything back" in orders.fails("discard", "nosuchrun")


def test_the_one_that_was_held_back_last_is_called_latest(orders):
    change(orders)
    first = hold(orders)["run"]
    last = hold(orders)["run"]

    assert last in orders("discard", "latest").out
    assert first in orders("release", "latest").out


def test_a_model_that_publishes_nothing_cannot_be_held(project):
    project.python(
        "effect",
        """
        from interlace import model

        @model(materialise="none")
        def effect():
            pass
        """,
    )

    assert "effect publishes nothing that could be held back" in project.fails("run", "--hold")


def test_exports_of_what_was_released_are_written_by_the_next_run(project):
    project.sql("orders", "-- @export: {csv: out/orders.csv}\nSELECT 1 AS id")
    project.run()
    project.sql("orders", "-- @export: {csv: out/orders.csv}\nSELECT 2 AS id")
    project("release", hold(project)["run"])
    file = project.root / "out" / "orders.csv"
    before = file.read_text()
    plan = project("plan").out
    said = project.run("--json").statuses

    assert "id\n1\n" == before
    assert "was not written" in plan
    assert {"orders": "succeeded"} == said
    assert "id\n2\n" == file.read_text()
    assert "Nothing to do" in project.run().out


def test_a_first_export_of_what_was_released_is_written_by_the_next_run(project):
    project.sql("orders", "-- @export: [{csv: out/orders.csv}, {json: out/orders.json}]\nSELECT 2 AS id")
    project("release", hold(project)["run"])
    released = (project.root / "out").exists()
    project.run()

    assert not released
    assert "id\n2\n" == (project.root / "out" / "orders.csv").read_text()
    assert [{"id": 2}] == json.loads((project.root / "out" / "orders.json").read_text())
    assert "Nothing to do" in project.run().out
