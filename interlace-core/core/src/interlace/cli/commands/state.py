"""``interlace state``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.context import open_store, unopened_store
from interlace.cli.options import EnvOption, JsonOption, ProjectOption
from interlace.cli.render import age, echo, plural, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from interlace.config import LoadedConfig
    from interlace.contracts.state import StateStore

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Where to write; standard output without.", show_default=False),
]


@app.command("info")
def info(project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """Show where the state is kept, its size, the rows of each table and how long they are kept."""
    from interlace.state.revision import REVISION

    store, loaded = unopened_store(project, env)
    store.open()
    try:
        tables, file = store.tables(), store.file()
    finally:
        store.close()
    kept = _retention(loaded)
    data = {
        "file": None if file is None else str(file),
        "bytes": None if file is None else file.stat().st_size,
        "revision": REVISION,
        "tables": {t: {"rows": n, "retention_seconds": _seconds(kept.get(t))} for t, n in tables.items()},
    }
    if json_:
        print_json(data)
        return
    echo(f"{file or 'on a server'}, revision {REVISION}" + (f", {data['bytes']:,} bytes" if file else ""))
    rows = [(t, f"{n:,}", age(kept[t].total_seconds()) if t in kept else "always") for t, n in tables.items()]
    print_table(["table", "rows", "kept"], rows, align="<>")


@app.command("upgrade")
def upgrade(project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """Bring the tables of the state to this version of Interlace."""
    store, _ = unopened_store(project, env)
    before, after = store.upgrade()
    if json_:
        print_json({"before": before, "after": after})
    elif before == after:
        echo(f"The state is at revision {after}: nothing to do.")
    else:
        echo(f"The state was brought from {'nothing' if before is None else f'revision {before}'} to revision {after}.")


@app.command("export")
def export(
    output: OutputOption = None,
    project: ProjectOption = None,
    env: EnvOption = None,
    json_: JsonOption = False,  # noqa: ARG001  it is JSON in any case
) -> None:
    """Write every row of the state as JSON lines, each with its table."""
    from interlace.state.export import write_lines

    store, _ = open_store(project, env)
    try:
        if output is None:
            for line in _lines(store):
                echo(line)
            return
        count = write_lines(_lines(store), output)
    finally:
        store.close()
    echo(f"{plural(count, 'row')} written to {output}")


@app.command("prune")
def prune(project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """Delete what is older than its table's retention; what is present stays."""
    store, loaded = unopened_store(project, env)
    store.open()
    try:
        deleted = store.prune(datetime.now(UTC), _retention(loaded))
    finally:
        store.close()
    if json_:
        print_json(deleted)
        return
    for table, count in deleted.items():
        if count:
            echo(f"{table}: {plural(count, 'row')} deleted")
    if not any(deleted.values()):
        echo("Nothing is older than its retention.")


def _retention(loaded: LoadedConfig) -> Mapping[str, timedelta]:
    from interlace.state.retention import DEFAULT_RETENTION

    return {**DEFAULT_RETENTION, **loaded.config.state.retention}


def _lines(store: StateStore) -> Any:
    from interlace.state.export import lines

    return lines(store)


def _seconds(kept: timedelta | None) -> float | None:
    return None if kept is None else kept.total_seconds()
