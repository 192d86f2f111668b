"""Two processes that run one project at once: one writes, the other is told before it wrote anything, or waits.

On DuckDB the file's lock decides, and the lease in the state.  On PostgreSQL the state may be another one (a second
checkout): there the lease in the data decides.
"""

from __future__ import annotations

import json
import signal
import time

import psycopg
import pytest

# Runs until the file `go on` is there, in the environment that the file `waits in` names.
WAITS = """
    import time
    from pathlib import Path
    from interlace import model

    @model(volatile=False)
    def waits(context):
        root = Path(__file__).parents[1]
        (root / f"begun {context.environment}").touch()
        while context.environment == (root / "waits in").read_text() and not (root / "go on").exists():
            time.sleep(0.01)
        return [{"id": 1}]
"""


class Checkout:
    """A checkout of the project `shop`, whose run waits for the file ``go on``."""

    def __init__(self, project, warehouse: str, wait) -> None:
        self.project = project
        self._wait = wait
        project.write(
            "config.yaml",
            f"name: shop\nschema: shop\nenvironments: [dev, prod]\nconnections:\n  default: {{{warehouse}}}\n",
        )
        project.write("waits in", "dev")
        project.write("go on", "")
        project.sql("root", "SELECT 1 AS id")
        project.sql("log", "-- @strategy: append\nSELECT root.id FROM root, waits")
        project.python("waits", WAITS)

    def begin(self, *words: str):
        """Start a run and give its process once it is in the middle."""
        (self.project.root / "go on").unlink()
        child = self.project.start("run", *words)
        self._wait((self.project.root / "begun dev").exists)
        return child

    def go_on(self) -> None:
        self.project.write("go on", "")


def ended(child) -> tuple[int, str, str]:
    out, err = child.communicate(timeout=30)
    return child.returncode, out, err


@pytest.fixture(params=["duckdb", "postgres"])
def engine(request):
    return request.param


@pytest.fixture
def warehouse(request, engine, tmp_path):
    """The options of the connection; the same for each checkout."""
    if engine == "duckdb":
        return f"type: duckdb, path: '{tmp_path}/shared.duckdb'"
    return f"type: postgres, url: '{request.getfixturevalue('postgres_url')}'"


@pytest.fixture
def one(make_project, tmp_path, warehouse, wait):
    made = Checkout(make_project(tmp_path / "one"), warehouse, wait)
    yield made
    made.go_on()


@pytest.fixture
def other(make_project, tmp_path, warehouse, wait):
    """A second checkout, with a state of its own."""
    return Checkout(make_project(tmp_path / "other"), warehouse, wait)


