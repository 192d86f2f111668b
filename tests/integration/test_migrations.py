"""Migrations of a project, on DuckDB and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from textwrap import dedent

import pytest

from interlace import Project
from interlace.contracts.relation import Relation
from interlace.errors import InvalidMigration, MigrationFailed, RunUnderWay, UsageError
from interlace.run.data_lease import DataLeases
from interlace.run.lease import RunLease

TWO = "environments:\n  prod:\n  dev:\n"


class Shop:
    """A project of three models: one that keeps its rows, who reads it, and what both are made of."""

    def __init__(self, root, warehouse: str) -> None:
        self.root = root
        self._warehouse = warehouse
        self.config("")
        self.write(
            "models/orders.sql", "SELECT * FROM (VALUES (1, 'eu', 5), (2, 'us', 7)) AS given (id, region, amount)"
        )
        self.write("models/log.sql", "-- @strategy: append\nSELECT id, region, amount FROM orders")
        self.write("models/regions.sql", "SELECT count(*) AS n,\n  region\nFROM log GROUP BY region")

    def config(self, more: str, options: str = "") -> None:
        self.write("config.yaml", f"connections:\n  default: {{{self._warehouse}{options}}}\n{more}")

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")

    def sql(self, name: str, up: str, down: str = "", header: str = "") -> None:
        self.write(f"migrations/{name}.sql", f"{header}-- up\n{up}\n" + (f"-- down\n{down}\n" if down else ""))

    def load(self, env: str | None = None) -> Project:
        return Project.load(self.root, env=env)

    def run(self, env: str | None = None):
        with self.load(env) as project:
            return project.run()

    def up(self, env: str | None = None, to: int | None = None):
        with self.load(env) as project:
            return project.migrate(project.plan_migrations("up", to))

    def down(self, env: str | None = None, to: int | None = None):
        with self.load(env) as project:
            return project.migrate(project.plan_migrations("down", to))

    def risks(self, direction="up", env: str | None = None) -> list[str]:
        with self.load(env) as project:
            items = project.plan_migrations(direction).items
            return [
                "; ".join((r.text, *r.readers, *(f"given by {g}" for g in r.givers))) for i in items for r in i.risks
            ]

    def stand(self, env: str | None = None) -> list[str]:
        with self.load(env) as project:
            return [s.how for s in project.migrations()[0]]

    def ask(self, sql: str, env: str | None = None):
        with self.load(env) as project:
            session = project.connection().session()
            try:
                return session.fetch(sql)
            finally:
                session.close()

    def has(self, table: str, env: str | None = None) -> bool:
        schema, _, name = table.rpartition(".")
        with self.load(env) as project:
            session = project.connection().session()
            try:
                return Relation(name, schema) in session.catalogue([schema])
            finally:
                session.close()

    def refuses(self, env: str | None = None, error=InvalidMigration) -> str:
        with pytest.raises(error) as caught:
            self.up(env)
        return str(caught.value)


@pytest.fixture(params=["duckdb", "postgres"])
def shop(request, tmp_path):
    if request.param == "duckdb":
        return Shop(tmp_path / "shop", "type: duckdb, path: warehouse.duckdb")
    url = request.getfixturevalue("postgres_url")
    return Shop(tmp_path / "shop", f"type: postgres, url: '{url}', schema: main")


@pytest.fixture
def small(tmp_path):
    return Shop(tmp_path / "shop", "type: duckdb, path: warehouse.duckdb")


AUDIT = ("CREATE TABLE audit (id int, note text);\nINSERT INTO audit VALUES (1, $env);", "DROP TABLE audit;")


# --- forward and back -------------------------------------------------------------------------------------------------


def test_a_migration_goes_up_and_down_again(shop):
    shop.sql("0001_audit", *AUDIT)

    assert ("0001_audit",) == shop.up().names
    assert [(1, "dev")] == shop.ask("SELECT id, note FROM main.audit")
    assert ["applied"] == shop.stand()
    assert () == shop.up().names

    assert ("0001_audit",) == shop.down().names
    assert not shop.has("main.audit")
    assert ["pending"] == shop.stand()
    assert () == shop.down().names


def test_it_is_recorded_as_a_run_and_in_the_database(small):
    small.sql("0001_audit", *AUDIT)
    run = small.up().run

    with small.load() as project:
        assert [(run, "succeeded")] == [(r.id, r.status) for r in project.store.runs()]
    assert [("", 1, "0001_audit")] == small.ask('SELECT namespace, number, name FROM "_interlace".migrations')


def test_one_that_fails_leaves_nothing_and_what_was_before_it_stands(shop):
    shop.sql("0001_audit", *AUDIT)
    shop.sql("0002_more", "CREATE TABLE more (x int);\nINSERT INTO more VALUES (1);\n\nINSERT INTO nowhere VALUES (1);")
    shop.sql("0003_last", "SELECT 1;")

    said = shop.refuses(error=MigrationFailed)

    assert said.startswith(
        "migrations/0002_more.sql:5: 0002_more stopped going up: statement 3 of 3 was refused. Nothing of it stands: it is "
        "one transaction. Before it 0001_audit was applied. 0003_last was not begun.\n"
    )
    assert "nowhere" in said
    assert not shop.has("main.more")
    assert ["applied", "pending", "pending"] == shop.stand()


def test_one_that_is_no_transaction_says_how_far_it_came_and_waits_for_a_word(small):
    small.sql(
        "0001_more", "CREATE TABLE more (x int);\nINSERT INTO nowhere VALUES (1);", header="-- @transaction: false\n"
    )

    said = small.refuses(error=MigrationFailed)

    assert "statement 2 of 2 was refused. Its first statement stands: it is no transaction." in said
    assert "interlace migrate resolve 1 --applied, or --not-applied" in said
    assert ["unfinished"] == small.stand()
    assert "1 of its 2 statements were done, and the one after that may have been" in small.refuses()

    with small.load() as project:
        assert "0001_more" == project.resolve_migration(1, applied=False)
    small.ask("DROP TABLE main.more")
    small.sql("0001_more", "CREATE TABLE more (x int);", header="-- @transaction: false\n")
    assert ("0001_more",) == small.up().names
    assert ["applied"] == small.stand()


def test_postgres_makes_an_index_concurrently_outside_of_a_transaction(tmp_path, postgres_url):
    shop = Shop(tmp_path / "shop", f"type: postgres, url: '{postgres_url}', schema: main")
    shop.run()
    shop.sql("0001_index", "CREATE INDEX CONCURRENTLY log_id ON log (id);")

    assert "'-- @transaction: false' in its header" in shop.refuses(error=MigrationFailed)

    shop.sql("0001_index", "CREATE INDEX CONCURRENTLY log_id ON log (id);", header="-- @transaction: false\n")
    assert ("0001_index",) == shop.up().names


def test_a_file_that_was_edited_is_refused_until_somebody_says_that_it_is_the_same(small):
    small.sql("0001_audit", *AUDIT)
    small.up()
    small.sql("0001_audit", *AUDIT, header="-- why it is there\n")

    assert ["changed"] == small.stand()
    assert "0001_audit is not what was applied to default" in small.refuses()

    with small.load() as project:
        project.resolve_migration(1, applied=True)
    assert () == small.up().names


def test_a_file_that_is_gone_is_refused_until_somebody_says_so(small):
    small.sql("0001_audit", *AUDIT)
    small.up()
    (small.root / "migrations" / "0001_audit.sql").unlink()

    assert ["missing"] == small.stand()
    assert "and its file is gone" in small.refuses()
    with small.load() as project, pytest.raises(UsageError, match="has no file that could be applied"):
        project.resolve_migration(1, applied=True)
    with small.load() as project:
        project.resolve_migration(1, applied=False)
    assert [] == small.stand()


def test_the_ledger_goes_with_a_copy_of_the_file(small, tmp_path):
    small.sql("0001_audit", *AUDIT)
    small.up()
    (small.root / "warehouse.duckdb").rename(tmp_path / "backup.duckdb")
    assert ["pending"] == small.stand()

    (tmp_path / "backup.duckdb").rename(small.root / "warehouse.duckdb")
    assert ["applied"] == small.stand()


def test_asking_makes_no_file(small):
    small.sql("0001_audit", *AUDIT)

    assert ["pending"] == small.stand()
    assert [] == small.risks()
    assert not (small.root / "warehouse.duckdb").exists()


# --- environments -----------------------------------------------------------------------------------------------------


def test_each_environment_is_migrated_by_itself(shop):
    shop.config(TWO)
    shop.run("dev")
    shop.sql(
        "0001_raw",
        "CREATE TABLE audit AS SELECT o.id FROM orders o WHERE o.id > 1;\nCREATE SCHEMA raw;\n"
        "CREATE TABLE raw.x (a int);\nCREATE TABLE $schema.y (a int);",
        "DROP TABLE audit; DROP TABLE raw.x; DROP SCHEMA raw; DROP TABLE y;",
    )

    shop.up("dev")

    assert [(2,)] == shop.ask("SELECT id FROM dev__main.audit")
    assert shop.has("dev__raw.x")
    assert shop.has("dev__main.y")
    assert not shop.has("main.audit")
    assert (["applied"], ["pending"]) == (shop.stand("dev"), shop.stand("prod"))


def test_names_are_the_environments_own_but_for_those_of_the_statement(small):
    small.config(TWO)
    small.write("models/sources.yaml", "sources:\n  crm: {relation: raw.customers}\n")
    small.sql(
        "0001_x",
        """
        WITH log AS (SELECT * FROM log) SELECT * FROM log, 'x.csv';
        INSERT INTO main.log SELECT l.* FROM "ORDERS" l JOIN crm ON crm.id = l.id;
        SELECT 'log' AS log FROM information_schema.tables;
        ALTER TABLE a RENAME TO b;
        CREATE VIEW v AS SELECT * FROM dev__main.log;
        UPDATE log SET id = 1 WHERE log.id = $run_id OR region = $env;
        """,
    )

    with small.load("dev") as project:
        statements = project.plan_migrations("up").items[0].statements

    assert [
        """WITH log AS (SELECT * FROM "dev__main"."log") SELECT * FROM log, 'x.csv'""",
        (
            'INSERT INTO "dev__main"."log" SELECT l.* FROM "dev__main"."orders" l '
            'JOIN "raw"."customers" AS "crm" ON crm.id = l.id'
        ),
        "SELECT 'log' AS log FROM information_schema.tables",
        'ALTER TABLE "dev__main"."a" RENAME TO b',
        'CREATE VIEW "dev__main"."v" AS SELECT * FROM "dev__main"."log"',
        """UPDATE "dev__main"."log" SET id = 1 WHERE log.id = '' OR region = 'dev'""",
    ] == [s.text for s in statements]


def test_one_for_prod_alone_is_left_out_elsewhere(small):
    small.config(TWO)
    small.sql("0001_audit", *AUDIT, header="-- @environments: prod\n")

    assert ["elsewhere"] == small.stand("dev")
    assert () == small.up("dev").names
    assert ("0001_audit",) == small.up("prod").names


def test_a_temporary_table_stays_one(shop):
    shop.config(TWO)
    shop.sql("0001_t", "CREATE TEMPORARY TABLE t AS SELECT 1 AS a;\nCREATE TABLE u AS SELECT a FROM t;")

    shop.up("dev")

    assert [(1,)] == shop.ask("SELECT a FROM dev__main.u")


def test_an_environment_that_is_dropped_takes_its_migrations_with_it(shop):
    shop.config(TWO)
    shop.sql("0001_raw", "CREATE SCHEMA raw; CREATE TABLE raw.x (a int); CREATE TABLE audit (a int);")
    shop.run("dev")
    shop.up("dev")

    with shop.load("dev") as project:
        project.drop_environment()

    assert not shop.has("dev__raw.x")
    assert ("0001_raw",) == shop.up("dev").names


@pytest.mark.parametrize(
    ("up", "said"),
    [
        ("SELECT 1;\nVACUUM orders;", "migrations/0001_x.sql:3: what VACUUM ORDERS touches cannot be told"),
        ("UPDATE crm SET a = 1;", "0001_x.sql:2: crm is a source, which all environments read, and this is dev"),
        ("SELECT * FROM other.main.x;", "0001_x.sql:2: other.main.x is in another database than the connection's"),
    ],
)
def test_nothing_that_could_be_of_another_environment_is_touched(small, up, said):
    small.config(TWO)
    small.write("models/sources.yaml", "sources:\n  crm: {relation: main.crm}\n")
    small.sql("0001_x", up)

    assert said in small.refuses("dev")


# --- what is said before ----------------------------------------------------------------------------------------------


def test_what_loses_data_or_breaks_a_reader_is_said_before(shop):
    shop.run()
    shop.sql("0001_drop", "ALTER TABLE log DROP COLUMN region;", "ALTER TABLE log ADD COLUMN region text;")
    shop.sql("0002_rename", "ALTER TABLE orders RENAME COLUMN amount TO total;")
    shop.sql("0003_empty", "DELETE FROM log;\nTRUNCATE TABLE orders;\nDELETE FROM log WHERE id = 1;")
    shop.sql("0004_drop", "DROP TABLE regions;\nALTER TABLE log ALTER COLUMN id TYPE smallint;")

    risks = shop.risks()

    assert [
        "drops the column region of main.log; models/regions.sql:2; given by models/log.sql:2",
        "renames the column amount of main.orders to total; models/log.sql:2; given by models/orders.sql:1",
        "deletes all rows of main.log",
        "deletes all rows of main.orders",
        "drops the table main.regions with its rows",
    ] == risks[:5]
    assert "changes id of main.log from integer to smallint, which does not hold all its values" == risks[5].lower()


def test_what_is_new_loses_nothing(shop):
    shop.run()
    shop.sql(
        "0001_new",
        "CREATE TABLE a (x int);\nDROP TABLE a;\nALTER TABLE log ADD COLUMN z int;\nALTER TABLE log DROP COLUMN z;\n"
        "ALTER TABLE log ALTER COLUMN id TYPE bigint;\nCREATE INDEX i ON log (id);",
    )

    assert [] == shop.risks()


def test_a_table_that_is_renamed_and_then_dropped_is_a_loss(small):
    small.run()
    small.sql("0001_away", "ALTER TABLE log RENAME TO old;\nDROP TABLE old;")

    assert ["renames main.log to old; models/regions.sql:3", "drops the table main.old with its rows"] == small.risks()


def test_python_readers_read_all_columns_and_python_migrations_are_not_known(small):
    small.write("models/p.py", "from interlace import model\n\n\n@model\ndef p(log):\n    return log\n")
    small.run()
    small.sql("0001_drop", "ALTER TABLE log DROP COLUMN amount;")
    small.write("migrations/0002_more.py", "def up(session): ...")

    assert [
        "drops the column amount of main.log; models/p.py:5; given by models/log.sql:2",
        "is Python: what it does is not known before it runs",
    ] == small.risks()


# --- the state follows ------------------------------------------------------------------------------------------------


def plan(shop, env=None):
    with shop.load(env) as project:
        return {s.model: [r.code for r in s.reasons] for s in project.plan().steps}


def test_what_a_migration_writes_to_a_model_is_its_data_and_its_readers_run_again(shop):
    shop.run()
    shop.sql("0001_wider", "ALTER TABLE log ALTER COLUMN amount TYPE bigint;\nUPDATE log SET amount = 0 WHERE id = 1;")

    shop.up()

    assert {"regions": ["parent"]} == plan(shop)
    assert ["regions"] == [n for n, o in shop.run().outcomes.items() if type(o).__name__ == "Succeeded"]
    assert [(0,), (7,)] == shop.ask("SELECT amount FROM main.log ORDER BY id")


def test_what_cannot_be_looked_into_is_looked_at_afterwards(tmp_path, postgres_url):
    shop = Shop(tmp_path / "shop", f"type: postgres, url: '{postgres_url}', schema: main")
    shop.run()
    shop.sql("0001_do", "DO $$ BEGIN ALTER TABLE main.log ADD COLUMN note text; END $$;")
    assert ["runs DO $$ …, and what that touches cannot be told"] == shop.risks()

    shop.up()

    assert {"regions": ["parent"]} == plan(shop)


def test_an_index_is_made_and_dropped_where_its_table_is(shop):
    shop.config(TWO)
    shop.run("dev")
    shop.sql("0001_i", "CREATE INDEX log_id ON log (id);", "DROP INDEX log_id;")

    assert ("0001_i",) == shop.up("dev").names
    assert ("0001_i",) == shop.down("dev").names


def test_a_model_whose_table_is_gone_was_never_built(small):
    small.run()
    small.sql("0001_drop", "DROP TABLE log;")

    small.up()

    assert ["new"] == plan(small)["log"]


# --- Python -----------------------------------------------------------------------------------------------------------


def test_a_python_migration_asks_and_writes_in_one_transaction(shop):
    shop.config(TWO)
    shop.run("dev")
    shop.write(
        "migrations/0001_copy.py",
        """
        def up(session):
            rows = session.fetch("SELECT id FROM orders ORDER BY id", 1)
            session.execute("CREATE TABLE copy (id int); INSERT INTO copy VALUES (%d)" % (rows[0][0] + 10))
            assert session.environment == "dev"
            assert session.name("copy").replace('"', "") == "dev__main.copy"


        def down(session):
            session.execute("DROP TABLE copy")
            raise RuntimeError("not today")
        """,
    )

    shop.up("dev")
    assert [(11,)] == shop.ask("SELECT id FROM dev__main.copy")

    with pytest.raises(MigrationFailed) as caught:
        shop.down("dev")
    assert str(caught.value) == (
        "migrations/0001_copy.py:10: 0001_copy stopped going down: down() failed. Nothing of it stands: it is one "
        "transaction.\nRuntimeError: not today"
    )
    assert shop.has("dev__main.copy")


def test_a_python_migration_may_define_what_it_likes_and_leaves_nothing_beside_it(small):
    small.write(
        "migrations/0001_x.py",
        """
        from __future__ import annotations

        from dataclasses import dataclass


        @dataclass
        class Row:
            id: int


        def up(session):
            session.execute(f"CREATE TABLE x AS SELECT {Row(3).id} AS id")
        """,
    )

    small.up()

    assert [(3,)] == small.ask("SELECT id FROM x")
    assert ["0001_x.py"] == [p.name for p in (small.root / "migrations").iterdir()]


# --- policies, and others who write -----------------------------------------------------------------------------------


def test_a_schema_that_is_not_allowed_is_refused(small):
    small.config("", ", allowed_schemas: [main]")
    small.sql("0001_x", "CREATE TABLE mian.x (a int);")

    said = small.refuses()

    assert "0001_x.sql:2: it would write to the schema 'mian', which the connection 'default' does not allow" in said
    assert "Did you mean 'main'?" in said


def test_a_connection_that_only_reads_is_refused(small):
    small.run()
    small.config("  crm: {type: duckdb, path: crm.duckdb, access: read}\ndefault_connection: default\n")
    small.sql("0001_x", "SELECT 1;", header="-- @connection: crm\n")

    assert "it would write through the connection 'crm', which is 'access: read'" in small.refuses()


def test_one_on_a_shared_connection_is_for_the_base_environment_alone(small):
    small.config("  crm: {type: duckdb, path: crm.duckdb, shared: true}\ndefault_connection: default\n" + TWO)
    small.sql("0001_x", "CREATE TABLE x (a int);", header="-- @connection: crm\n")

    assert ["elsewhere"] == small.stand("dev")
    assert () == small.up("dev").names
    assert ("0001_x",) == small.up("prod").names


@pytest.mark.parametrize("statement", ["BEGIN", "COMMIT", "ROLLBACK"])
def test_a_transaction_of_its_own_is_refused(small, statement):
    small.sql("0001_x", f"SELECT 1;\n{statement};")

    assert "is not let through: a migration is one transaction by itself" in small.refuses()


def test_a_variable_that_nobody_declared_is_refused(small):
    small.sql("0001_x", "SELECT $evn;")

    said = small.refuses()

    assert "migrations/0001_x.sql:2:8: $evn is no variable of this project" in said
    assert "Did you mean 'env'?" in said


def test_while_a_run_goes_on_nothing_is_migrated(small):
    small.sql("0001_audit", *AUDIT)
    with small.load() as project:
        lease = RunLease(project.store, "dev", "another")
        lease.acquire()

        with pytest.raises(RunUnderWay):
            project.migrate(project.plan_migrations("up"))

        lease.release()
        assert ("0001_audit",) == project.migrate(project.plan_migrations("up")).names


def test_two_checkouts_do_not_migrate_one_server_at_once(tmp_path, postgres_url):
    one, other = (Shop(tmp_path / name / "shop", f"type: postgres, url: '{postgres_url}'") for name in "ab")
    other.sql("0001_audit", *AUDIT)
    with one.load() as project:
        leases = DataLeases("shop", "dev", "another")
        leases.acquire(project.connection())

        assert "run another writes to" in other.refuses(error=RunUnderWay)

        leases.release()
    assert ("0001_audit",) == other.up().names


def test_what_somebody_else_did_meanwhile_is_not_done_again(small):
    small.sql("0001_audit", *AUDIT)
    with small.load() as project:
        planned = project.plan_migrations("up")
        small.up()

        assert () == project.migrate(planned).names


def test_a_file_that_changed_since_it_was_planned_is_not_run(small):
    small.sql("0001_audit", *AUDIT)
    with small.load() as project:
        planned = project.plan_migrations("up")
        small.sql("0001_audit", "SELECT 1;")

        with pytest.raises(UsageError, match="0001_audit changed since it was planned"):
            project.migrate(planned)


def test_times_are_utc(small):
    small.sql("0001_audit", *AUDIT)
    small.up()

    with small.load() as project:
        (one,), _ = project.migrations()
    assert one.entry is not None
    assert abs((datetime.now(UTC) - datetime.fromisoformat(one.entry.at)).total_seconds()) < 60
