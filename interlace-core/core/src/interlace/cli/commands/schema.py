"""``interlace schema``."""

from __future__ import annotations

from dataclasses import asdict
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.context import load_project
from interlace.cli.data import columns_data
from interlace.cli.options import EnvOption, JsonOption, ProjectOption
from interlace.cli.render import echo, plural, print_json, print_table, when
from interlace.errors import UsageError, did_you_mean
from interlace.model.definition import Model

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import TypeAlias

    from interlace.contracts.relation import Column
    from interlace.contracts.state import ModelState
    from interlace.run.project import Project
    from interlace.schema.history import Alteration

    Version: TypeAlias = tuple[int, datetime, tuple[Column, ...]]

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

ModelArg = Annotated[str, typer.Argument(metavar="MODEL", help="A model or seed that was built.")]
FromOption = Annotated[
    int | None, typer.Option("--from", min=1, metavar="N", help="The older version. Default: the one before the newer.")
]
ToOption = Annotated[int | None, typer.Option("--to", min=1, metavar="N", help="The newer version. Default: the last.")]
AgainstOption = Annotated[
    str | None,
    typer.Option("--against", metavar="NAME", help="Show what differs from the columns of another environment."),
]

_SIGNS = {"added": "+", "removed": "-", "widened": "~", "narrowed": "~", "changed": "~", "renamed": "~"}


