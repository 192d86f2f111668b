"""``interlace migrate``."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.confirm import confirm
from interlace.cli.context import load_project
from interlace.cli.options import EnvOption, JsonOption, ProjectOption, VarOption
from interlace.cli.render import Output, echo, joined, plural, print_json, print_table, when
from interlace.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from interlace.migrate.migration import Direction
    from interlace.migrate.plan import Item, MigrationPlan
    from interlace.migrate.project import Migrated
    from interlace.migrate.risks import Risk
    from interlace.migrate.standing import Standing

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

ToOption = Annotated[int | None, typer.Option("--to", metavar="NUMBER", min=1, help="The last one to apply.")]
BackToOption = Annotated[
    int | None,
    typer.Option("--to", metavar="NUMBER", min=0, help="Take back all after this one; 0: all. Default: the last one."),
]
OrderOption = Annotated[
    bool, typer.Option("--out-of-order", help="Apply one although another with a higher number was.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Print the statements, and run none.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
NameArg = Annotated[str, typer.Argument(metavar="NAME", help="What it does, such as add_region.")]
NumberArg = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="The number of a migration.")]
PythonOption = Annotated[bool, typer.Option("--python", help="Write a Python file.")]
ConnectionOption = Annotated[str | None, typer.Option("--connection", "-c", metavar="NAME", help="Where it goes.")]
AppliedOption = Annotated[
    bool | None, typer.Option("--applied/--not-applied", help="Whether it is applied as its file is now.")
]


@app.command("up")
def up(
    context: typer.Context,
    to: ToOption = None,
    project: ProjectOption = None,
    env: EnvOption = None,
    var: VarOption = None,
    out_of_order: OrderOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    json_: JsonOption = False,
) -> int:
    """Apply what is pending, each migration in a transaction where the engine can.

    What would lose data or break a model is said before, and asked about.
    """
    return _go(context, "up", to, project, env, var, out_of_order=out_of_order, dry_run=dry_run, yes=yes, json_=json_)


@app.command("down")
def down(
    context: typer.Context,
    to: BackToOption = None,
    project: ProjectOption = None,
    env: EnvOption = None,
    var: VarOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    json_: JsonOption = False,
) -> int:
    """Take back the last migration, or all after a number."""
    return _go(context, "down", to, project, env, var, out_of_order=False, dry_run=dry_run, yes=yes, json_=json_)


@app.command("status")
def status(project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """List the migrations, and how each stands."""
    with load_project(project, env) as loaded:
        standings, notices = loaded.migrations()
        environment = loaded.environment
    if json_:
        data = {"environment": environment, "migrations": [_standing(s) for s in standings], "notices": notices}
        print_json(data)
        return
    if not standings:
        echo("The project has no migrations.")
        return
    rows = [(s.name, s.connection, s.how, _when(s), "" if _is_reversible(s) else "no way back") for s in standings]
    print_table(["migration", "connection", "is", "since", ""], rows, align="<<<<<")
    out = Output(sys.stdout)
    out.write(joined(f"{out.style('⚠', 'yellow')} {text}" for text in notices))


@app.command("new")
def new(
    name: NameArg,
    project: ProjectOption = None,
    env: EnvOption = None,
    connection: ConnectionOption = None,
    python: PythonOption = False,
) -> None:
    """Write the file of the next migration, to be filled in."""
    with load_project(project, env) as loaded:
        path = loaded.new_migration(name, connection=connection, python=python)
        echo(f"Wrote {path.relative_to(loaded.root).as_posix()}.")


@app.command("resolve")
def resolve(
    number: NumberArg,
    applied: AppliedOption = None,
    project: ProjectOption = None,
    env: EnvOption = None,
    connection: ConnectionOption = None,
) -> None:
    """Say how a migration stands that was mended by hand. Runs nothing of it."""
    if applied is None:
        raise UsageError("Say how it stands: --applied, or --not-applied.")
    with load_project(project, env) as loaded:
        name = loaded.resolve_migration(number, applied=applied, connection=connection)
        echo(f"{name} counts as {'applied' if applied else 'not applied'} in {loaded.environment}.")


def _go(
    context: typer.Context,
    direction: Direction,
    to: int | None,
    project: Path | None,
    env: str | None,
    var: list[str] | None,
    *,
    out_of_order: bool,
    dry_run: bool,
    yes: bool,
    json_: bool,
) -> int:
    from shlex import join

    words = join(["interlace", *context.find_root().obj])
    out = Output(sys.stdout)
    with load_project(project, env, var) as loaded:
        plan = loaded.plan_migrations(direction, to, out_of_order=out_of_order)
        if dry_run:
            print_json(_data(plan, None)) if json_ else out.write(joined(_lines(plan, out, statements=True)))
            return 0
        if not json_:
            out.write(joined(_lines(plan, out, statements=False)))
        if plan.risky and not confirm(_question(plan), yes=yes):
            return 1

        def said(name: str) -> None:
            if not json_:
                out.write(joined([f"{out.style('✓', 'green')} {name}"]))

        done = loaded.migrate(plan, command=words, on_done=said)
    if json_:
        print_json(_data(plan, done))
    elif plan.items:
        out.write(joined([*done.notices, _end(plan, done)]))
    return 0


def _lines(plan: MigrationPlan, out: Output, *, statements: bool) -> list[str]:
    lines = [f"{out.style('⚠', 'yellow')} {text}" for text in plan.notices]
    for item in plan.items:
        if statements:
            lines += [f"-- {item.migration.name}, {plan.direction}, in {item.migration.connection}"]
            lines += [f"{s.text};" for s in item.statements or ()]
            lines += ["-- Python"] if item.statements is None else []
        lines += [f"{out.style('⚠', 'yellow')} {_risk(item, risk)}" for risk in item.risks]
    if not plan.items:
        word = "apply" if plan.direction == "up" else "take back"
        lines.append(f"Nothing to {word} in {plan.environment}.")
    return lines


def _risk(item: Item, risk: Risk) -> str:
    where = f"{item.migration.file}:{risk.line}" if risk.line else item.migration.file
    read = f"; {', '.join(risk.readers)} {'reads' if len(risk.readers) == 1 else 'read'} it" if risk.readers else ""
    given = f"; {', '.join(risk.givers)} still {'gives' if len(risk.givers) == 1 else 'give'} it" if risk.givers else ""
    return f"{where} {risk.text}{read}{given}"


def _question(plan: MigrationPlan) -> str:
    word = "Apply" if plan.direction == "up" else "Take back"
    return f"{word} {plural(len(plan.items), 'migration')} in {plan.environment}?"


def _end(plan: MigrationPlan, done: Migrated) -> str:
    if not done.run:
        return "Somebody else did it meanwhile: nothing is left to do."
    word = "Applied" if plan.direction == "up" else "Took back"
    preposition = "to" if plan.direction == "up" else "from"
    return f"{word} {plural(len(done.names), 'migration')} {preposition} {plan.environment}, as run {done.run}."


def _data(plan: MigrationPlan, done: Migrated | None) -> dict[str, Any]:
    return {
        "run": (done.run or None) if done is not None else None,
        "environment": plan.environment,
        "direction": plan.direction,
        "done": list(done.names) if done is not None else [],
        "migrations": [_planned(item) for item in plan.items],
        "notices": [*plan.notices, *(done.notices if done is not None else ())],
    }


def _planned(item: Item) -> dict[str, Any]:
    one = item.migration
    return {
        "number": one.number,
        "name": one.name,
        "file": one.file,
        "connection": one.connection,
        "statements": None if item.statements is None else [s.text for s in item.statements],
        "risks": [
            {
                "kind": r.kind,
                "text": r.text,
                "line": r.line or None,
                "readers": list(r.readers),
                "givers": list(r.givers),
            }
            for r in item.risks
        ],
    }


def _standing(one: Standing) -> dict[str, Any]:
    return {
        "number": one.number,
        "name": one.name,
        "connection": one.connection,
        "file": one.migration.file if one.migration else None,
        "status": one.how,
        "at": one.entry.at if one.entry else None,
        "run": one.entry.run if one.entry else None,
        "reversible": _is_reversible(one),
    }


def _is_reversible(one: Standing) -> bool:
    return one.migration is not None and one.migration.reversible


def _when(one: Standing) -> str:
    return when(datetime.fromisoformat(one.entry.at)) if one.entry else ""
