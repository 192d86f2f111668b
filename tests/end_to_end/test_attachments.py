"""Indexes, grants and comments that a model declares, by the command line."""

from __future__ import annotations

import psycopg
import pytest

ORDERS = """
-- @description: Orders, one row each
-- @columns: {{id: {{description: Its number}}}}
{more}
SELECT g AS id, g % 3 AS customer, date '2024-01-01' + g AS ordered_on FROM generate_series(1, 9) AS g
"""

INDEXES = (
    "SELECT regexp_replace(indexdef, '^CREATE (UNIQUE )?INDEX \\S+ ON \\S+ USING ', '\\1') FROM pg_indexes "
    "WHERE tablename = 'orders' ORDER BY 1"
)
GRANTS = (
    "SELECT grantee::text, privilege_type::text FROM information_schema.table_privileges WHERE table_name = 'orders' "
    "AND grantee <> 'postgres' ORDER BY 1, 2"
)
COMMENTS = "SELECT objsubid, description FROM pg_description WHERE objoid = 'orders'::regclass ORDER BY 1"
NUMBER = "SELECT 'orders'::regclass::oid::bigint"


@pytest.fixture
def ask(postgres_url):
    """Ask the warehouse without Interlace."""

    def ask(sql):
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    return ask


@pytest.fixture
def shop(project, postgres_url):
    project.write("config.yaml", f"connections:\n  default: {{type: postgres, url: '{postgres_url}'}}\n")
    return project


@pytest.fixture
def analyst(ask):
    ask("CREATE ROLE analyst")
    yield
    ask("DROP OWNED BY analyst; DROP ROLE analyst")


def orders(shop, *lines):
    shop.sql("orders", ORDERS.format(more="\n".join(f"-- @{line}" for line in lines)).replace("\n\n", "\n"))


def test_what_is_declared_is_attached_by_the_first_run_and_stays(shop, ask, analyst):
    orders(
        shop, "indexes: [customer, {columns: [id, ordered_on], unique: true}]", "grants: {select: [analyst, public]}"
    )
    shop.run()
    first = ask(INDEXES), ask(GRANTS), ask(COMMENTS)
    shop.run("--force")

    assert [("UNIQUE btree (id, ordered_on)",), ("btree (customer)",)] == first[0]
    assert [("PUBLIC", "SELECT"), ("analyst", "SELECT")] == first[1]
    assert [(0, "Orders, one row each"), (1, "Its number")] == first[2]
    assert first == (ask(INDEXES), ask(GRANTS), ask(COMMENTS))


def test_a_change_is_attached_without_a_build(shop, ask, analyst):
    orders(shop, "indexes: [customer]", "grants: {select: public}")
    shop.run()
    number = ask(NUMBER)
    orders(
        shop, "indexes: [{columns: customer, where: id > 3}, ordered_on]", "grants: {insert: analyst}", "tags: [new]"
    )
    planned = shop("plan", "--json").json["steps"]
    said = shop.run("--json")

    assert [("attach", ["attached"])] == [(s["action"], [r["code"] for r in s["reasons"]]) for s in planned]
    assert "attach" == said.models["orders"]["action"]
    assert [("btree (customer) WHERE (id > 3)",), ("btree (ordered_on)",)] == ask(INDEXES)
    assert [("analyst", "INSERT")] == ask(GRANTS)
    assert number == ask(NUMBER)
    assert {} == shop.run("--json").statuses


def test_a_change_of_what_is_only_said_runs_nothing(shop):
    orders(shop, "indexes: [customer]")
    shop.run()
    orders(shop, "indexes: [customer]", "tags: [daily]", "owner: me")

    assert {} == shop.run("--json").statuses


def test_indexes_that_are_declared_no_more_go_and_those_of_others_stay(shop, ask):
    orders(shop, "indexes: [customer, ordered_on]")
    shop.run()
    ask("CREATE INDEX by_hand ON orders (id)")
    orders(shop)
    shop.run()

    assert [("btree (id)",)] == ask(INDEXES)


def test_a_column_goes_together_with_its_index(shop, ask):
    orders(shop, "indexes: [customer, ordered_on]")
    shop.run()
    shop.sql("orders", "-- @indexes: [customer]\nSELECT 1 AS customer")
    shop.run()

    assert [("btree (customer)",)] == ask(INDEXES)


def test_a_column_that_an_index_of_somebody_else_reads_is_named(shop, ask):
    orders(shop)
    shop.run()
    ask("CREATE INDEX by_hand ON orders (customer)")
    shop.sql("orders", "SELECT 1 AS id")
    said = shop.fails("run", code=1)

    assert "Column 'customer' of public.orders is read by index by_hand" in said


def test_grants_that_are_not_declared_are_left_alone(shop, ask, analyst):
    orders(shop)
    shop.run()
    ask("GRANT SELECT ON orders TO analyst")
    shop.run("--force")

    assert [("analyst", "SELECT")] == ask(GRANTS)


def test_declaring_no_grants_takes_them_all(shop, ask, analyst):
    orders(shop, "grants: {all: analyst}")
    shop.run()
    before = ask(GRANTS)
    orders(shop, "grants: {}")
    shop.run()

    assert {"SELECT", "INSERT", "DELETE"} <= {privilege for _, privilege in before}
    assert [] == ask(GRANTS)


