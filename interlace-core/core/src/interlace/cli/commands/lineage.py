"""``interlace lineage``."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.context import load_project
from interlace.cli.options import EnvOption, ExcludeOption, JsonOption, ProjectOption, SelectArg, SelectOption
from interlace.cli.render import echo, plural, print_json, print_table
from interlace.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlace.lineage.follow import Followed, Hop, Place
    from interlace.lineage.models import ModelLineage
    from interlace.run.project import Project

__all__ = ["LineageFormat", "app"]

app = typer.Typer(no_args_is_help=True)


class LineageFormat(StrEnum):
    """How ``lineage show`` prints."""

    tree = "tree"
    table = "table"
    json = "json"
    dot = "dot"
    mermaid = "mermaid"


ColumnArg = Annotated[
    str, typer.Argument(metavar="MODEL[.COLUMN]", help="A model, seed or source, or one of its columns.")
]
UpstreamOption = Annotated[bool, typer.Option("--upstream", "-u", help="What it is made of; the default.")]
DownstreamOption = Annotated[bool, typer.Option("--downstream", "-d", help="What is made of it.")]
DepthOption = Annotated[
    int | None, typer.Option("--depth", metavar="N", help="Over at most N models.", show_default=False)
]
FormatOption = Annotated[
    LineageFormat, typer.Option("--format", help="A tree, one edge a line, JSON, or a graph for Graphviz or Mermaid.")
]


@app.command("show")
def show(
    column: ColumnArg,
    upstream: UpstreamOption = False,
    downstream: DownstreamOption = False,
    depth: DepthOption = None,
    format_: FormatOption = LineageFormat.tree,
    project: ProjectOption = None,
    env: EnvOption = None,
    json_: JsonOption = False,
) -> None:
    """Show what columns are made of, and what is made of them."""
    if depth is not None and depth < 1:
        raise UsageError(f"--depth {depth}: at least 1.")
    format_ = LineageFormat.json if json_ else format_
    with load_project(project, env, observed=False) as loaded, loaded.lineage() as models:
        from interlace.lineage import follow
        from interlace.run.columns_named import columns_named

        starts = columns_named(models, column)

        found: dict[str, Followed] = {}
        if upstream or not downstream:
            found["upstream"] = follow.upstream(models, starts, depth)
        if downstream:
            found["downstream"] = follow.downstream(models, starts, depth)
        _print(found, starts, format_)


@app.command("list")
def list_lineage(
    models: SelectArg = None,
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    project: ProjectOption = None,
    env: EnvOption = None,
    json_: JsonOption = False,
) -> None:
    """List what is known of the columns of each model, and what is not."""
    with load_project(project, env, observed=False) as loaded, loaded.lineage() as lineage:
        rows = [_summary(lineage, name) for name in _chosen(loaded, models, select, exclude)]
        if json_:
            print_json(rows)
            return
        print_table(
            ["model", "columns", "edges", "reads", "not known"],
            [(r["model"], r["columns"], r["edges"], ", ".join(r["reads"]), "; ".join(r["unknown"])) for r in rows],
            align="<>><<",
        )


@app.command("refresh")
def refresh(
    models: SelectArg = None,
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    project: ProjectOption = None,
    env: EnvOption = None,
    json_: JsonOption = False,
) -> None:
    """Ask for the columns of sources, follow the columns of models anew, and keep what is found."""
    with load_project(project, env, observed=False) as loaded:
        names = _chosen(loaded, models, select, exclude)
        failed = loaded.ask_columns(names)
        with loaded.lineage() as lineage:
            lineage.cache.forget(names)
            lineage.cache.keep(loaded.graph.nodes)
            rows = [_summary(lineage, name) for name in names]
        partly = [r["model"] for r in rows if r["unknown"]]
        if json_:
            print_json({"models": len(rows), "partly": partly, "not_asked": failed})
            return
        for name, why in failed.items():
            echo(f"{name} could not be asked for its columns: {why}")
        known = "all columns are known" if not partly else f"not all is known of {plural(len(partly), 'model')}"
        echo(f"Followed the columns of {plural(len(rows), 'model')}: {known}.")
        if partly:
            echo("'interlace lineage list' says why.")


def _chosen(
    loaded: Project, models: Sequence[str] | None, select: Sequence[str] | None, exclude: Sequence[str] | None
) -> list[str]:
    chosen = loaded.select([*(models or ()), *(select or ())], list(exclude or ()))
    nodes = loaded.graph.nodes
    return [name for name in loaded.graph.order() if name in chosen and nodes[name].kind in ("sql", "python")]


def _summary(lineage: ModelLineage, name: str) -> dict[str, Any]:
    found = lineage.of(name)
    unknown = dict.fromkeys((*found.unknown, *(reason for c in found.columns for reason in c.unknown)))
    edges = sum(len(e) for e in found.all_edges().values())
    return {
        "model": name,
        "columns": len(found.columns),
        "edges": edges,
        "reads": list(found.reads),
        "unknown": list(unknown),
    }


def _print(found: dict[str, Followed], starts: tuple[Place, ...], format_: LineageFormat) -> None:
    from interlace.lineage.draw import draw_dot, draw_mermaid, draw_tree

    hops = _in_order(found)
    match format_:
        case LineageFormat.json:
            print_json(_data(found, starts))
        case LineageFormat.table:
            print_table(["from", "to", "kind"], [(".".join(h.source), ".".join(h.target), h.kind) for h in hops])
        case LineageFormat.dot:
            echo(draw_dot(hops, starts))
        case LineageFormat.mermaid:
            echo(draw_mermaid(hops, starts))
        case LineageFormat.tree:
            for direction, followed in found.items():
                if len(found) > 1:
                    echo(f"{direction}:")
                echo(draw_tree(followed, "upstream" if direction == "upstream" else "downstream"))
    if format_ in (LineageFormat.tree, LineageFormat.table):
        for line in _unknown(found.values()):
            echo(line)


def _in_order(found: dict[str, Followed]) -> list[Hop]:
    return list(dict.fromkeys(hop for followed in found.values() for hop in followed.hops))


def _unknown(found: Iterable[Followed]) -> list[str]:
    lines = [f"Not known: {name}: {reason}" for f in found for name, said in f.unknown.items() for reason in said]
    return list(dict.fromkeys(lines))


def _data(found: dict[str, Followed], starts: tuple[Place, ...]) -> dict[str, Any]:
    data: dict[str, Any] = {"columns": [_place(p) for p in starts]}
    for direction, followed in found.items():
        data[direction] = [
            {"from": _place(h.source), "to": _place(h.target), "kind": h.kind, "depth": h.depth} for h in followed.hops
        ]
    unknown: dict[str, list[str]] = {}
    for followed in found.values():
        for name, reasons in followed.unknown.items():
            unknown.setdefault(name, []).extend(r for r in reasons if r not in unknown.get(name, []))
    return {**data, "unknown": unknown}


def _place(place: Place) -> dict[str, str]:
    return {"model": place[0], "column": place[1]}
