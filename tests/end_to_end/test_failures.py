"""Failures of models and connections: tried again, left alone, kept, replayed."""

from __future__ import annotations

import re

import pytest

CONFIG = "connections:\n  default: {type: duckdb, path: warehouse.duckdb}\n"

FLAKY = """
from pathlib import Path
from interlace import model

class Busy(Exception):
    pass

@model(retry=%s)
def flaky():
    file = Path("tries.txt")
    tries = (int(file.read_text()) if file.exists() else 0) + 1
    file.write_text(str(tries))
    if tries < 3:
        raise %s
    return [{"id": tries}]
"""


@pytest.fixture
def flaky(project):
    """A project whose one model fails twice; `retry` is what stands in its decorator."""

    def flaky(retry: str, error: str = "ConnectionError('no route')"):
        project.write("config.yaml", CONFIG)
        project.python("flaky", FLAKY % (retry, error))
        return project

    return flaky


QUICK = "'initial_delay': 0.01, 'jitter': 0"


def tries(project) -> int:
    return int((project.root / "tries.txt").read_text())


def test_a_model_that_fails_twice_succeeds_at_the_third_attempt(flaky):
    project = flaky(f"{{'preset': 'api', {QUICK}}}")
    said = project.run()

    assert 3 == tries(project)
    assert ["attempt 1 of 5 failed", "attempt 2 of 5 failed"] == re.findall(r"attempt \d of \d failed", said.out)
    shown = project("runs", "show", "--json").json
    assert ["failed", "failed", "succeeded"] == [a["status"] for a in shown["attempts"]]
    assert [] == project("dlq", "list", "--json").json


def test_a_terminal_failure_is_not_tried_again(flaky):
    project = flaky(f"{{'preset': 'api', {QUICK}}}", "ValueError('wrong')")
    project.fails("run", code=1)

    assert 1 == tries(project)


def test_a_class_that_is_named_is_tried_again(flaky):
    project = flaky(f"{{'errors': ['Busy'], {QUICK}}}", "Busy()")
    project.run()

    assert 3 == tries(project)


def test_a_predicate_decides(flaky):
    project = flaky(f"{{'predicate': 'rules:again', {QUICK}}}", "ValueError('busy')")
    project.write("rules.py", "def again(error):\n    return str(error) == 'busy'\n")
    project.run()

    assert 3 == tries(project)


def test_a_predicate_that_is_not_there_is_said_before_anything_runs(flaky):
    project = flaky("{'predicate': 'rules:again'}")

    assert "'retry' has the predicate 'rules:again', which cannot be imported" in project.fails("run")
    assert not (project.root / "tries.txt").exists()


def test_a_preset_is_imported_by_its_name(flaky):
    project = flaky("replace(DEFAULT_RETRY_POLICY, initial_delay=0, jitter=0)")
    code = (project.root / "models" / "flaky.py").read_text()
    project.python("flaky", f"from dataclasses import replace\nfrom interlace import DEFAULT_RETRY_POLICY\n{code}")
    project.run()

    assert 3 == tries(project)


def test_a_change_of_the_policy_builds_nothing(project):
    project.write("config.yaml", CONFIG)
    project.sql("m", "SELECT 1 AS id")
    project.run()
    project.sql("m", "-- @retry: database\nSELECT 1 AS id")

    assert [] == project("plan", "--json").json["steps"]


# --- dead letters -------------------------------------------------------------------------------------------------


@pytest.fixture
def failed(project):
    """A project with one dead letter of a model that reads a variable, and the letter."""
    project.write("config.yaml", CONFIG + "vars:\n  day: {type: date}\n")
    project.sql("m", "SELECT $day AS day, CAST($day AS VARCHAR)::INTEGER AS n")
    project.fails("run", "--var", "day=2024-02-03", code=1)
    (letter,) = project("dlq", "list", "--json").json
    return project, letter


def test_what_failed_for_good_is_kept_with_all_it_needs(failed):
    project, letter = failed

    expected = {"model": "m", "status": "open", "attempts": 1, "error_code": "ILC-601", "environment": "dev"}
    assert expected == {key: letter[key] for key in expected}
    assert ({"day": "2024-02-03"}, "build") == (letter["arguments"]["vars"], letter["arguments"]["action"])
    assert "ConversionException" in letter["traceback"]
    assert letter["id"] in project("dlq", "list").out
    assert "2024-02-03" in project("dlq", "show", letter["id"]).out


def test_a_replay_uses_the_same_time_and_variables_and_settles_the_letter(failed):
    project, letter = failed
    project.sql("m", "SELECT $day AS day")
    said = project("dlq", "replay", letter["id"])

    assert 0 == said.code, said.err
    shown = project("dlq", "show", letter["id"], "--json").json
    assert ("replayed", 1) == (shown["status"], len(project("dlq", "list", "--status", "any", "--json").json))
    assert "2024-02-03" in project("show", "m", "--var", "day=2024-02-03").out
    assert "is replayed already" in project.fails("dlq", "replay", letter["id"])


def test_a_replay_that_fails_adds_its_attempts(failed):
    project, letter = failed
    assert 1 == project("dlq", "replay", letter["id"], "--json").code

    (following,) = project("dlq", "list", "--json").json
    assert (2, letter["execution_time"]) == (following["attempts"], following["execution_time"])