def test_an_incremental_model_and_a_view_have_them_too(shop, ask, analyst):
    shop.sql("orders", "-- @strategy: append\n-- @indexes: id\nSELECT 1 AS id")
    shop.sql(
        "seen", "-- @materialise: view\n-- @grants: {select: analyst}\n-- @description: A view\nSELECT id FROM orders"
    )
    shop.run()
    shop.run("--force")

    assert [("btree (id)",)] == ask(INDEXES)
    assert [(True, "A view")] == ask(
        "SELECT has_table_privilege('analyst', 'seen', 'SELECT'), obj_description('seen'::regclass)"
    )
    assert [(2,)] == ask("SELECT count(*) FROM seen")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("-- @indexes: {columns: id, unic: true}", "Did you mean 'unique'"),
        ("-- @indexes: {unique: true}", "'columns'"),
        ("-- @indexes: [id, id]", "twice"),
        ("-- @grants: {selct: public}", "Did you mean 'select'"),
        ("-- @grants: analyst", "mapping"),
        ("-- @materialise: view\n-- @indexes: id", "has no rows of its own"),
        ("-- @materialise: ephemeral\n-- @grants: {select: public}", "has no relation"),
    ],
)
def test_a_mistake_is_named_before_anything_runs(shop, ask, header, said):
    shop.sql("orders", f"{header}\nSELECT 1 AS id")
    error = shop.fails("run")

    assert "models/orders.sql:" in error
    assert said in error
    assert [(None,)] == ask("SELECT to_regclass('orders')")


def test_an_index_on_a_column_that_is_not_there_is_refused_and_nothing_is_published(shop, ask):
    shop.sql("orders", "-- @indexes: costumer\nSELECT 1 AS customer")
    error = shop.fails("run", code=1)

    assert "has no column 'costumer', which its key 'indexes' names" in error
    assert "Did you mean 'customer'" in error
    assert [(None,)] == ask("SELECT to_regclass('orders')")


def test_a_role_that_is_not_there_is_named(shop, ask):
    shop.sql("orders", "-- @grants: {select: nobody}\nSELECT 1 AS id")

    assert 'role "nobody" does not exist' in shop.fails("run", code=1)
    assert [(None,)] == ask("SELECT to_regclass('orders')")


def test_duckdb_has_comments(project):
    project.write("config.yaml", "connections:\n  default: {type: duckdb, path: warehouse.duckdb}\n")
    project.sql(
        "orders", "-- @description: Orders\n-- @columns: {ID: {description: Its number}}\nSELECT 1 AS id, 2 AS n"
    )
    project.sql("seen", "-- @materialise: view\n-- @description: Seen\nSELECT id FROM orders")
    project.sql("log", "-- @strategy: append\n-- @description: Log\nSELECT id FROM orders")
    project.run()
    project.run("--force")
    tables = "SELECT table_name, comment FROM duckdb_tables() WHERE schema_name = 'main' UNION ALL SELECT view_name, comment FROM duckdb_views() WHERE comment IS NOT NULL ORDER BY 1"
    first = project.query(tables)
    project.sql(
        "orders", "-- @description: All orders\n-- @columns: {ID: {description: Its number}}\nSELECT 1 AS id, 2 AS n"
    )
    said = project.run("--json")
    later = project.query(tables)
    project.run("--force")

    assert [("log", "Log"), ("orders", "Orders"), ("seen", "Seen")] == first
    # A description is metadata: nothing runs for it, and it follows with the next build.
    assert (0, {}, first) == (said.code, said.models, later)
    assert ("orders", "All orders") in project.query(tables)
    assert [("id", "Its number"), ("n", None)] == project.query(
        "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'orders'"
    )


@pytest.mark.parametrize("key", ["indexes: id", "grants: {select: public}"])
def test_duckdb_has_no_indexes_and_grants_and_says_so(project, key):
    project.write("config.yaml", "connections:\n  default: {type: duckdb, path: warehouse.duckdb}\n")
    project.sql("orders", f"-- @{key}\nSELECT 1 AS id")
    error = project.fails("run")

    assert f"has the key {key.partition(':')[0]!r}" in error
    assert "models/orders.sql:1" in error


def test_what_was_held_back_gets_its_indexes_with_the_run_after_its_release(shop, ask):
    orders(shop, "indexes: [customer]")
    said = shop.run("--hold", "--json").json
    shop("release", said["run"])
    shop.run()

    assert [("btree (customer)",)] == ask(INDEXES)
    assert {} == shop.run("--json").statuses


def test_a_python_model_and_a_seed_have_them_too(shop, ask):
    shop.write("seeds/people.csv", "id,name\n1,ann\n")
    shop.write("seeds/people.yaml", "description: People\nindexes: [{columns: id, unique: true}]\n")
    shop.python(
        "orders",
        """
        from interlace import model

        @model(indexes=["customer", {"columns": ["id"], "unique": True}], grants={"select": "public"})
        def orders(people):
            '''All orders'''
            return [{"id": 1, "customer": 2}]
        """,
    )
    shop.run()

    assert [("UNIQUE btree (id)",), ("btree (customer)",)] == ask(INDEXES)
    assert [("PUBLIC", "SELECT")] == ask(GRANTS)
    assert [(0, "All orders")] == ask(COMMENTS)
    assert [(1,)] == ask("SELECT count(*) FROM pg_indexes WHERE tablename = 'people'")


def test_changed_checks_and_indexes_are_seen_to_by_one_run(shop, ask):
    orders(shop)
    shop.run()
    orders(shop, "indexes: [customer]", "checks: [{unique: id}]")
    said = shop.run("--json")

    assert "check" == said.models["orders"]["action"]
    assert [("btree (customer)",)] == ask(INDEXES)
    assert {} == shop.run("--json").statuses
