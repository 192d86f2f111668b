"""``interlace dlq``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.context import load_project, open_store
from interlace.cli.options import EnvOption, JsonOption, ProjectOption
from interlace.cli.render import echo, json_text, print_json, print_table, shortened, when
from interlace.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from interlace.contracts.state import DeadLetter, StateStore
    from interlace.run.project import Project
    from interlace.run.result import RunResult

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

STATUSES = ("open", "replayed", "resolved", "any")

LetterArg = Annotated[str, typer.Argument(metavar="ID", help="The id of a dead letter, or how it begins.")]
ModelOption = Annotated[str | None, typer.Option("--model", "-m", metavar="MODEL", help="Those of one model.")]
StatusOption = Annotated[str, typer.Option("--status", metavar="STATUS", help="open, replayed, resolved or any.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many, newest first.")]
AllOption = Annotated[bool, typer.Option("--all", help="Those of all environments.")]
NoteOption = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why it is done with.")]
OlderOption = Annotated[str, typer.Option("--older", metavar="TIME", help="Those that failed longer ago: 30d, 12h.")]
IncludeOpenOption = Annotated[bool, typer.Option("--include-open", help="Open ones too.")]


@app.command("list")
def list_letters(
    model: ModelOption = None,
    status: StatusOption = "open",
    limit: LimitOption = 100,
    all_: AllOption = False,
    project: ProjectOption = None,
    env: EnvOption = None,
    json_: JsonOption = False,
) -> None:
    """List attempts that failed for good, newest first."""
    if status not in STATUSES:
        raise UsageError(f"--status {status}: no such status. {did_you_mean(status, STATUSES, label='Statuses')}")
    with _opened(project, env) as (store, environment):
        where = None if all_ else environment
        letters = store.dead_letters(where, model=model, status=None if status == "any" else status, limit=limit)
    if json_:
        print_json([_data(d) for d in letters])
    elif not letters:
        echo(f"No {'' if status == 'any' else status + ' '}dead letters{'' if all_ else f' in {environment}'}.")
    else:
        rows = [
            (d.id, d.environment, d.model, d.status, when(d.failed_at), str(d.attempts), shortened(_first_line(d), 60))
            for d in letters
        ]
        print_table(["id", "environment", "model", "status", "failed", "attempts", "error"], rows, align="<<<<<>")


@app.command("show")
def show(letter: LetterArg, project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """Show one: what happened, with its traceback, and what a replay would do."""
    with _opened(project, env) as (store, _):
        found = _found(store, letter)
    if json_:
        print_json(_data(found))
        return
    facts = {
        "id": found.id,
        "model": found.model,
        "environment": found.environment,
        "status": found.status + (f": {found.note}" if found.note else ""),
        "failed": when(found.failed_at),
        "attempts": str(found.attempts),
        "execution time": found.execution_time.isoformat(),
        "run": found.run,
        "error": f"{found.error_class}{f' ({found.error_code})' if found.error_code else ''}",
        **{key: value if isinstance(value, str) else json_text(value) for key, value in found.arguments.items()},
    }
    said = {key: " ".join(text.split()) for key, text in facts.items() if text and text != "{}"}
    wide = max(len(key) for key in said)
    for key, text in said.items():
        echo(f"{key:<{wide}}  {text}")
    for part in filter(None, (found.error, found.traceback)):
        echo()
        echo(part.strip())


@app.command("replay")
def replay(letter: LetterArg, project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> int:
    """Run its model again, with the execution time and the variables of the attempt that failed."""
    from interlace.run.dead_letters import refuse_replay

    with _opened(project, env) as (store, environment):
        found = _found(store, letter)
    refuse_replay(found, environment)
    with load_project(project, env, given=found.arguments.get("vars")) as loaded:
        return _replayed(loaded, found, json_=json_).exit_code


@app.command("resolve")
def resolve(
    letter: LetterArg,
    note: NoteOption = None,
    project: ProjectOption = None,
    env: EnvOption = None,
    json_: JsonOption = False,
) -> None:
    """Say that one is done with, although it was not replayed."""
    with _opened(project, env) as (store, _):
        found = _found(store, letter)
        if not store.settle_dead_letter(found.id, "resolved", note):
            raise UsageError(f"the dead letter {found.id} is {found.status} already")
        found = _found(store, found.id)
    if json_:
        print_json(_data(found))
    else:
        echo(f"{found.id} of {found.model} is resolved.")


@app.command("purge")
def purge(
    older: OlderOption = "30d",
    include_open: IncludeOpenOption = False,
    all_: AllOption = False,
    project: ProjectOption = None,
    env: EnvOption = None,
    json_: JsonOption = False,
) -> None:
    """Delete those that are settled and failed long ago."""
    before = datetime.now(UTC) - _age(older)
    with _opened(project, env) as (store, environment):
        deleted = store.purge_dead_letters(None if all_ else environment, before, include_open=include_open)
    if json_:
        print_json({"deleted": deleted})
    else:
        echo(f"Deleted {deleted} dead letter{'' if deleted == 1 else 's'}.")


def _age(text: str) -> timedelta:
    from interlace.config.durations import duration

    try:
        return duration(text)
    except ValueError as error:
        raise UsageError(f"--older {text}: {error}") from error


def _replayed(project: Project, letter: DeadLetter, *, json_: bool) -> RunResult:
    from interlace.cli.data import result_data
    from interlace.cli.interrupts import interruptible
    from interlace.cli.progress import Progress
    from interlace.cli.render import Output, joined, name_column
    from interlace.cli.summary import summary_lines
    from interlace.run.dead_letters import replay

    command = f"interlace dlq replay {letter.id}"
    with interruptible(project.cancel):
        if json_:
            result = replay(project, letter, command=command)
            print_json(result_data(result))
            return result
        out = Output(sys.stdout)
        with Progress(out, name_width=name_column([letter.model])) as progress:
            result = replay(project, letter, command=command, on_event=progress.on_event)
    out.write(joined(summary_lines(result, out, exports=progress.exports)))
    return result


@contextmanager
def _opened(project: Path | None, env: str | None) -> Iterator[tuple[StateStore, str]]:
    store, environment = open_store(project, env)
    try:
        yield store, environment
    finally:
        store.close()


def _found(store: StateStore, letter: str) -> DeadLetter:
    from interlace.run.dead_letters import find_letter

    return find_letter(store, letter)


def _first_line(letter: DeadLetter) -> str:
    return letter.error.strip().partition("\n")[0]


def _data(letter: DeadLetter) -> dict[str, Any]:
    return asdict(letter)
