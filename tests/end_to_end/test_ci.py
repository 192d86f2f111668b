"""``interlace ci``: what changed is built apart, checked and compared, and nothing of it stays."""

from __future__ import annotations

import signal

import psycopg
import pytest

CONFIG = """
connections:
  default: {{{warehouse}}}
environments: [dev, prod]
"""
ORDERS = """
-- @key: id
-- @columns: {email: {tags: [pii]}}
SELECT * FROM (VALUES (1, 10, 'ann@x'), (2, 20, 'ben@x'), (3, 30, 'cid@x')) AS given (id, amount, email)
"""
CHANGED = ORDERS.replace("(2, 20, 'ben@x'), (3, 30, 'cid@x')", "(2, 21, 'ben@y'), (4, 40, 'dan@x')")
TOTAL = "SELECT CAST(sum(amount) AS integer) AS total FROM orders\n"
SLOW = """
import pathlib, time
from interlace import model

@model
def slow(total):
    pathlib.Path("started").touch()
    time.sleep(20)
    return [{"id": 1}]
"""


class Shop:
    """A project with three models that prod has built."""

    def __init__(self, project, warehouse, schema: str) -> None:
        self.project = project
        self.schema = schema
        self._warehouse = warehouse
        project.write("config.yaml", CONFIG.format(warehouse=warehouse.config))
        project.sql("orders", ORDERS)
        project.sql("total", TOTAL)
        project.sql("other", "SELECT 1 AS id\n")
        project.run("--env", "prod")

    def ci(self, *words: str, code: int = 0, **options):
        said = self.project("ci", "--against", "prod", *words, **options)
        assert code == said.code, said.out + said.err
        return said

    def ask(self, query: str):
        return self._warehouse.ask([query])[0]

    def everything(self) -> dict[str, object]:
        """All relations but Interlace's own, and what prod's hold."""
        listed = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema NOT IN ('information_schema', 'pg_catalog', '_interlace')"
        schemas = "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'ci%' AND catalog_name = current_database()"
        rows = {t: self.ask(f"SELECT * FROM {self.schema}.{t} ORDER BY 1") for t in ("orders", "total", "other")}
        return {**rows, "relations": sorted(self.ask(listed)), "schemas": self.ask(schemas)}


@pytest.fixture(params=["duckdb", "postgres"])
def engine(request):
    return request.param


@pytest.fixture
def shop(engine, project, make_warehouse):
    return Shop(project, make_warehouse(engine, project.root), {"duckdb": "main", "postgres": "public"}[engine])


def test_what_changed_is_built_apart_compared_and_dropped(shop):
    before = shop.everything()
    shop.project.sql("orders", CHANGED)
    shop.project.sql("added", "SELECT total FROM total\n")
    said = shop.ci("--json").json

    assert [("added", "added"), ("orders", "changed"), ("total", "downstream")] == sorted(
        (c["model"], c["change"]) for c in said["changes"]
    )
    assert {"orders", "total", "added"} == {m["model"] for m in said["run"]["models"]}
    (orders,) = [d["difference"] for d in said["differences"] if d["model"] == "orders"]
    assert (1, 1, 1) == tuple(orders["rows"][k] for k in ("only_from", "only_to", "changed"))
    assert before == shop.everything()
    assert {"prod", "dev"} == {row["name"] for row in shop.project("env", "list", "--json").json}
    assert "Nothing to do" not in shop.project("plan", "--env", "prod").out


def test_what_fails_is_told_and_the_environment_is_dropped(shop):
    before = shop.everything()
    shop.project.sql("orders", CHANGED)
    shop.project.write("models/orders.yaml", "checks:\n  - {type: accepted_values, column: email, values: [ann@x]}\n")
    shop.project.sql("broken", "SELECT CAST('x' AS integer) AS id FROM other\n")
    said = shop.ci(code=1)

    assert "❌ Interlace: something failed" in said.out
    assert "failed: 2 models, 1 check" in said.out
    assert "ben@y" not in said.out + said.err
    assert "`***`" in said.out
    assert before == shop.everything()
    assert [] == shop.project("dlq", "list", "--json").json


@pytest.mark.parametrize("engine", ["duckdb"])
def test_without_a_change_nothing_is_made(shop):
    shop.project.write("elsewhere.txt", "")
    before, logs = shop.everything(), list((shop.project.root / ".interlace/logs").iterdir())
    said = shop.ci()

    assert said.out.startswith("### ✅ Interlace: no change\n")
    assert before == shop.everything()
    assert logs == list((shop.project.root / ".interlace/logs").iterdir())


def test_what_a_killed_one_left_is_listed_and_dropped_by_the_next_of_its_name(shop):
    before = shop.everything()
    shop.project.sql("orders", CHANGED)
    killed = shop.project.killed_at("before", "finish", 1, "ci", "--against", "prod", "--name", "ci_7")
    assert -signal.SIGKILL == killed.code
    assert "ci_7" in {row["name"] for row in shop.project("env", "list", "--json").json}
    assert before != shop.everything()

    shop.project.sql("orders", ORDERS)
    assert "What an earlier ci_7 has left is dropped." in shop.ci("--name", "ci_7").err
    assert before == shop.everything()


@pytest.mark.parametrize(("engine", "number"), [("duckdb", signal.SIGINT), ("postgres", signal.SIGTERM)])
def test_a_signal_drops_what_was_made(shop, wait, number):
    before = shop.everything()
    shop.project.sql("orders", CHANGED)
    shop.project.python("slow", SLOW)
    process = shop.project.start("ci", "--against", "prod", "--name", "ci_7")
    wait((shop.project.root / "started").exists)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)

    assert (130, True) == (process.returncode, "Cancelling: what was made is dropped." in err)
    assert "### ⚠️ Interlace: cancelled" in out
    (shop.project.root / "models/slow.py").unlink()
    assert before == shop.everything()


# --- rights -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def guarded(project, two_roles):
    """Prod's role and one for pull requests."""
    project.urls = two_roles
    project.write("config.yaml", CONFIG.format(warehouse="type: postgres, url: '${WAREHOUSE_URL}'"))
    return project


def test_a_role_that_may_only_read_what_prod_made_is_enough(guarded):
    owner, other = ({"WAREHOUSE_URL": url} for url in guarded.urls)
    guarded.sql("orders", ORDERS)
    guarded.sql("total", TOTAL)
    guarded.sql("log", "-- @strategy: append\nSELECT id FROM orders\n")
    guarded.sql("shown", "-- @materialise: view\nSELECT id FROM orders\n")
    guarded.run("--env", "prod", env=owner)
    guarded.sql("orders", CHANGED)
    said = guarded("ci", "--against", "prod", "--json", env=other)

    assert 0 == said.code, said.out + said.err
    assert {"orders", "total", "log", "shown"} == {m["model"] for m in said.json["run"]["models"]}
    assert {"orders", "total", "log", "shown"} == {d["model"] for d in said.json["differences"] if d["difference"]}
    with psycopg.connect(guarded.urls[1]) as server:
        schemas = server.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'ci%'").fetchall()
        assert ([], (60,)) == (schemas, server.execute("SELECT total FROM public.total").fetchone())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            server.execute("DELETE FROM public.total")
