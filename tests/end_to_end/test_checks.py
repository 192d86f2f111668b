"""Quality through the command line: quarantine, batches, checks in files, ``interlace check``, ``interlace profile``."""

from __future__ import annotations

import pytest

ORDERS = """
-- @checks:
--   - not_null: {columns: amount, on_failure: quarantine}
--   - row_count: {min: 1}
SELECT * FROM (VALUES (1, 10), (2, NULL), (3, 30)) AS t(id, amount)
"""


def results(said, model):
    return {c["name"]: (c["passed"], c["message"]) for c in said.models[model]["checks"]}


# --- quarantine -------------------------------------------------------------------------------------------------------


def test_good_rows_are_published_and_bad_ones_kept_aside(project):
    project.sql("orders", ORDERS)

    said = project.run("--json")

    assert [(1,), (3,)] == project.query("SELECT id FROM orders ORDER BY id")
    assert [(2, "not_null(amount)", said.json["run"])] == project.query(
        "SELECT id, _check, _run_id FROM orders__quarantine"
    )
    assert (2, {"inserted": 2, "rejected": 1}) == (said.models["orders"]["rows"], said.models["orders"]["counts"])
    assert (False, "1 row has no amount; set aside in orders__quarantine") == results(said, "orders")[
        "not_null(amount)"
    ]


def test_each_run_adds_its_bad_rows(project):
    project.sql("orders", ORDERS)
    project.run()
    project.run("--force")

    assert [(2, 2)] == project.query("SELECT COUNT(*), COUNT(DISTINCT _run_id) FROM orders__quarantine")


def test_a_blocked_load_sets_nothing_aside(project):
    project.sql("orders", ORDERS.replace("min: 1", "min: 3"))

    said = project("run", "--json")

    assert 1 == said.code
    assert "1 row has no amount" == results(said, "orders")["not_null(amount)"][1]
    assert [] == project.query("SELECT * FROM duckdb_tables() WHERE table_name LIKE 'orders%'")


def test_a_load_that_keeps_rows_has_its_batch_checked_before_it_is_loaded(project):
    project.sql("raw", "SELECT 1 AS id, 5 AS amount")
    project.sql(
        "kept",
        "-- @strategy: append\n-- @checks:\n--   - range: {column: amount, min: 0, on_failure: quarantine}\n"
        "--   - unique: {columns: id, scope: batch}\n--   - row_count: {max: 9}\nSELECT * FROM raw",
    )
    project.run()
    project.sql("raw", "SELECT 1 AS id, 6 AS amount UNION ALL SELECT 2, -1")

    said = project.run("--json")

    assert [(1, 5), (1, 6)] == project.query("SELECT id, amount FROM kept ORDER BY amount")
    assert [(2, -1)] == project.query("SELECT id, amount FROM kept__quarantine")
    assert [True, True] == [results(said, "kept")[name][0] for name in ("unique(id)", "row_count")]
    assert 1 == said.models["kept"]["counts"]["rejected"]


def test_a_batch_that_fails_is_not_loaded(project):
    project.sql("raw", "SELECT 1 AS id")
    project.sql("kept", "-- @strategy: append\n-- @checks: [{unique: {columns: id, scope: batch}}]\nSELECT * FROM raw")
    project.run()
    project.sql("raw", "SELECT unnest([2, 2]) AS id")

    said = project("run", "--json")

    assert "failed" == said.statuses["kept"]
    assert [(1,)] == project.query("FROM kept")


def test_rows_of_a_python_model_go_to_quarantine(project):
    project.python(
        "orders",
        """
        from interlace import model

        @model(checks=[{"not_null": {"columns": "amount", "on_failure": "quarantine"}}], strategy="append")
        def orders():
            yield {"id": 1, "amount": 3}
            yield {"id": 2, "amount": None}
        """,
    )
    project.run()

    assert [(1, 3)] == project.query("FROM orders")
    assert [(2,)] == project.query("SELECT id FROM orders__quarantine")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("-- @checks: [{row_count: {min: 1, on_failure: quarantine}}]", "cannot say which rows fail"),
        ("-- @checks: [{row_count: {min: 1, max_rows: 1}}]", "counts no failing rows, which 'max_rows' would limit"),
        (
            "-- @materialise: view\n-- @checks: [{unique: {columns: id, on_failure: quarantine}}]",
            "cannot go to quarantine: it is materialised as 'view'",
        ),
        ("-- @checks: [{unique: {columns: id, where: 'id >'}}]", "'where' 'id >' does not parse"),
        ("-- @checks: [{unique: {columns: id, on_failure: quarantin}}]", "on_failure"),
        ("-- @checks: [{unique: {columns: id, max_row: 3}}]", "Did you mean 'max_rows'?"),
        ("-- @checks: [{query: 'SELECT * FROM nobody'}]", "reads 'nobody', which is no model, seed or source"),
        ("-- @checks: [{query: 'DELETE FROM x'}]", "is none"),
    ],
)
def test_what_cannot_work_is_said_before_anything_runs(project, header, said):
    project.sql("orders", f"{header}\nSELECT 1 AS id")

    message = project.fails()

    assert said in message
    assert "models/orders.sql:" in message
    assert not (project.root / "warehouse.duckdb").exists() or [] == project.query("SELECT * FROM duckdb_tables()")


