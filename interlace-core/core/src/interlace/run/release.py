"""Publishing or dropping what ``run --hold`` staged."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlace.contracts.connection import Marker
from interlace.contracts.load import LoadPlan, Publish
from interlace.errors import UsageError
from interlace.run.data_lease import DataLeases
from interlace.run.hold import relation_from
from interlace.run.intent import decode, encode, key
from interlace.run.lease import RunLease
from interlace.run.recovery import recover_markers

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection, Session
    from interlace.contracts.state import AttemptRecord, HeldRecord, StateStore
    from interlace.run.view import View

__all__ = ["LATEST", "Released", "discard", "release"]

LATEST: Final = "latest"
"""In place of a run's id: the one that was held back last."""


@dataclass(frozen=True, slots=True)
class Released:
    """What was published or dropped: the run that staged it, its models in order, and what to say of a release before."""

    run: str
    models: tuple[str, ...]
    notices: tuple[str, ...] = ()


def release(view: View, store: StateStore, run: str) -> Released:
    """Publish what a run staged: one transaction for each connection; see `Project.release`."""
    with _right_to_write(view, store, run) as held:
        recover_markers(store, view.environment, _connections(view, held))
        waiting = _waiting(store, held)
        _refuse_moved(view, store, waiting)
        for connection in _connections(view, waiting):
            _publish(connection, [h for h in waiting if h.connection == connection.name], store)
        store.drop_held(held[0].run)
    earlier = ", ".join(h.model for h in held if h not in waiting)
    said = (f"{earlier}: published by an earlier release, which was cut off before it said so",) if earlier else ()
    return Released(held[0].run, tuple(h.model for h in held), said)


def discard(view: View, store: StateStore, run: str) -> Released:
    """Drop what a run staged; see `Project.discard`."""
    with _right_to_write(view, store, run) as held:
        for connection in _connections(view, held):
            session = connection.session()
            try:
                _drop_staged(session, [h for h in held if h.connection == connection.name])
            finally:
                session.close()
        store.drop_held(held[0].run)
    return Released(held[0].run, tuple(h.model for h in held))


@contextlib.contextmanager
def _right_to_write(view: View, store: StateStore, run: str) -> Iterator[list[HeldRecord]]:
    """Hold the leases, of the environment and where the data is; gives what the run staged."""
    own = _held(view, store, run)[0].run
    lease = RunLease(store, view.environment, own)
    data = DataLeases(view.loaded.config.name, view.environment, own)
    lease.acquire()
    try:
        held = _held(view, store, own)
        for connection in _connections(view, held):
            data.acquire(connection)
        yield held
    finally:
        data.release()
        lease.release()


def _held(view: View, store: StateStore, run: str) -> list[HeldRecord]:
    """What one run staged.

    Raises:
        UsageError: no run of this id, or more than one, holds anything.
    """
    held = store.held(view.environment)
    wanted = held[-1].run if held and run == LATEST else run
    runs = sorted({h.run for h in held if h.run == wanted or (wanted and h.run.startswith(wanted))})
    if len(runs) == 1:
        return [h for h in held if h.run == runs[0]]
    if runs:
        raise UsageError(f"{len(runs)} runs begin with {run!r}: {', '.join(runs)}")
    known = ", ".join(sorted({h.run for h in held}))
    hint = f"These wait: {known}" if known else f"Nothing waits in environment {view.environment}."
    raise UsageError(f"no run {run!r} holds anything back", hint=hint)


def _connections(view: View, held: Iterable[HeldRecord]) -> list[Connection]:
    return [view.loaded.connections.get(name) for name in dict.fromkeys(h.connection for h in held)]


def _waiting(store: StateStore, held: Sequence[HeldRecord]) -> list[HeldRecord]:
    """Those that a release which was cut off did not publish yet."""
    return [h for h in held if not _recorded(store, _records(h)[-1])]


def _recorded(store: StateStore, record: AttemptRecord) -> bool:
    return any(a.id == record.id for a in store.attempts(run=record.run, model=record.model))


def _refuse_moved(view: View, store: StateStore, held: Sequence[HeldRecord]) -> None:
    """Refuse to undo what was published since the comparison.

    Raises:
        UsageError: names the models.
    """
    models = store.snapshot(view.environment).models
    moved = [h.model for h in held if (models[h.model].data_version if h.model in models else None) != h.base]
    if moved:
        raise UsageError(
            f"{', '.join(moved)}: published again since run {held[0].run} was held back",
            hint=f"Drop it with 'interlace discard {held[0].run}', and hold a new run.",
        )


def _publish(connection: Connection, held: Sequence[HeldRecord], store: StateStore) -> None:
    session = connection.session()
    try:
        for one in held:
            for record in _records(one):
                store.save_answer(key(record.id), encode(one.environment, record))
        with session.transaction():
            for one in held:
                _publish_one(session, one)
            _drop_staged(session, held)
        store.record(held[0].environment, [record for one in held for record in _records(one)])
        session.forget_markers([record.id for one in held for record in _records(one)])
    finally:
        session.close()


def _publish_one(session: Session, held: HeldRecord) -> None:
    target, staged = relation_from(held.relation), relation_from(held.staged)
    if _kind(held) == "view":
        session.create_view(target, str(held.difference["definition"]))
    else:
        session.apply(LoadPlan((Publish(target, staged),), idempotent=False))
    for record in _records(held):
        session.mark(Marker(str(target), record.id, record.run))


def _drop_staged(session: Session, held: Sequence[HeldRecord]) -> None:
    """Drop what was staged, what reads another first: PostgreSQL keeps a table that a view reads."""
    for one in reversed(held):
        session.drop(relation_from(one.staged), _kind(one))


def _records(held: HeldRecord) -> list[AttemptRecord]:
    return [decode(text.encode())[1] for text in json.loads(held.record)]


def _kind(held: HeldRecord) -> str:
    return "view" if "definition" in held.difference else "table"
