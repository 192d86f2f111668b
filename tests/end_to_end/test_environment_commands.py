"""``interlace env``: what there is, made and dropped."""

from __future__ import annotations

import pytest

CONFIG = """
connections:
  default: {{{warehouse}}}
environments:
  prod:
  dev: {{defer_to: prod}}
"""


@pytest.fixture(params=["duckdb", "postgres"])
def shop(request, project, make_warehouse):
    project.schema = {"duckdb": "main", "postgres": "public"}[request.param]
    project.warehouse = make_warehouse(request.param, project.root)
    project.write("config.yaml", CONFIG.format(warehouse=project.warehouse.config))
    project.sql("orders", "SELECT 1 AS id\n")
    project.sql("shown", "-- @materialise: view\nSELECT id FROM orders\n")
    project.sql("again", "-- @materialise: view\nSELECT id FROM shown\n")
    project.run("--env", "prod")
    project.sql("orders", "SELECT 2 AS id\n")
    project.run()
    return project


def schemas(shop) -> set[str]:
    (rows,) = shop.warehouse.ask(["SELECT schema_name FROM information_schema.schemata"])
    return {name for (name,) in rows}


def test_the_list_says_what_each_built_and_how_it_stands(shop):
    shop.run("--env", "prod", "--force", "again")
    found = {row["name"]: row for row in shop("env", "list", "--json").json}

    assert {"prod": True, "dev": False} == {name: row["base"] for name, row in found.items()}
    assert (3, None, None) == tuple(found["prod"][k] for k in ("models", "ahead", "behind"))
    assert (3, 1, 1) == tuple(found["dev"][k] for k in ("models", "ahead", "behind"))


def test_the_status_says_where_each_model_is_read(shop):
    shop.sql("other", "SELECT 1 AS id\n")
    rows = {r["model"]: r for r in shop("env", "status", "dev", "--json").json["models"]}

    assert ("here", "changed", None) == tuple(rows["orders"][k] for k in ("place", "definition", "due"))
    assert ("here", "same", None) == tuple(rows["shown"][k] for k in ("place", "definition", "due"))
    assert ("not built", "new", "it was never built here") == tuple(
        rows["other"][k] for k in ("place", "definition", "due")
    )


def test_what_is_dropped_is_the_environments_own_and_nothing_else(shop):
    assert "--yes" in shop.fails("env", "drop", "dev")
    said = shop("env", "drop", "dev", "--yes")

    assert 0 == said.code, said.err
    assert "table dev__" in said.out
    assert f"dev__{shop.schema}" not in schemas(shop)
    assert [[(1,)]] == shop.warehouse.ask([f"SELECT id FROM {shop.schema}.again"])
    assert 0 == {r["name"]: r["models"] for r in shop("env", "list", "--json").json}["dev"]
    assert {"orders", "shown", "again"} == {s["model"] for s in shop("plan", "--json").json["steps"]}


def test_an_environment_that_was_dropped_is_built_again(shop):
    shop("env", "drop", "dev", "--yes")
    shop.run()

    assert [[(2,)]] == shop.warehouse.ask([f"SELECT id FROM dev__{shop.schema}.again"])


def test_the_base_is_not_dropped(shop):
    assert "base environment" in shop.fails("env", "drop", "prod", "--yes")


def test_an_environment_is_declared_by_a_file(shop):
    said = shop("env", "create", "feature", "--defer-to", "prod")

    assert 0 == said.code, said.err
    assert "defer_to: prod" in (shop.root / "config.feature.yaml").read_text()
    assert "feature" in {row["name"] for row in shop("env", "list", "--json").json}
    assert f"feature__{shop.schema}" not in schemas(shop)
    shop.run("--env", "feature")
    assert f"feature__{shop.schema}" in schemas(shop)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("dev",), "has an environment 'dev'"),
        (("Dev",), "has an environment 'dev'"),
        (("a__b",), "must be letters"),
        (("feature", "--defer-to", "prud"), "Did you mean 'prod'?"),
    ],
)
def test_a_name_that_is_taken_or_wrong_is_refused(shop, words, said):
    assert said in shop.fails("env", "create", *words)


def test_a_project_with_plain_names_has_to_say_first_whose_they_are(project):
    project.sql("orders", "SELECT 1 AS id\n")

    assert "base_environment: dev" in project.fails("env", "create", "feature")
    assert not (project.root / "config.feature.yaml").exists()


def test_an_environment_with_a_file_of_its_own_goes_with_its_file(project):
    project.write("config.yaml", "connections:\n  default: {type: duckdb, path: 'data/{env}.duckdb'}\n")
    project.sql("orders", "SELECT 1 AS id\n")
    project.run()
    project.run("--env", "prod")
    said = project("env", "drop", "dev", "--yes")

    assert 0 == said.code, said.err
    assert ["prod.duckdb"] == sorted(p.name for p in (project.root / "data").iterdir())
    assert "Nothing to promote" in project("promote", "--from", "dev", "--to", "prod", "--yes").out
    assert "there is no snapshot" in project.fails("run", "--defer-to", "prod")


def test_what_is_in_memory_is_neither_read_from_nor_promoted(project):
    project.write(
        "config.yaml", "connections:\n  default: {type: duckdb, path: ':memory:'}\nenvironments: [dev, prod]\n"
    )
    project.sql("orders", "SELECT 1 AS id\n")

    assert "another database" in project.fails("promote", "--from", "dev", "--to", "prod", "--yes")
    assert "another database" in project.fails("run", "--defer-to", "prod")
