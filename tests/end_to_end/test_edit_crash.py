"""An edit whose run is killed between a model and its readers: the next run does what is left, and no more."""

from __future__ import annotations

import duckdb
import pytest

ALONE = "-- @timeout: 60\n"
"""A model with a timeout shares its transaction with nobody."""


@pytest.fixture
def edited(project):
    """orders was edited: totals reads nothing of that, notes does."""
    project.write("config.yaml", "connections:\n  default: {type: duckdb, path: warehouse.duckdb}\n")
    project.sql("orders", f"{ALONE}SELECT 1 AS id, 10 AS amount, 'x' AS note")
    project.sql("totals", f"{ALONE}SELECT sum(amount) AS total FROM orders")
    project.sql("notes", f"{ALONE}SELECT note FROM orders")
    project.run()
    project.sql("orders", f"{ALONE}SELECT 1 AS id, 10 AS amount, 'y' AS note")
    return project


@pytest.mark.parametrize(
    ("when", "point", "nth"),
    [("after", "commit", 1), ("before", "record", 1), ("after", "record", 1), ("before", "commit", 2)],
)
def test_a_run_that_is_killed_leaves_its_readers_to_the_next_one(edited, when, point, nth):
    edited.killed_at(when, point, nth, "run")
    again = edited.run("--json")

    ran = {name for name, status in again.statuses.items() if status == "succeeded"}
    with duckdb.connect(str(edited.root / "warehouse.duckdb"), read_only=True) as connection:
        notes = connection.execute("SELECT note FROM notes").fetchall()
    # Where the recording thread was late, notes was built and recorded before the kill: then nothing is left of it.
    assert ([("y",)], False) == (notes, "totals" in ran)
