"""The example of docs/examples/embedding in an environment of its own: Dagster from the index, Interlace's wheels."""

from __future__ import annotations

import json

import pytest

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(600)]

# What happens in Dagster's own process: each asset that is materialised, the edges, the failures.
MATERIALISE = """
import json, sys
import dagster as dg
from dagster_assets import SHOP, interlace_assets

words, force = sys.argv[1].split(), sys.argv[2] == "force"
[assets] = [interlace_assets(SHOP)]
config = {"ops": {"shop": {"config": {"force": force}}}}
keys = [dg.AssetKey(["shop", word]) for word in words] or assets.keys
result = dg.materialize(
    [assets], selection=dg.AssetSelection.assets(*keys), run_config=config, instance=dg.DagsterInstance.ephemeral(),
    raise_on_error=False,
)
made = [e.step_materialization_data.materialization for e in result.get_asset_materialization_events()]
print("RESULT " + json.dumps({
    "success": result.success,
    "made": [m.asset_key.path[-1] for m in made],
    "rows": {m.asset_key.path[-1]: m.metadata["dagster/row_count"].value for m in made if "dagster/row_count" in m.metadata},
    "checks": {m.asset_key.path[-1]: m.metadata["interlace/checks"].value for m in made},
    "parents": {k.path[-1]: sorted(d.path[-1] for d in ds) for k, ds in assets.asset_deps.items()},
    "said": [e.step_failure_data.error.message for e in result.all_events if e.is_step_failure],
}))
"""


@pytest.fixture(scope="module")
def dagster(make_environment, dist, root):
    """The commands of an environment with Dagster and the wheels of this repository."""
    wheel = dist / f"interlace-{root.version}-py3-none-any.whl"
    return make_environment("--find-links", dist, f"interlace @ {wheel.as_uri()}", "dagster>=1.13,<1.14")


@pytest.fixture
def examples(copy_project, checkout, tmp_path):
    """The example beside the project that it uses."""
    copy_project(checkout / "docs/examples/shop", tmp_path / "shop")
    return copy_project(checkout / "docs/examples/embedding", tmp_path / "embedding")


@pytest.fixture
def materialise(dagster, run, examples):
    def act(*names: str, force: bool = False) -> dict:
        words = (dagster / "python", "-c", MATERIALISE, " ".join(names), "force" if force else "")
        said = run(*words, cwd=examples, PYTHONPATH=str(examples))
        return json.loads(
            next(line for line in said.splitlines() if line.startswith("RESULT ")).removeprefix("RESULT ")
        )

    return act


def test_each_model_is_an_asset_with_the_parents_of_the_graph(materialise):
    found = materialise()

    assert found["success"]
    assert {
        "countries": ["dim_customers"],
        "customers": [],
        "daily_revenue": ["fct_orders"],
        "dim_customers": ["fct_orders", "stg_customers"],
        "fct_orders": ["stg_orders", "stg_payments"],
        "orders": [],
        "payments": [],
        "stg_customers": ["customers"],
        "stg_orders": ["orders"],
        "stg_payments": ["payments"],
    } == found["parents"]
    assert set(found["parents"]) == set(found["made"])


def test_a_materialisation_carries_rows_and_checks(materialise, examples):
    found = materialise()
    orders = (examples.parent / "shop" / "seeds" / "orders.csv").read_text().splitlines()[1:]

    assert len(orders) == found["rows"]["orders"] == found["rows"]["fct_orders"]
    assert 3 == len(found["checks"]["fct_orders"])
    assert all(said.startswith("passed: ") for said in found["checks"]["fct_orders"])


def test_what_is_up_to_date_is_not_materialised_again_unless_forced(materialise):
    materialise()

    assert [] == materialise()["made"]
    assert ["countries"] == materialise("countries", force=True)["made"]


def test_a_selection_builds_nothing_else(materialise):
    assert ["orders"] == materialise("orders")["made"]


def test_a_failed_model_fails_the_step_and_keeps_what_was_built(materialise, examples):
    (examples.parent / "shop/models/marts/daily_revenue.sql").write_text(
        "SELECT error('no revenue') AS n FROM fct_orders"
    )

    found = materialise()

    assert not found["success"]
    assert "fct_orders" in found["made"]
    assert "daily_revenue" not in found["made"]
    assert any("no revenue" in said for said in found["said"])


def test_dagsters_own_command_materialises_the_file(dagster, run, examples, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    said = run(
        dagster / "dagster", "asset", "materialize", "-f", "dagster_assets.py", "--select", "*",
        cwd=examples, DAGSTER_HOME=str(home),
    )  # fmt: skip

    assert (examples.parent / "shop/out/countries.json").exists()
    assert "RUN_FAILURE" not in said
