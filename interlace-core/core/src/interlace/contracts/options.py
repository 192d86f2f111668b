"""The base of every plugin's own options, and the kinds of value that several plugins take."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

__all__ = ["Columns", "Options"]


class Options(BaseModel):
    """Options of a connection, strategy, check or exporter: unknown keys are errors, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=False)


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _all_different(names: tuple[str, ...]) -> tuple[str, ...]:
    if len({name.casefold() for name in names}) < len(names):
        raise ValueError(f"names a column twice: {', '.join(names)}")
    return names


Columns = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_as_list, json_schema_input_type=str | list[str]),
    Field(min_length=1),
    AfterValidator(_all_different),
]
"""One name or a list of them, which differ by more than their case."""
