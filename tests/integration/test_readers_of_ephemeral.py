"""Which readers run when a model changes that is inlined into them, or what it reads does."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import duckdb
import pytest

from interlace import Project
from interlace.errors import ReadersBroken
from interlace.run.result import Succeeded

pytestmark = pytest.mark.slow  # together they are: some seconds of runs

CONFIG = "name: inlined\nconnections:\n  default: {type: duckdb, path: warehouse.duckdb}\n"
RAW = "SELECT * FROM (VALUES (1, 10, 'x'), (2, 20, 'y'), (2, 30, 'z')) AS v(id, amount, note)"
HEAD = "-- @materialise: ephemeral\n"


class Inlined:
    """A project's folder, and what its runs did."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def sql(self, **models: str) -> None:
        for name, text in models.items():
            self.write(f"models/{name}.sql", text)

    def run(self, *select: str, **options) -> set[str]:
        """The models that a run built."""
        with Project.load(self.root, environ={}, env=options.pop("env", None)) as project:
            result = project.run(select, threads=1, **options)
        assert result.status in {"succeeded", "nothing"}, result.outcomes
        return {name for name, outcome in result.outcomes.items() if isinstance(outcome, Succeeded)}

    def plan(self, *select: str):
        with Project.load(self.root, environ={}) as project:
            return project.plan(select)

    def rests(self) -> dict[str, str]:
        """Why each model that is up to date need not run."""
        return {u.model: u.reasons[0].text for u in self.plan().up_to_date}

    def rows(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.root / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """raw ← stg (ephemeral) ← totals (reads amount), notes (reads note), all_of (reads all); last reads totals."""
    made = Inlined(tmp_path_factory.mktemp("built"))
    made.write("config.yaml", CONFIG)
    made.sql(
        raw=RAW,
        stg=f"{HEAD}SELECT id, amount, note FROM raw",
        totals="SELECT id, sum(amount) AS total FROM stg GROUP BY id",
        notes="SELECT id, upper(note) AS note FROM stg",
        all_of="SELECT * FROM stg",
        last="SELECT max(total) AS most FROM totals",
    )
    made.run()
    return made.root


@pytest.fixture
def inlined(built, tmp_path) -> Inlined:
    """A copy of that project."""
    return Inlined(Path(shutil.copytree(built, tmp_path / "project")))


NOTE = f"{HEAD}SELECT id, amount, note || '!' AS note FROM raw"
AMOUNT = f"{HEAD}SELECT id, amount + 1 AS amount, note FROM raw"
RAW_NOTE = f"SELECT id, amount, note || '?' AS note FROM ({RAW})"
RAW_AMOUNT = f"SELECT id, amount + 1 AS amount, note FROM ({RAW})"


def test_an_edit_of_it_runs_what_reads_the_changed_column(inlined):
    inlined.sql(stg=NOTE)

    assert {"notes", "all_of"} == inlined.run()
    assert [("X!",), ("Y!",), ("Z!",)] == inlined.rows("SELECT note FROM notes ORDER BY note")


def test_nothing_is_left_to_do_after_it(inlined):
    inlined.sql(stg=NOTE)
    inlined.run()

    assert set() == inlined.run()
    assert "it reads nothing of what changed in stg" == inlined.rests()["totals"]


def test_a_reader_that_was_spared_is_not_compared_again_in_each_plan(inlined, monkeypatch):
    inlined.sql(stg=NOTE)
    inlined.run()
    monkeypatch.setattr("interlace.lineage.compare.query_change", None)

    assert "it reads nothing of what changed in stg" == inlined.rests()["totals"]


def test_another_layout_of_it_runs_nothing(inlined):
    inlined.sql(stg=f"{HEAD}-- orders\nselect id,\n  amount, note\nFROM raw")

    assert set() == inlined.run()


def test_an_edit_of_what_it_reads_is_followed_through_it(inlined):
    inlined.sql(raw=RAW_NOTE)

    assert "it reads nothing of what changes in raw (note)" == inlined.rests()["totals"]
    assert {"raw", "notes", "all_of"} == inlined.run()
    assert "it reads nothing of what changed in raw (note)" == inlined.rests()["totals"]
    assert set() == inlined.run()


def test_the_plan_says_what_the_edit_changes_in_each_reader(inlined):
    inlined.sql(stg=NOTE)
    steps = {s.model: s for s in inlined.plan().steps}

    assert ("stg changed since",) == tuple(r.text for r in steps["notes"].reasons)
    assert "note is made otherwise" == steps["notes"].change.why


def test_readers_of_readers_are_spared_where_nothing_reaches_them(inlined):
    inlined.sql(totals="SELECT id, sum(amount) AS total, max(note) AS note FROM stg GROUP BY id")
    inlined.run()
    inlined.sql(stg=NOTE)

    assert {"notes", "all_of", "totals"} == inlined.run()
    assert [("z!",)] == inlined.rows("SELECT note FROM totals WHERE id = 2")


def test_another_condition_in_it_runs_all(inlined):
    inlined.sql(stg=f"{HEAD}SELECT id, amount, note FROM raw WHERE id > 1")

    assert {"totals", "notes", "all_of", "last"} == inlined.run()


def test_a_reader_that_was_spared_is_judged_by_what_it_was_built_with(inlined):
    inlined.sql(stg=NOTE)
    inlined.run()
    inlined.sql(stg=f"{HEAD}SELECT id, amount * 2 AS amount, note || '!' AS note FROM raw")

    assert {"totals", "all_of", "last"} == inlined.run()
    assert [(100,)] == inlined.rows("SELECT most FROM last")


def test_an_edit_that_is_taken_back_runs_what_had_run(inlined):
    before = (inlined.root / "models/stg.sql").read_text()
    inlined.sql(stg=NOTE)
    inlined.run("notes")
    inlined.sql(stg=before)

    assert {"notes"} == inlined.run()
    assert [("X",), ("Y",), ("Z",)] == inlined.rows("SELECT note FROM notes ORDER BY note")


def test_it_and_what_it_reads_may_be_edited_at_once(inlined):
    inlined.sql(stg=NOTE, raw=RAW_AMOUNT)

    assert {"raw", "totals", "notes", "all_of", "last"} == inlined.run()
    assert [(52,)] == inlined.rows("SELECT most FROM last")


def test_a_column_may_be_renamed_in_it_and_in_its_reader_at_once(inlined):
    inlined.sql(stg=f"{HEAD}SELECT id, amount AS paid, note FROM raw")
    inlined.sql(totals="SELECT id, sum(paid) AS total FROM stg GROUP BY id")

    assert {"totals", "all_of"} == inlined.run()


def test_it_may_stand_in_another_one(inlined):
    inlined.sql(clean=f"{HEAD}SELECT id, amount, trim(note) AS note FROM stg", totals=TOTALS_OF_CLEAN)
    inlined.sql(notes="SELECT id, upper(note) AS note FROM clean")
    inlined.run()
    inlined.sql(stg=NOTE)

    assert {"notes", "all_of"} == inlined.run()


TOTALS_OF_CLEAN = "SELECT id, sum(amount) AS total FROM clean GROUP BY id"


def test_a_reader_that_now_reads_past_it_is_judged_by_what_it_read_through_it(inlined):
    inlined.sql(raw=RAW_AMOUNT)
    inlined.run("raw")
    inlined.sql(totals="SELECT id, sum(amount) AS total FROM raw GROUP BY id")

    assert "last" in inlined.run()
    assert [(52,)] == inlined.rows("SELECT most FROM last")


def test_a_model_that_becomes_ephemeral_runs_its_readers(inlined):
    inlined.sql(totals="-- @materialise: ephemeral\nSELECT id, sum(amount) AS total FROM stg GROUP BY id")

    assert {"last"} == inlined.run()


def test_a_with_of_its_readers_is_not_taken_for_what_it_reads(inlined):
    with_raw = "WITH raw AS (SELECT 1 AS id, 'w' AS note)"
    inlined.sql(notes=f"{with_raw} SELECT s.id, s.note, r.note AS other FROM stg AS s JOIN raw AS r USING (id)")
    inlined.run()
    inlined.sql(raw=RAW_NOTE)

    assert "notes" in inlined.run()
    assert [("x?", "w")] == inlined.rows("SELECT note, other FROM notes")


def test_what_is_left_to_the_database_in_it_moves_with_each_build_of_its_readers(inlined):
    inlined.sql(
        stg=f"{HEAD}SELECT id, amount, note, row_number() OVER (ORDER BY id) AS place FROM raw",
        placed="SELECT * FROM stg",
        places="SELECT place FROM placed",
    )
    inlined.run()
    inlined.sql(raw=RAW_NOTE)

    assert {"placed", "places"} <= inlined.run()


def test_where_it_is_cast_to_declared_types_all_its_readers_run(inlined):
    typed = f"{HEAD}-- @columns: {{amount: {{type: BIGINT}}}}\n"
    inlined.sql(stg=f"{typed}SELECT id, amount, note FROM raw")
    inlined.run()
    inlined.sql(stg=f"{typed}SELECT id, amount, upper(note) AS note FROM raw")

    assert {"totals", "notes", "all_of"} <= inlined.run()


def test_where_it_calls_what_is_another_each_time_all_its_readers_run(inlined):
    inlined.sql(stg=f"{HEAD}SELECT id, random() AS amount, note FROM raw")
    inlined.run()
    inlined.sql(stg=f"{HEAD}SELECT id, random() AS amount, upper(note) AS note FROM raw")

    assert {"totals", "notes", "all_of", "last"} == inlined.run()


def test_python_that_is_inlined_runs_all_its_readers(inlined):
    python = "from interlace import model\n\n@model(materialise='ephemeral')\ndef stg(raw):\n    return raw\n"
    (inlined.root / "models/stg.sql").unlink()
    inlined.write("models/stg.py", python)
    inlined.run()
    inlined.sql(raw=RAW_NOTE)

    assert {"raw", "totals", "notes", "all_of", "last"} >= inlined.run() >= {"raw", "totals", "notes", "all_of"}


def test_a_state_that_does_not_tell_what_was_inlined_runs_all_readers_once(inlined):
    state = next((inlined.root / ".interlace").glob("**/state*.db"))
    with sqlite3.connect(state) as connection:
        connection.execute(
            """UPDATE models SET parents = '{"stg": "0123"}' WHERE name IN ('totals', 'notes', 'all_of')"""
        )
        connection.execute("UPDATE definitions SET rest = 'x'")
    connection.close()

    assert {"totals", "notes", "all_of"} <= inlined.run()
    assert set() == inlined.run()
    inlined.sql(stg=NOTE)
    assert {"notes", "all_of"} == inlined.run()


def test_a_reader_that_the_edit_breaks_is_named_before_anything_runs(inlined):
    inlined.sql(stg=f"{HEAD}SELECT id, amount FROM raw")

    with pytest.raises(ReadersBroken, match=r"notes reads note, and stg has no column 'note' \(models/notes.sql:1\)"):
        inlined.run()
    assert [("notes", "note")] == [(b.model, b.column) for b in inlined.plan().breaks]


def test_on_postgresql_names_are_folded_in_it_as_everywhere(tmp_path, postgres_url):
    made = Inlined(tmp_path)
    made.write("config.yaml", f"name: folded\nconnections:\n  default: {{type: postgres, url: '{postgres_url}'}}\n")
    made.sql(
        raw="SELECT 1 AS id, 10 AS amount, 'x' AS \"Note\"",
        stg=f'{HEAD}SELECT Raw.ID, RAW.Amount, raw."Note" FROM Raw',
        totals="SELECT sum(STG.amount) AS total FROM STG",
        notes='SELECT upper("Note") AS note FROM Stg',
    )
    made.run()
    made.sql(stg=f'{HEAD}SELECT Raw.ID, RAW.Amount, raw."Note" || \'!\' AS "Note" FROM Raw')
    first = made.run()
    made.sql(raw="SELECT 1 AS id, 11 AS amount, 'x' AS \"Note\"")
    second = made.run()

    with Project.load(tmp_path, environ={}) as project:
        _, rows = project.query("SELECT totals.total, notes.note FROM totals, notes")
    assert ({"notes"}, {"raw", "totals"}, [(11, "X!")]) == (first, second, rows)
