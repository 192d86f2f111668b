"""``interlace rollback``: what a promotion replaced takes its place again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from interlace.contracts.connection import Marker
from interlace.contracts.exchange import Exchange
from interlace.errors import UsageError
from interlace.run.intent import decode, encode, key
from interlace.run.intervals import keeping_models
from interlace.run.kept import Kept, forget, kept
from interlace.run.promote import drop_empty, recorded_run, right_to_write, until_free
from interlace.state.ids import new_id

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection, Session
    from interlace.contracts.state import AttemptRecord, StateStore
    from interlace.run.view import View

__all__ = ["RolledBack", "kept_promotions", "rollback"]


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What was rolled back: the run that did it, the promotion, its models that have their version before, and the others."""

    run: str
    promotion: str
    restored: tuple[str, ...]
    removed: tuple[str, ...]
    notices: tuple[str, ...] = ()


def kept_promotions(view: View) -> dict[str, list[Kept]]:
    """The promotions into the environment that can be rolled back, oldest first."""
    found: dict[str, list[Kept]] = {}
    for connection in _connections(view):
        for one in _kept(view, connection):
            found.setdefault(one.promotion, []).append(one)
    return {name: found[name] for name in sorted(found)}


def rollback(view: View, store: StateStore, promotion: str | None, command: str) -> RolledBack:
    """Put back what a promotion replaced; see `Project.rollback`."""
    run = new_id()
    connections = _connections(view)
    with right_to_write(view, store, run, [view.environment], connections) as said:
        wanted, rows = _wanted(view, promotion)
        _refuse(view, store, wanted, rows)
        with recorded_run(store, view.environment, run, command):
            for connection in connections:
                own = [k for k in _kept(view, connection) if k.promotion == wanted]
                if own:
                    _RollingBack(view, store, connection, run, own).perform()
    ordered = sorted(rows, key=lambda k: k.position)
    restored = tuple(k.model for k in ordered if k.record is not None)
    return RolledBack(run, wanted, restored, tuple(k.model for k in ordered if k.record is None), said)


@dataclass(frozen=True, slots=True)
class _RollingBack:
    """The rollback of one connection's models."""

    view: View
    store: StateStore
    connection: Connection
    run: str
    rows: Sequence[Kept]

    def perform(self) -> None:
        """One transaction, then the state."""
        session = self.connection.session()
        try:
            records: list[AttemptRecord] = []

            def act() -> None:
                with session.transaction():
                    records[:] = self._exchange(session)

            until_free(act)
            if records:
                self.store.record(self.view.environment, records)
                session.forget_markers([r.id for r in records])
            self.store.forget_models(self.view.environment, [k.model for k in self.rows if k.record is None])
        finally:
            session.close()

    def _exchange(self, session: Session) -> list[AttemptRecord]:
        for row in reversed(self.rows):
            if row.kind == "view" and row.query is None:
                session.drop(row.place, "view")
        session.exchange(
            [
                Exchange(row.place, row.before, row.kind == "table")
                for row in self.rows
                if row.before is not None or (row.kind == "table" and row.query is not None)
            ],
            {row.place: row.query for row in self.rows if row.query is not None},
        )
        for row in reversed(self.rows):
            if row.kind == "table" and row.before is None and row.query is None:
                session.drop(row.place, "table")
        forget(session, self.rows)
        drop_empty(session, [row.before.schema for row in self.rows if row.before is not None])
        return [self._marked(session, row, row.record) for row in self.rows if row.record is not None]

    def _marked(self, session: Session, row: Kept, record: str) -> AttemptRecord:
        now = datetime.now(UTC)
        before = decode(record.encode())[1]
        columns = session.columns(row.place)
        state = replace(before.state, columns=columns, published_at=now, attempted_at=now, run=self.run)
        reason = f"rolled back what {row.promotion} promoted"
        made = replace(before, id=new_id(), run=self.run, reason=reason, started_at=now, finished_at=now, state=state)
        self.store.save_answer(key(made.id), encode(self.view.environment, made))
        session.mark(Marker(str(row.place), made.id, self.run))
        return made


def _connections(view: View) -> list[Connection]:
    """Those of the project's models that keep what is promoted."""
    used = {id(c): c for m in view.models.values() for c in [view.connection(m)]}
    return [c for c in used.values() if c.capabilities.exchange]


def _kept(view: View, connection: Connection) -> list[Kept]:
    files = connection.files()
    if files and not any(f.exists() for f in files):
        return []
    session = connection.session()
    try:
        return kept(session, view.environment)
    finally:
        session.close()


def _wanted(view: View, promotion: str | None) -> tuple[str, list[Kept]]:
    found = kept_promotions(view)
    if not found:
        raise UsageError(
            f"Nothing is kept that {view.environment} could go back to.",
            hint="A promotion keeps the version before it, until it is rolled back or the model is promoted again.",
        )
    names = [next(reversed(found))] if promotion is None else [n for n in found if n.startswith(promotion)]
    if len(names) != 1:
        said = f"{len(names)} promotions begin with {promotion!r}" if names else f"No promotion {promotion!r} is kept."
        raise UsageError(said, hint=f"Kept: {', '.join(found)}")
    return names[0], found[names[0]]


def _refuse(view: View, store: StateStore, promotion: str, rows: Sequence[Kept]) -> None:
    """Refuse to go back half the way, or over rows that were loaded since.

    Raises:
        UsageError: says which.
    """
    by_count: dict[int, int] = {}
    for row in rows:
        by_count[row.count] = by_count.get(row.count, 0) + 1
    if any(there % count for count, there in by_count.items()):
        raise UsageError(f"A part of what {promotion} promoted was promoted again since: it cannot be rolled back.")
    known = store.snapshot(view.environment).models
    keeping = keeping_models(view, view.models)
    for row in rows:
        state = known.get(row.model)
        if row.model in keeping and state is not None and state.data_version != row.version:
            raise UsageError(
                f"{row.model} keeps its rows and was loaded since {promotion} promoted it: those rows would be lost.",
                model=row.model,
            )
