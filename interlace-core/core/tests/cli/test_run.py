"""``interlace run`` and ``interlace plan``."""

from __future__ import annotations

from pathlib import Path

import pytest
from inline_snapshot import snapshot

from interlace.errors import InvalidSql, Location


def test_a_run_says_where_it_writes_then_one_line_per_model_then_a_summary(run, project):
    ended = run("run")

    assert (0, "") == (ended.code, ended.err)
    assert ended.out == snapshot("""\
Environment dev: default at data/dev.duckdb
✓ customers           1,234 rows     0.12 s
⚠ customers     small
· skipped: daily totals (no parent's rows moved)
Without a model: dev__main.gone (nothing was dropped)

Succeeded in 0.30 s: 1 succeeded, 1 skipped, 1 up to date; about 2.00 s saved by skipping.
""")


def test_a_failure_is_shown_in_full_after_the_lines_with_failing_rows(run, project):
    project.failing = True
    ended = run("run")

    assert 1 == ended.code
    assert ended.out == snapshot("""\
Environment dev: default at data/dev.duckdb
✗ customers     unique_id: 2 rows share id

✗ customers [ILC-603]
  unique_id: 2 rows share id
  Nothing was published.
  rows that fail unique_id:
    id  n
    1   NULL
· blocked: daily totals (customers failed)
Without a model: dev__main.gone (nothing was dropped)

Failed in 0.30 s: 1 failed, 1 blocked, 1 up to date; checks: 0 passed, 1 failed.
""")


def test_nothing_to_do_is_said_in_one_line(run, project):
    project.nothing = True
    ended = run("run")

    assert 0 == ended.code
    assert ended.out == snapshot("""\
Environment dev: default at data/dev.duckdb
Nothing to do: 1 model is up to date.
""")


def test_quiet_shows_failures_and_the_summary_only(run, project):
    project.failing = True

    assert run("run", "--quiet").out == snapshot("""\
✗ customers     unique_id: 2 rows share id

✗ customers [ILC-603]
  unique_id: 2 rows share id
  Nothing was published.
  rows that fail unique_id:
    id  n
    1   NULL

Failed in 0.30 s: 1 failed, 1 blocked, 1 up to date; checks: 0 passed, 1 failed.
""")


def test_verbose_shows_counts_and_every_model_that_did_not_run(run, project):
    assert run("run", "-v").out == snapshot("""\
Environment dev: default at data/dev.duckdb
✓ customers           1,234 rows     0.12 s  1,234 inserted  new
⚠ customers     small
· daily totals  skipped: no parent's rows moved
Without a model: dev__main.gone (nothing was dropped)

Succeeded in 0.30 s: 1 succeeded, 1 skipped, 1 up to date; about 2.00 s saved by skipping.
""")


def test_json_is_one_document_and_nothing_else(run, project):
    project.failing = True
    ended = run("run", "--json")

    assert (1, "") == (ended.code, ended.err)
    assert ["customers", "daily totals"] == [m["model"] for m in ended.json["models"]]
    assert ("ILC-603", "failed", "r2") == (
        ended.json["models"][0]["error"]["code"],
        ended.json["status"],
        ended.json["run"],
    )
    assert [{"id": 1, "n": None}] == ended.json["models"][0]["checks"][0]["sample"]


def test_models_options_and_their_order_do_not_matter(run, project):
    run("run", "a", "-s", "tag:x", "b", "-x", "c", "--force", "--threads", "2", "-p", "x", "--fail-fast", "-e", "prod")

    assert ("load", (Path("x"), "prod", None)) == project.calls[0]
    options = {"force": True, "threads": 2, "fail_fast": True}
    assert ("run", (["a", "b", "tag:x"], ["c"], options)) == project.calls[1]


@pytest.mark.parametrize("words", [("-p", "x", "-e", "prod", "run"), ("run", "-p", "x", "-e", "prod")])
def test_project_and_env_work_before_and_after_the_command(run, project, words):
    run(*words)

    assert ("load", (Path("x"), "prod", None)) == project.calls[0]


def test_an_option_after_the_command_beats_one_before_it(run, project):
    run("-e", "dev", "run", "-e", "prod")

    assert ("load", (Path(), "prod", None)) == project.calls[0]


def test_json_may_stand_before_the_command(run, project):
    assert "succeeded" == run("--json", "run").json["status"]


def test_the_project_of_the_environment_is_taken_where_none_is_given(run, project, monkeypatch):
    monkeypatch.setenv("INTERLACE_PROJECT", "/somewhere")
    run("run")

    assert ("load", (Path("/somewhere"), None, None)) == project.calls[0]


def test_variables_are_handed_to_the_project(run, project):
    run("run", "--var", "start=2024-01-01", "--var", "expr=a=b")

    assert {"start": "2024-01-01", "expr": "a=b"} == project.calls[0][1][2]


