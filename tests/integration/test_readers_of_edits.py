"""Which readers of an edited model run: real projects, one run after the other."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import duckdb
import pytest

from interlace import Project
from interlace.run.result import Succeeded

pytestmark = pytest.mark.slow  # together they are: some seconds of runs

CONFIG = "name: edits\nconnections:\n  default: {type: duckdb, path: warehouse.duckdb}\n"
ORDERS = "SELECT * FROM (VALUES (1, 10, 'x'), (2, 20, 'y'), (2, 30, 'z')) AS v(id, amount, note)"


class Edited:
    """A project's folder, and what its runs did."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"))

    def sql(self, **models: str) -> None:
        for name, text in models.items():
            self.write(f"models/{name}.sql", text)

    def run(self, *select: str, **options) -> set[str]:
        """The models that a run built, checked or exported."""
        with Project.load(self.root, environ={}, env=options.pop("env", None)) as project:
            result = project.run(select, threads=1, **options)
        assert result.status in {"succeeded", "nothing"}, result.outcomes
        return {name for name, outcome in result.outcomes.items() if isinstance(outcome, Succeeded)}

    def plan(self, *select: str, **options):
        with Project.load(self.root, environ={}) as project:
            return project.plan(select, **options)

    def reasons(self) -> dict[str, str]:
        """Why each model that is up to date need not run."""
        return {u.model: u.reasons[0].code for u in self.plan().up_to_date}

    def rows(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.root / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """raw ← orders ← totals (reads amount), notes (reads note), all_of (reads all); last reads totals.  All are built."""
    made = Edited(tmp_path_factory.mktemp("built"))
    made.write("config.yaml", CONFIG)
    made.sql(
        raw=ORDERS,
        orders="SELECT id, amount, note FROM raw",
        totals="SELECT id, sum(amount) AS total FROM orders GROUP BY id",
        notes="SELECT id, upper(note) AS note FROM orders",
        all_of="SELECT * FROM orders",
        last="SELECT max(total) AS most FROM totals",
    )
    made.run()
    return made.root


@pytest.fixture
def edited(built, tmp_path) -> Edited:
    """A copy of that project."""
    return Edited(Path(shutil.copytree(built, tmp_path / "project")))


NOTE = "SELECT id, amount, note || '!' AS note FROM raw"
AMOUNT = "SELECT id, amount + 1 AS amount, note FROM raw"


def test_only_what_reads_the_changed_column_runs(edited):
    edited.sql(orders=NOTE)

    assert {"orders", "notes", "all_of"} == edited.run()
    assert [("X!",), ("Y!",), ("Z!",)] == edited.rows("SELECT note FROM notes ORDER BY note")


def test_nothing_is_left_to_do_after_it(edited):
    edited.sql(orders=NOTE)
    edited.run()

    assert set() == edited.run()
    assert "columns" == edited.reasons()["totals"]


def test_a_column_that_is_added_is_read_by_a_star_alone(edited):
    edited.sql(orders="SELECT id, amount, note, 1 AS more FROM raw")

    assert {"orders", "all_of"} == edited.run()
    assert [(1,)] == edited.rows("SELECT DISTINCT more FROM all_of")


def test_a_column_that_is_removed_and_that_nobody_names_runs_the_star_alone(edited):
    edited.sql(notes="SELECT id FROM orders")
    edited.run()
    edited.sql(orders="SELECT id, amount FROM raw")

    assert {"orders", "all_of"} == edited.run()


def test_another_condition_runs_all(edited):
    edited.sql(orders="SELECT id, amount, note FROM raw WHERE id > 1")

    assert {"orders", "totals", "notes", "all_of", "last"} == edited.run()


def test_what_changes_is_followed_through_its_readers(edited):
    edited.sql(totals="SELECT id, sum(amount) AS total, count(*) AS n FROM orders GROUP BY id")

    assert {"totals"} == edited.run()
    assert "columns" == edited.reasons()["last"]


def test_a_layout_that_changes_runs_nothing(edited):
    edited.sql(orders="select  id,\n  amount, note -- as it was\nfrom raw")

    assert set() == edited.run()


def test_a_reader_that_was_not_selected_is_judged_by_a_later_run(edited):
    edited.sql(orders=NOTE)
    first = edited.run("orders")

    assert ({"orders"}, {"notes", "all_of"}) == (first, edited.run())


def test_several_edits_before_a_reader_runs_are_added_up(edited):
    edited.sql(orders=NOTE)
    edited.run("orders")
    edited.sql(orders="SELECT id, amount + 1 AS amount, note || '!' AS note FROM raw")
    edited.run("orders")

    assert {"totals", "notes", "all_of", "last"} == edited.run()
    assert [(52,)] == edited.rows("SELECT most FROM last")


def test_an_edit_and_back_leaves_what_never_ran_as_it_was(edited):
    edited.sql(orders=NOTE)
    edited.run("orders")
    edited.sql(orders="SELECT id, amount, note FROM raw")
    edited.run("orders")

    assert {"notes", "all_of"} == edited.run()
    assert [("X",), ("Y",), ("Z",)] == edited.rows("SELECT note FROM notes ORDER BY note")


def test_an_edit_and_back_in_full_runs_gives_what_was_there(edited):
    before = edited.rows("SELECT * FROM all_of ORDER BY ALL")
    edited.sql(orders=AMOUNT)
    edited.run()
    edited.sql(orders="SELECT id, amount, note FROM raw")

    assert {"orders", "totals", "all_of", "last"} == edited.run()
    assert before == edited.rows("SELECT * FROM all_of ORDER BY ALL")


def test_after_rows_moved_nothing_of_before_is_known(edited):
    edited.sql(orders=NOTE)
    edited.run("orders")
    edited.sql(orders=f"{NOTE} WHERE id > 1")
    edited.run("orders")

    assert {"totals", "notes", "all_of", "last"} == edited.run()


def test_a_parent_of_the_edited_model_that_moved_too_moves_all(edited):
    edited.sql(raw=f"{ORDERS} WHERE id > 1", orders=NOTE)

    assert {"raw", "orders", "totals", "notes", "all_of", "last"} == edited.run()


def test_an_edit_of_two_models_in_a_row_is_followed_through_both(edited):
    raw = "SELECT *, 7 AS extra FROM (VALUES (1, 10, 'x'), (2, 20, 'y'), (2, 30, 'z')) AS v(id, amount, note)"
    edited.sql(raw=raw, orders=NOTE)
    ran = edited.run()

    assert {"raw", "orders"} <= ran
    assert [("X!",), ("Y!",), ("Z!",)] == edited.rows("SELECT note FROM notes ORDER BY note")


# --- who is never pruned ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{"force": True}, {"full_refresh": True}], ids=["force", "full-refresh"])
def test_force_and_full_refresh_ask_nobody(edited, options):
    edited.sql(orders=NOTE)

    assert {"totals", "notes", "all_of", "last"} <= edited.run(**options)


def test_a_state_that_knows_no_definition_runs_all(edited):
    with sqlite3.connect(edited.root / ".interlace" / "state.db") as connection:
        assert 6 == connection.execute("DELETE FROM definitions").rowcount
    edited.sql(orders=NOTE)

    assert {"orders", "totals", "notes", "all_of", "last"} == edited.run()


def test_a_check_that_set_rows_aside_when_the_model_was_built_runs_all(edited):
    aside = "-- @checks: [{range: {column: amount, max: 29, on_failure: quarantine, max_rows: 1}}]\n"
    edited.sql(orders=f"{aside}SELECT id, amount, note FROM raw WHERE id > 0")
    edited.run()
    kept = edited.rows("SELECT most FROM last")
    edited.sql(orders=f"{NOTE} WHERE id > 0")

    assert {"orders", "totals", "notes", "all_of", "last"} == edited.run()
    assert ([(20,)], [(50,)]) == (kept, edited.rows("SELECT most FROM last"))


def test_another_key_beside_the_query_runs_all(edited):
    edited.sql(orders=f"-- @cluster_by: id\n{NOTE}")

    assert {"orders", "totals", "notes", "all_of", "last"} == edited.run()


def test_a_python_reader_runs_whatever_it_reads(edited):
    edited.write(
        "models/counted.py",
        """
        from interlace import model

        @model
        def counted(orders):
            return orders.select("id")
        """,
    )
    edited.run()
    edited.sql(orders=NOTE)

    assert "counted" in edited.run()


def test_a_reader_with_statements_of_its_own_runs(edited):
    edited.sql(hooked="-- @post: SELECT note FROM orders\nSELECT id FROM orders")
    edited.run()
    edited.sql(orders=NOTE)

    assert "hooked" in edited.run()


def test_a_python_reader_whose_author_says_what_it_reads_is_judged_by_that(edited):
    edited.write(
        "models/counted.py",
        """
        from interlace import model

        @model(lineage={"id": "orders.id", "*": "orders.id"})
        def counted(orders):
            return orders.select("id")
        """,
    )
    edited.run()
    edited.sql(orders=NOTE)

    assert "counted" not in edited.run()
    edited.sql(orders="SELECT id + 1 AS id, amount, note || '!' AS note FROM raw")
    assert "counted" in edited.run()


# --- other kinds of readers -------------------------------------------------------------------------------------------


def test_a_table_behind_a_view_is_followed(edited):
    edited.sql(seen="-- @materialise: view\nSELECT id, amount FROM orders", behind="SELECT sum(amount) AS s FROM seen")
    edited.run()
    edited.sql(orders=NOTE)
    ran = edited.run()

    assert not {"seen", "behind"} & ran
    assert [(60,)] == edited.rows("SELECT s FROM behind")


def test_a_view_over_an_edited_view_still_reads_it(edited):
    edited.sql(
        below="-- @materialise: view\nSELECT id, note FROM raw", above="-- @materialise: view\nSELECT id FROM below"
    )
    edited.run()
    edited.sql(below="-- @materialise: view\nSELECT id, 1 AS more, note || '?' AS note FROM raw")

    assert {"below"} == edited.run()
    assert [(3,)] == edited.rows("SELECT count(id) FROM above")


@pytest.mark.parametrize(
    "header",
    [
        "-- @strategy: append\n",
        "-- @strategy: merge_by_key\n-- @key: id\n",
        "-- @strategy: {name: scd_type_2}\n-- @key: id\n",
    ],
    ids=["append", "merge", "history"],
)
def test_a_reader_that_keeps_rows_is_not_loaded_for_what_it_does_not_read(edited, header):
    edited.sql(kept=f"{header}SELECT id, max(amount) AS amount FROM orders GROUP BY id")
    edited.run()
    before = edited.rows("SELECT * FROM kept ORDER BY ALL")
    edited.sql(orders=NOTE)

    assert "kept" not in edited.run()
    assert before == edited.rows("SELECT * FROM kept ORDER BY ALL")
    edited.sql(orders="SELECT id, amount + 1 AS amount, note || '!' AS note FROM raw")
    assert "kept" in edited.run()


def test_a_reader_of_a_parent_that_may_move_is_skipped_when_it_did_not(edited):
    long = "SELECT DISTINCT id, length(note) > 0 AS long FROM orders"
    edited.sql(still=f"-- @strategy: merge_by_key\n-- @key: id\n{long}")
    edited.sql(mixed="SELECT o.amount, s.long FROM orders AS o JOIN still AS s ON o.id = s.id")
    edited.run()
    edited.sql(orders=NOTE)
    with Project.load(edited.root, environ={}) as project:
        outcomes = project.run(threads=1).outcomes

    assert (0, "skipped") == (outcomes["still"].counts["updated"], outcomes["mixed"].status)
    assert set() == edited.run()


def test_an_edit_of_a_model_that_keeps_rows_runs_its_readers(edited):
    edited.sql(kept="-- @strategy: merge_by_key\n-- @key: id\nSELECT id, max(amount) AS amount FROM orders GROUP BY id")
    edited.sql(reader="SELECT count(id) AS n FROM kept")
    edited.run()
    edited.sql(
        kept="-- @strategy: merge_by_key\n-- @key: id\nSELECT id, max(amount) + 1 AS amount FROM orders GROUP BY id"
    )

    assert {"kept", "reader"} == edited.run()


DAILY = """
-- @incremental: {by: datetime, column: day, start: 2024-01-01, lookback: 3}
SELECT day, sum(amount) AS amount FROM dated WHERE day >= $start AND day < $end GROUP BY day
"""


def test_a_reader_by_time_does_not_load_late_rows_again_for_what_it_does_not_read(edited):
    at = {"at": datetime(2024, 1, 5, tzinfo=UTC)}
    dated = "SELECT DATE '2024-01-01' + id AS day, amount, note FROM orders"
    edited.sql(dated=dated, daily=DAILY)
    edited.run(**at)
    edited.sql(dated=f"{dated.replace('note FROM', 'lower(note) AS note FROM')}")

    assert {"dated"} == edited.run(**at)


def test_an_untouched_reader_is_neither_checked_nor_exported_again(edited):
    edited.sql(
        totals="""
        -- @checks: [{not_null: total}]
        -- @export: {format: csv, path: out/totals.csv}
        SELECT id, sum(amount) AS total FROM orders GROUP BY id
        """
    )
    edited.run()
    written = (edited.root / "out" / "totals.csv").stat().st_mtime_ns
    edited.sql(orders=NOTE)

    assert "totals" not in edited.run()
    assert written == (edited.root / "out" / "totals.csv").stat().st_mtime_ns


# --- what is said -----------------------------------------------------------------------------------------------------


def test_a_plan_says_what_an_edit_changes_and_whom_it_spares(edited):
    edited.sql(orders="SELECT id, amount, note, 1 AS more FROM raw")
    change = edited.plan().step("orders").change

    assert ("non_breaking", {"more"}, ("more",), ()) == (change.kind, change.columns, change.added, change.removed)
    assert {"totals", "notes", "last"} == set(change.spared)


def test_a_plan_does_what_the_run_does(edited):
    edited.sql(orders=NOTE)
    planned = {s.model for s in edited.plan().steps}

    assert planned == edited.run()


# --- environments -----------------------------------------------------------------------------------------------------

ENVIRONMENTS = f"{CONFIG}environments:\n  prod:\n  dev: {{}}\n"


def test_what_an_untouched_reader_was_built_with_may_be_promoted_with_its_parent(edited):
    edited.write("config.yaml", ENVIRONMENTS)
    edited.run(env="dev")
    edited.run(env="prod")
    edited.sql(orders=NOTE)
    edited.run(env="dev")
    with Project.load(edited.root, env="prod", environ={}) as prod:
        promoted = {i.model for i in prod.promote("dev").promotion.items}

    assert {"orders", "totals", "notes", "all_of", "last"} == promoted
    edited.run(env="prod")
    assert [("X!",), ("Y!",), ("Z!",)] == edited.rows("SELECT note FROM notes ORDER BY note")
    assert [(50,)] == edited.rows("SELECT most FROM last")


def test_a_reader_that_prod_built_runs_after_its_parent_was_promoted_alone(edited):
    edited.write("config.yaml", ENVIRONMENTS)
    edited.run(env="dev")
    edited.run(env="prod")
    edited.sql(orders=NOTE)
    edited.run("orders", env="dev")
    with Project.load(edited.root, env="prod", environ={}) as prod:
        prod.promote("dev", ["orders"])

    assert {"totals", "notes", "all_of"} <= edited.run(env="prod")


def test_what_is_held_back_and_released_says_what_moved(edited):
    edited.sql(orders=NOTE)
    with Project.load(edited.root, environ={}) as project:
        held = project.run(["orders"], hold=True)
        project.release(held.id)

    assert {"notes", "all_of"} == edited.run()


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def test_on_postgresql_a_view_over_an_edited_table_is_left_as_it_is(tmp_path, postgres_url):
    made = Edited(tmp_path)
    made.write("config.yaml", f"name: edits\nconnections:\n  default: {{type: postgres, url: '{postgres_url}'}}\n")
    made.sql(
        orders="SELECT 1 AS id, 10 AS amount, 'x' AS note",
        seen="-- @materialise: view\nSELECT id, amount FROM orders",
        totals="SELECT sum(amount) AS total FROM seen",
        notes="SELECT upper(note) AS note FROM orders",
    )
    made.run()
    made.sql(orders="SELECT 1 AS id, 10 AS amount, 'y' AS note, 7 AS more")
    ran = made.run()

    with Project.load(tmp_path, environ={}) as project:
        _, seen = project.query("SELECT seen.amount, notes.note, orders.more FROM seen, notes, orders")
    assert ({"orders", "notes"}, [(10, "Y", 7)]) == (ran, seen)