# --- checks in files --------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(project):
    project.sql("customers", "SELECT unnest([1, 2]) AS id, unnest([true, false]) AS active")
    project.sql("orders", "SELECT * FROM (VALUES (1, 1, 10), (2, 2, 20)) AS t(id, customer_id, amount)")
    return project


def test_a_query_in_a_file_is_a_check_of_its_model(shop):
    shop.write(
        "checks/inactive.sql",
        "-- @model: orders\n-- @severity: warn\nSELECT o.* FROM $this AS o JOIN customers AS c ON c.id = o.customer_id WHERE NOT c.active",
    )

    said = shop.run("--json")

    assert {"inactive": (False, "the query gives 1 row")} == results(said, "orders")
    assert [{"id": 2, "customer_id": 2, "amount": 20}] == said.models["orders"]["checks"][0]["sample"]


def test_a_new_file_checks_the_published_table_again(shop):
    shop.run()
    assert "Nothing to do" in shop.run().out
    shop.write("checks/few.sql", "-- @model: orders\nSELECT * FROM orders WHERE amount > 15")

    said = shop("run", "--json")

    assert (1, {"orders": "failed"}, "check") == (said.code, said.statuses, said.models["orders"]["action"])
    shop.write("checks/few.sql", "-- @model: orders\nSELECT * FROM orders WHERE amount > 25")
    assert {"orders": "succeeded"} == shop.run("--json").statuses
    (shop.root / "checks/few.sql").unlink()
    assert [] == shop.run("--json").models["orders"]["checks"]


def test_several_checks_stand_in_one_file(shop):
    shop.write(
        "checks/orders.sql",
        "-- @name: first\n-- @model: orders\nSELECT * FROM $this WHERE id = 9\n;\n"
        "-- @name: second\n-- @model: orders\n-- @max_rows: 1\nSELECT * FROM $this WHERE id = 1\n",
    )

    assert {
        "first": (True, "the query gives no row"),
        "second": (True, "the query gives 1 row (at most 1 may)"),
    } == results(shop.run("--json"), "orders")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("SELECT 1", 1, "does not say which model it is about"),
        ("-- @model: ordres\nSELECT 1", 1, "'ordres', which is no model, seed or source"),
        ("-- @model: orders\n-- @severty: warn\nSELECT 1", 2, "no key 'severty'"),
        ("-- @model: orders\n-- @severity: fatal\nSELECT 1", 1, "severity"),
        ("-- @model: orders\n-- @max_rows: few\nSELECT 1", 2, "must be a number"),
        ("-- @model: orders\nSELECT FROM WHERE", 2, ""),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(shop, text, line, said):
    shop.write("checks/wrong.sql", text)

    message = shop.fails()

    assert f"checks/wrong.sql:{line}" in message
    assert said in message


# --- Python checks ----------------------------------------------------------------------------------------------------


def test_python_checks_say_in_five_ways_what_is_wrong(shop):
    shop.write(
        "checks/orders.py",
        """
        import ibis
        import pyarrow as pa
        import pyarrow.compute as pc
        from interlace import check

        @check(model="orders", severity="warn")
        def holds(orders: ibis.Table):
            return orders.count() == 2

        @check(model="orders", severity="warn")
        def says_no(orders: pa.Table):
            return bool(orders.num_rows > 5)

        @check(model="orders", severity="warn", max_rows=1)
        def counts(orders: pa.RecordBatchReader):
            return sum(batch.num_rows for batch in orders)

        @check(model="orders", severity="warn", where="amount > 15", name="shows rows")
        def shows(orders: ibis.Table):
            return orders.filter(orders.amount > 0)

        @check(model="orders", severity="warn")
        async def asserts(rows):
            assert rows.count().to_pyarrow().as_py() > 5, "too few orders"
        """,
    )

    assert {
        "holds": (True, "holds holds"),
        "says_no": (False, "says_no does not hold"),
        "counts": (False, "2 rows fail counts (at most 1 may)"),
        "shows rows": (False, "1 row fails shows rows"),
        "asserts": (False, "too few orders"),
    } == results(shop.run("--json"), "orders")


