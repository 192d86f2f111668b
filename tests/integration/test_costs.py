"""What a run costs, counted in statements, transactions and imports: seconds belong to the benchmarks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from interlace import Project
from interlace.state.sqlite import SqliteDatabase
from interlace_duckdb.session import DuckDBSession
from interlace_duckdb.transaction import Transaction

CONFIG = "name: costs\nconnections:\n  default: {type: duckdb, path: costs.duckdb}\n"
GROUP = 50


def write_project(root: Path, count: int) -> Path:
    """A chain of small groups: each model but the first ten reads two that come before it."""
    (root / "models").mkdir(parents=True)
    (root / "config.yaml").write_text(CONFIG)
    for i in range(count):
        query = (
            f"SELECT {i} AS id" if i < 10 else f"SELECT a.id + 1 AS id FROM m{i - 10} AS a JOIN m{i - 7} AS b ON true"
        )
        (root / "models" / f"m{i}.sql").write_text(query)
    return root


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """Groups end by their size alone, however slow the machine is."""
    monkeypatch.setattr("interlace.run.runner.GROUP_SECONDS", 600)
    monkeypatch.setattr("interlace.run.runner.TICK", 600)


@pytest.fixture
def counted(monkeypatch):
    """How often a session was asked to run a statement, to begin or commit, and how often the state was written."""
    counts: Counter[str] = Counter()

    def count(cls, method, what):
        original = getattr(cls, method)

        def counting(self, *arguments, **options):
            counts[what(*arguments)] += 1
            return original(self, *arguments, **options)

        monkeypatch.setattr(cls, method, counting)

    count(DuckDBSession, "_run", lambda sql, *_: "catalogue" if "duckdb_" in sql else "statement")
    count(Transaction, "_command", lambda sql: sql.split()[0].lower())
    count(SqliteDatabase, "writing", lambda: "state")
    return counts


def run(root: Path):
    with Project.load(root) as project:
        return project.run(threads=1)


def test_a_first_run_takes_one_statement_for_each_model_and_a_transaction_for_each_group(tmp_path, counted):
    result = run(write_project(tmp_path, 200))

    assert ("succeeded", 200, 4, 4) == (
        result.status,
        counted["statement"],
        counted["begin"],
        counted["commit"],
    )


def test_the_catalogue_is_looked_at_as_often_for_many_models_as_for_few(tmp_path, counted):
    run(write_project(tmp_path / "few", 10))
    few = counted.pop("catalogue", 0)
    run(write_project(tmp_path / "many", 100))

    assert few == counted["catalogue"] <= 2


def test_the_state_is_written_in_a_few_transactions(tmp_path, counted):
    run(write_project(tmp_path, 200))

    assert counted["state"] <= 15


BOUNDED = """
-- @incremental: {by: datetime, column: happened, start: 2024-01-01, batch_size: 1}
SELECT * FROM (SELECT range AS id, TIMESTAMP '2024-01-01' + to_hours(range) AS happened FROM range(2400)) AS e
WHERE happened >= $start AND happened < $end
"""


def cost_of_days(root: Path, days: int, counted: Counter[str]) -> Counter[str]:
    """What it takes to load so many days, each by itself."""
    (root / "models").mkdir(parents=True)
    (root / "config.yaml").write_text(CONFIG)
    (root / "models" / "daily.sql").write_text(BOUNDED)
    counted.clear()
    with Project.load(root, environ={}) as project:
        result = project.run(at=datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=days))
    with duckdb.connect(str(root / "costs.duckdb"), read_only=True) as connection:
        rows = connection.execute("SELECT count(*), count(DISTINCT id) FROM daily").fetchall()
    assert [(24 * days, 24 * days)] == rows, result.outcomes
    return Counter(counted)


def test_an_interval_of_a_query_that_names_its_bounds_takes_three_statements(tmp_path, counted):
    few, many = (cost_of_days(tmp_path / str(days), days, counted) for days in (5, 25))

    # Delete, insert, mark; and the record that is kept before it commits.
    assert {"statement": 60, "begin": 20, "commit": 20, "state": 20, "catalogue": 0} == {
        what: many[what] - few[what] for what in many
    }


def test_a_changed_leaf_among_many_takes_one_statement_beside_a_look_at_the_markers(tmp_path, counted):
    root = write_project(tmp_path, 100)
    run(root)
    counted.clear()
    (root / "models" / "m99.sql").write_text("SELECT 1 AS id FROM m89")
    result = run(root)

    assert (["m99"], 2, 1) == (list(result.outcomes), counted["statement"], counted["catalogue"])


# --- imports --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A project that ran and had nothing to do."""
    root = write_project(tmp_path_factory.mktemp("built") / "project", 3)
    imported(root, "run")
    imported(root, "run")
    return root


