"""``interlace validate``, and what ``plan`` and ``run`` say of a change that breaks readers."""

from __future__ import annotations

import shutil

import pytest

pytestmark = pytest.mark.slow  # together they are: some seconds of runs

CONFIG = """
connections:
  default: {type: duckdb, path: shop.duckdb}
"""
BROKEN = "customers reads orders.note, and it was removed: models/orders.sql (models/customers.sql:3)"


@pytest.fixture
def shop(project):
    project.write("config.yaml", CONFIG)
    project.sql("orders", "-- @description: Orders\nSELECT 1 AS id, 'gift' AS note, 'ann' AS customer\n")
    project.sql(
        "customers", "-- @description: Customers\nSELECT o.customer,\n  o.note\nFROM orders AS o\nORDER BY o.customer\n"
    )
    return project


def test_all_is_well_before_anything_ran(shop):
    said = shop("validate")

    assert (0, "2 models looked at: all is well.\n") == (said.code, said.out)


def test_what_is_wrong_is_printed_with_its_line_and_what_to_do(shop):
    shop.sql("last", "SELECT o.nota\nFROM orders AS o\nLIMIT 1\n")

    said = shop("validate")

    assert 1 == said.code
    assert (
        """\
models/last.sql:1: warning[missing_description] last has no description
models/last.sql:1:8: error[unknown_column] last reads o.nota, and orders has no column 'nota'
    SELECT o.nota
           ^
    Did you mean 'note'? Columns: customer, id, note.
models/last.sql:3:7: warning[unstable_ordering] LIMIT without ORDER BY: which rows come first is left to the database
    LIMIT 1
          ^
3 models looked at: 1 error, 2 warnings.
"""
        == said.out
    )


def test_warnings_alone_pass_unless_they_are_to_be_errors(shop):
    shop.sql("last", "SELECT note FROM orders\n")

    assert (0, 1) == (shop("validate").code, shop("validate", "--strict").code)


def test_findings_are_one_document(shop):
    shop.sql("last", "-- @description: The last\nSELECT nota FROM orders\n")

    said = shop("validate", "last", "--json")

    finding = {
        "rule": "unknown_column",
        "level": "error",
        "model": "last",
        "message": "last reads nota, and orders has no column 'nota'",
        "file": "models/last.sql",
        "line": 2,
        "column": 8,
        "hint": "Did you mean 'note'? Columns: customer, id, note.",
    }
    assert (1, {"environment": "dev", "models": 1, "errors": 1, "warnings": 0, "findings": [finding]}) == (
        said.code,
        said.json,
    )


def test_a_project_that_cannot_be_loaded_is_told_with_all_that_is_wrong(shop):
    shop.sql("one", "-- @descripton: One\nSELECT 1 AS a\n")
    shop.sql("two", "SELECT a FROM\n")

    said = shop("validate", "--json")

    assert (1, 0, ["ILC-210", "ILC-211"]) == (
        said.code,
        said.json["models"],
        [f["rule"] for f in said.json["findings"]],
    )
    assert "models/one.sql:1: error[ILC-210]" in shop("validate").out
    assert shop("validate").out.endswith("The project cannot be loaded: 2 errors, 0 warnings.\n")


def test_a_selector_that_matches_nothing_is_a_wrong_command(shop):
    assert "nope" in shop.fails("validate", "nope", code=2)


def test_a_plan_lists_the_readers_that_it_breaks_and_fails(shop):
    shop.run()
    shop.sql("orders", "-- @description: Orders\nSELECT 1 AS id, 'ann' AS customer\n")

    said = shop("plan")
    told = shop("plan", "--json")

    assert (1, f"✗ breaks: {BROKEN}") == (said.code, next(x for x in said.out.splitlines() if "breaks" in x))
    assert [
        {
            "model": "customers", "reads": "o.note", "text": BROKEN, "file": "models/customers.sql", "line": 3,
            "column": 3, "stops": True,
        }
    ] == told.json["breaks"]  # fmt: skip
    assert (1, 1) == (told.code, shop("run", "--dry-run").code)


def test_a_run_that_would_break_readers_runs_nothing(shop):
    shop.run()
    shop.sql("orders", "-- @description: Orders\nSELECT 1 AS id, 'ann' AS customer\n")

    said = shop.fails("run", code=1)
    rows = shop("show", "orders", "--json")

    assert f"error[ILC-611] models/customers.sql:3:3: nothing ran: {BROKEN}" in said
    assert "gift" in rows.out


def test_ci_says_it_too(shop):
    shop.write("config.yaml", CONFIG + "environments: [dev, prod]\n")
    shop.run("--env", "prod")
    shop.sql("orders", "-- @description: Orders\nSELECT 1 AS id, 'ann' AS customer\n")

    said = shop("ci", "--against", "prod", "--json")

    assert (1, ["customers reads orders.note, and it was removed: models/orders.sql"]) == (
        said.code,
        [p["message"] for p in said.json["problems"]],
    )


@pytest.mark.parametrize("example", ["shop", "flights"])
def test_of_the_examples_nothing_is_found(example, project, checkout):
    shutil.copytree(checkout / "docs/examples" / example, project.root, dirs_exist_ok=True)

    assert [] == project("validate", "--json").json["findings"]