def test_a_python_check_sees_what_is_about_to_be_published(shop):
    shop.write(
        "models/checks_of_orders.py",
        "from interlace import check\n\n@check(model='orders')\ndef few(orders):\n    return orders.filter(orders.amount > 25)\n",
    )
    shop.run()
    shop.sql("orders", "SELECT 3 AS id, 1 AS customer_id, 30 AS amount")

    said = shop("run", "--json")

    assert (1, (False, "1 row fails few")) == (said.code, results(said, "orders")["few"])
    assert [(10,), (20,)] == shop.query("SELECT amount FROM orders ORDER BY 1")


def test_a_python_check_that_changes_is_run_again_and_one_that_does_not_is_not(shop):
    check = "from interlace import check\nLEAST = {least}\n\n@check(model='orders')\ndef least(orders):\n    return orders.amount.min() >= LEAST\n"
    shop.write("checks/least.py", check.format(least=5))
    shop.run()
    assert "Nothing to do" in shop.run().out

    shop.write("checks/least.py", check.format(least=15))

    assert {"orders": "failed"} == shop("run", "--json").statuses


def test_a_python_check_that_breaks_names_its_line(shop):
    shop.write(
        "checks/bad.py", "from interlace import check\n\n@check(model='orders')\ndef bad(orders):\n    return 1 / 0\n"
    )

    message = shop.fails(code=1)

    assert "checks/bad.py:5: the check 'bad' raised ZeroDivisionError" in message


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("@check(model='ordres')\ndef one(rows): ...", "Did you mean 'orders'?"),
        ("@check(model='orders')\ndef one(): ...", "takes one parameter"),
        ("@check(model='orders', severity='fatal')\ndef one(rows): ...", "severity"),
        ("@check(model='orders')\ndef one(rows: dict): ...", "asks for"),
    ],
)
def test_a_wrong_python_check_is_refused(shop, code, said):
    shop.write("checks/wrong.py", f"from interlace import check\n\n{code}\n")

    message = shop.fails()

    assert said in message
    assert "checks/wrong.py:3" in message


# --- interlace check --------------------------------------------------------------------------------------------------


def test_check_runs_the_checks_of_what_is_published_and_builds_nothing(shop):
    shop.sql(
        "orders", "-- @checks: [{range: {column: amount, max: 25}}]\nSELECT 1 AS id, 1 AS customer_id, 10 AS amount"
    )
    shop.run()
    shop.sql(
        "orders", "-- @checks: [{range: {column: amount, max: 25}}]\nSELECT 1 AS id, 1 AS customer_id, 11 AS amount"
    )

    said = shop("check", "--json")

    assert (0, {"orders": "succeeded"}) == (said.code, said.statuses)
    assert [(10,)] == shop.query("SELECT amount FROM orders")
    assert {"orders": "succeeded"} == shop.run("--json").statuses


def test_check_fails_where_a_check_of_severity_error_does(shop):
    shop.sql(
        "orders", "-- @checks: [{range: {column: amount, max: 25}}]\nSELECT 1 AS id, 1 AS customer_id, 10 AS amount"
    )
    shop.run()
    import duckdb

    with duckdb.connect(str(shop.root / "warehouse.duckdb")) as connection:
        connection.execute("UPDATE orders SET amount = 99")

    assert 1 == shop("check").code
    assert [(99,)] == shop.query("SELECT amount FROM orders")


def test_check_shows_what_was_found_before(shop):
    shop.write("checks/few.sql", "-- @model: orders\n-- @severity: warn\nSELECT * FROM orders WHERE amount > 15")
    shop.run()
    shop.sql("orders", "SELECT 1 AS id, 1 AS customer_id, 10 AS amount")
    shop.run()

    said = shop("check", "--history", "--json")
    text = shop("check", "--history").out

    assert [("few", [False, True, True])] == [
        (h["check"], [r["passed"] for r in h["results"]]) for h in said.json["history"]
    ]
    assert "⚠✓✓✓" in text
    assert "1 0 0 0" in text


