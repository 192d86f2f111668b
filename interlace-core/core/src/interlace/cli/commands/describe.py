"""``interlace describe``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.context import load_project
from interlace.cli.lookup import model_named
from interlace.cli.options import EnvOption, JsonOption, ProjectOption
from interlace.cli.render import echo, print_json, print_table, when
from interlace.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from interlace.contracts.relation import Column
    from interlace.contracts.state import ModelState
    from interlace.model.definition import Model
    from interlace.run.project import Project

__all__ = ["command"]

ModelArg = Annotated[str, typer.Argument(metavar="MODEL", help="A model or seed.")]
WriteOption = Annotated[
    bool, typer.Option("--write", help="Add missing columns and types to the model's sidecar; nothing is overwritten.")
]


def command(
    model: ModelArg,
    write: WriteOption = False,
    project: ProjectOption = None,
    env: EnvOption = None,
    json_: JsonOption = False,
) -> None:
    """Show a model's columns: the types that were published, and what is written of them."""
    with load_project(project, env) as loaded:
        node = model_named(loaded, model)
        state = loaded.store.snapshot(loaded.environment).models.get(node.name)
        recorded = None if state is None else state.columns
        if recorded is None and (write or not node.columns):
            raise UsageError(
                f"Nothing is recorded of {node.name!r} in {loaded.environment} yet: its columns are not known.",
                hint=f"Run it first: interlace run {node.name}",
            )
        written = _write(loaded, node, recorded) if write and recorded is not None else None
        rows = _rows(node, recorded or ())
        if json_:
            print_json(_data(node, state, rows, written))
        else:
            _print(node, state, rows, written)


def _rows(node: Model, recorded: Sequence[Column]) -> list[dict[str, Any]]:
    declared = {c.name.casefold(): c for c in node.columns}
    rows = []
    for column in recorded:
        spec = declared.pop(column.name.casefold(), None)
        rows.append(_row(column.name, column.type, spec))
    return [*rows, *(_row(c.name, None, c) for c in declared.values())]


def _row(name: str, published: str | None, spec: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": published,
        "declared": None if spec is None else spec.type,
        "description": None if spec is None else spec.description,
        "tags": [] if spec is None else list(spec.tags),
        "contract": spec is not None and spec.contract,
    }


def _data(node: Model, state: ModelState | None, rows: list[dict[str, Any]], written: Path | None) -> dict[str, Any]:
    return {
        "model": node.name,
        "description": node.description,
        "relation": None if state is None else state.relation,
        "published_at": None if state is None else state.published_at,
        "columns": rows,
        "written": None if written is None else str(written),
    }


def _print(node: Model, state: ModelState | None, rows: list[dict[str, Any]], written: Path | None) -> None:
    published = (
        "" if state is None or state.published_at is None else f" ({state.relation}, {when(state.published_at)})"
    )
    echo(f"{node.name}{published}")
    if node.description:
        echo(node.description.strip())
    print_table(
        ["column", "type", "declared", "description"],
        [(r["name"], r["type"] or "(not published)", r["declared"], r["description"]) for r in rows],
    )
    if written is not None:
        echo(f"Wrote {written}")


def _write(project: Project, node: Model, recorded: Sequence[Column]) -> Path | None:
    """Fill the sidecar.

    Returns:
        its path, or None where nothing was missing.

    Raises:
        UsageError: the columns are declared elsewhere, and a key may be given only once.
    """
    from pathlib import Path

    from interlace.cli.sidecar import declares_columns, has_sections, with_columns

    path = project.root / (node.sidecar or Path(node.file).with_suffix(".yaml"))
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    alone = sum(n.file == node.file for n in project.graph.nodes.values()) == 1
    named = None if alone and not has_sections(text) else node.name
    if node.columns and not declares_columns(text, model=named):
        raise UsageError(
            f"The columns of {node.name!r} are declared in {node.file}:{node.line}: a sidecar may not give them again.",
            hint="Move them to the sidecar, then write again.",
        )
    changed = with_columns(text, recorded, model=named)
    if changed == text:
        return None
    path.write_text(changed, encoding="utf-8")
    return path.relative_to(project.root)
