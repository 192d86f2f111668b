"""What the schema modes refuse, and how it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.contracts.load import SchemaMode
from interlace.errors import InvalidModel, UnsupportedCapability
from interlace.schema.compare import columns_by_name
from interlace.schema.modes import Difference, allowing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.load import LoadSpec
    from interlace.contracts.options import Options
    from interlace.contracts.relation import Column, Relation

__all__ = [
    "both_types",
    "difference_of",
    "hint_for_values",
    "missing",
    "of_values",
    "refusal",
    "refuse_changes",
    "refuse_lenient",
    "refuse_reserved",
]


def difference_of(stored: Column, column: Column, dialect: str) -> tuple[Difference | None, str | None]:
    """How the types of a column differ, and the type that holds both; None for the same type."""
    from interlace.schema.joining import joined
    from interlace.schema.sql_types import same_type

    if same_type(stored.type, column.type, dialect):
        return None, stored.type
    common = joined(stored.type, column.type, dialect)
    if common is None:
        return Difference.OTHER, None
    return (Difference.HELD if same_type(common, stored.type, dialect) else Difference.WIDER), common


def refuse_changes(target: Relation, stored: Sequence[Column], made: Sequence[Column], dialect: str) -> None:
    """Refuse any difference between the columns of a table and those that it would get: ``strict`` where it is replaced.

    Raises:
        InvalidModel: as `evolve` does under ``strict``.
    """
    differing: list[tuple[str, Difference]] = []
    there, new = columns_by_name(stored), columns_by_name(made)
    for name, column in new.items():
        if name not in there:
            differing.append((f"column {column.name!r} ({column.type}) is not in the table", Difference.NEW))
        elif (difference := difference_of(there[name], column, dialect)[0]) is not None:
            differing.append((both_types(there[name], column, difference), difference))
    differing += [(missing(column), Difference.MISSING) for name, column in there.items() if name not in new]
    if differing:
        # Where the table is replaced every other mode lets the query's columns win.
        raise refusal(target, SchemaMode.STRICT, [(said, Difference.NEW) for said, _ in differing])


def refuse_reserved(spec: LoadSpec[Options], own: frozenset[str]) -> None:
    """Refuse a batch that has a column which the strategy keeps for itself; `own` in lower case."""
    taken = [column.name for column in spec.source_columns or () if column.name.casefold() in own]
    if taken:
        raise InvalidModel(
            f"The batch for {spec.target} has the column {taken[0]!r}, which the strategy itself keeps in the table",
            hint="Leave it out of the model, or give it another name there.",
            model=spec.target.name,
        )


def refuse_lenient(spec: LoadSpec[Options]) -> None:
    """Refuse ``lenient`` where the session cannot ``TRY_CAST``."""
    if spec.schema_mode is SchemaMode.LENIENT and not spec.capabilities.try_cast:
        raise UnsupportedCapability(
            f"{spec.target} has 'schema_mode: lenient', which needs TRY_CAST, and its connection has none",
            hint="Use 'schema_mode: flexible', where a value that does not fit ends the load.",
            model=spec.target.name,
        )


def refusal(target: Relation, mode: SchemaMode, refused: Sequence[tuple[str, Difference]]) -> InvalidModel:
    """The error that names each refused column, and the mode that would allow them all."""
    modes = list(SchemaMode)
    needed = max((allowing(difference) for _, difference in refused), key=modes.index)
    losing = any(difference is Difference.OTHER for _, difference in refused)
    does = "casts the values and refuses those that do not fit" if losing else "follows the batch where nothing is lost"
    return InvalidModel(
        f"The batch does not fit the table {target} under 'schema_mode: {mode}', nothing was written: "
        f"{'; '.join(said for said, _ in refused)}.",
        hint=f"'schema_mode: {needed}' {does}; or give the columns in the model the names and types of the table.",
        model=target.name,
    )


def missing(stored: Column) -> str:
    """Says that the batch lacks a column."""
    return f"column {stored.name!r} ({stored.type}) is not in the batch"


def both_types(stored: Column, column: Column, difference: Difference) -> str:
    """Says how a column's types differ."""
    how = {Difference.HELD: "narrower", Difference.WIDER: "wider"}.get(difference, "another type")
    return f"column {stored.name!r} is {stored.type} in the table and {column.type} in the batch ({how})"


def of_values(spec: LoadSpec[Options], stored: Column, column: Column) -> str:
    """The beginning of a message that is formatted later: braces of names are doubled."""
    said = f"Column {stored.name!r} of {spec.target} is {stored.type} in the table and {column.type} in the batch"
    return said.replace("{", "{{").replace("}", "}}")


def hint_for_values(spec: LoadSpec[Options]) -> str:
    """What to do about values that do not fit."""
    if not spec.capabilities.try_cast:
        return "Correct the values, or cast the column in the model."
    return "'schema_mode: lenient' makes such values NULL and counts them; or cast the column in the model."