@app.command("list")
def list_schemas(project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """List the models that were built: how many columns each has, and how often they changed."""
    with load_project(project, env) as loaded:
        states = [s for s in _states(loaded).values() if s.columns is not None]
        histories = [(s, loaded.store.schema_history(loaded.environment, s.name)) for s in states]
    if json_:
        print_json([_listed(state, versions) for state, versions in histories])
    elif not histories:
        echo(f"No model was built in {loaded.environment}.")
    else:
        rows = [(s.name, len(s.columns or ()), _number(v), when(v[-1][1]) if v else "") for s, v in histories]
        print_table(["model", "columns", "version", "since"], rows, align="<>>")


@app.command("history")
def history(model: ModelArg, project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """Show each version of a model's columns, and what it changed."""
    with load_project(project, env) as loaded:
        state = _state(loaded, model)
        versions = loaded.store.schema_history(loaded.environment, state.name)
        between = _between(versions, _dialect(loaded, state.name), _renamed(loaded, state.name))
    steps = list(zip(versions, between, strict=True))
    if json_:
        print_json([_version_data(version, changes) for version, changes in steps])
        return
    if not steps:
        echo(f"No version of the columns of {state.name} is recorded in {loaded.environment}.")
    for (number, at, columns), changes in steps:
        echo(f"version {number}, {when(at)}, {plural(len(columns), 'column')}")
        for change in changes:
            echo(f"  {_line(change)}")
        if number > 1 and not changes:
            echo("  the same columns in another order, or other words for the same types")


@app.command("diff")
def diff(
    model: ModelArg,
    from_: FromOption = None,
    to: ToOption = None,
    against: AgainstOption = None,
    project: ProjectOption = None,
    env: EnvOption = None,
    json_: JsonOption = False,
) -> None:
    """Show what changed in a model's columns: between two versions, or between two environments."""
    if against is not None and (from_ is not None or to is not None):
        raise UsageError("--against compares what is published now: it goes without --from and --to.")
    with load_project(project, env) as loaded:
        sides = _versions(loaded, model, from_, to) if against is None else _environments(loaded, model, against)
    (old_name, _, _), (new_name, _, _), changes, name = sides
    if json_:
        print_json(_diff_data(sides))
        return
    if not changes:
        echo(f"The columns of {name} are the same in {old_name} and {new_name}.")
        return
    echo(f"{name}: from {old_name} to {new_name}")
    for change in changes:
        echo(f"  {_line(change)}")
    breaking = [c.column for c in changes if c.breaking]
    if breaking:
        echo(f"breaking: {', '.join(breaking)}")


# --- what is compared ---------------------------------------------------------------------------------------------

if TYPE_CHECKING:
    Side: TypeAlias = "tuple[str, Sequence[Column], dict[str, Any]]"
    Sides: TypeAlias = "tuple[Side, Side, list[Alteration], str]"


def _versions(loaded: Project, model: str, from_: int | None, to: int | None) -> Sides:
    from interlace.schema.history import alterations

    state = _state(loaded, model)
    versions = {v[0]: v for v in loaded.store.schema_history(loaded.environment, state.name)}
    if not versions:
        raise UsageError(f"No version of the columns of {state.name} is recorded in {loaded.environment}.")
    newer = _version(versions, to if to is not None else max(versions), state.name)
    before = [number for number in versions if number < newer[0]]
    if from_ is None and not before:
        raise UsageError(
            f"Version {newer[0]} of the columns of {state.name} is the first that is recorded: there is none before.",
        )
    older = _version(versions, from_ if from_ is not None else max(before), state.name)
    renamed = _renamed(loaded, state.name)
    changes = alterations(older[2], newer[2], _dialect(loaded, state.name), renamed=renamed)
    return _version_side(older), _version_side(newer), changes, state.name


def _environments(loaded: Project, model: str, against: str) -> Sides:
    from interlace.config import load_config
    from interlace.run.connections import Connections
    from interlace.schema.history import alterations

    other = load_config(loaded.root, against)
    state = _state(loaded, model)
    stored = _state(loaded, state.name, other.environment)
    theirs = Connections(other, loaded.plugins).dialects()
    node = loaded.graph.nodes.get(state.name)
    dialect = theirs.get((node.connection if node is not None else None) or other.default_connection)
    mine = _dialect(loaded, state.name)
    renamed = _renamed(loaded, state.name)
    changes = alterations(stored.columns or (), state.columns or (), dialect or mine, mine, renamed)
    return _state_side(stored, other.environment), _state_side(state, loaded.environment), changes, state.name


def _version_side(version: Version) -> Side:
    number, at, columns = version
    return f"version {number}", columns, {"version": number, "at": at}


def _state_side(state: ModelState, environment: str) -> Side:
    return environment, state.columns or (), {"environment": environment, "at": state.published_at}


def _version(versions: dict[int, Version], number: int, model: str) -> Version:
    if number not in versions:
        known = ", ".join(str(n) for n in versions)
        raise UsageError(f"The columns of {model} have no version {number}. There are: {known}.")
    return versions[number]


def _states(loaded: Project, environment: str | None = None) -> dict[str, ModelState]:
    return dict(sorted(loaded.store.snapshot(environment or loaded.environment).models.items()))


def _state(loaded: Project, word: str, environment: str | None = None) -> ModelState:
    """What is known of a model, by ``name`` or ``schema.name``, whether or not the project still has it.

    Raises:
        UsageError: it was never built; says the nearest.
    """
    states = _states(loaded, environment)
    wanted = word.casefold()
    for state in states.values():
        node = loaded.graph.nodes.get(state.name)
        if wanted in {state.name.casefold(), f"{node.schema if node is not None else None}.{state.name}".casefold()}:
            if state.columns is not None:
                return state
            break
    raise UsageError(
        f"{word!r} was never built in {environment or loaded.environment}. {did_you_mean(word, states)}".rstrip(),
        hint="'interlace schema list' shows what was.",
    )


def _dialect(loaded: Project, model: str) -> str:
    """The dialect that a model's types are written in: the default connection's for one that is gone."""
    from interlace.run.connections import Connections

    node = loaded.graph.nodes.get(model)
    name = (node.connection if node is not None else None) or loaded.config.default_connection
    return Connections(loaded.config, loaded.plugins).dialects()[name]


def _renamed(loaded: Project, model: str) -> dict[str, str]:
    """The columns that a model declares to have another name now: {new: old}."""
    node = loaded.graph.nodes.get(model)
    columns = node.columns if isinstance(node, Model) else ()
    return {c.name: c.renamed_from for c in columns if c.renamed_from is not None}


def _between(versions: Sequence[Version], dialect: str, renamed: dict[str, str]) -> list[list[Alteration]]:
    """What each version changed in the one before; the first changed nothing."""
    from interlace.schema.history import alterations

    return [[], *(alterations(old[2], new[2], dialect, renamed=renamed) for old, new in pairwise(versions))][
        : len(versions)
    ]


# --- as text and JSON ---------------------------------------------------------------------------------------------


def _line(change: Alteration) -> str:
    if change.what == "renamed":
        return f"~ {change.was} -> {change.column} (renamed)"
    types = " -> ".join(t for t in (change.before, change.after) if t is not None)
    return f"{_SIGNS[change.what]} {change.column} {types} ({change.what})"


def _number(versions: Sequence[Version]) -> int | str:
    return versions[-1][0] if versions else ""


def _listed(state: ModelState, versions: Sequence[Version]) -> dict[str, Any]:
    return {
        "model": state.name,
        "relation": state.relation,
        "version": versions[-1][0] if versions else None,
        "since": versions[-1][1] if versions else None,
        "columns": columns_data(state.columns or ()),
    }


def _version_data(version: Version, changes: Sequence[Alteration]) -> dict[str, Any]:
    number, at, columns = version
    return {
        "version": number,
        "at": at,
        "columns": columns_data(columns),
        "changes": [_change_data(c) for c in changes],
    }


def _change_data(change: Alteration) -> dict[str, Any]:
    return {**asdict(change), "breaking": change.breaking}


def _diff_data(sides: Sides) -> dict[str, Any]:
    (_, old, old_facts), (_, new, new_facts), changes, model = sides
    return {
        "model": model,
        "from": {**old_facts, "columns": columns_data(old)},
        "to": {**new_facts, "columns": columns_data(new)},
        "changes": [_change_data(c) for c in changes],
        "breaking": [c.column for c in changes if c.breaking],
    }
