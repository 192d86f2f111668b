"""What other tools do to an embedded database is seen, whatever ran in between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from interlace import Project

CONFIG = """
name: shop
connections:
  default: {type: duckdb, path: shop.duckdb}
environments: {prod: {}, dev: {}}
"""


@pytest.fixture
def load(tmp_path) -> Callable[..., Project]:
    (tmp_path / "models").mkdir()
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    for name, sql in {"orders": "SELECT 1 AS id", "totals": "SELECT 2 AS n", "bad": "SELECT 3 AS m"}.items():
        (tmp_path / "models" / f"{name}.sql").write_text(sql, encoding="utf-8")

    def loaded(env: str = "prod") -> Project:
        return Project.load(tmp_path, env=env, environ={})

    for env in ("prod", "dev"):
        with loaded(env) as project:
            assert "succeeded" == project.run().status
    return loaded


@pytest.fixture
def drop(tmp_path) -> Callable[[str], None]:
    def dropped(table: str) -> None:
        with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
            connection.execute(f"DROP TABLE {table}")

    return dropped


def planned(load: Callable[..., Project], env: str = "prod") -> list[str]:
    with load(env) as project:
        return [step.model for step in project.plan().steps]


def test_a_dropped_table_is_missed_after_others_ran(load, drop):
    drop("totals")
    with load() as project:
        project.run(["orders"], force=True)

    assert ["totals"] == planned(load)
    with load() as project:
        project.run(["orders"], force=True)
    assert ["totals"] == planned(load)


def test_a_dropped_table_is_missed_after_another_environment_ran(load, drop):
    drop("totals")
    with load("dev") as project:
        project.run(force=True)

    assert ["totals"] == planned(load)


def test_a_dropped_table_is_missed_after_a_run_that_failed(load, drop, tmp_path):
    drop("totals")
    model = Path(tmp_path / "models" / "bad.sql")
    before = model.read_text(encoding="utf-8")
    model.write_text("SELECT CAST('x' AS INTEGER) AS m", encoding="utf-8")
    with load() as project:
        assert "failed" == project.run(["bad"]).status
    model.write_text(before, encoding="utf-8")

    assert "totals" in planned(load)


def test_a_run_of_everything_knows_what_stands_again(load, drop):
    drop("totals")
    with load() as project:
        project.run()
    with load() as project:
        looked = []
        connection = project.connection()
        connection.session = lambda *_, **__: looked.append(1)
        assert project.plan().empty

    assert [] == looked
