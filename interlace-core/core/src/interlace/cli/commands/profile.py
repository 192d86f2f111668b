"""``interlace profile``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.context import load_project
from interlace.cli.options import EnvOption, JsonOption, ProjectOption
from interlace.cli.render import echo, plural, print_json, print_table
from interlace.errors import UsageError

if TYPE_CHECKING:
    from interlace.run.profile import ColumnProfile, Profile

__all__ = ["command"]

ModelArg = Annotated[str, typer.Argument(metavar="MODEL", help="A model, seed or source.")]
ColumnsOption = Annotated[
    str | None, typer.Option("--columns", metavar="A,B", help="Only these columns.", show_default=False)
]


def command(
    model: ModelArg,
    columns: ColumnsOption = None,
    project: ProjectOption = None,
    env: EnvOption = None,
    json_: JsonOption = False,
) -> None:
    """Describe the data of a model as it is published: nulls, distinct values, ranges, quantiles. Reads only."""
    from interlace.cli.lookup import node_named

    only = [name.strip() for name in (columns or "").split(",") if name.strip()]
    if columns is not None and not only:
        raise UsageError("--columns names no column.")
    with load_project(project, env) as loaded:
        node = node_named(loaded, model)
        found = loaded.profile(node.name, only)
        if json_:
            print_json({"model": node.name, **_data(found)})
        else:
            _print(node.name, found)


def _data(found: Profile) -> dict[str, Any]:
    return {
        "relation": found.relation,
        "at": found.at.isoformat(),
        "rows": found.rows,
        "columns": [asdict(column) for column in found.columns],
    }


def _print(name: str, found: Profile) -> None:
    echo(f"{name}: {plural(found.rows, 'row')}, {plural(len(found.columns), 'column')}")
    headers = ["column", "type", "nulls", "distinct", "min", "max", "mean", "stddev", "median", "most frequent"]
    print_table(headers, [_row(column) for column in found.columns], align="<<>><<>>><")
    if any(column.estimated for column in found.columns):
        echo("~ is an estimate")


def _row(column: ColumnProfile) -> tuple[str, ...]:
    share = "" if not column.nulls or column.null_fraction is None else f" ({column.null_fraction:.1%})"
    return (
        column.name,
        column.type,
        f"{column.nulls:,}{share}",
        f"{'~' if 'distinct' in column.estimated else ''}{column.distinct:,}",
        _text(column.min),
        _text(column.max),
        _number(column.mean),
        _number(column.stddev),
        _number(column.quantiles.get("0.5"), "~" if "quantiles" in column.estimated else ""),
        ", ".join(_text(value) for value in column.top),
    )


def _text(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 24 else f"{text[:23]}…"  # noqa: PLR2004  what a column of the table has room for


def _number(value: float | None, mark: str = "") -> str:
    return "" if value is None else f"{mark}{value:.6g}"
