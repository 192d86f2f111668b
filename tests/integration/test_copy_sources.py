"""Source data that is copied into an environment, all of it or a sample; and what becomes of what is built on that."""

from __future__ import annotations

from textwrap import dedent

import duckdb
import psycopg
import pytest

from interlace import Project
from interlace.errors import InvalidModel, UnsupportedCapability, UsageError

IN_SCHEMAS = "connections:\n  default: {type: duckdb, path: warehouse.duckdb}\nenvironments: [dev, prod]\n"
IN_FILES = "connections:\n  default: {type: duckdb, path: 'data_{env}.duckdb'}\nenvironments: [dev, prod]\n"
SOURCES = """
sources:
  raw_orders: {relation: raw.orders, sample_by: customer_id}
  raw_customers: {relation: raw.customers, sample_by: id}
"""
FILL = [
    "CREATE SCHEMA raw",
    "CREATE TABLE raw.customers AS SELECT CAST(n AS smallint) AS id FROM generate_series(1, 200) AS t(n)",
    """CREATE TABLE raw.orders AS SELECT CAST(n AS bigint) AS id, CAST(n % 200 + 1 AS bigint) AS customer_id
    FROM generate_series(1, 2000) AS t(n)""",
]
COUNTS = "SELECT c.id, count(*) AS n FROM raw_orders o JOIN raw_customers c ON c.id = o.customer_id GROUP BY 1"


class Shop:
    """A project in two environments, and its sources.

    Args:
        root: the project's folder.
        file: of prod's warehouse.
    """

    def __init__(self, root, file: str) -> None:
        self.root = root
        self.file = file

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"))

    def model(self, name: str, text: str) -> None:
        self.write(f"models/{name}.sql", text)

    def do(self, *statements: str, file: str | None = None):
        with duckdb.connect(str(self.root / (file or self.file))) as connection:
            return [connection.execute(s).fetchall() for s in statements][-1]

    def copy(self, *select: str, sample: str | None = None, env: str = "dev"):
        with Project.load(self.root, env=env) as project:
            return {c.source: c for c in project.copy_sources(select, sample=sample)}

    def run(self, env: str = "dev", **options):
        with Project.load(self.root, env=env) as project:
            done = project.run(**options)
            assert done.status in {"succeeded", "nothing"}, done.outcomes
            return done

    def plan(self, env: str = "dev"):
        with Project.load(self.root, env=env) as project:
            return project.plan()

    def ask(self, sql: str, env: str = "dev"):
        with Project.load(self.root, env=env) as project:
            return project.query(sql, limit=10_000)[1]


@pytest.fixture
def make(tmp_path):
    """A project with a configuration, and its sources in a file."""

    def made(config: str, file: str, sources: str = SOURCES) -> Shop:
        shop = Shop(tmp_path, file)
        shop.write("config.yaml", config + dedent(sources).lstrip("\n"))
        shop.do(*FILL)
        shop.model("counts", COUNTS)
        return shop

    return made


@pytest.fixture
def shop(make):
    return make(IN_SCHEMAS, "warehouse.duckdb")


# --- copying ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [IN_SCHEMAS, IN_FILES])
def test_models_read_the_copies(make, config):
    shop = make(config, "warehouse.duckdb" if config is IN_SCHEMAS else "data_prod.duckdb")
    copied = shop.copy()
    shop.do("DROP TABLE raw.orders", "DROP TABLE raw.customers")
    shop.run()

    assert {"raw_orders": 2000, "raw_customers": 200} == {n: c.rows for n, c in copied.items()}
    assert [(200, 2000)] == shop.ask("SELECT count(*), sum(n) FROM counts")
    assert [(2000,)] == shop.ask("SELECT count(*) FROM raw_orders")


def test_a_schema_that_a_source_says_apart_counts(make):
    shop = make(
        IN_SCHEMAS, "warehouse.duckdb", SOURCES.replace("relation: raw.orders", "relation: orders, schema: raw")
    )

    assert "dev__raw.orders" == shop.copy()["raw_orders"].relation
    shop.run()
    assert [(2000,)] == shop.ask("SELECT sum(n) FROM counts")


def test_the_base_environment_reads_the_sources_themselves(shop):
    shop.copy(sample="10%")
    shop.run("prod")

    assert [(2000,)] == shop.ask("SELECT sum(n) FROM counts", env="prod")


