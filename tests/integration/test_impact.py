"""What a change of a column touches, in whole projects: checks, exports and keys, sources, what Python declares."""

from __future__ import annotations

from textwrap import dedent

import duckdb
import pytest

from interlace import Project
from interlace.errors import UsageError

CONFIG = """
connections:
  default: {type: duckdb, path: w.duckdb}
sources:
  outside: {}
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "seeds").mkdir()
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "seeds" / "raw.csv").write_text("id,paid,status\n1,250,ok\n2,0,ok\n")
    sql(tmp_path, "orders", "-- @schema: shop\n-- @key: id\nSELECT id, paid / 100 AS paid FROM raw WHERE status = 'ok'")
    return tmp_path


def sql(root, name: str, text: str) -> None:
    (root / "models" / f"{name}.sql").write_text(text)


def impact(root, word: str, **options):
    with Project.load(root) as project:
        return project.impact(word, **options)


def spots(found) -> list[tuple[str, str | None]]:
    return [a.spot for a in found.affected]


def named(found) -> list[tuple[str, str | None, str, str, str]]:
    return [(n.model, n.column, n.what, n.text, n.owner) for n in found.namings]


def test_checks_that_read_the_column_are_named_as_results_name_them(root):
    sql(
        root,
        "daily",
        """-- @checks: [{not_null: paid}, {unique: [id, paid]}, {row_count: {min: 1}}, {expression: "paid >= 0"}]
SELECT id, paid FROM orders""",
    )
    (root / "checks").mkdir()
    (root / "checks" / "free.sql").write_text("-- @model: daily\nSELECT * FROM $this WHERE paid < 0")
    (root / "checks" / "bound.sql").write_text("-- @model: daily\nSELECT * FROM $this WHERE id = 'paid'")

    found = impact(root, "orders.paid")

    assert ["not_null(paid)", "unique(id, paid)", "expression(paid >= 0)", "free"] == [n[3] for n in named(found)]


def test_a_check_in_python_may_be_about_any_column(root):
    (root / "checks").mkdir()
    (root / "checks" / "rows.py").write_text(
        dedent("""
        from interlace import check

        @check(model="orders")
        def enough(orders):
            return True
        """)
    )

    assert ("orders", None, "check", "enough", "orders") in named(impact(root, "orders.paid"))


def test_a_check_of_another_model_that_looks_the_column_up_is_named(root):
    sql(
        root,
        "lines",
        "-- @checks: [{relationships: {column: order_id, to: shop.orders, field: id}}]\nSELECT 1 AS order_id",
    )

    assert [
        ("orders", "id", "key", "id", "orders"),
        ("orders", "id", "check", "relationships(order_id to shop.orders.id)", "lines"),
    ] == named(impact(root, "orders.id"))


def test_exports_of_all_that_is_affected_are_named(root):
    sql(root, "daily", "-- @export: {csv: out/daily.csv}\nSELECT sum(paid) AS paid FROM orders")

    assert [("daily", None, "export", "csv to out/daily.csv", "daily")] == named(impact(root, "raw.status"))


@pytest.mark.parametrize("word", ["orders.paid", "shop.orders.paid", "ORDERS.Paid", 'shop."orders"."paid"'])
def test_names_may_have_a_schema_quotes_and_another_case(root, word):
    sql(root, "daily", "SELECT paid AS x FROM shop.orders")

    assert [("daily", "x")] == spots(impact(root, word))


def test_names_with_dots_and_spaces_are_quoted(root):
    sql(root, "my orders", 'SELECT 1 AS "a.b", 2 AS "c ""d"""')
    sql(root, "after", 'SELECT "a.b" AS x, "c ""d""" AS y FROM "my orders"')

    assert [("after", "x")] == spots(impact(root, 'my orders."a.b"'))
    assert [("after", "y")] == spots(impact(root, '"my orders"."c ""d"""'))


def test_a_source_whose_columns_are_not_known_has_those_that_are_read(root):
    sql(root, "a", "SELECT x AS n FROM outside")

    assert [("a", "n")] == spots(impact(root, "outside.X"))
    assert [("a", "n"), ("a", None)] == spots(impact(root, "outside"))


def test_a_column_of_a_source_that_nobody_reads_is_refused(root):
    sql(root, "a", "SELECT x AS n FROM outside")

    with pytest.raises(
        UsageError, match="The columns of 'outside' are not known, and no model reads a column 'y' of it"
    ):
        impact(root, "outside.y")


def test_a_whole_model_is_all_of_its_columns_and_its_rows(root):
    sql(root, "many", "SELECT count(*) AS n FROM orders")

    found = impact(root, "orders")

    assert (("orders", "id"), ("orders", "paid")) == found.columns
    assert [("many", None)] == spots(found)


def test_each_reader_has_its_file_and_line(root):
    sql(root, "daily", "-- @tags: x\nSELECT\n  id,\n  paid\nFROM orders")

    assert {("daily", "paid"): ("models/daily.sql", 4)} == impact(root, "orders.paid").places


# --- declared lineage -------------------------------------------------------------------------------------------------

PYTHON = """
from interlace import model
import pyarrow as pa

@model(lineage={lineage})
def totals(orders: pa.Table) -> pa.Table:
    return orders
"""


DECLARED = '{"id": "orders.id", "paid": "orders.paid", "note": [], "*": "orders.id"}'


def run(root) -> None:
    with Project.load(root) as project:
        assert "succeeded" == project.run().status


def planned(root) -> list[str]:
    with Project.load(root) as project:
        return [step.model for step in project.plan().steps]