@pytest.mark.parametrize(
    "words",
    [
        ("--var", "start"),
        ("--var", "=1"),
        ("--var", "a=1", "--var", "a=2"),
        ("--threads", "0"),
        ("-q", "-v"),
        ("--threads", "x"),
    ],
)
def test_wrong_usage_exits_with_2_and_loads_nothing(run, project, words):
    ended = run("run", *words)

    assert (2, "", []) == (ended.code, ended.out, project.calls)
    assert "Traceback" not in ended.err


def test_a_dry_run_prints_the_plan_and_runs_nothing(run, project):
    planned, dry = run("plan"), run("run", "--dry-run")

    assert planned == dry
    assert "run" not in [name for name, _ in project.calls]


def test_a_plan_says_why_for_each_model(run, project):
    assert run("plan").out == snapshot("""\
Environment dev: default at data/dev.duckdb
+ customers     build   table           it is new
? daily totals  build   table           customers runs (only if its parents' rows move)
Without a model: dev__main.gone
⚠ view chain is 20 deep
2 models to run, 1 model up to date. Plan 0123456789ab.
""")


def test_a_plan_as_json_has_steps_and_what_is_up_to_date(run, project):
    data = run("plan", "--json").json

    assert ["customers", "daily totals"] == [s["model"] for s in data["steps"]]
    assert [{"code": "new", "text": "it is new", "details": []}] == data["steps"][0]["reasons"]
    assert ["orders"] == [u["model"] for u in data["up_to_date"]]


def test_an_error_is_text_on_stderr_with_its_exit_code(run, project):
    where = Location("models/a.sql", 3, 8, "SELECT FROM x")
    project.raises = InvalidSql("expected an expression", where=where, hint="Name a column.", model="a")
    ended = run("run")

    assert (2, "") == (ended.code, ended.out)
    assert ended.err == snapshot("""\
error[ILC-211] models/a.sql:3:8: expected an expression
    SELECT FROM x
           ^
Name a column.
""")


def test_an_error_with_json_is_an_object_on_stdout(run, project):
    project.raises = InvalidSql("no", where=Location("models/a.sql", 3, 8), model="a")
    ended = run("run", "--json")

    assert (2, "") == (ended.code, ended.err)
    assert ended.json == snapshot(
        {
            "error": {
                "code": "ILC-211",
                "message": "no",
                "where": {"path": "models/a.sql", "line": 3, "column": 8, "excerpt": None},
                "hint": None,
                "model": "a",
            }
        }
    )


def test_the_project_is_closed_when_the_run_raises(run, project):
    project.raises = InvalidSql("no")
    run("run")

    assert ("close", None) == project.calls[-1]


def test_ctrl_c_while_loading_exits_with_130(run, project):
    project.raises = KeyboardInterrupt()

    assert 130 == run("run").code


def test_a_defect_says_so_in_one_line_and_keeps_its_traceback_in_the_project(run, project, tmp_path, monkeypatch):
    (tmp_path / "config.yaml").touch()
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path / "models")
    monkeypatch.delenv("INTERLACE_DEBUG", raising=False)
    project.raises = ZeroDivisionError("by zero")
    ended = run("run")
    (log,) = (tmp_path / ".interlace" / "logs").iterdir()

    assert (1, "") == (ended.code, ended.out)
    assert "This is a defect of Interlace: ZeroDivisionError: by zero" in ended.err
    assert str(log) in ended.err
    assert "Traceback" not in ended.err
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_a_defect_prints_its_traceback_when_asked_to(run, project, monkeypatch):
    monkeypatch.setenv("INTERLACE_DEBUG", "1")
    project.raises = ZeroDivisionError("by zero")

    assert "Traceback" in run("run").err


def test_a_success_keeps_what_the_next_run_would_say(run, project):
    run("run", "-e", "dev")
    kept = dict(project.calls)["answer"]
    project.nothing = True

    assert (("run", "-e", "dev"), "Nothing to do: 3 models are up to date.") == (kept[0], kept[1].splitlines()[-1])
    assert kept[1].splitlines()[0] == run("run", "-e", "dev").out.splitlines()[0]


def test_nothing_to_do_as_json_is_kept_as_it_was_printed(run, project):
    project.nothing = True
    printed = run("run", "--json")

    assert (("run", "--json"), printed.out) == dict(project.calls)["answer"]
    assert (None, None, "nothing") == (printed.json["run"], printed.json["started_at"], printed.json["status"])


def test_a_failure_keeps_no_answer(run, project):
    project.failing = True
    run("run")

    assert "answer" not in dict(project.calls)


def test_a_forced_run_keeps_no_answer(run, project):
    run("run", "--force")

    assert "answer" not in dict(project.calls)