def imported(root: Path, *words: str) -> set[str]:
    """The packages that a command imported, and the modules of ours."""
    code = (
        "import sys; from interlace.cli.main import main; code = main(sys.argv[1:]); sys.stdout.flush(); "
        "own = {m for m in sys.modules if m.startswith('interlace')}; "
        "print('\\0', *{m.partition('.')[0] for m in sys.modules} | own); sys.exit(code)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=root,
        env={k: v for k, v in os.environ.items() if not k.startswith("COV")},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(said.stdout.partition("\0")[2].split())


def test_the_version_is_said_without_importing_anything_heavy(built):
    heavy = {"typer", "rich", "pydantic", "pluggy", "duckdb", "sqlglot", "sqlite3", "json", "typing", "yaml"}

    assert set() == heavy & imported(built, "--version")


def test_nothing_to_do_is_said_without_importing_anything_heavy(built):
    heavy = {"typer", "rich", "pydantic", "pluggy", "duckdb", "sqlglot", "sqlalchemy", "yaml", "json", "typing", "re"}

    assert set() == heavy & imported(built, "run")


def test_one_changed_model_is_run_without_what_it_does_not_need(built):
    (built / "models" / "m2.sql").write_text("SELECT 22 AS id")
    heavy = {"alembic", "pydantic_settings", "ibis", "sqlalchemy", "pandas", "polars", "numpy", "pyarrow", "rich"}

    found = imported(built, "run")

    assert (set(), {"duckdb"}) == (heavy & found, {"duckdb"} & found)


def test_a_run_imports_nothing_that_holds_checks_or_retries_what_it_runs(built):
    (built / "models" / "m2.sql").write_text("SELECT 222 AS id")
    others = {"adhoc", "audit", "difference", "hold", "measuring", "profile", "proposing", "quarantine", "release"}

    found = imported(built, "run")

    assert {"interlace.run.runner"} == found & {"interlace.run.runner", *(f"interlace.run.{name}" for name in others)}


def test_a_run_imports_nothing_that_only_other_projects_use(built):
    (built / "models" / "m2.sql").write_text("SELECT 2222 AS id")
    others = {
        "interlace.config.secrets",
        "interlace.contracts.attachments",
        "interlace.run.transfer",
        "interlace_duckdb.attached",
    }

    found = imported(built, "run")

    assert (set(), {"interlace_duckdb.config"}) == (others & found, {"interlace_duckdb.config"} & found)


def test_models_that_were_loaded_before_are_not_parsed_again(built):
    assert "sqlglot" not in imported(built, "list")


def test_a_plan_in_which_no_definition_moved_compares_no_queries(built):
    found = imported(built, "plan", "--verbose")

    assert set() == {"sqlglot", "interlace.lineage.models", "interlace.lineage.compare"} & found


@pytest.mark.parametrize("words", [("lineage", "show", "m1.id"), ("impact", "m0.id")], ids=["lineage", "impact"])
def test_columns_that_were_followed_before_need_no_parser_and_no_database(built, words):
    imported(built, *words)

    found = imported(built, *words)

    assert set() == {"sqlglot", "duckdb", "sqlalchemy", "interlace.run.execution", "interlace.lineage.query"} & found


def test_who_only_looks_keeps_nothing_to_do_for_nobody(tmp_path):
    with Project.load(write_project(tmp_path / "p", 10), observed=False) as project:
        project.run()
        project.nothing_to_do(["run"], "Nothing to do")

    assert imported(tmp_path / "p", "run") & {"typer"}
