"""``interlace migrate`` at the command line: what it says, two at once, SIGKILL."""

from __future__ import annotations

import pytest

CONFIG = "connections:\n  default: {{{warehouse}}}\n"
AUDIT = "-- up\nCREATE TABLE audit (id int);\nINSERT INTO audit VALUES (1);\n-- down\nDROP TABLE audit;\n"
WIDER = """
-- up
ALTER TABLE log ADD COLUMN note text;
UPDATE log SET note = 'old';
-- down
ALTER TABLE log DROP COLUMN note;
"""


@pytest.fixture
def shop(project):
    project.sql("orders", "SELECT 1 AS id, 'eu' AS region")
    project.sql("log", "-- @strategy: append\nSELECT id, region FROM orders")
    project.sql("regions", "SELECT count(*) AS n, region FROM log GROUP BY region")
    project.write("migrations/0001_audit.sql", AUDIT)
    return project


def test_a_migration_is_shown_applied_listed_and_taken_back(shop):
    assert (
        '-- 0001_audit, up, in default\nCREATE TABLE "main"."audit" (id int);\nINSERT INTO "main"."audit" VALUES (1);\n'
    ) == shop("migrate", "up", "--dry-run").out
    assert not (shop.root / "warehouse.duckdb").exists()

    said = shop("migrate", "up").out
    assert "✓ 0001_audit\nApplied 1 migration to dev, as run " in said
    assert "0001_audit  default     applied  20" in shop("migrate", "status").out
    assert [(1,)] == shop.query("SELECT id FROM audit")
    assert "Nothing to apply in dev.\n" == shop("migrate", "up").out
    assert "interlace migrate up" in shop("runs", "list").out

    assert "warehouse" not in shop.fails("migrate", "down")
    assert "drops the table main.audit with its rows" in shop("migrate", "down", "--dry-run").out
    assert "Took back 1 migration from dev" in shop("migrate", "down", "--yes").out
    assert "Nothing to take back in dev.\n" == shop("migrate", "down").out


def test_what_loses_data_is_done_when_somebody_says_yes(shop):
    shop.run()
    shop.write("migrations/0002_drop.sql", "-- up\nALTER TABLE log DROP COLUMN region;\n")

    said = shop("migrate", "up")
    assert 2 == said.code
    assert (
        "⚠ migrations/0002_drop.sql:2 drops the column region of main.log; models/regions.sql:1 reads it; "
        "models/log.sql:2 still gives it\n"
    ) == said.out
    assert "Apply 2 migrations in dev? Nobody is there to answer.\nSay --yes." in said.err

    said = shop("migrate", "up", "--yes", "--json").json
    assert ["0001_audit", "0002_drop"] == said["done"]
    assert [["loss"]] == [[r["kind"] for r in m["risks"]] for m in said["migrations"] if m["risks"]]
    assert [False, True] == sorted(m["reversible"] for m in shop("migrate", "status", "--json").json["migrations"])
    assert "0002_drop does not say how it is taken back" in shop.fails("migrate", "down")


def test_a_failure_exits_with_1_and_says_where_things_stand(shop):
    shop.write("migrations/0002_bad.sql", "-- up\nCREATE TABLE t (a int);\nDROP TABLE nowhere;\n")

    said = shop.fails("migrate", "up", code=1)

    assert "error[ILC-609] migrations/0002_bad.sql:3: 0002_bad stopped going up: statement 2 of 2 was refused." in said
    assert "Nothing of it stands: it is one transaction. Before it 0001_audit was applied." in said
    assert [] == shop.query("SELECT 1 FROM duckdb_tables() WHERE table_name = 't'")


