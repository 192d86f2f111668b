"""Which migrations were applied: in ``_interlace.migrations`` of the database that they changed, with the data.

A migration and its row commit together, and a database that is restored from a backup knows how far it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from interlace.contracts.relation import Relation

if TYPE_CHECKING:
    from interlace.contracts.connection import Session

__all__ = ["OWN", "Entry", "entries", "forget", "forget_all", "keep", "make_table"]

OWN: Final = "_interlace"
_TABLE: Final = Relation("migrations", OWN)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one migration in one database.

    Attributes:
        namespace: what the environment puts before its schemas there, or the schema that is its own; a copy of a
            production file is the copy's production, whatever the environment is called.
        number: of the migration.
        name: of its file, without suffix, as it was then.
        checksum: of its file then.
        state: ``applied``; or which direction was begun and did not end, where that is no transaction.
        at: when, UTC, as ISO 8601.
        run: that did it.
        done: how many statements were done of one that did not end.
        total: how many it has; None where that is not known.
        schemas: that it made.
    """

    namespace: str
    number: int
    name: str
    checksum: str
    state: Literal["applied", "up", "down"]
    at: str
    run: str
    done: int = 0
    total: int | None = None
    schemas: tuple[str, ...] = ()


def make_table(session: Session) -> None:
    """Make the table unless it is there; not inside a transaction."""
    session.create_schema(OWN)
    if not _there(session):
        session.execute(
            f"CREATE TABLE IF NOT EXISTS {session.name(_TABLE)} (namespace VARCHAR(255) NOT NULL, number INTEGER NOT NULL, "
            "name VARCHAR(255) NOT NULL, applied_at VARCHAR(40) NOT NULL, facts VARCHAR(4000) NOT NULL)"
        )


def entries(session: Session, namespace: str) -> dict[int, Entry]:
    """What is known of one namespace, by number; nothing is made by asking."""
    if not _there(session):
        return {}
    rows = session.fetch(
        f"SELECT facts FROM {session.name(_TABLE)} WHERE namespace = {_literal(session, namespace)} ORDER BY number"
    )
    return {one.number: one for one in (_entry(json.loads(facts)) for (facts,) in rows)}


def keep(session: Session, entry: Entry) -> None:
    """Put one in the place of what was known of its number."""
    forget(session, entry.namespace, [entry.number])
    facts = (entry.namespace, entry.name, entry.at, json.dumps(asdict(entry)))
    namespace, name, at, text = (_literal(session, value) for value in facts)
    session.execute(
        f"INSERT INTO {session.name(_TABLE)} (namespace, number, name, applied_at, facts) "
        f"VALUES ({namespace}, {entry.number}, {name}, {at}, {text})"
    )


def forget(session: Session, namespace: str, numbers: Iterable[int]) -> None:
    """Delete what is known of some numbers."""
    for number in numbers:
        session.execute(
            f"DELETE FROM {session.name(_TABLE)} WHERE namespace = {_literal(session, namespace)} AND number = {number}"
        )


def forget_all(session: Session, namespace: str) -> None:
    """Delete all that is known of a namespace, whose relations are gone."""
    forget(session, namespace, entries(session, namespace))


def _entry(facts: Mapping[str, Any]) -> Entry:
    return Entry(**{**facts, "schemas": tuple(facts["schemas"])})


def _there(session: Session) -> bool:
    return _TABLE in session.catalogue([OWN])


def _literal(session: Session, text: str) -> str:
    from sqlglot import exp

    return exp.Literal.string(text).sql(dialect=session.connection.dialect)
