"""``interlace diff``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from interlace.cli.context import load_project
from interlace.cli.options import EnvOption, JsonOption, ProjectOption
from interlace.cli.render import echo, plural, print_json, print_table, shortened
from interlace.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.run.difference_between import Difference
    from interlace.run.difference_rows import Counts, Sample

__all__ = ["command"]

ROOM: Final = 60
"""How much of a value a column of a table shows; JSON has all of it."""

ModelArg = Annotated[str, typer.Argument(metavar="MODEL", help="A model, seed or source.")]
FromOption = Annotated[
    str | None,
    typer.Option("--from", metavar="ENV", help="What it is compared with. Default: the base environment, prod."),
]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="ENV", help="What is compared. Default: the environment, as --env says.")
]
KeyOption = Annotated[
    str | None, typer.Option("--key", metavar="A,B", help="The columns that identify a row. Default: the model's key.")
]
WholeRowsOption = Annotated[bool, typer.Option("--whole-rows", help="Compare whole rows, although there is a key.")]
ColumnsOption = Annotated[
    str | None, typer.Option("--columns", metavar="A,B", help="Only these columns, and the key.", show_default=False)
]
LeaveOutOption = Annotated[
    str | None, typer.Option("--exclude", metavar="A,B", help="All columns but these.", show_default=False)
]
ToleranceOption = Annotated[
    float, typer.Option("--tolerance", metavar="X", help="How far two floats may lie apart and count as equal.")
]
WhereOption = Annotated[
    str | None, typer.Option("--where", metavar="SQL", help="Only rows for which this holds.", show_default=False)
]
SampleOption = Annotated[int, typer.Option("--sample", "-n", metavar="N", help="Show so many rows of each sort.")]


def command(
    model: ModelArg,
    from_: FromOption = None,
    to: ToOption = None,
    key: KeyOption = None,
    whole_rows: WholeRowsOption = False,
    columns: ColumnsOption = None,
    exclude: LeaveOutOption = None,
    tolerance: ToleranceOption = 0.0,
    where: WhereOption = None,
    sample: SampleOption = 5,
    project: ProjectOption = None,
    env: EnvOption = None,
    json_: JsonOption = False,
) -> int:
    """Compare a model between two environments: columns, rows, values. Exits with 1 when it differs. Reads only."""
    from interlace.cli.lookup import node_named
    from interlace.run.difference_between import Compare

    asked = Compare(
        key=_names("--key", key),
        whole_rows=whole_rows,
        columns=_names("--columns", columns),
        exclude=_names("--exclude", exclude),
        tolerance=tolerance,
        where=where,
        sample=sample,
    )
    with load_project(project, to or env) as here:
        first = from_ or here.config.config.base_environment
        if first == here.environment:
            raise UsageError(f"Both sides are {first!r}.", hint="Name another environment with --from or --to.")
        node = node_named(here, model)
        with load_project(here.root, first) as there:
            found = here.difference(node.name, there, asked)
    if json_:
        print_json(difference_data(found))
    else:
        _print(found)
    return 0 if found.equal else 1


def _names(option: str, given: str | None) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in (given or "").split(",") if name.strip()))
    if given is not None and not names:
        raise UsageError(f"{option} names no column.")
    return names


# --- as data ----------------------------------------------------------------------------------------------------------


def difference_data(found: Difference) -> dict[str, Any]:
    """A difference as plain JSON values."""
    first, second = found.environments
    return {
        "model": found.model,
        "equal": found.equal,
        "from": {"environment": first, "relation": found.relations[0]},
        "to": {"environment": second, "relation": found.relations[1]},
        "same_relation": found.one,
        "key": list(found.key),
        "columns": {
            "only_from": [{"name": c.name, "type": c.type} for c in found.columns.removed],
            "only_to": [{"name": c.name, "type": c.type} for c in found.columns.added],
            "types": [{"name": name, "from": old, "to": new} for name, old, new in found.columns.types],
        },
        "rows": None if found.counts is None else _counts_data(found.counts),
        "samples": {
            "only_from": [_sample_data(row) for row in found.removed],
            "only_to": [_sample_data(row) for row in found.added],
            "changed": [_sample_data(row) for row in found.changed],
        },
    }


def _counts_data(counts: Counts) -> dict[str, Any]:
    return {
        "from": counts.before,
        "to": counts.after,
        "only_from": counts.removed,
        "only_to": counts.added,
        "changed": counts.changed,
        "equal": _equal(counts),
        "changed_columns": dict(counts.columns),
    }


def _sample_data(row: Sample) -> dict[str, Any]:
    if row.changed:
        changed = {name: {"from": old, "to": new} for name, (old, new) in row.changed.items()}
        return {"key": dict(row.values), "changed": changed}
    return {"values": dict(row.values), "times": row.times}


def _equal(counts: Counts) -> int:
    return counts.after - counts.added - (counts.changed or 0)


# --- as text ----------------------------------------------------------------------------------------------------------


def _print(found: Difference) -> None:
    first, second = found.environments
    if found.one or found.counts is None:
        echo(f"{found.model}: {first} and {second} read the same relation, {found.relations[0]}.")
        return
    by = f"by {', '.join(found.key)}" if found.key else "as whole rows"
    echo(f"{found.model}: {first} ({found.relations[0]}) → {second} ({found.relations[1]}), {by}")
    _print_columns(found)
    echo(f"rows: {found.counts.before:,} → {found.counts.after:,}: {_rows_text(found.counts, first, second)}")
    if found.counts.columns:
        print_table(["column", "rows changed"], found.counts.columns.items(), align="<>")
    _print_rows(f"only in {first}", found.removed, found.counts.removed)
    _print_rows(f"only in {second}", found.added, found.counts.added)
    _print_changed(found)
    if found.equal:
        echo("No difference.")


def _print_columns(found: Difference) -> None:
    first, second = found.environments
    for environment, columns in ((first, found.columns.removed), (second, found.columns.added)):
        for column in columns:
            echo(f"column {column.name} {column.type}: only in {environment}")
    for name, old, new in found.columns.types:
        echo(f"column {name}: {old} in {first}, {new} in {second}")


def _rows_text(counts: Counts, first: str, second: str) -> str:
    said = [f"{counts.removed:,} only in {first}"] if counts.removed else []
    said += [f"{counts.added:,} only in {second}"] if counts.added else []
    said += [f"{counts.changed:,} changed"] if counts.changed else []
    return ", ".join([*said, f"{_equal(counts):,} equal"])


def _print_rows(title: str, rows: Sequence[Sample], total: int) -> None:
    if not rows:
        return
    echo()
    echo(_title(title, sum(row.times for row in rows), total))
    often = ["rows"] if any(row.times > 1 for row in rows) else []
    cells = [[*map(_text, row.values.values()), *([row.times] if often else [])] for row in rows]
    print_table([*rows[0].values, *often], cells)


def _print_changed(found: Difference) -> None:
    if not found.changed or found.counts is None:
        return
    echo()
    echo(_title("changed", len(found.changed), found.counts.changed or 0))
    rows = [
        [*map(_text, row.values.values()), name, _text(old), _text(new)]
        for row in found.changed
        for name, (old, new) in row.changed.items()
    ]
    print_table([*found.key, "column", *found.environments], rows)


def _title(what: str, shown: int, total: int) -> str:
    return f"{what}:" if shown >= total else f"{what} ({shown:,} of {plural(total, 'row')}):"


def _text(value: object) -> str:
    return "NULL" if value is None else shortened(str(value), ROOM)
