"""What a model promises of its columns: ``columns: {id: {type: BIGINT, contract: true}}``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.errors import did_you_mean
from interlace.schema.compare import columns_by_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlace.contracts.relation import Column
    from interlace.model.definition import ColumnSpec

__all__ = ["drifts", "violations"]


def violations(specs: Iterable[ColumnSpec], columns: Sequence[Column], dialect: str) -> list[str]:
    """Say where a relation breaks its contract: one sentence for each column, in the order of the contract.

    A column under contract must be there, and have its type where one is given; ``INT`` and ``INTEGER`` are the same.

    Args:
        specs: the model's ``columns:``; those without ``contract: true`` promise nothing.
        columns: the columns of the relation.
        dialect: sqlglot's name of the dialect that the types are written in.
    """
    found = columns_by_name(columns)
    said = (_violation(spec, found.get(spec.name.casefold()), columns, dialect) for spec in specs if spec.contract)
    return [sentence for sentence in said if sentence is not None]


def drifts(specs: Iterable[ColumnSpec], columns: Sequence[Column], dialect: str) -> list[str]:
    """Say where a relation's columns are not what is declared without a contract: nothing is refused.

    Rows are given the declared types; a table that keeps its rows need not have them.

    Args:
        specs: the model's ``columns:``; those under contract are judged by `violations`.
        columns: the columns of the relation.
        dialect: sqlglot's name of the dialect that the types are written in.
    """
    found = columns_by_name(columns)
    said = (_drift(spec, found.get(spec.name.casefold()), columns, dialect) for spec in specs if not spec.contract)
    return [sentence for sentence in said if sentence is not None]


def _drift(spec: ColumnSpec, column: Column | None, columns: Sequence[Column], dialect: str) -> str | None:
    if column is None:
        near = did_you_mean(spec.name, [c.name for c in columns], label="Columns")
        return f"there is no column {spec.name!r}, which 'columns' declares. {near}".rstrip()
    from interlace.schema.declared import is_declared

    if is_declared(spec, column, dialect):
        return None
    return (
        f"column {spec.name!r} is {column.type} in what is published, and 'columns' declares {spec.type}: a table that "
        "keeps its rows changes its types as its 'schema_mode' says"
    )


def _violation(spec: ColumnSpec, column: Column | None, columns: Sequence[Column], dialect: str) -> str | None:
    from interlace.schema.sql_types import same_type

    if column is None:
        promised = f" ({spec.type})" if spec.type else ""
        near = did_you_mean(spec.name, [c.name for c in columns], label="Columns")
        return f"column {spec.name!r}{promised} is missing. {near}".rstrip()
    if spec.type is None or same_type(spec.type, column.type, dialect):
        return None
    return f"column {spec.name!r} is {column.type}, its contract says {spec.type}"
