"""``interlace impact``."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.context import load_project
from interlace.cli.options import EnvOption, JsonOption, ProjectOption
from interlace.cli.render import amount, echo, plural, print_json, print_table
from interlace.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from interlace.lineage.impact import Affected, Spot
    from interlace.lineage.naming import Naming
    from interlace.run.impact import Impact

__all__ = ["ImpactFormat", "command"]


class ImpactFormat(StrEnum):
    """How ``impact`` prints."""

    tree = "tree"
    table = "table"
    json = "json"
    markdown = "markdown"


ColumnArg = Annotated[
    str, typer.Argument(metavar="MODEL[.COLUMN]", help="A model, seed or source, or one of its columns.")
]
DepthOption = Annotated[
    int | None, typer.Option("--depth", metavar="N", help="Over at most N models.", show_default=False)
]
FormatOption = Annotated[
    ImpactFormat, typer.Option("--format", help="A tree, one path a line, JSON, or Markdown for a review.")
]


def command(
    column: ColumnArg,
    depth: DepthOption = None,
    format_: FormatOption = ImpactFormat.tree,
    project: ProjectOption = None,
    env: EnvOption = None,
    json_: JsonOption = False,
) -> None:
    """Show what depends on a column: columns and rows of other models, checks, exports, keys and indexes."""
    if depth is not None and depth < 1:
        raise UsageError(f"--depth {depth}: at least 1.")
    if json_ and format_ not in (ImpactFormat.tree, ImpactFormat.json):
        raise UsageError(f"--json and --format {format_} exclude each other.")
    with load_project(project, env, observed=False) as loaded:
        found = loaded.impact(column, depth=depth)
        match ImpactFormat.json if json_ else format_:
            case ImpactFormat.json:
                print_json(_data(found))
            case ImpactFormat.markdown:
                echo(_markdown(column, found))
            case ImpactFormat.table:
                _print_table(found)
            case ImpactFormat.tree:
                _print_tree(found)


def _print_tree(found: Impact) -> None:
    below: dict[Spot, list[Affected]] = {}
    for affected in _certain(found):
        below.setdefault(affected.came_from, []).append(affected)
    # What was found is a tree: each is below the one that its path comes from.
    starts: list[Spot] = list(dict.fromkeys([*found.columns, *(a.start for a in _certain(found))]))
    todo = [(_shown(spot), spot, "") for spot in reversed(starts)]
    while todo:
        line, spot, lower = todo.pop()
        echo(line)
        children = below.get(spot, [])
        for last, child in zip([True] + [False] * len(children), reversed(children), strict=False):
            said = f"{_shown(child.spot)}  {_kind(child)}  {_place(found, child)}"
            todo.append(
                (f"{lower}{'└── ' if last else '├── '}{said}", child.spot, lower + ("    " if last else "│   "))
            )
    _print_rest(found)


def _print_table(found: Impact) -> None:
    print_table(
        ["affected", "kind", "read in", "path"],
        [(_shown(a.spot), _kind(a), _place(found, a), path_text(a)) for a in _certain(found)],
    )
    _print_rest(found)


def _print_rest(found: Impact) -> None:
    """What tree and table have in common: what is not certain, what names the columns, and the sum."""
    if may := _uncertain(found):
        echo("May be affected:")
        for affected in may:
            echo(f"  {_shown(affected.spot)}  {_place(found, affected)}  {'; '.join(affected.reasons)}")
    if found.namings:
        echo("Named by:")
        for naming in found.namings:
            echo(f"  {_whose(naming)}  {naming.what} {_line(naming.text)}  {naming.file}:{naming.line}")
    echo(_sum(found))


def _sum(found: Impact) -> str:
    models = list(dict.fromkeys(a.spot[0] for a in _certain(found)))
    more = {a.spot[0] for a in _uncertain(found)} - set(models)
    if not models:
        return f"Perhaps {_are_affected(more)}." if more else "No other model depends on it."
    may = f", and perhaps {amount(len(more))} more" if more else ""
    return f"{_are_affected(models)}{may}."


def _are_affected(models: Collection[str]) -> str:
    return f"{plural(len(models), 'model')} {'is' if len(models) == 1 else 'are'} affected"


def _markdown(word: str, found: Impact) -> str:
    from interlace.cli.markdown import code, table

    blocks = [f"### What {code(word)} touches\n", f"{_sum(found)}\n"]
    if rows := [
        (code(_shown(a.spot)), code(_kind(a)), code(_place(found, a)), code(path_text(a))) for a in _certain(found)
    ]:
        blocks.append(table(["affected", "kind", "read in", "path"], rows))
    if rows := [
        (code(_shown(a.spot)), code(_place(found, a)), code("; ".join(a.reasons)), code(path_text(a)))
        for a in _uncertain(found)
    ]:
        blocks.append(table(["may be affected", "read in", "why", "path"], rows))
    if named := [(code(_whose(n)), n.what, code(n.text), code(f"{n.file}:{n.line}")) for n in found.namings]:
        blocks.append(table(["named", "by", "which", "in"], named))
    return "\n".join(blocks).rstrip()


def path_text(affected: Affected) -> str:
    """``orders.amount -> daily.revenue (aggregated) -> report.total (renamed)``."""
    steps = [f"{_shown(s.spot)} ({s.kind})" if s.kind != "rows" else _shown(s.spot) for s in affected.path]
    return " -> ".join([_shown(affected.start), *steps])


def _certain(found: Impact) -> list[Affected]:
    return [a for a in found.affected if not a.reasons]


def _uncertain(found: Impact) -> list[Affected]:
    return [a for a in found.affected if a.reasons]


def _shown(spot: Spot) -> str:
    model, column = spot
    return f"rows of {model}" if column is None else f"{model}.{column}"


def _kind(affected: Affected) -> str:
    return affected.path[-1].kind


def _whose(naming: Naming) -> str:
    return naming.model if naming.column is None else f"{naming.model}.{naming.column}"


def _line(text: str) -> str:
    return " ".join(text.split())


def _place(found: Impact, affected: Affected) -> str:
    file, line = found.places[affected.spot]
    return f"{file}:{line}"


def _data(found: Impact) -> dict[str, Any]:
    return {
        "columns": [{"model": model, "column": column} for model, column in found.columns],
        "affected": [_affected(found, a) for a in _certain(found)],
        "may_be_affected": [{**_affected(found, a), "reasons": list(a.reasons)} for a in _uncertain(found)],
        "named": list(_named(found.namings)),
    }


def _affected(found: Impact, affected: Affected) -> dict[str, Any]:
    model, column = affected.spot
    file, line = found.places[affected.spot]
    start: dict[str, Any] = {"model": affected.start[0], "column": affected.start[1]}
    return {
        "model": model,
        "column": column,
        "kind": _kind(affected),
        "rows": affected.rows,
        "depth": len(affected.path),
        "file": file,
        "line": line,
        "path": [start, *({"model": s.model, "column": s.column, "kind": s.kind} for s in affected.path)],
    }


def _named(namings: Sequence[Naming]) -> Iterator[dict[str, Any]]:
    for n in namings:
        yield {
            "model": n.model,
            "column": n.column,
            "what": n.what,
            "text": n.text,
            "declared_by": n.owner,
            "file": n.file,
            "line": n.line,
        }
