"""Environments with a DuckDB file each: dev reads a snapshot of prod's, and prod takes over what dev built."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import contextmanager

import duckdb
import pytest

CONFIG = """
connections:
  default: {type: duckdb, path: "{env}.duckdb"}
environments:
  prod:
  dev: {defer_to: prod}
"""
ORDERS = "SELECT * FROM (VALUES (1, 10), (2, 20)) AS given (id, amount)\n"
TOTAL = "SELECT CAST(sum(amount) AS integer){more} AS total FROM orders\n"
SUMMARY = "-- @materialise: view\nSELECT total, (SELECT count(*) FROM customers) AS customers FROM total\n"
LOG = "-- @strategy: append\nSELECT id FROM orders{more}\n"
PROMOTE = ("promote", "--from", "dev", "--to", "prod", "--yes")


class Shop:
    """A project with a file for each environment; prod is built."""

    def __init__(self, project) -> None:
        self.project = project
        project.write("config.yaml", CONFIG)
        project.sql("orders", ORDERS)
        project.sql("customers", "SELECT 1 AS id\n")
        project.sql("total", TOTAL.format(more=""))
        project.sql("summary", SUMMARY)
        project.sql("log", LOG.format(more=""))
        project.run("--env", "prod")

    def change(self) -> None:
        self.project.sql("total", TOTAL.format(more=" + 1"))
        self.project.sql("log", LOG.format(more=" WHERE id > 1"))

    def ask(self, environment: str, query: str):
        return self.project.query(query, f"{environment}.duckdb")

    def relations(self, environment: str) -> dict[str, str]:
        rows = self.ask(environment, "SELECT table_name, table_type FROM information_schema.tables")
        own = {"BASE TABLE": "table", "VIEW": "view"}
        return {name: own[kind] for name, kind in rows if name not in {"commits", "previous"}}

    def snapshots(self, environment: str = "prod"):
        return sorted((self.project.root / f"{environment}.duckdb.snapshots").glob("*.duckdb"))

    def plan(self, *words: str):
        return self.project("plan", "--json", *words).json

    def promote(self, *words: str, code: int = 0):
        said = self.project(*PROMOTE, *words)
        assert code == said.code, said.out + said.err
        return said


@pytest.fixture(scope="module")
def made(make_project, tmp_path_factory):
    shop = Shop(make_project(tmp_path_factory.mktemp("files") / "project"))
    shutil.copytree(shop.project.root, shop.project.root.parent / "start")
    return shop


@pytest.fixture
def shop(made):
    """The same project as it was when prod had been built."""
    shutil.rmtree(made.project.root)
    shutil.copytree(made.project.root.parent / "start", made.project.root)
    return made


@contextmanager
def held(file, *, read_only: bool):
    """Another process that has a file open."""
    script = f"import duckdb, sys; c = duckdb.connect({str(file)!r}, read_only={read_only}); print(1, flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process.pid
    finally:
        process.communicate(timeout=20)


# --- snapshots ------------------------------------------------------------------------------------------------


def test_what_is_defined_as_in_prod_is_read_from_a_snapshot_and_not_built(shop):
    plan = shop.plan()

    assert [] == plan["steps"]
    assert {"orders", "customers", "total", "summary", "log"} == {d["model"] for d in plan["deferred"]}
    assert {"main.orders"} == {d["relation"] for d in plan["deferred"] if d["model"] == "orders"}
    assert "5 read from prod" in shop.project.run().out
    assert "20" in shop.project("show", "orders").out


def test_what_changed_is_built_in_its_own_file_from_the_snapshot(shop):
    shop.change()
    shop.project.run()

    assert [(31,)] == shop.ask("dev", "SELECT total FROM total")
    assert [(30,)] == shop.ask("prod", "SELECT total FROM total")
    assert [(1,), (2,), (2,)] == shop.ask("dev", "SELECT id FROM log ORDER BY 1")
    assert {"total": "table", "summary": "table", "log": "table"} == shop.relations("dev")
    assert "Nothing to do" in shop.project.run().out


def test_dev_runs_while_another_process_writes_to_prod(shop):
    shop.change()
    with held(shop.project.root / "prod.duckdb", read_only=False):
        shop.project.run()

    assert [(31,)] == shop.ask("dev", "SELECT total FROM total")


def test_a_python_model_reads_the_snapshot(shop):
    shop.project.python(
        "double",
        """
        import ibis
        from interlace import model

        @model
        def double(orders: ibis.Table):
            return orders.mutate(amount=orders.amount * 2)
        """,
    )
    shop.project.run("double")

    assert [(20,), (40,)] == shop.ask("dev", "SELECT amount FROM double ORDER BY 1")


def test_what_moves_in_prod_is_read_once_its_run_succeeded(shop):
    shop.change()
    shop.project.run()
    shop.project.sql("bad", "SELECT error('no') AS x FROM orders\n")
    assert 1 == shop.project("run", "--env", "prod", "--force", "orders", "bad").code

    plan = shop.plan("total", "log", "summary")
    assert [] == plan["steps"]
    assert "prod was written since the snapshot of" in plan["notices"][0]
    shop.project.run("--env", "prod", "--force", "orders")
    plan = shop.plan("total", "log", "summary")
    assert {"total", "summary", "log"} == {s["model"] for s in plan["steps"]}
    assert [] == plan["notices"]


def test_a_run_with_nothing_to_do_makes_no_other_snapshot(shop):
    before = shop.snapshots()
    shop.project.run("--env", "prod")
    shop.project.run("--env", "prod", "--verbose")

    assert 1 == len(before)
    assert before == shop.snapshots()


def test_the_last_two_snapshots_are_kept(shop):
    for _ in range(3):
        shop.project.run("--env", "prod", "--force", "orders")

    assert 2 == len(shop.snapshots())
    assert "5 read from prod" in shop.project.run().out


def test_nobody_defers_nothing_is_copied(project):
    project.write("config.yaml", CONFIG.replace("{defer_to: prod}", ""))
    project.sql("orders", ORDERS)
    project.run("--env", "prod")

    assert not (project.root / "prod.duckdb.snapshots").exists()


def test_without_a_snapshot_the_error_says_how_to_make_one(project):
    project.write("config.yaml", CONFIG.replace("{defer_to: prod}", ""))
    project.sql("orders", ORDERS)
    project.run("--env", "prod")

    said = project.fails("run", "--defer-to", "prod")
    assert (
        f"defer_to: there is no snapshot of {project.root}/prod.duckdb, and prod's own file is not read by others."
        in said
    )
    assert "Make one: interlace env snapshot prod" in said
    assert "default: prod.duckdb.snapshots/" in project("env", "snapshot", "prod").out
    assert "1 read from prod" in project.run("--defer-to", "prod").out


def test_a_run_whose_snapshot_cannot_be_written_succeeded_and_says_so(project):
    project.write("config.yaml", CONFIG)
    project.sql("orders", ORDERS)
    project.write("prod.duckdb.snapshots", "in the way")
    said = project.run("--env", "prod").out

    assert "dev cannot read this yet, for no snapshot was made: No snapshot of " in said
    assert "Once that is over: interlace env snapshot prod" in said
    assert "1 succeeded" in said


def test_an_environment_that_built_nothing_has_no_snapshot(project):
    project.write("config.yaml", CONFIG)
    project.sql("orders", ORDERS)

    assert "it has built nothing" in project.run().out
    said = project.fails("env", "snapshot", "prod")
    assert "Environment prod has no database file of its own to make a snapshot of." in said


def test_a_file_that_another_process_writes_to_is_not_copied_and_the_error_names_it(shop):
    with held(shop.project.root / "prod.duckdb", read_only=False) as holder:
        said = shop.project.fails("env", "snapshot", "prod", code=1)

    assert f"prod.duckdb is in use by process {holder}" in said


def test_a_file_that_another_process_reads_is_copied(shop):
    with held(shop.project.root / "prod.duckdb", read_only=True):
        assert 0 == shop.project("env", "snapshot", "prod").code


def test_dropping_an_environment_drops_its_snapshots(shop):
    shop.change()
    shop.project.run()
    shop.project("env", "snapshot", "dev")
    shop.project("env", "drop", "dev", "--yes")

    assert ["prod.duckdb", "prod.duckdb.snapshots"] == sorted(
        path.name for path in shop.project.root.iterdir() if "duckdb" in path.name
    )


def test_a_snapshot_that_is_killed_leaves_the_one_before_and_the_next_run_makes_it(shop):
    shop.change()
    shop.project.sql("orders", ORDERS.replace("20", "90"))
    before = shop.snapshots()
    for nth in (1, 2, 3):
        shop.project.sql("orders", ORDERS.replace("20", f"9{nth}"))
        assert 0 != shop.project.killed_at("before", "snapshot", nth, "run", "--env", "prod").code
        assert before == [p for p in shop.snapshots() if p.with_suffix(".json").exists()]
        assert 0 == shop.project("plan").code
    shop.project.run("--env", "prod")

    assert 2 == len(shop.snapshots())
    assert {".duckdb", ".json", ""} == {p.suffix for p in before[0].parent.iterdir()}
    assert "5 read from prod" in shop.project.run().out


# --- promote --------------------------------------------------------------------------------------------------


def test_what_dev_built_takes_its_place_in_prod_and_goes_from_dev(shop):
    shop.change()
    shop.project.run()
    said = shop.promote().out

    assert "log      table  main.log of dev → prod  its definition changed" in said
    assert [(31, 1)] == shop.ask("prod", "SELECT total, customers FROM summary")
    assert "view" == shop.relations("prod")["summary"]
    assert {} == shop.relations("dev")
    assert "Nothing to do: 5 models" in shop.project.run("--env", "prod").out
    assert "5 read from prod" in shop.project.run().out


def test_a_view_of_dev_goes_with_what_it_reads(shop):
    shop.change()
    shop.project.sql("summary", "-- @materialise: view\nSELECT total FROM total\n")
    shop.project.run()
    assert "view" == shop.relations("dev")["summary"]
    shop.promote()

    assert [(31,)] == shop.ask("prod", "SELECT total FROM summary")
    assert {} == shop.relations("dev")


def test_rows_that_prod_loaded_since_the_copy_are_not_lost(shop):
    shop.change()
    shop.project.run()
    shop.project.sql("log", LOG.format(more=""))
    shop.project.run("--env", "prod", "--force", "log")
    shop.change()

    assert "moved since" in shop.promote(code=2).err


def test_a_rollback_puts_back_what_was_there(shop):
    shop.change()
    shop.project.run()
    shop.promote()
    assert 0 == shop.project("rollback", "--env", "prod", "--yes").code

    assert [(30, 1)] == shop.ask("prod", "SELECT total, customers FROM summary")
    assert [(1,), (2,)] == shop.ask("prod", "SELECT id FROM log ORDER BY 1")
    assert {"total", "summary", "log"} == {s["model"] for s in shop.plan()["steps"]}
    assert {"total", "log", "summary"} == {s["model"] for s in shop.plan("--env", "prod")["steps"]}


@pytest.mark.parametrize("environment", ["prod", "dev"])
def test_a_file_that_another_process_reads_is_not_promoted_and_the_error_names_it(shop, environment):
    shop.change()
    shop.project.run()
    with held(shop.project.root / f"{environment}.duckdb", read_only=True) as holder:
        said = shop.project.fails(*PROMOTE, code=1)

    assert f"{environment}.duckdb is in use by process {holder}" in said
    assert [(30,)] == shop.ask("prod", "SELECT total FROM total")
    shop.promote()
    assert [(31,)] == shop.ask("prod", "SELECT total FROM total")


def test_what_is_on_another_kind_of_database_there_is_not_promoted(shop):
    shop.change()
    shop.project.run()
    shop.project.write("config.dev.yaml", 'connections: {default: {type: duckdb, path: ":memory:"}}\n')

    said = shop.project.fails(*PROMOTE)
    assert "promote: dev keeps connection 'default' in another database than prod." in said


READER = """
import sys, time, duckdb
query = "SELECT total, customers, (SELECT count(*) FROM log) FROM summary"
print("ready", flush=True)
until = time.monotonic() + 20
while time.monotonic() < until:
    try:
        with duckdb.connect({file!r}, read_only=True) as opened:
            rows = opened.execute(query).fetchall()
    except duckdb.IOException as error:
        if "lock" not in str(error):
            raise
    else:
        print(rows, flush=True)
        if rows[0][0] == {last}:
            break
    time.sleep(0.005)
