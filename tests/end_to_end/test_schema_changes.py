"""What happens when the columns of a batch are not the table's, and when columns and models get other names."""

from __future__ import annotations

import pytest

ORDERS = "-- @strategy: append\n-- @schema_mode: {mode}\n{query}\n"


@pytest.fixture
def load(project):
    """Writes the model ``orders``, which appends the query's rows, and runs it."""

    def run(query, mode="safe", *, fails=False):
        project.write("models/orders.sql", ORDERS.format(mode=mode, query=query))
        return project.fails("run", code=1) if fails else project.run("--json", "--force")

    return run


def rows(project, columns="*"):
    return project.query(f"SELECT {columns} FROM orders ORDER BY ALL")


def test_a_safe_table_follows_what_loses_nothing(project, load):
    load("SELECT 1::SMALLINT AS id, 'a' AS item")
    load("SELECT 70000::INTEGER AS id, DATE '2024-01-02' AS day")
    load("SELECT 3::TINYINT AS id")

    assert {"id": "INTEGER", "item": "VARCHAR", "day": "DATE"} == project.types("orders")
    assert [(1, "a"), (3, None), (70000, None)] == rows(project, "id, item")


def test_what_a_mode_refuses_names_the_mode_that_allows_it_and_writes_nothing(project, load):
    load("SELECT 1 AS id")
    said = load("SELECT 'x' AS id", fails=True)

    assert "column 'id' is INTEGER in the table and VARCHAR in the batch (another type)" in said
    assert "'schema_mode: flexible'" in said
    assert [(1,)] == rows(project)


def test_flexible_casts_and_shows_what_does_not_fit(project, load):
    load("SELECT 1 AS id")
    load("SELECT '2' AS id", "flexible")
    said = load("SELECT unnest(['3', 'three']) AS id", "flexible", fails=True)

    assert "Values that do not fit: 1." in said
    assert "id='three'" in said
    assert [(1,), (2,)] == rows(project)


def test_lenient_makes_null_of_what_does_not_fit_and_warns(project, load):
    load("SELECT 1 AS id, 1 AS n")
    said = load("SELECT unnest([2, 3]) AS id, unnest(['2', 'three']) AS n", "lenient")

    assert "Values that did not fit and became NULL: 1." in said.models["orders"]["warnings"][0]
    assert [(1, 1), (2, 2), (3, None)] == rows(project)


def test_ignore_keeps_the_columns_as_they_are(project, load):
    load("SELECT 1 AS id")
    load("SELECT 2::BIGINT AS id, 'x' AS extra", "ignore")

    assert {"id": "INTEGER"} == project.types("orders")
    assert [(1,), (2,)] == rows(project)


def test_strict_refuses_a_new_column_of_a_table_that_is_replaced_too(project):
    project.sql("orders", "-- @schema_mode: strict\nSELECT 1 AS id")
    project.run()
    project.sql("orders", "-- @schema_mode: strict\nSELECT 2 AS id, 3 AS n")
    said = project.fails("run", code=1)

    assert "column 'n' (INTEGER) is not in the table" in said
    assert [(1,)] == rows(project)


def test_a_folder_sets_the_mode_of_its_models(project):
    project.write("config.yaml", (project.root / "config.yaml").read_text() + "models:\n  raw: {schema_mode: ignore}\n")
    project.write("models/raw/orders.sql", "-- @strategy: append\nSELECT 1 AS id")
    project.run()
    project.write("models/raw/orders.sql", "-- @strategy: append\nSELECT 2 AS id, 'x' AS extra")
    project.run()

    assert [(1,), (2,)] == project.query("SELECT * FROM orders ORDER BY id")


def test_a_column_that_only_readers_see_moves_them_along(project, load):
    load("SELECT 1 AS id")
    project.sql("copy", "SELECT * FROM orders")
    project.run()
    load("SELECT 2 AS id, 'x' AS item WHERE false")

    assert {"id": "INTEGER", "item": "VARCHAR"} == project.types("copy")


