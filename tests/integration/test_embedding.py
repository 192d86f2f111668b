"""Interlace inside another program: plain Python, no command line."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest

from interlace import Project
from interlace.errors import InvalidProject, ProjectNotFound, RunUnderWay, UsageError
from interlace.run.result import Failed, NotRun, Succeeded
from interlace.telemetry.events import ModelFinished, ModelStarted, RunFinished, RunStarted

SLOW = "SELECT count(*) AS n FROM range(100000000) a, range(1000000) b"


@pytest.fixture
def write(tmp_path):
    """A function that writes the files of a project and gives its folder."""

    def made(name: str, **files: str):
        root = tmp_path / name
        config = f"name: {name}\nconnections:\n  default: {{type: duckdb, path: warehouse.duckdb}}\n"
        for path, text in {"config.yaml": config, **files}.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text).lstrip("\n"))
        (root / "models").mkdir(exist_ok=True)
        return root

    return made


@pytest.fixture
def chain(write):
    """Two models, one after the other."""
    return write("chain", **{
        "models/first.sql": "SELECT range AS id FROM range(3)",
        "models/second.sql": "SELECT sum(id) AS total FROM first",
    })  # fmt: skip


# --- load, plan, run --------------------------------------------------------------------------------------------------


def test_a_folder_that_is_no_project_is_refused(tmp_path):
    with pytest.raises(ProjectNotFound):
        Project.load(tmp_path)


def test_everything_that_is_wrong_with_a_project_is_one_error(write):
    root = write("broken", **{"models/a.sql": "SELEC 1", "models/b.sql": "-- @strategi: append\nSELECT 1 AS id"})

    with pytest.raises(InvalidProject) as raised:
        Project.load(root)

    assert {"models/a.sql", "models/b.sql"} == {e.where.path for e in raised.value.errors}


def test_loading_and_planning_write_no_database(chain):
    with Project.load(chain) as project:
        plan = project.plan()

    assert ["first", "second"] == [s.model for s in plan.steps]
    assert not (chain / "warehouse.duckdb").exists()


def test_a_run_gives_what_became_of_each_model(chain):
    with Project.load(chain) as project:
        result = project.run()

    assert ("succeeded", 0, "dev") == (result.status, result.exit_code, result.environment)
    assert ["first", "second"] == list(result.outcomes)
    assert [3, 1] == [o.rows for o in result.outcomes.values() if isinstance(o, Succeeded)]


def test_what_was_built_can_be_asked_for(chain):
    with Project.load(chain) as project:
        project.run()
        columns, rows = project.query("SELECT total FROM second")

    assert (["total"], [(3,)]) == ([c.name for c in columns], rows)


def test_a_second_run_has_nothing_to_do(chain):
    with Project.load(chain) as project:
        project.run()
        again = project.run()

    assert ("nothing", "", {}) == (again.status, again.id, again.outcomes)


def test_a_selection_runs_alone(chain):
    with Project.load(chain) as project:
        result = project.run(["first"])

    assert ["first"] == list(result.outcomes)


def test_a_selection_that_matches_nothing_is_an_error_of_the_caller(chain):
    with Project.load(chain) as project, pytest.raises(UsageError, match="frist"):
        project.run(["frist"])


def test_a_failure_is_a_value_and_not_raised(write):
    root = write("failing", **{
        "models/bad.sql": "SELECT error('no good') AS id",
        "models/child.sql": "SELECT * FROM bad",
        "models/good.sql": "SELECT 1 AS id",
    })  # fmt: skip

    with Project.load(root) as project:
        result = project.run()

    assert {"bad": Failed, "child": NotRun, "good": Succeeded} == {n: type(o) for n, o in result.outcomes.items()}
    assert ("failed", 1) == (result.status, result.exit_code)
    assert "no good" in str(result.failed[0].error)
    assert "blocked" == result.outcomes["child"].status


def test_variables_and_the_environment_are_arguments(write):
    root = write("given", **{
        "config.yaml": "connections:\n  default: {type: duckdb, path: '{env}.duckdb'}\nvars:\n  n: {type: int, default: 1}\n",
        "models/a.sql": "SELECT $n AS n",
    })  # fmt: skip

    with Project.load(root, env="prod", vars={"n": 7}) as project:
        project.run()
        rows = project.query("SELECT n FROM a")[1]

    assert [(7,)] == rows
    assert (root / "prod.duckdb").exists()


@pytest.mark.slow
def test_the_example_in_plain_python_runs(checkout, tmp_path):
    for name in ("embedding", "shop"):
        left = shutil.ignore_patterns(".interlace", "data", "out")
        shutil.copytree(checkout / "docs" / "examples" / name, tmp_path / name, ignore=left)

    command = [sys.executable, str(tmp_path / "embedding" / "plain.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    lines = done.stdout.splitlines()

    orders = (tmp_path / "shop" / "seeds" / "orders.csv").read_text().splitlines()[1:]
    assert "orders: it was never built here" in lines
    assert f"fct_orders: {len(orders)} rows" in lines
    assert "stg_orders: a view" in lines
    assert "country customers spent" == lines[-4]


# --- events -----------------------------------------------------------------------------------------------------------


def test_events_come_in_order_and_in_the_callers_thread(chain):
    events, threads = [], set()

    def on_event(event) -> None:
        events.append(event)
        threads.add(threading.get_ident())

    with Project.load(chain) as project:
        result = project.run(on_event=on_event)

    assert {threading.get_ident()} == threads
    assert [RunStarted, ModelStarted, ModelStarted, ModelFinished, ModelFinished, RunFinished] == sorted(
        (type(e) for e in events), key=[RunStarted, ModelStarted, ModelFinished, RunFinished].index
    )
    assert (RunStarted, RunFinished) == (type(events[0]), type(events[-1]))
    assert {result.id} == {e.run for e in events}
    for name in ("first", "second"):
        assert [ModelStarted, ModelFinished] == [type(e) for e in events if getattr(e, "model", None) == name]


def test_a_child_is_announced_after_its_parent(chain):
    finished = []
    with Project.load(chain) as project:
        project.run(on_event=lambda e: finished.append(e.model) if isinstance(e, ModelFinished) else None)

    assert ["first", "second"] == finished


def test_the_events_of_a_stream_are_those_of_a_run(chain):
    async def collect(project):
        return [event async for event in project.stream()]

    with Project.load(chain) as project:
        events = asyncio.run(collect(project))
        nothing = asyncio.run(collect(project))

    assert (RunStarted, RunFinished) == (type(events[0]), type(events[-1]))
    assert {"first", "second"} == {e.model for e in events if isinstance(e, ModelFinished)}
    assert [] == nothing


def test_a_stream_that_nobody_reads_on_cancels_its_run(write):
    root = write("slow", **{"models/endless.sql": SLOW})

    async def first_event(project):
        stream = project.stream()
        async for _ in stream:
            break
        await stream.aclose()

    with Project.load(root) as project:
        began = time.monotonic()
        asyncio.run(first_event(project))
        recorded = [r.status for r in project.store.runs()]

    assert time.monotonic() - began < 10
    assert ["cancelled"] == recorded


def test_an_error_of_a_stream_is_raised_where_it_is_read(chain):
    async def read(project):
        return [event async for event in project.stream(["frist"])]

    with Project.load(chain) as project, pytest.raises(UsageError):
        asyncio.run(read(project))


# --- async and cancelling ---------------------------------------------------------------------------------------------


def test_the_event_loop_goes_on_while_a_run_is_awaited(write):
    root = write("awaited", **{"models/slow.py": """
        import time
        from interlace import model

        @model()
        def slow():
            time.sleep(0.4)
            return [{"id": 1}]
        """})  # fmt: skip

    async def count(project):
        run = asyncio.create_task(project.run_async())
        ticks = 0
        while not run.done():
            await asyncio.sleep(0.01)
            ticks += 1
        return await run, ticks

    with Project.load(root) as project:
        result, ticks = asyncio.run(count(project))

    assert "succeeded" == result.status
    assert ticks > 10


def test_cancelling_the_task_cancels_the_run_and_keeps_what_stood(write):
    root = write("cancelled", **{"models/t.sql": "SELECT 1 AS n", "models/child.sql": "SELECT * FROM t"})
    with Project.load(root) as project:
        project.run()
    (root / "models" / "t.sql").write_text(SLOW)

    async def cancel_soon(project):
        begun = asyncio.Event()
        loop = asyncio.get_running_loop()

        def on_event(event) -> None:
            if isinstance(event, ModelStarted):
                loop.call_soon_threadsafe(begun.set)

        task = asyncio.create_task(project.run_async(on_event=on_event))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with Project.load(root) as project:
        began = time.monotonic()
        asyncio.run(cancel_soon(project))
        recorded = [r.status for r in project.store.runs()]
        rows = project.query("SELECT n FROM t")[1]

    assert time.monotonic() - began < 10
    assert ["cancelled", "succeeded"] == recorded
    assert [(1,)] == rows


def test_cancel_from_another_thread_ends_the_run_with_130(write):
    root = write("stopped", **{"models/endless.sql": SLOW})
    with Project.load(root) as project:
        result = project.run(on_event=lambda e: project.cancel() if isinstance(e, ModelStarted) else None)

    assert ("cancelled", 130) == (result.status, result.exit_code)
    assert "cancelled" == result.outcomes["endless"].status


def test_a_run_that_is_cancelled_before_it_planned_does_not_begin(write):
    root = write("early", **{"models/endless.sql": SLOW})

    async def cancel_at_once(project):
        task = asyncio.create_task(project.run_async())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with Project.load(root) as project:
        began = time.monotonic()
        asyncio.run(cancel_at_once(project))
        recorded = [r.status for r in project.store.runs()]

    assert time.monotonic() - began < 10
    assert ["cancelled"] == recorded


def test_cancelling_where_nothing_runs_does_nothing(chain):
    with Project.load(chain) as project:
        project.cancel()

        assert "succeeded" == project.run().status


def test_two_runs_of_one_environment_do_not_overlap(write):
    root = write("busy", **{"models/waits.py": """
        import time
        from pathlib import Path
        from interlace import model

        @model()
        def waits():
            folder = Path(__file__).parents[1]
            (folder / "begun").touch()
            while not (folder / "go on").exists():
                time.sleep(0.01)
            return [{"id": 1}]
        """})  # fmt: skip

    with Project.load(root) as one, Project.load(root) as other, ThreadPoolExecutor(1) as pool:
        first = pool.submit(one.run)
        try:
            until = time.monotonic() + 20
            while not (root / "begun").exists() and time.monotonic() < until:
                time.sleep(0.01)
            with pytest.raises(RunUnderWay):
                other.run()
        finally:
            (root / "go on").touch()

        assert "succeeded" == first.result(20).status


# --- two projects in one process --------------------------------------------------------------------------------------


@pytest.fixture
def twins(write):
    """Two projects with the same names for everything, and other content."""

    def one(name: str, rows: int):
        return write(name, **{
            "helpers.py": f"""
                NAME = {name!r}

                def rows():
                    return {rows}
                """,
            "models/made.py": """
                import helpers
                from interlace import model

                @model(volatile=False)
                def made():
                    import helpers as again  # while it runs, too

                    for i in range(again.rows()):
                        yield {"id": i, "owner": helpers.NAME}
                """,
            "models/read.sql": "SELECT owner, count(*) AS n FROM made GROUP BY owner",
        })  # fmt: skip

    return one("left", 3), one("right", 5)


def owners(project) -> list[tuple[object, ...]]:
    return project.query("SELECT owner, n FROM read")[1]


def test_two_projects_with_the_same_names_do_not_touch_each_other(twins):
    with Project.load(twins[0]) as left, Project.load(twins[1]) as right:
        assert {"succeeded"} == {left.run().status, right.run().status}
        assert ([("left", 3)], [("right", 5)]) == (owners(left), owners(right))
        assert ("nothing", "nothing") == (left.run().status, right.run().status)


def test_two_projects_run_in_two_threads_at_once(twins):
    together = threading.Barrier(2)

    def run(root):
        with Project.load(root) as project:
            together.wait(10)
            status = project.run(force=True).status
            return status, owners(project)

    with ThreadPoolExecutor(2) as pool:
        for _ in range(3):
            left, right = pool.map(run, twins)

            assert ("succeeded", [("left", 3)]) == left
            assert ("succeeded", [("right", 5)]) == right


def test_two_projects_load_in_two_threads_at_once(twins):
    def load(root):
        with Project.load(root) as project:
            return project.name, project.run().status

    with ThreadPoolExecutor(2) as pool:
        assert [("left", "succeeded"), ("right", "succeeded")] == list(pool.map(load, twins))


def test_a_failure_in_one_project_leaves_the_other_alone(twins):
    (twins[0] / "helpers.py").write_text("NAME = 'left'\n\ndef rows():\n    raise RuntimeError('left only')\n")

    with Project.load(twins[0]) as left, Project.load(twins[1]) as right:
        failed, succeeded = left.run(), right.run()

    assert ("failed", "succeeded") == (failed.status, succeeded.status)
    assert "left only" in str(failed.failed[0].error)


def test_a_project_leaves_no_trace_in_the_process(twins, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    path, environ, folder = list(sys.path), dict(os.environ), Path.cwd()

    with Project.load(twins[0]) as project:
        project.run()

    assert (path, environ, folder) == (sys.path, dict(os.environ), Path.cwd())
    assert "helpers" not in sys.modules


def test_two_environments_of_one_project_run_in_one_process(write):
    root = write("both", **{
        "config.yaml": "connections:\n  default: {type: duckdb, path: '{env}.duckdb'}\n",
        "models/a.sql": "SELECT $env AS env",
    })  # fmt: skip

    def run(env):
        with Project.load(root, env=env) as project:
            return project.run().status, project.query("SELECT env FROM a")[1]

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(run, ["dev", "prod"]))

    assert [("succeeded", [("dev",)]), ("succeeded", [("prod",)])] == found
