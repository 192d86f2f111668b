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


@pytest.mark.parametrize("key", ["indexes: id", "constraints: {unique: id}", "grants: {select: public}"])
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


# --- constraints ------------------------------------------------------------------------------------------------------

CONSTRAINTS = (
    "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'orders'::regclass AND contype IN ('c', 'u') "
    "ORDER BY 1"
)
HELD = "constraints: [{check: id > 0}, {unique: [customer, ordered_on]}]"


def test_constraints_are_attached_and_stay_when_the_table_is_replaced(shop, ask):
    orders(shop, HELD, "indexes: [id]")
    shop.run()
    first = ask(CONSTRAINTS)
    shop.run("--force")

    assert [("CHECK ((id > 0))",), ("UNIQUE (customer, ordered_on)",)] == first
    assert first == ask(CONSTRAINTS)
    assert 2 == len(ask(INDEXES))
    with pytest.raises(psycopg.errors.CheckViolation):
        ask("INSERT INTO orders VALUES (0, 1, '2030-01-01')")


def test_a_change_of_constraints_builds_nothing(shop, ask):
    orders(shop, HELD)
    shop.run()
    ask("ALTER TABLE orders ADD CONSTRAINT by_hand CHECK (id < 100)")
    number = ask(NUMBER)
    orders(shop, "constraints: {check: 'customer >= 0 -- or none'}")
    said = shop.run("--json")

    assert "attach" == said.models["orders"]["action"]
    assert [("CHECK ((customer >= 0))",), ("CHECK ((id < 100))",)] == ask(CONSTRAINTS)
    assert number == ask(NUMBER)


def test_rows_that_break_a_constraint_are_not_published(shop, ask):
    orders(shop, "constraints: {check: id < 10}")
    shop.run()
    shop.sql("orders", "-- @constraints: {check: id < 10}\nSELECT g AS id FROM generate_series(1, 10) AS g\n")
    error = shop.fails("run", code=1)

    assert "is violated by some row" in error
    assert [(9,)] == ask("SELECT count(*) FROM orders")


def test_a_column_goes_together_with_its_constraint(shop, ask):
    orders(shop, HELD)
    shop.run()
    shop.sql("orders", "-- @constraints: {unique: id}\nSELECT 1 AS id\n")
    shop.run()

    assert [("UNIQUE (id)",)] == ask(CONSTRAINTS)


def test_merges_are_held_to_constraints(shop, ask):
    shop.write("config.yaml", shop.root.joinpath("config.yaml").read_text() + "vars: {low: 1}\n")
    shop.sql(
        "orders",
        "-- @strategy: merge_by_key\n-- @key: id\n-- @constraints: [{check: amount > 0}, {unique: id}]\n"
        "SELECT 1 AS id, 2 - $low AS amount\n",
    )
    shop.run()
    error = shop.fails("run", "--var", "low=2", code=1)

    assert "violates check constraint" in error
    assert [(1, 1)] == ask("SELECT id, amount FROM orders")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("-- @constraints: {chek: id > 0}", "Did you mean 'check'"),
        ("-- @constraints: id", "must be a list of {check: condition} and {unique: columns}"),
        ("-- @constraints: {check: id > 0, unique: id}", "must be a list of {check: condition} and {unique: columns}"),
        ("-- @constraints: [{unique: []}]", "must name at least one column for each constraint"),
        ("-- @constraints: [{unique: id}, {unique: id}]", "names id twice"),
        (
            "-- @materialise: view\n-- @constraints: {unique: id}",
            "has no rows of its own, which 'constraints' would be about",
        ),
    ],
)
def test_constraints_that_are_none_are_refused(shop, lines, said):
    shop.sql("orders", f"{lines}\nSELECT 1 AS id\n")

    assert said in shop.fails("plan")


def test_a_constraint_about_a_column_that_is_not_there_is_told(shop):
    shop.sql("orders", "-- @constraints: {unique: costumer}\nSELECT 1 AS customer\n")

    assert "has no column 'costumer', which its key 'constraints' names" in shop.fails("run", code=1)


def test_what_is_promoted_has_the_constraints_that_it_was_built_with(shop, ask):
    url = shop.root.joinpath("config.yaml").read_text()
    shop.write("config.yaml", f"{url}environments: {{prod: , dev: {{defer_to: prod}}}}\n")
    orders(shop, HELD)
    shop.run("--env", "prod")
    shop.sql("orders", "-- @constraints: {check: id > 1}\nSELECT 2 AS id, 3 AS customer\n")
    shop.run()
    assert 0 == shop("promote", "--from", "dev", "--to", "prod", "--yes").code

    assert [("CHECK ((id > 1))",)] == ask(CONSTRAINTS)
    assert {} == shop.run("--json", "--env", "prod").statuses