def test_a_renamed_column_keeps_its_values(project):
    project.sql("orders", "-- @strategy: append\nSELECT 1 AS id, 10 AS n")
    project.run()
    renamed = "-- @strategy: append\n-- @columns: {amount: {renamed_from: n}}\nSELECT 2 AS id, 20 AS amount"
    project.sql("orders", renamed)
    for _ in range(2):
        project.run("--force")

    assert [(1, 10), (2, 20), (2, 20)] == rows(project, "id, amount")


def test_a_renamed_column_that_never_was_is_refused_with_the_nearest(project):
    project.sql("orders", "-- @strategy: append\nSELECT 1 AS id, 10 AS quantity")
    project.run()
    project.sql(
        "orders", "-- @strategy: append\n-- @columns: {amount: {renamed_from: quantiy}}\nSELECT 2 AS id, 20 AS amount"
    )

    assert "Did you mean 'quantity'?" in project.fails("run", code=1)


# --- history ------------------------------------------------------------------------------------------------------


def test_each_change_of_the_columns_is_a_version_and_nothing_else_is(project, load):
    for query in (
        "SELECT 1::SMALLINT AS id",
        "SELECT 2::SMALLINT AS id",
        "SELECT 70000 AS id",
        "SELECT 4 AS id, 'x' AS item",
    ):
        load(query)
    versions = project("schema", "history", "orders", "--json").json

    assert [1, 2, 3] == [v["version"] for v in versions]
    changes = [[(c["column"], c["what"]) for c in v["changes"]] for v in versions]
    assert [[], [("id", "widened")], [("item", "added")]] == changes


def test_a_difference_names_what_breaks_readers(project):
    project.sql("orders", "SELECT 1::BIGINT AS id, 'x' AS item, 1 AS n")
    project.run()
    project.sql("orders", "SELECT 1::INTEGER AS id, DATE '2024-01-02' AS item, 2 AS m")
    project.run()
    said = project("schema", "diff", "orders")

    assert (
        "orders: from version 1 to version 2\n"
        "  - n INTEGER (removed)\n"
        "  ~ id BIGINT -> INTEGER (narrowed)\n"
        "  ~ item VARCHAR -> DATE (changed)\n"
        "  + m INTEGER (added)\n"
        "breaking: n, id, item\n"
    ) == said.out
    assert ["n", "id", "item"] == project("schema", "diff", "orders", "--json").json["breaking"]


def test_a_declared_rename_is_said_as_one(project):
    project.sql("orders", "-- @strategy: append\nSELECT 1 AS a")
    project.run()
    project.sql("orders", "-- @strategy: append\n-- @columns: {aa: {renamed_from: a}}\nSELECT 2 AS aa")
    project.run()

    assert "orders: from version 1 to version 2\n  ~ a -> aa (renamed)\n" == project("schema", "diff", "orders").out
    assert "  ~ a -> aa (renamed)\n" in project("schema", "history", "orders").out
    assert [] == project("schema", "diff", "orders", "--json").json["breaking"]


def test_environments_are_compared(project):
    project.write("config.yaml", "connections:\n  default:\n    type: duckdb\n    path: '{env}.duckdb'\n")
    project.sql("orders", "SELECT 1 AS id")
    project.run("--env", "prod")
    project.sql("orders", "SELECT 1::BIGINT AS id, 'x' AS item")
    project.run()
    said = project("schema", "diff", "orders", "--against", "prod")

    assert "orders: from prod to dev\n  ~ id INTEGER -> BIGINT (widened)\n  + item VARCHAR (added)\n" == said.out
    assert "was never built in staging" in project.fails("schema", "diff", "orders", "--against", "staging")