def test_a_new_one_has_the_next_number(shop):
    assert "Wrote migrations/0002_add_region.sql.\n" == shop("migrate", "new", "Add region").out
    assert "0002_add_region.sql: it has no statement under '-- up'" in shop.fails("migrate", "status")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("new", "--", "--"), "'--' is no name of a migration."),
        (("new", "x", "-c", "defualt"), "There is no connection 'defualt'.\nDid you mean 'default'?"),
        (("up", "--to", "7"), "there is no migration 7\nNumbers: 1."),
        (("resolve", "7", "--applied"), "There is no migration 7.\nNumbers: 1."),
        (("resolve", "1"), "Say how it stands: --applied, or --not-applied."),
        (("up", "--to", "x"), "Input should be a valid integer"),
    ],
)
def test_what_is_asked_wrongly_is_an_error(shop, words, said):
    assert said in shop.fails("migrate", *words)


def test_two_at_once_apply_it_once(shop):
    shop.write(
        "migrations/0002_slow.sql", "-- up\nCREATE TABLE slow AS SELECT count(*) AS n FROM range(300_000_000);\n"
    )

    both = [shop.start("migrate", "up") for _ in range(2)]
    ended = [(one.communicate(timeout=60), one.returncode) for one in both]

    codes = sorted(code for _, code in ended)
    assert codes in ([0, 0], [0, 1]), ended
    for (_, err), code in ended:
        assert code == 0 or "ILC-607" in err or "ILC-401" in err, err
    assert [(1,)] == shop.query("SELECT id FROM audit")
    assert [(1,), (2,)] == shop.query('SELECT number FROM "_interlace".migrations ORDER BY number')


class Migrating:
    """A project with two migrations that were not applied, one of them of a model that keeps its rows."""

    def __init__(self, killed) -> None:
        self.project = project = killed.project
        self.warehouse = killed.warehouse
        self.begin_again = killed.begin_again
        self.kill = killed.kill
        project.write("config.yaml", CONFIG.format(warehouse=self.warehouse.config))
        project.sql("orders", "SELECT 1 AS id")
        project.sql("log", "-- @strategy: append\nSELECT id FROM orders")
        project.sql("total", "SELECT count(*) AS n FROM log")
        project.run()
        project.write("migrations/0001_audit.sql", AUDIT)
        project.write("migrations/0002_wider.sql", WIDER)
        killed.save()

    def check_applied(self) -> None:
        """Both are there once, and only who reads the model runs."""
        assert [[(1,)], [(1, "old")]] == self.warehouse.ask(["SELECT id FROM audit", "SELECT id, note FROM log"])
        assert ["applied", "applied"] == [
            m["status"] for m in self.project("migrate", "status", "--json").json["migrations"]
        ]
        assert {"total"} == set(self.project.run("--json").models)
        assert "Nothing to do" in self.project.run().out


def kill_each(made, every: int) -> None:
    killed = 0
    for nth in range(1, 1_000, every):
        made.begin_again()
        if not made.kill("before", "statement", nth, "migrate", "up"):
            break
        killed += 1
        said = made.project("migrate", "up")
        assert 0 == said.code, said.out + said.err
        made.check_applied()
    assert killed > 1


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def made(request, make_killed):
    return Migrating(make_killed(request.param))


def test_one_that_is_killed_at_a_statement_is_done_whole_by_the_next(made):
    kill_each(made, 12)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_one_that_is_killed_at_each_statement_is_done_whole_by_the_next(made):
    kill_each(made, 1)


@pytest.mark.parametrize(("when", "moment"), [("after", "commit"), ("before", "record")])
def test_one_that_is_killed_after_its_commit_is_known_to_the_next(made, when, moment):
    made.begin_again()
    assert made.kill(when, moment, 1 if moment == "record" else 2, "migrate", "up")

    assert 0 == made.project("migrate", "up").code
    made.check_applied()


def test_one_that_is_no_transaction_and_is_killed_is_not_run_again(made):
    found = set()
    for nth in range(15, 60, 4):
        made.begin_again()
        made.project.write("migrations/0001_audit.sql", "-- @transaction: false\n" + AUDIT)
        if not made.kill("before", "statement", nth, "migrate", "up") or found == {"pending", "unfinished", "applied"}:
            break
        found.add(made.project("migrate", "status", "--json").json["migrations"][0]["status"])
        if "unfinished" in found:
            assert "did not end" in made.project.fails("migrate", "up")
            break
    assert "unfinished" in found
