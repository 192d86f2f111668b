"""Finding the columns that options name."""

from __future__ import annotations

from collections.abc import Iterable

from interlace.errors import InvalidModel, did_you_mean

__all__ = ["spelt"]


def spelt(names: Iterable[str], known: Iterable[str], what: str, model: str) -> tuple[str, ...]:
    """The names as the columns are spelt; case does not matter.

    Args:
        names: as an option gives them.
        known: the columns there are.
        what: which option it is, for the message.
        model: the model's name.

    Raises:
        InvalidModel: one is no column: says the nearest.
    """
    columns = list(known)
    found: list[str] = []
    for name in names:
        exact = next((c for c in columns if c == name), None)
        match = exact or next((c for c in columns if c.casefold() == name.casefold()), None)
        if match is None:
            near = did_you_mean(name, columns, label="Columns")
            raise InvalidModel(
                f"{model} has no column {name!r}, which its {what} names", hint=near or None, model=model
            )
        found.append(match)
    return tuple(found)
