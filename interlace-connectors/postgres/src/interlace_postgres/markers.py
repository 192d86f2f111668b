"""The statements about ``_interlace.commits``, the table of loads that are not idempotent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from interlace.contracts.connection import Marker
from interlace_postgres.quoting import literal, texts

__all__ = ["EXISTS", "MAKE", "READ", "forget", "insert", "markers_of"]

MAKE: Final = (
    'CREATE SCHEMA IF NOT EXISTS "_interlace"; '
    'CREATE TABLE IF NOT EXISTS "_interlace"."commits" ('
    "number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
    "target text NOT NULL, attempt text NOT NULL, run text NOT NULL, "
    '"interval" text, fence bigint, committed_at timestamptz NOT NULL DEFAULT clock_timestamp())'
)

EXISTS: Final = 'SELECT 1 WHERE to_regclass(\'"_interlace"."commits"\') IS NOT NULL'

READ: Final = 'SELECT target, attempt, run, "interval" FROM "_interlace"."commits" ORDER BY number'


def insert(marker: Marker, fence: int | None) -> str:
    """The statement that leaves a marker."""
    values = ", ".join(literal(v) for v in (marker.target, marker.attempt, marker.run, marker.interval, fence))
    return f'INSERT INTO "_interlace"."commits" (target, attempt, run, "interval", fence) VALUES ({values})'


def forget(attempts: Sequence[str]) -> str:
    """The statement that deletes the markers of these attempts."""
    return f'DELETE FROM "_interlace"."commits" WHERE attempt = ANY({texts(attempts)})'


def markers_of(rows: Iterable[tuple[Any, ...]]) -> list[Marker]:
    """The markers in the rows of `READ`."""
    return [Marker(*row) for row in rows]
