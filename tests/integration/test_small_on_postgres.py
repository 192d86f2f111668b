"""What a run of many small models on PostgreSQL costs, counted in messages and commits; seconds belong to the benchmarks."""

from __future__ import annotations

import psycopg
import pytest

from interlace import Project
from interlace.run.result import Failed, NotRun, Succeeded

COUNT = 40


@pytest.fixture
def root(tmp_path, postgres_url):
    """Forty models of three layers."""
    (tmp_path / "models").mkdir()
    (tmp_path / "config.yaml").write_text(
        f"name: small\nconnections:\n  default: {{type: postgres, url: '{postgres_url}'}}\n"
    )
    write(tmp_path)
    return tmp_path


def write(root, more=""):
    value = "{} + 0" if more else "{}"  # so that what reads it runs too
    for i in range(COUNT):
        query = f"SELECT {value.format(i)} AS id{more}" if i < 20 else f"SELECT id + 1 AS id FROM m{i - 15} -- m{more}"
        (root / f"models/m{i}.sql").write_text(query)


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """However slow the machine is."""
    monkeypatch.setattr("interlace.run.runner.GROUP_SECONDS", 600)
    monkeypatch.setattr("interlace.run.runner.TICK", 600)
    monkeypatch.setattr("interlace.run.prepare.SLOW", 600)


@pytest.fixture
def said(monkeypatch):
    """The messages that sessions sent."""
    sent = []
    execute = psycopg.Connection.execute

    def counted(self, query, *arguments, **options):
        sent.append(query if isinstance(query, str) else query.decode())
        return execute(self, query, *arguments, **options)

    monkeypatch.setattr(psycopg.Connection, "execute", counted)
    return sent


def run(root):
    with Project.load(root) as project:
        return project.run()


def built(result):
    return sum(isinstance(outcome, Succeeded) for outcome in result.outcomes.values())


def test_a_first_run_and_one_in_which_all_changed_send_few_messages(root, said, ask):
    first = run(root)
    made = [text for text in said if "CREATE TABLE" in text and '"m' in text]

    assert COUNT == built(first)
    assert COUNT == sum(text.count("CREATE TABLE") for text in made)
    # The last layers follow once the rows of those that they read are known.
    assert len(made) <= 6
    assert 1 == sum(text == "COMMIT" for text in said)

    said.clear()
    write(root, ", 'x' AS more")
    again = run(root)

    assert COUNT == built(again)
    assert len([text for text in said if "RENAME TO" in text]) <= 3
    assert 1 == sum(text == "COMMIT" for text in said)
    assert [(19, "x")] == ask("SELECT * FROM m19")
    assert [(11,)] == ask("SELECT * FROM m39")


def test_one_that_fails_is_named_and_the_others_are_built(root, ask):
    (root / "models/m7.sql").write_text("SELECT 1 / 0 AS id")
    result = run(root)

    assert COUNT - 3 == built(result)
    assert {"m22", "m37"} == {name for name, outcome in result.outcomes.items() if isinstance(outcome, NotRun)}
    assert "division by zero" in str(result.outcomes["m7"].error)
    assert COUNT - 3 == ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")[0][0]


def test_what_a_check_finds_in_one_of_them_leaves_what_stood(root, ask):
    run(root)
    write(root, ", 'x' AS more")
    (root / "models/m7.sql").write_text("-- @checks: [{row_count: {min: 5}}]\nSELECT 70 AS id, 'x' AS more")
    result = run(root)

    assert isinstance(result.outcomes["m7"], Failed)
    assert [(7,)] == ask("SELECT * FROM m7")
    assert [(8, "x")] == ask("SELECT * FROM m8")