def test_what_reads_copies_is_up_to_date_until_they_are_made_anew(shop):
    shop.copy()
    shop.run()
    assert "nothing" == shop.run().status
    shop.copy("raw_orders")

    assert ["raw_orders changed since"] == [r.text for r in shop.plan().steps[0].reasons]


def test_a_copy_is_no_orphan(shop):
    shop.copy()

    assert () == shop.plan().orphans


def test_a_copy_follows_its_source_when_it_is_made_anew(shop):
    shop.copy()
    shop.do("ALTER TABLE raw.orders ADD COLUMN more INTEGER", "DELETE FROM raw.orders WHERE id > 10")

    assert 10 == shop.copy("raw_orders")["raw_orders"].rows
    assert ("more" in str(shop.do("DESCRIBE dev__raw.orders"))) is True


def test_selected_models_stand_for_the_sources_that_they_read(shop):
    shop.model("other", "SELECT id FROM raw_customers")

    assert {"raw_customers"} == set(shop.copy("+other"))


def test_an_environment_is_dropped_with_its_copies(shop):
    shop.copy()
    with Project.load(shop.root, env="dev") as project:
        project.drop_environment()

    assert [] == shop.do("SELECT 1 FROM information_schema.tables WHERE table_schema LIKE 'dev%'")
    assert [(2000,)] == shop.do("SELECT count(*) FROM raw.orders")


def test_what_would_be_read_from_prod_is_built_where_its_sources_are_copied(make):
    shop = make(IN_SCHEMAS.replace("[dev, prod]", "{prod: , dev: {defer_to: prod}}"), "warehouse.duckdb")
    shop.model("other", "SELECT 1 AS a")
    shop.run("prod")
    shop.copy()
    plan = shop.plan()

    assert ["counts"] == [s.model for s in plan.steps]
    assert ["other"] == [d.model for d in plan.deferred]


def test_a_source_that_is_declared_elsewhere_now_is_told(shop):
    shop.copy()
    shop.write("config.yaml", IN_SCHEMAS + SOURCES.replace("raw.customers", "raw.clients"))

    with pytest.raises(
        UsageError, match=r"dev has a copy of raw_customers as dev__raw.customers, and it would be dev__raw.clients"
    ):
        shop.plan()