def test_the_list_says_how_often_columns_changed(project, load):
    load("SELECT 1 AS id")
    load("SELECT 1 AS id, 2 AS n")

    assert [("orders", 2, 2)] == [
        (m["model"], m["version"], len(m["columns"])) for m in project("schema", "list", "--json").json
    ]
    assert "Did you mean 'orders'?" in project.fails("schema", "history", "ordrs")
    assert "have no version 7. There are: 1, 2." in project.fails("schema", "diff", "orders", "--to", "7")


# --- renamed models -----------------------------------------------------------------------------------------------


@pytest.fixture
def renamed(project):
    """``orders``, which has been loaded, is ``sales`` now."""
    project.sql("orders", "-- @strategy: append\nSELECT 1 AS id")
    project.run()
    (project.root / "models/orders.sql").unlink()
    project.sql("sales", "-- @strategy: append\n-- @renamed_from: orders\nSELECT 1 AS id")
    return project


def test_a_renamed_model_keeps_its_table_its_history_and_leaves_no_orphan(renamed):
    plan = renamed("plan", "--json").json
    assert [("sales", "orders")] == [(m["model"], m["renamed_from"]) for m in plan["moves"]]
    assert ([], []) == (plan["orphans"], plan["steps"])
    assert "sales is renamed from orders: main.orders becomes main.sales" in renamed.run().out

    renamed.run("--force")
    assert [(1,), (1,)] == renamed.query("SELECT * FROM sales")
    assert [("sales",)] == renamed.query("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'")
    assert [1] == [v["version"] for v in renamed("schema", "history", "sales", "--json").json]


def test_the_line_may_stay_once_it_is_done(renamed):
    renamed.run()
    said = renamed.run()

    assert "Nothing to do" in said.out
    assert "remove the line" in said.out


def test_a_model_may_move_to_another_schema_with_its_rows(renamed):
    (renamed.root / "models/sales.sql").unlink()
    renamed.write(
        "models/marts/sales.sql", "-- @strategy: append\n-- @schema: marts\n-- @renamed_from: orders\nSELECT 2 AS id"
    )
    renamed.run()

    assert [(1,), (2,)] == renamed.query("SELECT * FROM marts.sales ORDER BY id")
    assert [] == renamed.query("SELECT * FROM duckdb_tables() WHERE table_name = 'orders'")


def test_a_rename_that_was_cut_off_before_the_state_knew_is_brought_to_its_end(renamed):
    import duckdb

    with duckdb.connect(str(renamed.root / "warehouse.duckdb")) as connection:
        connection.execute("ALTER TABLE orders RENAME TO sales")
    renamed.run()
    renamed.run("--force")

    assert [(1,), (1,)] == renamed.query("SELECT * FROM sales")


def test_a_table_with_an_index_is_not_renamed(renamed):
    import duckdb

    with duckdb.connect(str(renamed.root / "warehouse.duckdb")) as connection:
        connection.execute("CREATE INDEX i ON orders (id)")
    said = renamed.fails("run", code=1)

    assert "drop its indexes first" in said
    assert [(1,)] == renamed.query("SELECT * FROM orders")


def test_two_tables_are_never_mixed(renamed):
    import duckdb

    with duckdb.connect(str(renamed.root / "warehouse.duckdb")) as connection:
        connection.execute("CREATE TABLE sales AS SELECT 9 AS id")

    assert "main.sales is there beside main.orders" in renamed.fails("run")


def test_a_renamed_view_is_renamed(project):
    project.sql("orders", "-- @materialise: view\nSELECT 1 AS id")
    project.run()
    (project.root / "models/orders.sql").unlink()
    project.sql("sales", "-- @materialise: view\n-- @renamed_from: orders\nSELECT 1 AS id")
    project.run()

    assert [("sales",)] == project.query("SELECT view_name FROM duckdb_views() WHERE NOT internal")


def test_a_rename_is_not_held(renamed):
    assert "--hold publishes nothing" in renamed.fails("run", "--hold")
    assert [(1,)] == renamed.query("SELECT * FROM orders")
