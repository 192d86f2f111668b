"""The statements about the markers of loads that are not idempotent: ``_interlace.commits``.

A backend without schemas has one table ``_interlace_commits``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from interlace.contracts.connection import Marker
from interlace.contracts.relation import Relation
from interlace_ibis.quoting import identifier, literal, qualified

__all__ = ["SCHEMA", "Markers", "markers_of"]

SCHEMA: Final = "_interlace"

_NUMBER: Final = {
    "mysql": "BIGINT AUTO_INCREMENT PRIMARY KEY",
    "postgres": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    "sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT",
}


class Markers:
    """The statements in one dialect.

    Args:
        dialect: sqlglot's name of it.
        schemas: whether there are schemas.
    """

    def __init__(self, dialect: str, *, schemas: bool) -> None:
        self._dialect = dialect
        self.relation = Relation("commits", SCHEMA) if schemas else Relation("_interlace_commits", "main")
        self._name = qualified(self.relation, dialect)
        self._words = [identifier(w, dialect) for w in ("target", "attempt", "run", "interval")]

    def make(self) -> str:
        """Make the table unless it is there."""
        target, attempt, run, interval = self._words
        text = "VARCHAR(255)" if self._dialect == "mysql" else "TEXT"
        end = " ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" if self._dialect == "mysql" else ""
        number = f"{identifier('number', self._dialect)} {_NUMBER[self._dialect]}"
        return (
            f"CREATE TABLE IF NOT EXISTS {self._name} ({number}, {target} {text} NOT NULL, "
            f"{attempt} {text} NOT NULL, {run} {text} NOT NULL, {interval} {text}, "
            f"{identifier('committed_at', self._dialect)} TIMESTAMP DEFAULT CURRENT_TIMESTAMP){end}"
        )

    def insert(self, marker: Marker) -> str:
        """Leave a marker."""
        given = (marker.target, marker.attempt, marker.run, marker.interval)
        values = ", ".join(literal(value, self._dialect) for value in given)
        return f"INSERT INTO {self._name} ({', '.join(self._words)}) VALUES ({values})"

    def read(self) -> str:
        """All of them, oldest first."""
        return f"SELECT {', '.join(self._words)} FROM {self._name} ORDER BY {identifier('number', self._dialect)}"

    def forget(self, attempts: Sequence[str]) -> str:
        """Delete those of some attempts."""
        listed = ", ".join(literal(attempt, self._dialect) for attempt in attempts)
        return f"DELETE FROM {self._name} WHERE {self._words[1]} IN ({listed})"


def markers_of(rows: Iterable[tuple[Any, ...]]) -> list[Marker]:
    """The markers in the rows of `Markers.read`."""
    return [Marker(*row) for row in rows]