def test_a_later_success_settles_the_letter(failed):
    project, letter = failed
    project.sql("m", "SELECT 1 AS id")
    project.run("--var", "day=2024-02-03")

    shown = project("dlq", "show", letter["id"], "--json").json
    assert "replayed" == shown["status"]
    assert shown["note"].startswith("settled by the success of run ")


def test_a_letter_is_resolved_by_hand(failed):
    project, letter = failed
    said = project("dlq", "resolve", letter["id"], "--note", "the source was wrong", "--json")

    assert ("resolved", "the source was wrong") == (said.json["status"], said.json["note"])
    assert [] == project("dlq", "list", "--json").json
    assert "is resolved already" in project.fails("dlq", "resolve", letter["id"])


def test_settled_letters_are_purged_and_open_ones_only_when_asked(failed):
    project, letter = failed

    assert {"deleted": 0} == project("dlq", "purge", "--older", "0", "--json").json
    assert {"deleted": 1} == project("dlq", "purge", "--older", "0", "--include-open", "--json").json
    assert "there is no dead letter" in project.fails("dlq", "show", letter["id"])


def test_a_letter_of_another_environment_is_not_replayed_by_mistake(failed):
    project, letter = failed
    project.write("config.yaml", CONFIG + "vars:\n  day: {type: date}\nenvironments: [dev, prod]\n")

    assert "is of environment dev, not prod" in project.fails("dlq", "replay", letter["id"], "--env", "prod")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("dlq", "show", "nowhere"), "there is no dead letter 'nowhere'"),
        (("dlq", "list", "--status", "opn"), "Did you mean 'open'?"),
        (("dlq", "purge", "--older", "long"), "--older long:"),
    ],
)
def test_what_cannot_be_is_said(failed, words, said):
    project, _ = failed

    assert said in project.fails(*words)


# --- a server -----------------------------------------------------------------------------------------------------

SERVER = """
connections:
  default: {{type: postgres, url: "{url}"}}
run:
  threads: 1
  circuit: {{failures: 3, recovery: {recovery}}}
"""
GONE = "SELECT pg_terminate_backend(pg_backend_pid()) AS gone"


@pytest.fixture
def server(project, postgres_url):
    """A project on a real PostgreSQL, whose circuit opens after three failures."""

    def server(recovery: str):
        project.write("config.yaml", SERVER.format(url=postgres_url, recovery=recovery))
        return project

    return server


def test_a_connection_that_dies_again_and_again_is_left_alone(server):
    project = server("1h")
    for name in "abcd":
        project.sql(name, GONE)
    project.sql("e", "SELECT 1 AS id")
    said = project("run", "--json")

    codes = {name: m["error"]["code"] for name, m in said.models.items()}
    # It died three times: while it built all of them by one message, for "a", and for "b".
    assert ["ILC-400"] * 2 + ["ILC-402"] * 3 == [codes[name] for name in "abcde"]
    assert project("info", "--json").json["circuits"]["default"].startswith("open since")
    assert "is left alone for 3600 s" in project("runs", "logs").out


def test_the_next_run_tries_it_and_finds_that_it_works_again(server):
    project = server("1h")
    for name in "abc":
        project.sql(name, GONE)
    project.fails("run", code=1)
    for name in "abc":
        project.sql(name, "SELECT 1 AS id")
    said = project.run()

    assert "connection 'default' works again" in said.out
    assert {"default": "closed"} == project("info", "--json").json["circuits"]


def test_a_lost_connection_is_replaced_for_the_next_attempt(server, postgres_url):
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE SEQUENCE tries")
    project = server("1h")
    project.sql(
        "thrice",
        """
        -- @retry: {preset: database, initial_delay: 0.01, jitter: 0}
        SELECT n, CASE WHEN n < 3 THEN pg_terminate_backend(pg_backend_pid()) END AS gone
        FROM (SELECT nextval('tries') AS n OFFSET 0) AS counted
        """,
    )
    project.run()
    said = project("runs", "show", "--json").json

    assert ["failed", "failed", "succeeded"] == [a["status"] for a in said["attempts"]]


def test_a_model_is_tried_again_by_its_sqlstate(server):
    project = server("1h")
    raising = "SELECT 1/0 AS n"
    project.sql("named", f"-- @retry: {{errors: ['22012'], attempts: 2, initial_delay: 0.01, jitter: 0}}\n{raising}")
    project.sql("other", f"-- @retry: {{errors: ['40'], attempts: 2, initial_delay: 0.01, jitter: 0}}\n{raising}")
    project.fails("run", code=1)

    letters = project("dlq", "list", "--json").json
    assert {"named": 2, "other": 1} == {d["model"]: d["attempts"] for d in letters}


def test_waiting_models_go_on_when_the_circuit_is_tried_again(server):
    project = server("0.3")
    for name in "abc":
        project.sql(name, GONE)
    project.sql("d", "-- @retry: {preset: database, max_delay: 5}\nSELECT 1 AS id")
    said = project("run", "--json")

    assert "succeeded" == said.statuses["d"]
