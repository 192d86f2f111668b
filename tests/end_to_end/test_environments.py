"""Environments that share a database: what is read from another, what begins as a copy, and what is promoted and taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

CONFIG = """
connections:
  default: {{{warehouse}}}
environments:
  prod:
  dev: {{defer_to: prod}}
"""
ORDERS = "SELECT * FROM (VALUES (1, 10), (2, 20)) AS given (id, amount)\n"
TOTAL = "SELECT CAST(sum(amount) AS integer){more} AS total FROM orders\n"
SUMMARY = "-- @materialise: view\nSELECT total, (SELECT count(*) FROM customers) AS customers FROM total\n"
LOG = "-- @strategy: append\nSELECT id FROM orders{more}\n"


class Shop:
    """A project in two environments of one database, whose plain names are those of `schema`."""

    def __init__(self, project, warehouse, schema: str) -> None:
        self.project = project
        self.schema = schema
        self._warehouse = warehouse
        project.write("config.yaml", CONFIG.format(warehouse=warehouse.config))
        project.sql("orders", ORDERS)
        project.sql("customers", "SELECT 1 AS id\n")
        project.sql("total", TOTAL.format(more=""))
        project.sql("summary", SUMMARY)
        project.sql("log", LOG.format(more=""))
        project.run("--env", "prod")

    def change(self) -> None:
        """A new definition of the total, and of what keeps its rows."""
        self.project.sql("total", TOTAL.format(more=" + 1"))
        self.project.sql("log", LOG.format(more=" WHERE id > 1"))

    def ask(self, query: str):
        return self._warehouse.ask([query])[0]

    def ids(self, table: str) -> list[int]:
        return [row[0] for row in self.ask(f"SELECT id FROM {table} ORDER BY 1")]

    def relations(self, schema: str) -> dict[str, str]:
        rows = self.ask(f"SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = '{schema}'")
        return {name: "view" if kind == "VIEW" else "table" for name, kind in rows}

    def plan(self, *words: str):
        return self.project("plan", "--json", *words).json

    def promote(self, *words: str, code: int = 0):
        said = self.project("promote", "--from", "dev", "--to", "prod", "--yes", *words)
        assert code == said.code, said.out + said.err
        return said

    def rollback(self, *words: str, code: int = 0):
        said = self.project("rollback", "--env", "prod", "--yes", *words)
        assert code == said.code, said.out + said.err
        return said


@pytest.fixture(params=["duckdb", "postgres"])
def shop(request, project, make_warehouse):
    schema = {"duckdb": "main", "postgres": "public"}[request.param]
    return Shop(project, make_warehouse(request.param, project.root), schema)


# --- defer_to -------------------------------------------------------------------------------------------------


def test_what_is_defined_as_in_prod_is_read_from_there_and_not_built(shop):
    plan = shop.plan()

    assert [] == plan["steps"]
    assert {"orders", "customers", "total", "summary", "log"} == {d["model"] for d in plan["deferred"]}
    assert "5 read from prod" in shop.project.run().out
    assert {} == shop.relations(f"dev__{shop.schema}")


def test_what_changed_and_what_reads_it_is_built_in_its_own_schema(shop):
    shop.change()
    plan = shop.plan()
    shop.project.run()

    assert {"total", "summary", "log"} == {s["model"] for s in plan["steps"]}
    assert {"total": "table", "summary": "table", "log": "table"} == shop.relations(f"dev__{shop.schema}")
    assert [(31,)] == shop.ask(f"SELECT total FROM dev__{shop.schema}.total")
    assert [(30,)] == shop.ask(f"SELECT total FROM {shop.schema}.total")
    assert "Nothing to do" in shop.project.run().out


def test_a_view_that_reads_only_its_own_environment_stays_a_view(shop):
    shop.change()
    shop.project.sql("summary", "-- @materialise: view\nSELECT total FROM total\n")
    shop.project.run()

    assert "view" == shop.relations(f"dev__{shop.schema}")["summary"]


def test_what_moves_in_prod_moves_what_reads_it(shop):
    shop.change()
    shop.project.run()
    shop.project.run("--env", "prod", "--force", "orders")

    assert {"total": ["parent"], "log": ["parent"], "summary": ["parent_runs"]} == {
        s["model"]: [r["code"] for r in s["reasons"]] for s in shop.plan()["steps"]
    }


def test_a_change_that_is_taken_back_is_read_from_prod_again(shop):
    shop.change()
    shop.project.run()
    shop.project.sql("total", TOTAL.format(more=""))
    shop.project.sql("log", LOG.format(more=""))

    assert [] == shop.plan()["steps"]
    assert "30" in shop.project("show", "total").out


def test_a_definition_that_asks_for_its_environment_is_another_in_each(shop):
    shop.project.sql("made", "SELECT $env AS environment\n")
    shop.project.run("--env", "prod", "made")
    shop.project.run("made")

    assert [("dev",)] == shop.ask(f"SELECT environment FROM dev__{shop.schema}.made")
    assert "Nothing to promote" in shop.promote("made").out


def test_force_builds_it_here(shop):
    shop.project.run("--force", "orders")

    assert {"orders": "table"} == shop.relations(f"dev__{shop.schema}")


def test_what_reads_what_is_not_selected_reads_it_from_prod(shop):
    shop.project.sql("total", TOTAL.format(more=" + 1"))
    shop.project.sql("orders", ORDERS.replace("20", "90"))
    shop.project.run("total")

    assert [(31,)] == shop.ask(f"SELECT total FROM dev__{shop.schema}.total")


def test_the_command_line_says_from_where(shop):
    shop.project.write("config.yaml", (shop.project.root / "config.yaml").read_text().replace("{defer_to: prod}", ""))

    assert 5 == len(shop.plan()["steps"])
    assert [] == shop.plan("--defer-to", "prod")["steps"]
    assert "Did you mean 'prod'?" in shop.project.fails("run", "--defer-to", "prud")
    assert "the environment itself" in shop.project.fails("run", "--defer-to", "dev")


# --- clones ---------------------------------------------------------------------------------------------------


def test_a_changed_model_that_keeps_its_rows_begins_as_a_copy(shop):
    shop.change()
    (step,) = [s for s in shop.plan()["steps"] if s["model"] == "log"]
    shop.project.run()

    assert ["clone"] == [r["code"] for r in step["reasons"]]
    assert [1, 2, 2] == shop.ids(f"dev__{shop.schema}.log")
    assert [1, 2] == shop.ids(f"{shop.schema}.log")


# --- promote --------------------------------------------------------------------------------------------------


def test_what_dev_built_takes_its_place_in_prod_and_nothing_is_left_to_do(shop):
    shop.change()
    shop.project.run()
    shop.promote()

    assert [(31, 1)] == shop.ask(f"SELECT total, customers FROM {shop.schema}.summary")
    assert [1, 2, 2] == shop.ids(f"{shop.schema}.log")
    assert "view" == shop.relations(shop.schema)["summary"]
    assert {} == shop.relations(f"dev__{shop.schema}")
    assert "Nothing to do: 5 models" in shop.project.run("--env", "prod").out
    assert "5 read from prod" in shop.project.run().out


def test_a_dry_run_lists_and_writes_nothing(shop):
    shop.change()
    shop.project.run()
    said = shop.project("promote", "--from", "dev", "--to", "prod", "--dry-run", "--json").json

    assert ["log", "summary", "total"] == sorted(m["model"] for m in said["models"])
    assert [(30,)] == shop.ask(f"SELECT total FROM {shop.schema}.total")


def test_without_an_answer_nothing_is_promoted(shop):
    shop.change()
    shop.project.run()

    assert "--yes" in shop.project.fails("promote", "--from", "dev", "--to", "prod")
    assert [(30,)] == shop.ask(f"SELECT total FROM {shop.schema}.total")


def test_a_part_is_promoted_with_what_it_needs(shop):
    shop.change()
    shop.project.run()

    assert "promote +summary" in shop.promote("summary", code=2).err
    shop.promote("+summary")
    assert [(31,)] == shop.ask(f"SELECT total FROM {shop.schema}.summary")
    assert [1, 2] == shop.ids(f"{shop.schema}.log")


def test_rows_that_prod_loaded_since_the_copy_are_not_lost(shop):
    shop.change()
    shop.project.run()
    shop.project.sql("log", LOG.format(more=""))
    shop.project.run("--env", "prod", "--force", "log")
    shop.change()

    assert "moved since" in shop.promote(code=2).err
    assert [1, 1, 2, 2] == shop.ids(f"{shop.schema}.log")


def test_what_failed_its_checks_is_refused(shop):
    shop.change()
    shop.project.run()
    shop.project.write("models/total.yaml", "checks:\n  - {type: accepted_values, column: total, values: [0]}\n")
    shop.project("check", "total")

    assert "checks failed" in shop.promote(code=2).err


def test_what_is_not_the_present_definition_is_refused(shop):
    shop.change()
    shop.project.run()
    shop.project.sql("total", TOTAL.format(more=" + 2"))

    assert "run it in dev again" in shop.promote(code=2).err


def test_what_another_made_at_the_target_is_not_replaced(shop):
    shop.project.sql("mine", "SELECT 1 AS id\n")
    shop.project.run()
    shop.project.run("--env", "prod", "mine")
    shop.project.sql("mine", "SELECT 2 AS id\n")
    shop.project.run()
    shop.promote()

    assert [2] == shop.ids(f"{shop.schema}.mine")


def test_an_environment_that_defers_itself_takes_nothing_over(shop):
    shop.project.write("config.feature.yaml", "defer_to: prod\n")
    shop.change()
    shop.project.run("--env", "feature")

    said = shop.project.fails("promote", "--from", "feature", "--to", "dev", "--yes")
    assert "itself reads from prod" in said


def test_what_the_checks_of_another_read_is_found_there(shop):
    shop.project.write(
        "models/total.yaml",
        "checks:\n  - {type: row_count, min: 1}\n  - {type: query, query: SELECT * FROM customers WHERE id > 1}\n",
    )
    shop.change()
    shop.project.run()

    assert "2 passed" in shop.project("check").out


def test_a_release_of_what_began_as_a_copy_publishes_it(shop):
    shop.change()
    shop.project.run("--hold")
    assert 0 == shop.project("release", "latest").code

    assert [1, 2, 2] == shop.ids(f"dev__{shop.schema}.log")


# --- rollback -------------------------------------------------------------------------------------------------


def test_a_rollback_puts_back_what_was_there_and_forgets_what_was_new(shop):
    shop.change()
    shop.project.sql("added", "SELECT total AS id FROM total\n")
    shop.project.run()
    shop.promote()
    assert [31] == shop.ids(f"{shop.schema}.added")
    shop.rollback()

    assert [(30, 1)] == shop.ask(f"SELECT total, customers FROM {shop.schema}.summary")
    assert [1, 2] == shop.ids(f"{shop.schema}.log")
    assert {"orders", "customers", "total", "summary", "log"} == set(shop.relations(shop.schema))
    assert {"total", "log", "summary", "added"} == {s["model"] for s in shop.plan("--env", "prod")["steps"]}


def test_a_rollback_is_done_once(shop):
    shop.change()
    shop.project.run()
    shop.promote()
    shop.rollback()

    assert "Nothing is kept" in shop.rollback(code=2).err


def test_after_a_rollback_the_state_knows_the_old_definition(shop):
    shop.change()
    shop.project.run()
    shop.promote()
    shop.rollback()
    shop.project.sql("total", TOTAL.format(more=""))
    shop.project.sql("log", LOG.format(more=""))

    assert "Nothing to do" in shop.project.run("--env", "prod").out


def test_rows_that_were_loaded_since_are_not_lost_by_a_rollback(shop):
    shop.change()
    shop.project.run()
    shop.promote()
    shop.project.run("--env", "prod", "--force", "log")

    assert "would be lost" in shop.rollback(code=2).err


def test_only_the_last_version_before_is_kept(shop):
    for more in (" + 1", " + 2"):
        shop.project.sql("total", TOTAL.format(more=more))
        shop.project.run()
        shop.promote()
    shop.rollback()

    assert [(31,)] == shop.ask(f"SELECT total FROM {shop.schema}.total")
    schemas = shop.ask("SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE '%previous%'")
    assert [] == schemas


# --- incremental models ---------------------------------------------------------------------------------------

DAILY = """
-- @incremental: {{by: datetime, column: day, start: {start}}}
SELECT day{more} FROM days WHERE day >= $start AND day < $end
"""


@pytest.fixture
def daily(shop):
    """A model that prod has loaded day by day, of a table that has lost those days since."""
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=n) for n in (3, 2, 1)]
    shop.project.sql("days", " UNION ALL ".join(f"SELECT CAST('{day}' AS DATE) AS day" for day in days))
    shop.start = days[0]
    shop.project.sql("daily", DAILY.format(start=shop.start, more=""))
    shop.project.run("--env", "prod", "daily", "days")
    return shop


def test_an_incremental_model_that_changed_begins_as_a_copy_and_loads_only_what_is_due(daily):
    daily.project.sql("daily", DAILY.format(start=daily.start, more=", 1 AS note"))
    (step,) = daily.plan()["steps"]
    daily.project.run()

    assert "clone" == step["reasons"][0]["code"]
    assert [(None,)] * 3 == daily.ask(f"SELECT note FROM dev__{daily.schema}.daily")
    assert "Nothing to do" in daily.project.run().out
    assert {"older_definition"} == {
        r["code"] for u in daily.plan()["up_to_date"] for r in u["reasons"] if r["code"] != "up_to_date"
    }


def test_its_intervals_follow_it_to_prod_and_back(daily):
    daily.project.sql("daily", DAILY.format(start=daily.start, more=", 1 AS note"))
    daily.project.run()
    daily.project("backfill", "daily", "--since", str(daily.start), "--force")
    daily.promote()

    assert [(1,)] * 3 == daily.ask(f"SELECT note FROM {daily.schema}.daily")
    assert "Nothing to do" in daily.project.run("--env", "prod", "daily").out
    daily.rollback()
    daily.project.sql("daily", DAILY.format(start=daily.start, more=""))
    assert "Nothing to do" in daily.project.run("--env", "prod", "daily").out


# --- rights ---------------------------------------------------------------------------------------------------


@pytest.fixture
def guarded(project, two_roles):
    """Prod and dev as two roles of one server: dev may read what prod makes, and write nowhere else than in its own schemas."""
    urls = dict(zip(("prod", "dev"), two_roles, strict=True))
    lines = [f"  {env}: {{connections: {{default: {{url: '{at}'}}}}}}" for env, at in urls.items()]
    project.write(
        "config.yaml",
        "\n".join(["connections:", "  default: {type: postgres}", "defer_to: prod", "environments:", *lines]),
    )
    project.other = urls["dev"]
    return project


def test_dev_needs_no_right_to_write_where_prod_does(guarded):
    guarded.sql("orders", ORDERS)
    guarded.sql("total", TOTAL.format(more=""))
    guarded.sql("shown", "-- @materialise: view\nSELECT id FROM orders\n")
    guarded.sql("log", LOG.format(more=""))
    guarded.run("--env", "prod")
    guarded.sql("total", TOTAL.format(more=" + 1"))
    guarded.sql("shown", "-- @materialise: view\nSELECT id + 1 AS id FROM orders\n")
    guarded.sql("log", LOG.format(more=" WHERE id > 1"))
    guarded.run()

    with psycopg.connect(guarded.other) as other:
        assert (31,) == other.execute("SELECT total FROM dev__public.total").fetchone()
        assert (30,) == other.execute("SELECT total FROM public.total").fetchone()
        assert (3,) == other.execute("SELECT count(*) FROM dev__public.log").fetchone()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            other.execute("DELETE FROM public.total")
    assert "permission denied" in guarded.fails("run", "--force", "total", "--env", "prod", code=1, env=as_dev(guarded))


def as_dev(project) -> dict[str, str]:
    return {"INTERLACE_CONNECTIONS__DEFAULT__URL": project.other}