"""


def test_another_process_that_reads_prod_in_a_loop_sees_the_old_version_or_the_new(shop):
    shop.change()
    shop.project.run()
    script = READER.format(file=str(shop.project.root / "prod.duckdb"), last=31)
    reader = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert reader.stdout is not None
    seen = [reader.stdout.readline(), reader.stdout.readline()]
    for _ in range(100):
        said = shop.project(*PROMOTE)
        if said.code == 0:
            break
        assert "is in use by process" in said.err
    out, err = reader.communicate(timeout=30)

    assert "" == err
    assert {"[(30, 1, 2)]", "[(31, 1, 3)]"} == {*out.splitlines(), *(line.strip() for line in seen[1:])}


# --- killed ---------------------------------------------------------------------------------------------------

BEFORE, AFTER = [(30,), (2,)], [(31,), (3,)]


def seen(shop):
    """Look into a copy: what was killed has left a log that a reader would have to write in."""
    return [shop.ask("prod", query)[0] for query in ("SELECT total FROM summary", "SELECT count(*) FROM log")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("when", "point", "nth"),
    [("before", "statement", 40), ("before", "commit", 1), ("after", "commit", 1), ("after", "commit", 2)],
)
def test_a_promotion_that_is_killed_is_old_or_new_and_is_ended_by_the_next(shop, when, point, nth):
    shop.change()
    shop.project.run()
    code = shop.project.killed_at(when, point, nth, *PROMOTE).code
    assert seen(shop) in (BEFORE, AFTER)
    shop.promote()

    assert -9 == code
    assert AFTER == seen(shop)
    assert {} == shop.relations("dev")
    shop.project.run("--env", "prod")  # says which run was cut off
    assert "Nothing to do" in shop.project.run("--env", "prod").out
    assert "5 read from prod" in shop.project.run().out
    with duckdb.connect(str(shop.project.root / "prod.duckdb")) as opened:
        kept = "SELECT count(*) FROM duckdb_schemas() WHERE schema_name LIKE '%previous%' AND database_name = 'prod'"
        assert [(1,)] == opened.execute(kept).fetchall()
