"""Exit codes, Ctrl-C, JSON and colours: what scripts and people rely on."""

from __future__ import annotations

import contextlib
import json
import signal
import time
from pathlib import Path

import pytest

SLOW = "SELECT count(*) AS n FROM range(100000000) a, range(1000000) b"


def test_success_exits_with_0(project):
    project.sql("a", "SELECT 1 AS id")

    assert 0 == project("run").code
    assert 0 == project("run").code


def test_a_failed_model_exits_with_1(project):
    project.sql("a", "SELECT error('no') AS id")

    assert 1 == project("run").code


def test_a_failed_check_exits_with_1(project):
    project.sql("a", "-- @checks: [{row_count: {min: 2}}]\nSELECT 1 AS id")

    assert 1 == project("run").code


@pytest.mark.parametrize("words", [["rum"], ["run", "--selct", "a"], ["run", "--threads", "x"], ["run", "-q", "-v"]])
def test_wrong_usage_exits_with_2(project, words):
    assert 2 == project(*words).code


def test_a_mistyped_command_gets_the_nearest_word(project):
    assert "run" in project("rum").err


@pytest.fixture
def slow(project):
    """A project whose table `old` stands and whose run does not end by itself."""
    project.sql("old", "SELECT 1 AS id")
    project.run()
    project.sql("old", f"SELECT n AS id FROM ({SLOW})")
    project.sql("after", "SELECT * FROM old")
    return project


def _interrupted(project, number=signal.SIGINT, wait=lambda: None):
    child = project.start("run", "--json")
    log = project.root / ".interlace" / "logs"
    before = set(log.glob("*.jsonl"))
    until = time.monotonic() + 30
    while not any(b'"model_started"' in f.read_bytes() for f in set(log.glob("*.jsonl")) - before):
        assert time.monotonic() < until
        time.sleep(0.01)
    wait()
    child.send_signal(number)
    out, err = child.communicate(timeout=30)
    return child.returncode, out, err


def test_ctrl_c_cancels_the_query_rolls_back_and_is_recorded(slow):
    began = time.monotonic()
    code, out, _ = _interrupted(slow)

    assert 130 == code
    assert time.monotonic() - began < 20
    assert [(1,)] == slow.query("FROM old")
    assert {"old": "cancelled", "after": "cancelled"} == {m["model"]: m["status"] for m in json.loads(out)["models"]}
    assert "cancelled" == slow("runs", "list", "--json").json[0]["status"]


def test_sigterm_cancels_as_ctrl_c_does(slow):
    code, _, _ = _interrupted(slow, signal.SIGTERM)

    assert 130 == code
    assert "cancelled" == slow("runs", "list", "--json").json[0]["status"]


def test_a_second_ctrl_c_leaves_at_once(project, wait):
    project.python(
        "stubborn",
        """
        import time
        from pathlib import Path
        from interlace import model

        @model()
        def stubborn():
            Path("begun").touch()
            time.sleep(60)
            return [{"id": 1}]
    """,
    )
    child = project.start("run")
    wait((project.root / "begun").exists)
    child.send_signal(signal.SIGINT)
    for line in child.stderr:
        if "Cancelling" in line:
            break
    time.sleep(0.7)  # a second one that follows at once counts as the first
    began = time.monotonic()
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=20)

    assert 130 == child.returncode
    assert time.monotonic() - began < 1


def test_one_ctrl_c_does_not_wait_for_python_that_sleeps(project, wait):
    project.python(
        "stubborn",
        """
        import time
        from pathlib import Path
        from interlace import model

        @model()
        def stubborn():
            Path("begun").touch()
            time.sleep(60)
            return [{"id": 1}]
    """,
    )
    child = project.start("run")
    wait((project.root / "begun").exists)
    child.send_signal(signal.SIGINT)
    began = time.monotonic()
    child.communicate(timeout=20)

    assert 130 == child.returncode
    assert time.monotonic() - began < 10
    assert "cancelled" == project("runs", "list", "--json").json[0]["status"]


