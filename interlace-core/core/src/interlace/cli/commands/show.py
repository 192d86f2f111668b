"""``interlace show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.context import load_project
from interlace.cli.options import EnvOption, JsonOption, ProjectOption, VarOption
from interlace.cli.render import echo, plural, print_json, print_table
from interlace.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.relation import Column

__all__ = ["command"]

ModelArg = Annotated[str | None, typer.Argument(metavar="MODEL", help="A model, seed or source.", show_default=False)]
SqlOption = Annotated[str | None, typer.Option("--sql", metavar="QUERY", help="A query; models go by their names.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", metavar="N", help="At most so many rows.")]
ConnectionOption = Annotated[str | None, typer.Option("--connection", "-c", metavar="NAME", help="Where --sql runs.")]
CompiledOption = Annotated[bool, typer.Option("--compiled", help="Print the SQL that runs, instead of rows.")]

NUMBERS = ("INT", "DECIMAL", "NUMERIC", "DOUBLE", "FLOAT", "REAL", "HUGEINT")


def command(
    model: ModelArg = None,
    sql: SqlOption = None,
    limit: LimitOption = 20,
    connection: ConnectionOption = None,
    compiled: CompiledOption = False,
    project: ProjectOption = None,
    env: EnvOption = None,
    var: VarOption = None,
    json_: JsonOption = False,
) -> None:
    """Show rows of a model as it is published, or of a query over models. Reads only."""
    if (model is None) == (sql is None):
        raise UsageError(
            "Give either a MODEL or --sql.", hint="interlace show orders, or interlace show --sql 'FROM orders'"
        )
    if limit < 0:
        raise UsageError(f"--limit {limit}: at least 0.")
    if compiled and model is None:
        raise UsageError("--compiled needs a MODEL.")
    with load_project(project, env, var) as loaded:
        if model is not None:
            from interlace.cli.lookup import node_named, node_or_beside

            if compiled:
                name = node_named(loaded, model).name
                text = loaded.compiled(name)
                print_json({"model": name, "sql": text}) if json_ else echo(text)
                return
            parts, where = node_or_beside(loaded, model)
            sql, connection = f"SELECT * FROM {'.'.join(map(_quoted, parts))}", connection or where
        columns, rows = loaded.query(sql or "", connection=connection, limit=limit)
        most = loaded.config.connection(connection).policy.adhoc.max_rows
        _print(columns, rows, limit=limit, most=most, as_json=json_)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _print(
    columns: Sequence[Column], rows: Sequence[tuple[Any, ...]], *, limit: int, most: int | None, as_json: bool
) -> None:
    names = [c.name for c in columns]
    if as_json:
        print_json(
            {
                "columns": [{"name": c.name, "type": c.type} for c in columns],
                "rows": [dict(zip(names, row, strict=True)) for row in rows],
            }
        )
        return
    sides = "".join(
        ">" if c.type.upper().lstrip("U").startswith(NUMBERS) or "INT" in c.type.upper() else "<" for c in columns
    )
    print_table(names, [["NULL" if v is None else v for v in row] for row in rows], align=sides)
    echo(f"({plural(len(rows), 'row')}{_bound(len(rows), limit, most)})")


def _bound(rows: int, limit: int, most: int | None) -> str:
    """Why there are not more rows, where that may be so."""
    if rows == limit:
        return ", there may be more"
    return ", which is all that the connection allows" if rows == most else ""
