"""Several commands at once: who may go on, and what the others are told."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from interlace import Project
from interlace.errors import RunUnderWay

CONFIG = """
    connections:
      default: {type: duckdb, path: "data/{env}.duckdb"}
"""

# Runs until the file `go on` is there, in the environment that the file `waits in` names.
WAITS = """
    import time
    from pathlib import Path
    import pyarrow as pa
    from interlace import model

    @model()
    def waits(context, small: pa.Table):
        root = Path(__file__).parents[1]
        (root / f"begun {context.environment}").touch()
        while context.environment == (root / "waits in").read_text() and not (root / "go on").exists():
            time.sleep(0.01)
        return [{"id": 1}]
"""


@pytest.fixture
def busy(project, wait):
    """A project of which a run is under way in the environment dev; gives the project and the run's process."""
    project.write("config.yaml", CONFIG)
    project.write("waits in", "dev")
    project.sql("small", "SELECT 1 AS id")
    project.python("waits", WAITS)
    child = project.start("run")
    wait((project.root / "begun dev").exists)
    yield project, child
    project.write("go on", "")
    child.communicate(timeout=30)
    assert 0 == child.returncode


def is_recorded(project, name):
    with closing(sqlite3.connect(project.root / ".interlace" / "state.db")) as state:
        return state.execute("SELECT count(*) FROM models WHERE name = ?", [name]).fetchone() == (1,)


def test_a_second_run_is_told_who_runs(busy):
    project, child = busy

    said = project.fails("run", code=1)

    assert f"process {child.pid} " in said


def test_a_second_run_changes_nothing_of_the_first(busy, wait):
    project, child = busy
    project.fails("run", "--force", code=1)
    project.write("go on", "")
    wait(lambda: child.poll() is not None)

    assert ["succeeded"] == [r["status"] for r in project("runs", "list", "--json").json]
    assert [(1,)] == project.query("FROM waits", "data/dev.duckdb")


def test_a_run_of_another_environment_goes_on_at_the_same_time(busy):
    project, child = busy

    said = project.run("--env", "prod", "--json")

    assert {"small": "succeeded", "waits": "succeeded"} == said.statuses
    assert child.poll() is None
    assert [(1,)] == project.query("FROM waits", "data/prod.duckdb")


def test_the_next_run_begins_once_the_first_has_ended(busy, wait):
    project, child = busy
    project.write("go on", "")
    wait(lambda: child.poll() is not None)

    assert 0 == project("run").code


@pytest.mark.parametrize("words", [
    ["runs", "list"],
    ["runs", "show"],
    ["runs", "logs"],
    ["state", "info"],
    ["list"],
    ["config", "show"],
    ["info"],
    ["version"],
])  # fmt: skip
def test_a_command_that_needs_no_database_works_while_a_run_is_under_way(busy, words):
    project, _ = busy

    said = project(*words, "--json")

    assert 0 == said.code, said.err
    assert said.json is not None


def test_the_run_that_is_under_way_is_listed_as_running(busy):
    project, _ = busy

    [run] = project("runs", "list", "--json").json

    assert "running" == run["status"]


@pytest.mark.parametrize("words", [["plan"], ["why", "small"]])
def test_what_has_to_look_into_the_database_says_who_holds_it(busy, wait, words):
    project, child = busy
    wait(lambda: is_recorded(project, "small"))  # of what was never built nothing has to be looked at

    said = project.fails(*words, code=1)

    assert "ILC-401" in said
    assert str(child.pid) in said


def test_a_plan_needs_no_database_to_which_nothing_was_written_since(project, wait):
    project.write("config.yaml", CONFIG)
    project.write("waits in", "prod")
    project.sql("small", "SELECT 1 AS id")
    project.python("waits", WAITS)
    project.run()
    (project.root / "begun dev").unlink()
    project.write("waits in", "dev")
    child = project.start("run", "--force", "waits")
    try:
        wait((project.root / "begun dev").exists)
        plan = project("plan", "--json")
        why = project("why", "small", "--json")
    finally:
        project.write("go on", "")
        child.communicate(timeout=30)

    assert (0, 0) == (plan.code, why.code), plan.err + why.err
    assert ["small", "waits"] == [m["model"] for m in plan.json["up_to_date"]]


def test_a_query_of_the_database_is_told_who_holds_it(busy):
    project, child = busy

    said = project.fails("show", "small", code=1)

    assert "ILC-401" in said
    assert str(child.pid) in said


def test_two_runs_that_start_together_build_everything_once(project):
    project.write("config.yaml", CONFIG)
    project.sql("root", "SELECT range AS id FROM range(100000)")
    project.sql("log", "-- @strategy: append\nSELECT id FROM root")
    for i in range(6):
        project.sql(f"child_{i}", "SELECT count(*) AS n FROM root")

    children = [project.start("run") for _ in range(3)]
    for child in children:
        child.communicate(timeout=60)
    project.run()

    assert {child.returncode for child in children} <= {0, 1}
    assert 0 in {child.returncode for child in children}
    assert [(100000,)] == project.query("SELECT count(*) FROM log", "data/dev.duckdb")


def test_a_plan_that_was_made_before_another_run_ended_is_made_anew(project):
    """Both plan to append the batch; the one that comes second finds it appended."""
    project.sql("root", "SELECT 1 AS id")
    project.sql("log", "-- @strategy: append\nSELECT id FROM root")
    with Project.load(project.root) as late, Project.load(project.root) as early:
        plan = late._plan

        def slow_plan(*arguments, **options):
            planned = plan(*arguments, **options)
            if early.store.revision("dev") == 0:
                early.run()
            return planned

        late._plan = slow_plan
        late.run()

    assert [(1,)] == project.query("FROM log")


def test_of_two_runs_in_one_process_the_second_is_refused(project):
    project.write("config.yaml", CONFIG)
    project.write("waits in", "dev")
    project.sql("small", "SELECT 1 AS id")
    project.python("waits", WAITS)
    begun = threading.Event()

    with Project.load(project.root) as one, Project.load(project.root) as other, ThreadPoolExecutor(1) as pool:
        first = pool.submit(one.run, on_event=lambda event: begun.set())
        try:
            assert begun.wait(20)
            with pytest.raises(RunUnderWay) as refused:
                other.run()
        finally:
            project.write("go on", "")
        result = first.result(30)

    assert "succeeded" == result.status
    assert result.id == refused.value.run


def test_another_environment_runs_beside_in_one_process(project):
    project.write("config.yaml", CONFIG)
    project.write("waits in", "dev")
    project.sql("small", "SELECT 1 AS id")
    project.python("waits", WAITS)
    begun = threading.Event()

    with (
        Project.load(project.root) as dev,
        Project.load(project.root, env="prod") as prod,
        ThreadPoolExecutor(1) as pool,
    ):
        first = pool.submit(dev.run, on_event=lambda event: begun.set())
        try:
            assert begun.wait(20)
            assert "succeeded" == prod.run().status
        finally:
            project.write("go on", "")

        assert "succeeded" == first.result(30).status
