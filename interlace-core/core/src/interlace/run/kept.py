"""What a promotion keeps of the versions before it: in ``_interlace.previous`` of the warehouse, with the data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from interlace.contracts.relation import Relation

if TYPE_CHECKING:
    from interlace.contracts.connection import Session

__all__ = ["OWN", "Kept", "forget", "keep", "kept", "make_table"]

OWN: Final = "_interlace"
_TABLE: Final = Relation("previous", OWN)


@dataclass(frozen=True, slots=True)
class Kept:
    """One model that was promoted, and what its place held before.

    Attributes:
        promotion: the id of the run that promoted it.
        environment: that took it over.
        source: the environment that built it.
        model: its name.
        position: its place among the models of the promotion, parents first.
        count: how many models were promoted together in this database.
        target: where it stands.
        kind: what it is there.
        version: its data version when it was promoted.
        kept: where the table before it is; None where there was none.
        query: of the view before it; None where there was none.
        record: the attempt that says what is known of the version before, encoded; None where it was never built.
    """

    promotion: str
    environment: str
    source: str
    model: str
    position: int
    count: int
    target: list[str | None]
    kind: str
    version: str | None = None
    kept: list[str | None] | None = None
    query: str | None = None
    record: str | None = None

    @property
    def place(self) -> Relation:
        """Where it stands."""
        return Relation(*self.target)  # type: ignore[arg-type]

    @property
    def before(self) -> Relation | None:
        """Where the table before it is."""
        return Relation(*self.kept) if self.kept is not None else None  # type: ignore[arg-type]


def make_table(session: Session) -> None:
    """Make the table unless it is there; not inside a transaction."""
    session.create_schema(OWN)
    if not _there(session):
        session.execute(
            f"CREATE TABLE IF NOT EXISTS {session.name(_TABLE)} (promotion VARCHAR NOT NULL, environment VARCHAR NOT NULL, "
            "model VARCHAR NOT NULL, facts VARCHAR NOT NULL)"
        )


def keep(session: Session, rows: Iterable[Kept]) -> None:
    """Insert rows, inside the open transaction."""
    values = ", ".join(
        f"({', '.join(_literal(session, text) for text in (k.promotion, k.environment, k.model, json.dumps(asdict(k))))})"
        for k in rows
    )
    if values:
        session.execute(f"INSERT INTO {session.name(_TABLE)} (promotion, environment, model, facts) VALUES {values}")


def kept(session: Session, environment: str) -> list[Kept]:
    """What is kept of an environment, the oldest promotion first, parents first."""
    if not _there(session):
        return []
    rows = session.fetch(
        f"SELECT facts FROM {session.name(_TABLE)} WHERE environment = {_literal(session, environment)}"
    )
    return sorted((Kept(**json.loads(facts)) for (facts,) in rows), key=lambda k: (k.promotion, k.position))


def forget(session: Session, rows: Sequence[Kept]) -> None:
    """Delete rows, inside the open transaction."""
    for one in rows:
        session.execute(
            f"DELETE FROM {session.name(_TABLE)} WHERE promotion = {_literal(session, one.promotion)} "
            f"AND environment = {_literal(session, one.environment)} AND model = {_literal(session, one.model)}"
        )


def _there(session: Session) -> bool:
    return _TABLE in session.catalogue([OWN])


def _literal(session: Session, text: str) -> str:
    from sqlglot import exp

    return exp.Literal.string(text).sql(dialect=session.connection.dialect)