def test_a_copy_that_was_made_and_not_recorded_is_recorded_by_the_next(shop, monkeypatch):
    from interlace.state.store import Store

    with monkeypatch.context() as patch:
        patch.setattr(Store, "record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            shop.copy("raw_orders")
    assert [(2000,)] == shop.do("SELECT count(*) FROM dev__raw.orders")

    assert 2000 == shop.copy("raw_orders")["raw_orders"].rows


# --- samples ----------------------------------------------------------------------------------------------------------


def test_joins_meet_in_a_sample(shop):
    shop.copy(sample="10%")
    shop.run()
    [(customers, orders)] = shop.ask("SELECT count(*), sum(n) FROM counts")

    assert [(customers,)] == shop.ask("SELECT count(*) FROM raw_customers")
    assert [(orders,)] == shop.ask("SELECT count(*) FROM raw_orders")
    assert 5 < customers < 40
    assert 10 * customers == orders


def test_a_sample_is_the_same_each_time(shop):
    shop.copy(sample="10%")
    before = shop.ask("SELECT id FROM raw_orders ORDER BY id")
    shop.copy(sample="10%")

    assert before == shop.ask("SELECT id FROM raw_orders ORDER BY id")


def test_a_larger_sample_holds_the_smaller_one(shop):
    found = []
    for sample in ("5%", "20%", "600"):
        shop.copy("raw_orders", sample=sample)
        found.append({row[0] for row in shop.ask("SELECT id FROM raw_orders")})
    small, middle, large = sorted(found, key=len)

    assert small < middle < large


def test_a_number_of_rows_is_that_number(shop):
    assert {"raw_orders": 50, "raw_customers": 50} == {n: c.rows for n, c in shop.copy(sample="50").items()}
    assert {"raw_orders": 2000, "raw_customers": 200} == {n: c.rows for n, c in shop.copy(sample="5000").items()}


def test_without_columns_to_sample_by_all_of_them_decide(make):
    shop = make(IN_SCHEMAS, "warehouse.duckdb", SOURCES.replace(", sample_by: customer_id", ""))

    assert 100 < shop.copy("raw_orders", sample="10%")["raw_orders"].rows < 300


def test_rows_without_a_value_are_sampled_like_others(make):
    shop = make(IN_SCHEMAS, "warehouse.duckdb")
    shop.do("UPDATE raw.orders SET customer_id = NULL")

    assert shop.copy("raw_orders", sample="10%")["raw_orders"].rows in {0, 2000}


def test_what_is_built_on_a_sample_is_not_promoted(shop):
    shop.model("copy", "SELECT n FROM counts")
    shop.model("apart", "SELECT 1 AS a")
    shop.copy("raw_orders", sample="10%")
    shop.run()

    with Project.load(shop.root, env="prod") as project:
        assert (
            "counts: it was built on sampled data (10% of raw_orders): run it in prod instead",
            "copy: it was built on sampled data (10% of raw_orders): run it in prod instead",
        ) == project.promote("dev", dry_run=True).promotion.refused
        assert ["apart"] == [i.model for i in project.promote("dev", ["apart"], dry_run=True).promotion.items]
        with pytest.raises(UsageError, match="counts: it was built on sampled data"):
            project.promote("dev")


def test_what_is_built_on_whole_copies_may_be_promoted(shop):
    shop.copy()
    shop.run()

    with Project.load(shop.root, env="prod") as project:
        assert ["counts"] == [i.model for i in project.promote("dev").promotion.items]


def test_what_was_built_on_a_sample_is_built_anew_on_the_whole(shop):
    shop.copy(sample="10%")
    shop.run()
    shop.copy()
    shop.run()

    with Project.load(shop.root, env="prod") as project:
        assert () == project.promote("dev", dry_run=True).promotion.refused


def test_a_table_that_keeps_its_rows_keeps_those_of_the_sample(shop):
    shop.model("log", "-- @strategy: append\nSELECT n FROM counts")
    shop.copy(sample="10%")
    shop.run()
    shop.copy()
    shop.run()
    with Project.load(shop.root, env="prod") as project:
        assert (
            "log: it was built on sampled data (10% of raw_customers, 10% of raw_orders): run it in prod instead",
        ) == (project.promote("dev", dry_run=True).promotion.refused)
    shop.run(full_refresh=True)

    with Project.load(shop.root, env="prod") as project:
        assert () == project.promote("dev", dry_run=True).promotion.refused


def test_what_reads_another_environments_sample_is_of_that_sample(make):
    shop = make(IN_SCHEMAS.replace("[dev, prod]", "{prod: , dev: , feature: {defer_to: dev}}"), "warehouse.duckdb")
    shop.copy(sample="10%")
    shop.run()
    shop.model("more", "SELECT n FROM counts")
    shop.run("feature")

    with Project.load(shop.root, env="prod") as project:
        refused = project.promote("feature", dry_run=True).promotion.refused
    assert (
        "more: it was built on sampled data (10% of raw_customers, 10% of raw_orders): run it in prod instead",
    ) == refused


@pytest.mark.slow
def test_the_same_keys_are_sampled_on_every_engine(make, postgres_url):
    shop = make(
        f"connections:\n  default: {{type: duckdb, path: warehouse.duckdb}}\n  crm: {{type: postgres, url: '{postgres_url}'}}\n"
        "default_connection: default\nenvironments: [dev, prod]\n",
        "warehouse.duckdb",
        SOURCES.replace("raw_customers: {", "raw_customers: {connection: crm, "),
    )
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for statement in FILL:
            connection.execute(statement)
    copied = shop.copy(sample="10%")
    ids = "SELECT DISTINCT customer_id FROM raw_orders ORDER BY 1"
    with Project.load(shop.root, env="dev") as project:
        there = project.query("SELECT id FROM raw_customers ORDER BY id", connection="crm", limit=1000)[1]

    assert shop.ask(ids) == there
    assert "dev__raw.customers" == copied["raw_customers"].relation


# --- from one database into another -----------------------------------------------------------------------------------


@pytest.fixture
def moved(make, postgres_url):
    """Sources on PostgreSQL, that dev has in a file of its own."""
    shop = make("environments: [dev, prod]\n", "other.duckdb")
    shop.write("config.prod.yaml", f"connections:\n  default: {{type: postgres, url: '{postgres_url}'}}\n")
    shop.write("config.dev.yaml", "connections:\n  default: {type: duckdb, path: dev.duckdb}\n")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for statement in FILL:
            connection.execute(statement)
    return shop


@pytest.mark.slow
def test_sources_of_a_server_are_copied_into_a_file(moved):
    moved.copy(sample="10%")
    moved.copy(sample="10%")
    moved.run()
    [(customers, orders)] = moved.ask("SELECT count(*), sum(n) FROM counts")

    assert 10 * customers == orders > 0


@pytest.mark.slow
def test_a_column_without_an_equal_type_is_told_before_a_row_is_copied(moved, postgres_url):
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE raw.customers ADD COLUMN place point")

    with pytest.raises(InvalidModel, match=r"raw_customers cannot be copied .* place \(point\)"):
        moved.copy("raw_customers")


# --- what is refused --------------------------------------------------------------------------------------------------


def test_the_base_environment_has_no_copies(shop):
    with pytest.raises(UsageError, match="prod is the base environment: it reads the sources themselves"):
        shop.copy(env="prod")


@pytest.mark.parametrize("sample", ["0%", "100%", "some"])
def test_a_sample_that_is_none_is_refused(shop, sample):
    with pytest.raises(
        UsageError, match=f"--sample {sample}: must be a part such as 5%, or a number of rows such as 1000."
    ):
        shop.copy(sample=sample)


def test_a_selection_without_a_source_is_refused(shop):
    with pytest.raises(UsageError, match="counts: no source is selected"):
        shop.copy("counts")


def test_a_column_to_sample_by_that_is_not_there_is_told(make):
    shop = make(IN_SCHEMAS, "warehouse.duckdb", SOURCES.replace("customer_id", "customer"))

    with pytest.raises(
        UsageError, match="the source 'raw_orders' has no column 'customer', which its 'sample_by' names"
    ):
        shop.copy(sample="10%")


def test_what_something_else_made_is_not_replaced(shop):
    shop.do("CREATE SCHEMA dev__raw", "CREATE TABLE dev__raw.orders AS SELECT 1 AS mine")

    with pytest.raises(
        UsageError, match=r"dev__raw.orders is there already, and is no copy that Interlace made of raw_orders"
    ):
        shop.copy()
    assert [(1,)] == shop.do("SELECT mine FROM dev__raw.orders")


def test_a_copy_does_not_take_the_place_of_a_model(make):
    shop = make(IN_SCHEMAS, "warehouse.duckdb", "sources:\n  them: {relation: counts}\n")
    shop.model("counts", "SELECT 1 AS n")

    with pytest.raises(UsageError, match=r"The copy of them would be dev__main.counts, where counts goes\."):
        shop.copy()


def test_nothing_is_copied_onto_itself(make):
    shop = make(IN_SCHEMAS.replace("warehouse.duckdb}", "warehouse.duckdb, schema: 'of_{env}'}"), "warehouse.duckdb")

    with pytest.raises(
        UsageError, match="cannot be copied onto itself: connection 'default' has no place of dev's own"
    ):
        shop.copy()


def test_a_connection_that_only_reads_takes_no_copies(make):
    shop = make(
        "connections:\n  default: {type: duckdb, path: warehouse.duckdb}\n  crm: {type: duckdb, path: crm.duckdb, access: read}\n"
        "default_connection: default\nenvironments: [dev, prod]\n",
        "warehouse.duckdb",
        SOURCES.replace("raw_customers: {", "raw_customers: {connection: crm, "),
    )

    with pytest.raises(
        UsageError, match="raw_customers cannot be copied: its connection 'crm' is 'access: read' in dev"
    ):
        shop.copy()


def test_a_file_that_is_not_there_is_not_made(make):
    shop = make(IN_FILES, "other.duckdb")

    with pytest.raises(UsageError, match=r"cannot be copied: there is no .*data_prod\.duckdb"):
        shop.copy()
    assert not (shop.root / "data_prod.duckdb").exists()


def test_an_engine_without_the_hash_gives_no_sample(make):
    shop = make(
        "connections:\n  default: {type: duckdb, path: warehouse.duckdb}\n  lite: {type: sqlite, path: 'lite_{env}.db'}\n"
        "default_connection: default\nenvironments: [dev, prod]\n",
        "warehouse.duckdb",
        SOURCES.replace(
            "raw_customers: {relation: raw.customers", "raw_customers: {connection: lite, relation: customers"
        ),
    )
    import sqlite3

    with sqlite3.connect(shop.root / "lite_prod.db") as connection:
        connection.execute("CREATE TABLE customers AS SELECT 1 AS id")
    connection.close()

    with pytest.raises(UnsupportedCapability):
        shop.copy("raw_customers", sample="10%")
