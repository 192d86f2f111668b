"""``interlace env create --sources-only``, from the command line."""

from __future__ import annotations

import duckdb
import pytest

CONFIG = """
connections:
  default: {type: duckdb, path: 'data_{env}.duckdb'}
sources:
  raw: {relation: lake.raw, sample_by: id}
"""


@pytest.fixture
def shop(project):
    """A project that declares no environment, with a file for each."""
    project.write("config.yaml", CONFIG)
    project.sql("ids", "SELECT id FROM raw\n")
    with duckdb.connect(str(project.root / "data_prod.duckdb")) as connection:
        connection.execute("CREATE SCHEMA lake; CREATE TABLE lake.raw AS SELECT range AS id FROM range(500)")
    return project


def test_an_environment_is_declared_and_gets_its_sources(shop):
    said = shop("env", "create", "dev", "--sources-only", "--sample", "20 rows", "--json")
    assert 0 == said.code, said.err
    shop.run("--env", "dev")

    assert {
        "environment": "dev",
        "file": "config.dev.yaml",
        "defer_to": None,
        "copied": [{"source": "raw", "relation": "lake.raw", "rows": 20, "sample": "20 rows", "by": ["id"]}],
    } == said.json
    assert [(20,)] == shop.query("SELECT count(*) FROM ids", "data_dev.duckdb")
    assert "here, of 20 rows" in shop("env", "status", "dev").out


def test_one_that_is_declared_gets_them_anew(shop):
    shop("env", "create", "dev", "--sources-only", "--sample", "20")
    said = shop("env", "create", "dev", "--sources-only")

    assert "raw → lake.raw: 500 rows\nBuild it: interlace run --env dev\n" == said.out


def test_what_is_about_sources_needs_them(shop):
    assert "--sample is about sources: say --sources-only too." in shop.fails("env", "create", "dev", "--sample", "5%")
    assert "--select is about sources: say --sources-only too." in shop.fails("env", "create", "dev", "-s", "raw")
    assert "--sample lots: must be" in shop.fails("env", "create", "dev", "--sources-only", "--sample", "lots")
    assert not (shop.root / "config.dev.yaml").exists()