def test_check_leaves_a_failed_build_to_be_done(shop):
    shop.sql("orders", "-- @checks: [{unique: id}]\nSELECT 1 AS id")
    shop.run()
    shop.sql("orders", "-- @checks: [{unique: id}]\nSELECT unnest([1, 1]) AS id")
    shop("run")
    assert 0 == shop("check").code

    assert {"orders": "failed"} == shop("run", "--json").statuses


def test_check_of_nothing_says_so(shop):
    assert "has checks" in shop("check").out


def test_check_names_what_is_not_there(shop):
    shop.sql("orders", "-- @checks: [{unique: id}]\nSELECT 1 AS id")

    assert "orders has checks, and main.orders is not there" in shop("check").out


# --- anomalies --------------------------------------------------------------------------------------------------------


def test_a_number_that_is_far_from_earlier_runs_blocks(project):
    def load(rows):
        project.sql(
            "orders",
            f"-- @checks: [{{anomaly: {{metric: row_count, min_history: 3}}}}]\nSELECT * FROM range({rows}) AS t(id)",
        )
        return project("run", "--json")

    assert [0, 0, 0, 0] == [load(rows).code for rows in (100, 104, 98, 103)]
    said = load(10)

    assert 1 == said.code
    assert "row_count is 10, and was about" in results(said, "orders")["anomaly(row_count)"][1]
    assert [(103,)] == project.query("SELECT COUNT(*) FROM orders")
    assert 0 == load(101).code


# --- interlace profile ------------------------------------------------------------------------------------------------


def test_profile_measures_each_column(project):
    project.sql(
        "things",
        "SELECT i AS id, CASE WHEN i % 4 > 0 THEN 'w' || i % 3 END AS word, i / 10 AS part, i % 2 = 0 AS even, "
        "DATE '2024-01-01' + i::INT AS day, [i] AS list, 'NaN'::DOUBLE AS nan FROM range(1, 101) AS t(i)",
    )
    project.run()

    columns = {c["name"]: c for c in project("profile", "things", "--json").json["columns"]}

    assert (0, 1, 100, 50.5) == tuple(columns["id"][key] for key in ("nulls", "min", "max", "mean"))
    assert 29.011 == pytest.approx(columns["id"]["stddev"], abs=0.001)
    assert 50.5 == pytest.approx(columns["id"]["quantiles"]["0.5"], abs=1)
    assert (25, 0.25, 3, 2, 2) == tuple(
        columns["word"][key] for key in ("nulls", "null_fraction", "distinct", "min_length", "max_length")
    )
    assert {"w0", "w1", "w2"} == set(columns["word"]["top"])
    assert ("2024-01-02", "2024-04-10") == (columns["day"]["min"], columns["day"]["max"])
    assert (None, []) == (columns["list"]["min"], columns["list"]["top"])
    assert columns["nan"]["mean"] is None


def test_profile_shows_no_values_of_private_columns(project):
    project.sql("people", "-- @columns: {name: {tags: [pii]}}\nSELECT 'Ada' AS name, 1 AS id")
    project.run()

    said = project("profile", "people", "--columns", "name", "--json")

    assert "Ada" not in said.out
    assert ["***"] == [c["min"] for c in said.json["columns"]]


def test_profile_of_a_column_that_is_not_there_names_the_nearest(project):
    project.sql("people", "SELECT 'Ada' AS name")
    project.run()

    assert "Did you mean 'name'?" in project.fails("profile", "people", "--columns", "nam")


def test_a_relationship_to_a_column_that_is_not_there_names_it(project):
    project.sql("customers", "SELECT 1 AS id")
    project.sql("orders", "-- @checks: [{relationships: {column: id, to: customers, field: idd}}]\nSELECT 1 AS id")

    said = project.fails("run", code=1)

    assert "relationships(id to customers.idd)" in said
    assert 'Referenced column "idd" not found' in said


def test_columns_that_are_declared_and_not_there_are_warned_of(project):
    project.sql("orders", "-- @columns: {id: BIGINT, itm: {description: What was sold}}\nSELECT 1 AS id, 'x' AS item")

    said = project.run("--json")

    assert [
        "there is no column 'itm', which 'columns' declares. Did you mean 'item'? Columns: id, item.",
    ] == said.models["orders"]["warnings"]