def test_the_next_run_after_ctrl_c_is_an_ordinary_one(slow):
    _interrupted(slow)
    slow.sql("old", "SELECT 2 AS id")

    said = slow.run()

    assert [(2,)] == slow.query("FROM after")
    assert "cut off" not in said.out


READING = [["show", "endless"], ["profile", "endless"], ["check", "endless"], ["diff", "endless", "--from", "other"]]


@pytest.fixture(scope="module")
def endless(make_project, tmp_path_factory):
    """A project of two environments with a view whose rows never come to an end."""
    project = make_project(tmp_path_factory.mktemp("endless") / "project")
    project.write("config.yaml", "connections:\n  default: {type: duckdb, path: '{env}.duckdb'}\n")
    query = "SELECT a.range AS n FROM range(100000000) a, range(1000000) b WHERE a.range * b.range = -1"
    project.sql("endless", f"-- @materialise: view\n{query}")
    project.run()
    project.run("--env", "other")
    project.sql("endless", f"-- @materialise: view\n-- @checks: [unique: n]\n{query}")
    return project


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_ctrl_c_ends_what_only_reads(endless, wait, words):
    child = endless.start(*words)
    wait(lambda: _holds(child.pid, ".duckdb"))
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=20)

    assert 130 == child.returncode, out + err
    assert "Traceback" not in err


def _holds(pid, suffix):
    """Whether a process has a file open whose name ends so."""
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if file.readlink().name.endswith(suffix):
                return True
    return False


COMMANDS = [
    ["run"], ["run", "--force"], ["run", "--dry-run"], ["plan"], ["list"], ["show", "a"], ["show", "--sql", "SELECT 1 AS x"],
    ["show", "a", "--compiled"], ["why", "a"], ["info"], ["info", "a"], ["describe", "a"], ["runs", "list"], ["runs", "show"],
    ["runs", "logs"], ["config", "show"], ["config", "validate"], ["config", "sources"], ["config", "schema"],
    ["plugins", "list"], ["plugins", "show", "duckdb"], ["plugins", "doctor"], ["state", "info"], ["state", "upgrade"],
    ["state", "prune"], ["sources", "list"], ["sources", "freshness"], ["sources", "check"], ["version"],
]  # fmt: skip


@pytest.fixture(scope="module")
def built(make_project, tmp_path_factory):
    made = make_project(tmp_path_factory.mktemp("built") / "project")
    made.sql("a", "-- @checks: [{unique: id}]\nSELECT 1 AS id, 'x' AS name")
    made.run()
    return made


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_with_json_every_command_prints_one_document_and_nothing_else(built, words):
    said = built(*words, "--json")

    assert 0 == said.code, said.err
    assert said.json is not None
    assert "" == said.err


@pytest.mark.parametrize(
    "words", [["run", "nothing"], ["show", "nothing"], ["run", "--nope"], ["why", "nothing"]], ids=" ".join
)
def test_with_json_an_error_is_a_document_too(built, words):
    said = built(*words, "--json")

    assert 2 == said.code
    assert {"code", "message", "where", "hint", "model"} <= set(said.json["error"])


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_without_a_terminal_no_colours_are_written(built, words):
    said = built(*words)

    assert "\x1b" not in said.out + said.err


def test_options_work_before_and_after_arguments(built):
    assert 0 == built("run", "--force", "a", "--quiet").code
    assert 0 == built("run", "a", "--force", "--quiet").code
    assert built("--json", "list").json == built("list", "--json").json


def test_quiet_prints_one_line(built):
    assert 1 == len(built("run", "--force", "--quiet").out.splitlines())


def test_output_that_nobody_reads_is_no_error(built):
    child = built.start("config", "schema")
    child.stdout.close()
    with child.stderr:
        said = child.stderr.read()
    child.wait(timeout=30)

    assert "" == said


def test_a_terminal_that_knows_only_ascii_gets_ascii(project):
    project.sql("größe", "SELECT 1 AS id")

    said = project("run", env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})

    assert 0 == said.code
    assert said.out.isascii()
