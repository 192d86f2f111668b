"""The statements about ``_interlace.commits``, the table of loads that are not idempotent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from interlace.contracts.connection import Marker
from interlace_duckdb.quoting import literal

__all__ = ["EXISTS", "MAKE", "READ", "forget", "insert", "markers_of"]

MAKE: Final = (
    'CREATE SCHEMA IF NOT EXISTS "_interlace"; '
    'CREATE TABLE IF NOT EXISTS "_interlace"."commits" ("target" VARCHAR NOT NULL, "attempt" VARCHAR NOT NULL, '
    '"run" VARCHAR NOT NULL, "interval" VARCHAR, "committed_at" TIMESTAMPTZ NOT NULL DEFAULT now())'
)

EXISTS: Final = (
    "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() "
    "AND schema_name = '_interlace' AND table_name = 'commits'"
)

READ: Final = 'SELECT "target", "attempt", "run", "interval" FROM "_interlace"."commits" ORDER BY "committed_at", rowid'


def insert(marker: Marker) -> str:
    """The statement that leaves a marker."""
    values = ", ".join(literal(v) for v in (marker.target, marker.attempt, marker.run, marker.interval))
    return f'INSERT INTO "_interlace"."commits" ("target", "attempt", "run", "interval") VALUES ({values})'


def forget(attempts: Sequence[str]) -> str:
    """The statement that deletes the markers of these attempts."""
    return f'DELETE FROM "_interlace"."commits" WHERE "attempt" IN ({", ".join(literal(a) for a in attempts)})'


def markers_of(rows: Iterable[tuple[Any, ...]]) -> list[Marker]:
    """The markers in the rows of `READ`."""
    return [Marker(*row) for row in rows]