@pytest.fixture
def ask(request, engine, tmp_path):
    """Ask the warehouse without Interlace."""
    import duckdb

    def ask_duckdb(sql):
        with duckdb.connect(str(tmp_path / "shared.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def ask_postgres(sql):
        with psycopg.connect(request.getfixturevalue("postgres_url"), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    return {"duckdb": ask_duckdb, "postgres": ask_postgres}[engine]


on_postgres = pytest.mark.parametrize("engine", ["postgres"], indirect=True)
on_duckdb = pytest.mark.parametrize("engine", ["duckdb"], indirect=True)


# --- told -------------------------------------------------------------------------------------------------------------


def test_a_second_run_of_one_checkout_is_told_and_writes_nothing(one, ask):
    child = one.begin()
    said = one.project.fails("run", "--force", code=1)
    one.go_on()

    assert 0 == ended(child)[0]
    assert f"process {child.pid}" in said
    assert [(1,)] == ask("SELECT count(*) FROM dev__shop.log")


def test_a_run_of_a_second_checkout_is_told_and_writes_nothing(one, other, ask, engine):
    child = one.begin()
    said = other.project.fails("run", code=1)
    one.go_on()

    assert 0 == ended(child)[0]
    assert f"process {child.pid}" in said
    assert ("ILC-607" if engine == "postgres" else "ILC-401") in said
    assert [(1,)] == ask("SELECT count(*) FROM dev__shop.log")
    assert {} == one.project.run("--json").statuses


def test_of_runs_of_two_checkouts_that_start_together_none_writes_into_the_other(one, other, ask):
    children = [checkout.project.start("run") for checkout in (one, other, one, other)]
    codes = [ended(child)[0] for child in children]

    assert {0, 1} >= set(codes)
    assert 0 in codes
    # Each state has its own record of what it loaded, so each checkout may have appended its batch, once.
    appended = min(2, len({i % 2 for i, code in enumerate(codes) if code == 0}))
    assert [(appended,)] == ask("SELECT count(*) FROM dev__shop.log")


@on_postgres
def test_two_environments_on_one_server_run_at_once(one, ask):
    child = one.begin()
    one.project.run("--env", "prod")
    running = child.poll() is None
    one.go_on()

    assert running
    assert 0 == ended(child)[0]
    assert [(1, 1)] == ask("SELECT (SELECT count(*) FROM dev__shop.log), (SELECT count(*) FROM shop.log)")


@on_postgres
@pytest.mark.parametrize("command", ["release", "discard"])
def test_what_was_held_back_is_not_published_into_the_run_of_another_checkout(one, other, ask, command):
    one.project.run("root")
    one.project.sql("root", "SELECT 2 AS id")
    one.project.run("root", "--hold")
    [(held,)] = {(h["run"],) for h in json.loads(one.project("release", "--json").out)}
    child = other.begin("--select", "+waits")
    said = one.project.fails(command, held, code=1)
    other.go_on()

    assert f"process {child.pid}" in said
    assert 0 == ended(child)[0]
    assert [(1,)] == ask("SELECT id FROM dev__shop.root")
    assert 0 == one.project(command, held).code


# --- killed, or thought to be dead ------------------------------------------------------------------------------------


def test_a_holder_that_was_killed_is_noticed_at_once(one, other, ask):
    child = one.begin()
    child.send_signal(signal.SIGKILL)
    ended(child)
    one.go_on()
    began = time.monotonic()
    said = other.project.run()
    took = time.monotonic() - began

    assert took < 20, "the lease's 90 seconds were not awaited"
    assert [(1,)] == ask("SELECT count(*) FROM dev__shop.log"), said.out


@on_postgres
def test_the_next_run_says_that_one_with_another_state_was_cut_off(one, other):
    child = one.begin()
    child.send_signal(signal.SIGKILL)
    ended(child)
    one.go_on()

    assert "was cut off while it wrote to" in json.dumps(other.project.run("--json").json["notices"])


@on_postgres
def test_a_holder_that_lost_its_lease_cannot_commit(one, ask):
    one.project.run("root")
    child = one.begin("--select", "waits", "log")
    [(name,)] = ask("SELECT name FROM _interlace.leases")
    ask("UPDATE _interlace.leases SET holder = 'another', token = token + 1")
    one.go_on()
    code, out, err = ended(child)

    assert "shop/dev" == name
    assert 1 == code
    assert "took over the right to write" in out + err
    assert [(None, None)] == ask("SELECT to_regclass('dev__shop.waits')::text, to_regclass('dev__shop.log')::text")


@on_postgres
def test_a_stale_plan_is_made_anew_when_another_state_wrote_meanwhile(one, other, ask):
    """The other's run falls between this one's plan and its first statement."""
    from interlace import Project

    other.project.sql("log", "-- @strategy: append\nSELECT 2 AS id FROM root, waits")
    with Project.load(one.project.root) as late, Project.load(other.project.root) as early:
        plan = late._plan

        def slow_plan(*arguments, **options):
            planned = plan(*arguments, **options)
            if early.store.revision("dev") == 0:
                early.run()
            return planned

        late._plan = slow_plan
        late.run()

    assert [(1,), (2,)] == ask("SELECT id FROM dev__shop.log ORDER BY 1")


# --- waiting ----------------------------------------------------------------------------------------------------------


def test_a_run_waits_for_another_one_of_its_checkout(one, ask, wait):
    first = one.begin()
    second = one.project.start("run", "--force", "--wait")
    said = second.stderr.readline()
    one.go_on()

    assert 0 == ended(first)[0]
    assert 0 == ended(second)[0]
    assert said.startswith("Waiting: ")
    assert f"process {first.pid}" in said
    assert [(2,)] == ask("SELECT count(*) FROM dev__shop.log")


def test_a_run_waits_for_one_of_another_checkout_and_sees_what_it_wrote(one, other, ask, wait):
    other.project.sql("log", "-- @strategy: append\nSELECT 2 AS id FROM root, waits")
    first = one.begin()
    second = other.project.start("run", "--wait")
    said = second.stderr.readline()
    one.go_on()
    code, out, _ = ended(second)

    assert 0 == ended(first)[0]
    assert 0 == code, out
    assert f"process {first.pid}" in said
    assert [(1,), (2,)] == ask("SELECT id FROM dev__shop.log ORDER BY 1")


@on_duckdb
def test_a_run_waits_for_whoever_holds_the_file(one, tmp_path, ask):
    import duckdb

    with duckdb.connect(str(tmp_path / "shared.duckdb")):
        child = one.project.start("run", "--wait", "--json")
        said = child.stderr.readline()
    code, out, _ = ended(child)

    assert 0 == code
    assert "is in use by process" in said
    assert "succeeded" == json.loads(out)["status"]
    assert [(1,)] == ask("SELECT count(*) FROM dev__shop.log")


def test_a_run_waits_for_so_long_at_most(one, ask):
    child = one.begin()
    began = time.monotonic()
    said = one.project.fails("run", "--force", "--wait-for", "1.2s", code=1)
    took = time.monotonic() - began
    one.go_on()

    assert 1.2 <= took < 10
    assert ["Waiting: ", "error[ILC"] == [line[:9] for line in said.splitlines() if f"process {child.pid}" in line][:2]
    assert 0 == ended(child)[0]
    assert [(1,)] == ask("SELECT count(*) FROM dev__shop.log")


def test_a_run_that_waits_is_cancelled_at_once(one, sigint):
    first = one.begin()
    second = one.project.start("run", "--force", "--wait")
    second.stderr.readline()
    sigint(second)
    code = ended(second)[0]
    one.go_on()

    assert 130 == code
    assert 0 == ended(first)[0]


def test_a_time_that_is_none_is_refused(one):
    said = one.project.fails("run", "--wait-for", "soon")

    assert "--wait-for soon" in said
    assert '"10m"' in said
