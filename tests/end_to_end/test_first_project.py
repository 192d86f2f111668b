"""The first minutes: init, run, nothing to do, an edit, a run of what the edit touches."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("template", ["minimal", "shop", "ingest"])
def test_a_template_runs_at_once_and_then_there_is_nothing_to_do(folder, template):
    made = folder("init", "demo", "--template", template)
    first = folder("run", cwd="demo")
    second = folder("run", cwd="demo")

    assert (0, 0, 0) == (made.code, first.code, second.code), first.out + first.err
    assert "failed" not in first.out
    assert "Succeeded" in first.out.splitlines()[-1]
    assert "Nothing to do" in second.out.splitlines()[-1]


def test_init_says_what_to_type_next(folder):
    said = folder("init", "my demo")

    assert ["Next:", "  cd 'my demo'", "  interlace run"] == said.out.splitlines()[-3:]


def test_init_leaves_a_folder_alone_that_is_not_empty(folder):
    folder.write("demo/notes.txt", "mine")

    said = folder.fails("init", "demo")

    assert "demo" in said
    assert "not empty" in said
    assert ["notes.txt"] == [file.name for file in (folder.root / "demo").iterdir()]


def test_init_writes_a_gitignore_for_state_databases_and_secrets(folder):
    folder("init", "demo")

    ignored = (folder.root / "demo" / ".gitignore").read_text().split()

    assert {".interlace/", "*.duckdb", ".env"} <= set(ignored)


@pytest.fixture
def chain(project):
    """Five models: two roots, one child each, and one that reads both children."""
    for root in ("a", "b"):
        project.sql(f"{root}1", "SELECT 1 AS id")
        project.sql(f"{root}2", f"SELECT id + 1 AS id FROM {root}1")
    project.sql("joined", "SELECT * FROM a2 UNION ALL SELECT * FROM b2")
    project.run()
    return project


def test_after_an_edit_what_it_touches_runs_and_nothing_else(chain):
    chain.sql("a2", "SELECT id + 10 AS id FROM a1")

    said = chain.run("--json")

    assert {"a2": "succeeded", "joined": "succeeded"} == said.statuses
    assert [(2,), (11,)] == chain.query("SELECT id FROM joined ORDER BY id")


def test_the_plan_says_why_each_model_runs_and_the_run_says_it_with_verbose(chain):
    chain.sql("a2", "SELECT id + 10 AS id FROM a1")

    plan = chain("plan")
    run = chain.run("--verbose")

    assert "its definition changed" in plan.out
    assert "a2 runs" in plan.out
    assert "its definition changed" in run.out
    assert "a1" not in [line.split()[1] for line in plan.out.splitlines() if line.startswith(("+", "~"))]


def test_comments_and_spaces_are_no_change(chain):
    chain.sql("a2", "-- counted on\nSELECT  id + 1   AS id\nFROM a1 -- the first\n")

    assert "Nothing to do" in chain.run().out


def test_a_model_whose_parent_gives_the_same_rows_is_planned_as_tentative(chain):
    chain.sql("a2", "SELECT id + 10 AS id FROM a1")

    steps = {s["model"]: s["tentative"] for s in chain("plan", "--json").json["steps"]}

    assert {"a2": False, "joined": True} == steps


def test_a_new_model_runs_alone(chain):
    chain.sql("leaf", "SELECT count(*) AS n FROM joined")

    assert {"leaf": "succeeded"} == chain.run("--json").statuses


def test_a_table_that_something_else_dropped_is_built_again(chain):
    import duckdb

    with duckdb.connect(str(chain.root / "warehouse.duckdb")) as connection:
        connection.execute("DROP TABLE a2")

    assert {"a2": ["relation"], "joined": ["parent_runs"]} == chain("plan", "--json").reasons
    chain.run()
    assert [(2,)] == chain.query("SELECT id FROM a2")


def test_a_deleted_models_table_stays_and_is_listed_as_an_orphan(chain):
    (chain.root / "models" / "joined.sql").unlink()

    assert ["main.joined"] == chain("plan", "--json").json["orphans"]
    assert "joined" in chain.run().out
    assert 2 == len(chain.query("FROM joined"))


def test_force_runs_what_is_up_to_date(chain):
    said = chain.run("--force", "--json", "a1")

    assert {"a1": "succeeded"} == said.statuses


def test_a_dry_run_writes_nothing(project):
    project.sql("a", "SELECT 1 AS id")

    said = project.run("--dry-run")

    assert "1 model to run" in said.out
    assert not (project.root / "warehouse.duckdb").exists()


def test_plan_writes_no_database(project):
    project.sql("a", "SELECT 1 AS id")

    assert 0 == project("plan").code
    assert not (project.root / "warehouse.duckdb").exists()


def test_why_says_what_made_it_stale_when_it_last_ran_and_who_reads_it(chain):
    chain.sql("a2", "SELECT id + 10 AS id FROM a1")

    said = chain("why", "a2").out

    assert "its definition changed" in said
    assert "last run" in said
    assert "joined" in said


def test_show_prints_rows_and_queries_over_models(chain):
    rows = chain("show", "joined", "--json").json["rows"]
    asked = chain("show", "--sql", "SELECT sum(id) AS total FROM joined", "--json").json["rows"]

    assert [{"id": 2}, {"id": 2}] == rows
    assert [{"total": 4}] == [{k: int(v) for k, v in row.items()} for row in asked]


def test_show_refuses_to_write(chain):
    said = chain.fails("show", "--sql", "DROP TABLE joined")

    assert "SELECT" in said or "query" in said
    assert 2 == len(chain.query("FROM joined"))
