"""An Interlace project in Dagster: each model is an asset, and Interlace builds whatever Dagster materialises.

``pip install interlace dagster dagster-webserver``, then ``dagster dev -f dagster_assets.py``.
"""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from interlace import Project
from interlace.model.definition import Model
from interlace.run.result import Failed, RunResult, Succeeded
from interlace.telemetry.events import Event, ModelFinished, Notice

SHOP = Path(__file__).resolve().parents[1] / "shop"


class Options(dg.Config):
    """What can be set when assets are materialised."""

    force: bool = False  # build what is up to date, too


def interlace_assets(path: Path, env: str | None = None) -> dg.AssetsDefinition:
    """The models of a project as assets, in one Dagster step: Interlace runs the selected ones, in parallel.

    One step, because the models of a DuckDB file have to be built by one process, and Dagster starts one per step.

    Args:
        path: the project's folder.
        env: the environment to build.
    """
    with Project.load(path, env=env) as project:
        name = project.name
        specs = [asset_spec(project, node) for node in project.graph.nodes.values() if isinstance(node, Model)]

    @dg.multi_asset(name=name, specs=specs, can_subset=True)
    def build(context: dg.AssetExecutionContext, config: Options) -> Iterator[dg.MaterializeResult]:
        def log(event: Event) -> None:
            if isinstance(event, ModelFinished):
                context.log.info("%s %s in %.2f s", event.model, event.status, event.seconds)
            elif isinstance(event, Notice):
                context.log.warning(event.message)

        selected = sorted(key.path[-1] for key in context.selected_asset_keys)
        with Project.load(path, env=env) as project:
            result = project.run(selected, force=config.force, on_event=log)
        context.log.info("; ".join(f"{m.model} is up to date" for m in result.plan.up_to_date) or "all were built")
        yield from materialised(name, result)
        raise_failures(result)

    return build


def asset_spec(project: Project, model: Model) -> dg.AssetSpec:
    """A model as Dagster knows it, with what it reads."""
    return dg.AssetSpec(
        key=[project.name, model.name],
        deps=[dg.AssetKey([project.name, parent]) for parent in project.graph.parents(model.name)],
        description=model.description,
        kinds={model.kind},
        code_version=model.fingerprint.data,
        skippable=True,  # nothing is materialised where Interlace finds a model up to date
    )


def materialised(name: str, result: RunResult) -> Iterator[dg.MaterializeResult]:
    """What was built, with its rows, seconds and checks."""
    for outcome in result.outcomes.values():
        if not isinstance(outcome, Succeeded):
            continue
        metadata = {
            "interlace/run": result.id,
            "interlace/action": outcome.action,
            "interlace/seconds": round(outcome.seconds, 3),
            "interlace/checks": [f"{'passed' if c.passed else c.severity}: {c.name}" for c in outcome.checks],
        }
        if outcome.rows is not None:
            metadata["dagster/row_count"] = outcome.rows
        yield dg.MaterializeResult(asset_key=[name, outcome.model], metadata=metadata)


def raise_failures(result: RunResult) -> None:
    """Fail the step where a model failed; what was built stays materialised."""
    said = {o.model: str(o.error) for o in result.outcomes.values() if isinstance(o, Failed)}
    said |= {o.model: e for o in result.outcomes.values() if isinstance(o, Succeeded) for e in o.export_errors}
    if said:
        raise dg.Failure("; ".join(said.values()), metadata=said, allow_retries=False)
    if result.status == "cancelled":
        raise dg.Failure("the run was cancelled")


defs = dg.Definitions(assets=[interlace_assets(SHOP)])
