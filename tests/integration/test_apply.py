"""Plans that are approved and applied: exactly what was approved is done, or nothing, and it is said what moved."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb
import pytest

from interlace import Project
from interlace.errors import PlanMoved, UsageError
from interlace.plan.saved import SavedPlan
from interlace.run.lease import RunLease
from interlace.state.store import Store

pytestmark = pytest.mark.slow  # together they are: some seconds of runs

CONFIG = """
name: shop
connections:
  default: {type: duckdb, path: "{env}.duckdb"}
vars:
  least: 10
  token: {type: text, default: none}
"""

ORDERS = "SELECT * FROM read_csv('data/orders.csv', columns = {'id': 'INTEGER', 'amount': 'INTEGER'})"


@dataclass
class Shop:
    """A project on disk."""

    root: Path

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")

    def sql(self, name: str, text: str) -> None:
        self.write(f"models/{name}.sql", text)

    def load(self, env: str = "dev", **options: Any) -> Project:
        return Project.load(self.root, env=env, environ={}, **options)

    def plan(self, *select: str, env: str = "dev", vars: Any = None, **options: Any) -> SavedPlan:  # noqa: A002
        with self.load(env, vars=vars) as project:
            saved = project.plan(select, **options).saved
        assert saved is not None
        return saved

    def run(self, *select: str, env: str = "dev", **options: Any) -> str:
        """Run, which has to succeed; gives the run's id."""
        with self.load(env) as project:
            result = project.run(select, **options)
        assert result.status == "succeeded", result.outcomes
        return result.id

    def apply(self, saved: SavedPlan, env: str = "dev", vars: Any = None) -> Any:  # noqa: A002
        with self.load(env, vars=vars) as project:
            return project.apply(saved)

    def moved(self, saved: SavedPlan, env: str = "dev", vars: Any = None) -> list[str]:  # noqa: A002
        """What is said of a plan that is refused; nothing ran, and the plan that would be made now is another one."""
        with self.load(env, vars=vars) as project:
            before = len(project.store.attempts())
            with pytest.raises(PlanMoved) as refused:
                project.apply(saved)
            assert before == len(project.store.attempts())
            assert None is project.store.lease(f"environment/{env}")
            with suppress(UsageError):  # what was selected is gone
                assert saved.id != project.plan(saved.arguments.select).id
        return list(refused.value.moved)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.root / "dev.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """Orders out of a file, what is large of them, and totals; built."""
    made = Shop(tmp_path_factory.mktemp("built") / "shop")
    made.write("config.yaml", CONFIG)
    made.write("data/orders.csv", "id,amount\n1,5\n2,20\n")
    made.sql("orders", ORDERS)
    made.sql("large", "SELECT * FROM orders WHERE amount >= $least\n")
    made.sql("totals", "SELECT sum(amount) AS amount FROM orders\n")
    made.run()
    return made.root


@pytest.fixture
def shop(built, tmp_path):
    """A copy of it."""
    return Shop(Path(shutil.copytree(built, tmp_path / "shop")))


def edited(shop: Shop) -> SavedPlan:
    """A plan for an edited `totals`."""
    shop.sql("totals", "SELECT sum(amount) AS amount, count(*) AS orders FROM orders\n")
    return shop.plan()


# --- what is applied --------------------------------------------------------------------------------------------------


def test_a_plan_that_still_holds_is_done(shop):
    saved = edited(shop)
    result = shop.apply(saved)

    assert ("succeeded", ["totals"], saved.id) == (result.status, list(result.outcomes), result.plan.id)
    assert [(25, 2)] == shop.query("FROM totals")


def test_a_plan_is_made_again_with_the_arguments_that_it_was_made_with(shop):
    saved = shop.plan("large", "totals", force=True)

    assert {"large", "totals"} == set(shop.apply(saved).outcomes)


def test_a_plan_with_nothing_to_do_does_nothing(shop):
    assert "nothing" == shop.apply(shop.plan()).status


def test_what_the_plan_does_not_depend_on_may_move(shop):
    saved = edited(shop)
    shop.run("large", force=True)

    assert "succeeded" == shop.apply(saved).status


def test_a_plan_of_a_renamed_model_is_done(shop):
    (shop.root / "models" / "totals.sql").unlink()
    shop.sql("sums", "-- @renamed_from: totals\nSELECT sum(amount) AS amount FROM orders\n")
    shop.apply(shop.plan())

    assert [(25,)] == shop.query("FROM sums")


def test_the_same_plan_has_the_same_id(shop):
    first = edited(shop)

    assert first.id == shop.plan().id
    shop.sql("totals", "SELECT sum(amount) AS amount, min(id) AS first FROM orders\n")
    assert first.id != shop.plan().id


def test_another_version_of_interlace_is_said_where_all_else_is_the_same(shop):
    saved = edited(shop)
    other = SavedPlan({**saved.document, "interlace": "0.0.1"})

    assert any("the plan was made by Interlace 0.0.1, this is" in text for text in shop.apply(other).notices)


# --- what is refused --------------------------------------------------------------------------------------------------


def test_a_plan_that_was_applied_is_not_applied_again(shop):
    saved = edited(shop)
    run = shop.apply(saved).id

    assert [f"totals was built by run {run} since the plan"] == shop.moved(saved)


def test_a_changed_definition_is_told(shop):
    saved = edited(shop)
    shop.sql("totals", "SELECT max(amount) AS amount FROM orders\n")

    assert ["totals: its definition changed since the plan"] == shop.moved(saved)


def test_a_definition_that_went_back_is_told(shop):
    saved = edited(shop)
    shop.sql("totals", "SELECT sum(amount) AS amount FROM orders\n")

    assert ["totals need not run any more"] == shop.moved(saved)


def test_a_model_that_changed_since_and_was_not_in_the_plan_is_told(shop):
    saved = edited(shop)
    shop.sql("large", "SELECT id FROM orders WHERE amount >= $least\n")

    assert ["large was not in the plan, and is to run: its definition changed"] == shop.moved(saved)


def test_a_new_model_is_told(shop):
    saved = edited(shop)
    shop.sql("more", "SELECT 1 AS id\n")

    assert ["more was not in the plan, and is to run: it was never built here"] == shop.moved(saved)


def test_a_model_that_is_gone_is_told(shop):
    saved = edited(shop)
    (shop.root / "models" / "totals.sql").unlink()

    assert ["totals is no model of the project any more"] == shop.moved(saved)


def test_a_selection_that_finds_nothing_any_more_is_told(shop):
    edited(shop)
    saved = shop.plan("totals")
    (shop.root / "models" / "totals.sql").unlink()

    assert ["the selector 'totals' matches no model"] == shop.moved(saved)


def test_a_build_of_what_a_model_reads_is_told_with_its_run(shop):
    shop.sql("totals", "SELECT min(amount) AS amount FROM orders\n")
    saved = shop.plan("totals")
    run = shop.run("orders", force=True)

    assert [f"orders, which totals reads, was built by run {run} since the plan"] == shop.moved(saved)


def test_a_failed_attempt_is_told(shop):
    shop.sql("totals", "SELECT error('no') AS amount FROM orders\n")
    saved = shop.plan()
    with shop.load() as project:
        run = project.run().id

    assert [f"totals was tried by run {run} since the plan"] == shop.moved(saved)


def test_a_check_of_a_planned_model_is_told(shop):
    shop.sql("totals", "-- @checks: [{row_count: {min: 1}}]\nSELECT sum(amount) AS amount FROM orders\n")
    shop.run()
    shop.sql("totals", "-- @checks: [{row_count: {min: 1}}]\nSELECT max(amount) AS amount FROM orders\n")
    saved = shop.plan()
    with shop.load() as project:
        run = project.check(["totals"]).id

    assert [f"totals was looked at by run {run} since the plan"] == shop.moved(saved)


def test_a_changed_input_is_told(shop):
    shop.write("data/orders.csv", "id,amount\n1,5\n")
    saved = shop.plan()
    shop.write("data/orders.csv", "id,amount\n1,6\n")

    assert ["data/orders.csv, which orders reads, changed since the plan"] == shop.moved(saved)


def test_changed_checks_are_told(shop):
    edited(shop)
    shop.sql("totals", "-- @checks: [{row_count: {min: 1}}]\nSELECT max(amount) AS amount FROM orders\n")
    saved = shop.plan()
    shop.sql("totals", "-- @checks: [{row_count: {min: 2}}]\nSELECT max(amount) AS amount FROM orders\n")

    assert ["totals: its checks changed since the plan"] == shop.moved(saved)


def test_changed_exports_and_indexes_are_told(shop):
    saved = edited(shop)
    query = (shop.root / "models" / "totals.sql").read_text()
    shop.sql("totals", "-- @export: {csv: {path: out.csv}}\n-- @indexes: [amount]\n" + query)

    assert [
        "totals: its indexes, constraints or grants changed since the plan",
        "totals: its exports changed since the plan",
    ] == shop.moved(saved)


def test_another_value_of_a_variable_is_told_by_its_name(shop):
    saved = shop.plan(vars={"least": "1"})
    shop.write("config.yaml", CONFIG)

    assert ["large: least has another value than in the plan"] == shop.moved(saved, vars={"least": 2})


def test_a_relation_that_somebody_dropped_is_told(shop):
    saved = edited(shop)
    with duckdb.connect(str(shop.root / "dev.duckdb")) as connection:
        connection.execute("DROP TABLE totals")

    dropped = "table main.totals is not there"
    assert [
        f"totals is to run for another reason: its definition changed; {dropped}; in the plan: its definition changed"
    ] == shop.moved(saved)


def test_a_plan_of_another_environment_is_refused(shop):
    saved = edited(shop)

    assert ["the plan is of environment dev, this is prod"] == shop.moved(saved, env="prod")


def test_a_plan_of_another_project_is_refused(shop):
    saved = edited(shop)
    shop.write("config.yaml", CONFIG.replace("name: shop", "name: other"))

    assert ["the plan is of project shop, this is other"] == shop.moved(saved)


def test_another_place_to_write_to_is_told(shop):
    saved = shop.plan(force=True)
    shop.write("config.yaml", CONFIG.replace("{env}.duckdb", "{env}_2.duckdb"))

    assert ["connection default is at dev_2.duckdb, and was at dev.duckdb in the plan"] == shop.moved(saved)


def test_files_that_arrived_since_are_told(shop):
    shop.write("config.yaml", CONFIG.replace("connections:\n", "connections:\n  drop: {type: filesystem, path: in}\n"))
    shop.sql(
        "taken",
        "-- @files: {connection: drop, path: '*.csv', settle: 0, columns: {id: INTEGER}}\nSELECT id FROM $files\n",
    )
    shop.write("in/a.csv", "id\n1\n")
    saved = shop.plan()
    shop.write("in/b.csv", "id\n2\n")

    assert ["taken: other files are to be loaded than in the plan: b.csv"] == shop.moved(saved)


def test_what_time_alone_made_due_is_told(shop, monkeypatch):
    now = [datetime(2026, 1, 3, 1, tzinfo=UTC)]

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return now[0]

    monkeypatch.setattr("interlace.run.project.datetime", Clock)
    shop.sql(
        "daily",
        """
        -- @incremental: {by: datetime, column: ts, start: 2026-01-01}
        SELECT TIMESTAMP '2026-01-01 10:00' AS ts WHERE ts >= $start AND ts < $end
        """,
    )
    saved = shop.plan()
    assert 1 == len(shop.plan().document["steps"][0]["intervals"])
    now[0] = datetime(2026, 1, 3, 23, tzinfo=UTC)
    assert saved.id == shop.plan().id
    now[0] = datetime(2026, 1, 4, 1, tzinfo=UTC)

    (said,) = shop.moved(saved)
    assert said.startswith("daily: ")
    assert said.endswith(" 2026-01-04T00:00:00+00:00 is due now, and not in the plan")


def test_a_run_that_gets_in_between_is_noticed_under_the_lease(shop, monkeypatch):
    saved = edited(shop)
    acquire, ids = RunLease.acquire, []

    def after_another(self: RunLease) -> str | None:
        monkeypatch.setattr(RunLease, "acquire", acquire)
        ids.append(shop.run())
        return acquire(self)

    monkeypatch.setattr(RunLease, "acquire", after_another)
    with shop.load() as project, pytest.raises(PlanMoved) as refused:
        project.apply(saved)

    assert (f"totals was built by run {ids[0]} since the plan",) == refused.value.moved
    with shop.load() as project:
        assert [ids[0]] == [a.run for a in project.store.attempts(model="totals")][1:]


def test_a_renaming_that_another_run_did_in_between_is_noticed_too(shop, monkeypatch):
    (shop.root / "models" / "totals.sql").unlink()
    shop.sql("sums", "-- @renamed_from: totals\nSELECT sum(amount) AS amount FROM orders\n")
    saved = shop.plan()
    assert [] == saved.document["steps"]
    acquire = RunLease.acquire

    def after_another(self: RunLease) -> str | None:
        monkeypatch.setattr(RunLease, "acquire", acquire)
        shop.run()
        return acquire(self)

    monkeypatch.setattr(RunLease, "acquire", after_another)
    with shop.load() as project, pytest.raises(PlanMoved) as refused:
        project.apply(saved)

    assert ("totals is renamed to sums: that was in the plan, and is not any more",) == refused.value.moved


def test_a_range_that_was_asked_for_is_loaded(shop):
    shop.sql(
        "daily",
        """
        -- @incremental: {by: datetime, column: ts, start: 2026-01-01}
        SELECT TIMESTAMP '2026-01-02 10:00' AS ts WHERE '2026-01-02 10:00' >= $start AND '2026-01-02 10:00' < $end
        """,
    )
    with shop.load() as project:
        asked = project.asked_range("2026-01-02", "2026-01-04", "1d")
    saved = shop.plan("daily", asked=asked)
    shop.apply(saved)

    assert 2 == len(saved.document["steps"][0]["intervals"])
    assert [(1,)] == shop.query("SELECT count(*) FROM daily")


def test_another_build_of_what_is_read_from_another_environment_is_told(shop):
    config = "name: shop\nconnections:\n  default: {type: duckdb, path: both.duckdb}\nenvironments: [dev, prod]\n"
    shop.write("config.yaml", f"{config}vars: {{least: 10}}\n")
    shop.run(env="prod")
    shop.sql("totals", "SELECT max(amount) AS amount FROM orders\n")
    first = shop.plan("totals", defer_to="prod")
    assert "orders" in {d["model"] for d in first.document["deferred"]}
    assert "succeeded" == shop.apply(first).status
    shop.sql("totals", "SELECT min(amount) AS amount FROM orders\n")
    saved = shop.plan("totals", defer_to="prod")
    shop.run("orders", env="prod", force=True)

    assert ["orders, which totals reads, changed since the plan"] == shop.moved(saved)


def test_a_plan_for_a_server_with_its_state_there_is_done_once_and_refused_where_a_table_is_gone(
    tmp_path, postgres_url, ask
):
    shop = Shop(tmp_path / "shop")
    shop.write(
        "config.yaml",
        f"connections:\n  default: {{type: postgres, url: '{postgres_url}'}}\nstate: {{url: '{postgres_url}'}}\n",
    )
    shop.sql("orders", "SELECT 1 AS id\n")
    shop.apply(shop.plan())
    shop.sql("orders", "SELECT 2 AS id\n")
    saved = shop.plan()
    ask("DROP TABLE orders")

    (said,) = shop.moved(saved)
    assert "orders is not there; in the plan: its definition changed" in said
    shop.apply(saved := shop.plan())
    assert [(2,)] == ask("SELECT id FROM orders")
    assert "orders was built by run" in shop.moved(saved)[0]


# --- what is written --------------------------------------------------------------------------------------------------


def test_a_value_that_looks_like_a_secret_is_not_written(shop):
    saved = shop.plan(vars={"token": "hunter22", "least": "1"})

    assert ("hunter22" in json.dumps(saved.document), saved.arguments.vars, saved.arguments.hidden) == (
        False,
        {"least": "1"},
        ("token",),
    )


def test_a_plan_goes_through_a_file_unchanged(shop, tmp_path):
    saved = edited(shop)
    saved.write(tmp_path / "plan.json")

    assert "succeeded" == shop.apply(SavedPlan.read(tmp_path / "plan.json")).status


# --- estimates --------------------------------------------------------------------------------------------------------


def test_what_was_built_before_is_judged_by_its_last_builds(shop):
    edited(shop)
    shop.sql("more", "SELECT 1 AS id\n")
    with shop.load() as project:
        plan = project.plan(threads=2)

    found = plan.estimates
    assert found is not None
    assert (1, 1, ("more",), 2) == (
        found.models["totals"].rows,
        found.models["totals"].builds,
        found.unknown,
        found.threads,
    )
    assert found.work == found.models["totals"].seconds > 0
    assert found.saved is not None


def test_checks_of_what_is_published_are_no_builds(shop):
    shop.sql("totals", "-- @checks: [{row_count: {min: 1}}]\nSELECT sum(amount) AS amount FROM orders\n")
    shop.run()
    with shop.load() as project:
        project.check()
        assert 3 == len(project.store.attempts(model="totals"))
        found = project.plan(["totals"], force=True).estimates

    assert found is not None
    assert 1 == found.models["totals"].builds


def test_history_is_asked_for_by_one_statement_and_not_where_there_is_nothing_to_do(shop, monkeypatch):
    asked = []
    builds = Store.builds
    monkeypatch.setattr(Store, "builds", lambda self, *a, **k: asked.append(a) or builds(self, *a, **k))
    shop.plan()
    assert [] == asked

    shop.plan(force=True)
    assert 1 == len(asked)
