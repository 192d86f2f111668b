"""``interlace runs``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.context import open_store
from interlace.cli.options import EnvOption, JsonOption, ProjectOption
from interlace.cli.render import Output, duration, echo, print_json, print_table, shortened, when

if TYPE_CHECKING:
    from interlace.contracts.state import AttemptRecord, EventRecord, RunRecord, StateStore

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

_MOST_ATTEMPTS = 100_000
_PAGE = 1000

LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many, newest first.")]
AllOption = Annotated[bool, typer.Option("--all", help="The runs of all environments.")]
RunArg = Annotated[
    str | None,
    typer.Argument(metavar="RUN", help="The id of a run, or how it begins; the latest without.", show_default=False),
]


@app.command("list")
def list_runs(
    limit: LimitOption = 20,
    all_: AllOption = False,
    project: ProjectOption = None,
    env: EnvOption = None,
    json_: JsonOption = False,
) -> None:
    """List past runs, newest first."""
    with _opened(project, env) as (store, environment):
        runs = store.runs(None if all_ else environment, limit=limit)
    if json_:
        print_json([_run_data(r) for r in runs])
    elif not runs:
        echo("No runs are recorded." if all_ else f"No runs are recorded in {environment}.")
    else:
        rows = [
            (
                r.id,
                r.environment,
                r.status,
                when(r.started_at),
                _seconds(r),
                _counts(r.counts),
                shortened(r.command, 60),
            )
            for r in runs
        ]
        print_table(["run", "environment", "status", "started", "time", "models", "command"], rows, align="<<<<>")


@app.command("show")
def show(run: RunArg = None, project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """Show one run: how each model ended, and why those failed that did."""
    with _opened(project, env) as (store, environment):
        found = _found(store, run, environment)
        attempts = store.attempts(run=found.id, limit=_MOST_ATTEMPTS)
    if json_:
        print_json({**_run_data(found), "attempts": [_attempt_data(a) for a in attempts]})
        return
    echo(f"run {found.id} of {found.environment}: {found.status}")
    echo(
        f"began {when(found.started_at)}, " + (f"took {_seconds(found)}" if _seconds(found) else "has no recorded end")
    )
    if found.command:
        echo(found.command)
    if attempts:
        echo()
        print_table(["model", "status", "time", "counts", "reason"], [_attempt_row(a) for a in attempts], align="<<>")
    for attempt in attempts:
        _explain(attempt)


@app.command("logs")
def logs(run: RunArg = None, project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """Show what happened in a run, in order."""
    with _opened(project, env) as (store, environment):
        found = _found(store, run, environment)
        if json_:
            print_json([{"id": id_, **_event_data(event)} for id_, event in _events(store, found.id)])
            return
        out = Output(sys.stdout)
        for _, event in _events(store, found.id):
            out.line(_event_line(event))


@contextmanager
def _opened(project: Any, env: str | None) -> Iterator[tuple[StateStore, str]]:
    store, environment = open_store(project, env)
    try:
        yield store, environment
    finally:
        store.close()


def _found(store: StateStore, run: str | None, environment: str) -> RunRecord:
    from interlace.state.finding import find_run

    return find_run(store, run, environment)


def _events(store: StateStore, run: str) -> Iterator[tuple[int, EventRecord]]:
    after = 0
    while page := store.events(run, after=after, limit=_PAGE):
        yield from page
        after = page[-1][0]


# --- as JSON ------------------------------------------------------------------------------------------------------


def _run_data(run: RunRecord) -> dict[str, Any]:
    return {
        "run": run.id,
        "environment": run.environment,
        "status": run.status,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "seconds": run.seconds,
        "counts": dict(run.counts),
        "command": run.command,
        "owner": run.owner,
    }


def _attempt_data(attempt: AttemptRecord) -> dict[str, Any]:
    return {
        "attempt": attempt.id,
        "model": attempt.model,
        "status": attempt.status,
        "reason": attempt.reason,
        "started_at": attempt.started_at,
        "finished_at": attempt.finished_at,
        "counts": dict(attempt.counts),
        "checks": [asdict(c) for c in attempt.checks],
        "error": attempt.error,
        "error_code": attempt.error_code,
    }


def _event_data(event: EventRecord) -> dict[str, Any]:
    return {"at": event.at, "type": event.type, "model": event.model, "data": dict(event.data)}


# --- for people ---------------------------------------------------------------------------------------------------


def _attempt_row(attempt: AttemptRecord) -> tuple[str, ...]:
    took = (attempt.finished_at - attempt.started_at).total_seconds()
    return attempt.model, attempt.status, duration(took), _counts(attempt.counts), shortened(attempt.reason, 60)


def _explain(attempt: AttemptRecord) -> None:
    failed = [c for c in attempt.checks if not c.passed]
    if attempt.status not in {"failed", "cancelled"} and not failed:
        return
    code = f" ({attempt.error_code})" if attempt.error_code else ""
    echo()
    echo(f"{attempt.model} {attempt.status}{code}")
    for line in (attempt.error or "").strip().splitlines():
        echo(f"  {line}")
    for check in failed:
        echo(f"  {check.severity}: {check.name}: {check.message}")


def _event_line(event: EventRecord) -> str:
    from interlace.cli.render import json_text

    time = f"{event.at:%Y-%m-%d %H:%M:%S.%f}"[:-3]
    data = " ".join(f"{k}={_one_line(v if isinstance(v, str) else json_text(v))}" for k, v in event.data.items())
    return " ".join(part for part in (time, event.type, event.model or "", data) if part)


def _one_line(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines())


def _counts(counts: Any) -> str:
    return ", ".join(f"{n:,} {what}" for what, n in counts.items() if n)


def _seconds(run: RunRecord) -> str:
    return "" if run.seconds is None else duration(run.seconds)
