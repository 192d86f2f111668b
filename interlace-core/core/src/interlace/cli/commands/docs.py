"""``interlace docs``."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.context import load_project
from interlace.cli.options import EnvOption, ExcludeOption, JsonOption, ProjectOption, SelectArg, SelectOption
from interlace.cli.render import echo, plural, print_json, when
from interlace.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import TypeAlias

    from interlace.model.definition import Fingerprint
    from interlace.run.document_history import DocumentChange
    from interlace.run.project import Project

    Version: TypeAlias = tuple[int, datetime, Fingerprint, Mapping[str, Any]]

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write to this file instead of the terminal.")
]
NoLineageOption = Annotated[bool, typer.Option("--no-lineage", help="Leave out what columns are made of.")]
ModelArg = Annotated[str, typer.Argument(metavar="MODEL", help="A model or seed that was built.")]

_LONGEST = 60


@app.command("export")
def export(
    models: SelectArg = None,
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    out: OutOption = None,
    no_lineage: NoLineageOption = False,
    project: ProjectOption = None,
    env: EnvOption = None,
    json_: JsonOption = False,  # noqa: ARG001  it is JSON in any case
) -> None:
    """Write what is known of models, seeds and sources as one JSON document, for a site or a catalogue of data."""
    place = None if out is None else out.absolute()
    with load_project(project, env) as loaded:
        found = loaded.metadata([*(models or ()), *(select or ())], list(exclude or ()), lineage=not no_lineage)
    lines = _lines(found)
    if place is None:
        for line in lines:
            echo(line)
        return
    _write(place, lines)
    echo(f"Wrote {plural(len(found['nodes']), 'node')} to {out}.")


@app.command("history")
def history(model: ModelArg, project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """Show each recorded version of what is said of a model, and what it changed."""
    with load_project(project, env) as loaded:
        name, versions = _versions(loaded, model)
    between = _between(versions)
    if json_:
        print_json([_data(version, changes) for version, changes in zip(versions, between, strict=True)])
        return
    for (number, at, _, document), changes in zip(versions, between, strict=True):
        echo(f"{name}, version {number}, {when(at)}, {plural(len(document['columns']), 'column')}")
        for change in changes:
            echo(f"  {_line(change)}")


# --- the document -----------------------------------------------------------------------------------------------------


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    """JSON with each node and edge on a line of its own, so that two exports can be compared line by line."""
    yield "{"
    last = list(found)[-1]
    for key, value in found.items():
        yield from _entry(key, value, " ", "" if key == last else ",")
    yield "}"


def _entry(key: str, value: Any, indent: str, after: str) -> Iterator[str]:
    if isinstance(value, list) and value:
        yield f"{indent}{_json(key)}: ["
        yield from (f"{indent} {_json(item)}," for item in value[:-1])
        yield f"{indent} {_json(value[-1])}"
        yield f"{indent}]{after}"
    elif isinstance(value, dict):
        yield f"{indent}{_json(key)}: {{"
        last = list(value)[-1]
        for inner, item in value.items():
            yield from _entry(inner, item, f"{indent} ", "" if inner == last else ",")
        yield f"{indent}}}{after}"
    else:
        yield f"{indent}{_json(key)}: {_json(value)}{after}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _write(path: Path, lines: Iterator[str]) -> None:
    """Write a file, which is there whole or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"--out {path}: {error.strerror}.") from error


# --- the history ------------------------------------------------------------------------------------------------------


def _versions(loaded: Project, word: str) -> tuple[str, Sequence[Version]]:
    """The versions of a model by ``name`` or ``schema.name``, whether or not the project still has it.

    Raises:
        UsageError: none is recorded.
    """
    name = loaded.graph.find((word,)) or loaded.graph.find(tuple(word.split("."))) or word
    versions = loaded.store.documents(loaded.environment, name)
    if not versions:
        near = "" if name in loaded.graph.nodes else did_you_mean(word, loaded.graph.nodes)
        raise UsageError(
            f"Nothing is recorded of {word!r} in {loaded.environment}. {near}".rstrip(),
            hint="It is with the first run that builds it.",
        )
    return name, versions


def _between(versions: Sequence[Version]) -> list[list[DocumentChange]]:
    """What each version changed in the one before; the first changed nothing."""
    from interlace.run.document_history import document_changes

    return [[], *(document_changes(old[3], new[3]) for old, new in pairwise(versions))]


def _line(change: DocumentChange) -> str:
    place, _, name = change.what.partition(".")
    if place == "columns" and isinstance(change.before or change.after, dict):
        added = change.before is None
        return f"{'+' if added else '-'} {name} {(change.after or change.before)['type'] or ''}".rstrip()
    what = name if place == "columns" else change.what
    return f"~ {what}: {_short(change.before)} -> {_short(change.after)}"


def _short(value: Any) -> str:
    text = "nothing" if value in (None, [], {}) else _json(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _data(version: Version, changes: Sequence[DocumentChange]) -> dict[str, Any]:
    number, at, fingerprint, document = version
    return {
        "version": number,
        "at": at,
        "fingerprint": {"data": fingerprint.data, "checks": fingerprint.checks, "metadata": fingerprint.metadata},
        "document": dict(document),
        "changes": [{"what": c.what, "before": c.before, "after": c.after} for c in changes],
    }
