"""SIGKILL while rows are exported to another database: its table is old or new, and the next run ends it."""

from __future__ import annotations

import shutil

import pytest

CONFIG = """
default_connection: default
connections:
  default: {type: duckdb, path: warehouse.duckdb}
  crm: {type: duckdb, path: crm.duckdb}
"""

PEOPLE = "-- @export: {{connection: crm, table: people, key: id, delete_missing: true}}\n{query}\n"
OLD = "SELECT * FROM (VALUES (1, 'anna'), (2, 'ben'), (3, 'cy')) AS given (id, name)"
NEW = "SELECT * FROM (VALUES (1, 'anna'), (2, 'bob'), (4, 'di')) AS given (id, name)"
ASKED = "SELECT id, name FROM people ORDER BY id"


@pytest.fixture
def killed(project):
    """Kills the second run at a call; gives whether the call came."""
    project.write("config.yaml", CONFIG)
    project.sql("people_here", PEOPLE.format(query=OLD))
    project.run()
    start = project.root.parent / "start"
    shutil.copytree(project.root, start)
    before = project.query(ASKED, "crm.duckdb")

    def kill(when, point, nth):
        shutil.rmtree(project.root)
        shutil.copytree(start, project.root)
        project.sql("people_here", PEOPLE.format(query=NEW))
        code = project.killed_at(when, point, str(nth), "run").code
        said = f"killed {when} {point} {nth}"
        assert code in {0, -9}, said
        after = [(1, "anna"), (2, "bob"), (4, "di")]
        assert project.query(ASKED, "crm.duckdb") in (before, after), said
        project.run()
        assert after == project.query(ASKED, "crm.duckdb"), said
        assert "Nothing to do" in project.run().out, said
        return code == -9

    return kill


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_the_commit_of_the_other_database_the_next_run_ends_it(killed, when):
    assert killed(when, "commit", 2)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("when", "point"), [("before", "statement"), ("after", "statement"), ("after", "commit"), ("before", "record")]
)
def test_killed_anywhere_the_next_run_ends_it(killed, when, point):
    times = 0
    while killed(when, point, times + 1):
        times += 1
    assert times >= 1
