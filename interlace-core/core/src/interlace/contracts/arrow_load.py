"""Why batches of Arrow make no table (`Session.load_arrow`): what every engine says alike."""

from __future__ import annotations

from interlace.errors import ModelFailed

__all__ = ["no_columns", "no_common_type", "nothing_given"]


def nothing_given() -> ModelFailed:
    """There is neither a batch nor a schema."""
    return ModelFailed(
        "The model gave no rows and no schema, so there is no table to make.",
        hint="Declare the model's 'columns' with their types, or return a table that has them.",
    )


def no_columns() -> ModelFailed:
    """A batch, or the schema, has no column."""
    return ModelFailed("The model gave rows without columns, so there is no table to make.")


def no_common_type(column: str, before: str, now: str, first: object) -> ModelFailed:
    """A column's type in later batches fits that of the first ones in no way.

    Args:
        column: its name.
        before: its type in the first rows, in the engine's words.
        now: its type in later ones.
        first: the first of the two as Arrow has it.
    """
    return ModelFailed(
        f"Column {column!r} has the type {before} in the first rows and {now} in later ones; no type holds both.",
        hint=f"Convert the values, or declare the column's type under 'columns'. Its first type: {first}.",
    )