def test_a_declared_lineage_is_believed(root):
    (root / "models" / "totals.py").write_text(PYTHON.replace("{lineage}", '{"paid": "orders.paid", "*": []}'))
    with Project.load(root) as project:
        assert "succeeded" == project.run().status

    assert [("totals", "id"), ("totals", "paid")] == spots(impact(root, "orders.paid"))
    assert [("totals", "id")] == spots(impact(root, "orders.id"))


def test_another_declaration_alone_builds_nothing(root):
    (root / "models" / "totals.py").write_text(PYTHON.replace("{lineage}", '{"paid": "orders.paid"}'))
    with Project.load(root) as project:
        project.run()
    (root / "models" / "totals.py").write_text(PYTHON.replace("{lineage}", '{"paid": "orders.id"}'))

    with Project.load(root) as project:
        assert project.plan().empty


def test_who_declares_that_it_does_not_read_what_changed_is_not_built_again(root):
    sql(root, "orders", "SELECT id, paid, 'x' AS note FROM raw")
    (root / "models" / "totals.py").write_text(PYTHON.replace("{lineage}", DECLARED))
    run(root)

    sql(root, "orders", "SELECT id, paid, 'y' AS note FROM raw")

    assert ["orders"] == planned(root)
    sql(root, "orders", "SELECT id, paid + 1 AS paid, 'x' AS note FROM raw")
    assert ["orders", "totals"] == planned(root)


def test_what_a_declaration_left_out_is_made_up_for_once_it_is_added(root):
    sql(root, "orders", "SELECT id, paid, 'x' AS note FROM raw")
    (root / "models" / "totals.py").write_text(PYTHON.replace("{lineage}", DECLARED))
    run(root)
    sql(root, "orders", "SELECT id, paid, 'y' AS note FROM raw")
    run(root)
    before = planned(root)

    added = DECLARED.replace('"note": []', '"note": "orders.note"')
    (root / "models" / "totals.py").write_text(PYTHON.replace("{lineage}", added))

    assert ([], ["totals"]) == (before, planned(root))


def test_what_is_declared_goes_before_what_an_expression_says(root):
    (root / "models" / "totals.py").write_text(
        dedent("""
        import ibis
        from interlace import model

        @model(lineage={"paid": "orders.id", "*": []})
        def totals(orders: ibis.Table) -> ibis.Table:
            return orders.select("paid")
        """)
    )
    with Project.load(root) as project:
        project.run()

    assert [] == spots(impact(root, "orders.paid"))
    assert [("totals", "paid")] == spots(impact(root, "orders.id"))


# --- the columns of sources -------------------------------------------------------------------------------------------


def outside(root, statement: str) -> None:
    with duckdb.connect(str(root / "w.duckdb")) as connection:
        connection.execute(statement)


def ask(root, *names: str, env: str | None = None) -> dict[str, str]:
    with Project.load(root, env=env) as project:
        return project.ask_columns(names)


def columns(root, name: str, env: str | None = None) -> tuple[str, ...]:
    with Project.load(root, env=env) as project, project.lineage() as lineage:
        return lineage.of(name).names


def test_the_columns_of_a_source_are_known_once_they_were_asked(root):
    outside(root, "CREATE TABLE outside AS SELECT 1 AS id, 'x' AS name")
    sql(root, "a", "SELECT * FROM outside")
    before = columns(root, "a")

    assert {} == ask(root, "a")
    assert ((), ("id", "name")) == (before, columns(root, "a"))


def test_columns_that_were_asked_go_before_those_that_are_declared(root):
    (root / "config.yaml").write_text(CONFIG.replace("outside: {}", "outside: {columns: [id]}"))
    outside(root, "CREATE TABLE outside AS SELECT 1 AS id, 'x' AS name")
    sql(root, "a", "SELECT * FROM outside")

    ask(root, "a")

    assert ("id", "name") == columns(root, "a")


def test_columns_of_another_relation_are_not_those_of_the_source(root):
    outside(root, "CREATE TABLE outside AS SELECT 1 AS id, 'x' AS name")
    sql(root, "a", "SELECT * FROM outside")
    ask(root, "a")

    (root / "config.yaml").write_text(CONFIG.replace("outside: {}", "outside: {relation: other}"))

    assert () == columns(root, "a")


def test_a_source_that_is_not_there_is_said_and_the_others_are_asked(root):
    (root / "config.yaml").write_text(CONFIG.replace("outside: {}", "outside: {}\n  gone: {}"))
    outside(root, "CREATE TABLE outside AS SELECT 1 AS id")
    sql(root, "a", "SELECT o.* FROM outside o, gone")

    failed = ask(root, "a")

    assert ["gone"] == list(failed)
    assert "gone does not exist" in failed["gone"]
    assert ("id",) == columns(root, "a")


def test_a_broken_file_of_columns_is_none(root):
    outside(root, "CREATE TABLE outside AS SELECT 1 AS id")
    sql(root, "a", "SELECT * FROM outside")
    ask(root, "a")
    for file in (root / ".interlace" / "columns").iterdir():
        file.write_text('{"outside": {"of": ["default", "outside"], "columns": 3}}')

    assert () == columns(root, "a")


def test_a_model_of_another_environment_has_the_columns_that_it_has_there(root):
    (root / "config.yaml").write_text(f"{CONFIG}environments:\n  prod:\n  dev: {{defer_to: prod}}\n")
    (root / "models" / "opaque.py").write_text(
        dedent("""
        from interlace import model

        @model(volatile=False)
        def opaque(raw):
            return [{"a": 1, "b": 2}]
        """)
    )
    sql(root, "after", "SELECT * FROM opaque")
    with Project.load(root, env="prod") as project:
        project.run()
    before = columns(root, "after", env="dev")

    assert {} == ask(root, "after", env="dev")
    assert ((), ("a", "b")) == (before, columns(root, "after", env="dev"))
