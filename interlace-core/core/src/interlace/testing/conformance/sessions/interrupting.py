"""Stopping a statement from another thread."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from interlace.errors import RunError
from interlace.testing.conformance.base import requires

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Relation

PATIENCE = 20.0


def _stop(session: Session, done: threading.Event) -> None:
    """Interrupt once the statement had time to begin, again while it has not ended: one may come too early."""
    while not done.wait(0.3):
        session.interrupt()


def _run_and_stop(session: Session, sql: str) -> tuple[BaseException | None, float]:
    done = threading.Event()
    stopper = threading.Thread(target=_stop, args=(session, done))
    started = time.monotonic()
    stopper.start()
    raised: BaseException | None = None
    try:
        session.fetch(sql)
    except RunError as error:
        raised = error
    finally:
        done.set()
        stopper.join()
    return raised, time.monotonic() - started


class InterruptScenarios:
    """Scenarios of `interrupt`."""

    @requires("interrupt")
    def test_nothing_happens_when_no_statement_runs(self, session: Session) -> None:
        session.interrupt()

        assert [(1,)] == session.fetch("SELECT 1")

    @requires("interrupt")
    def test_a_running_statement_is_stopped(self, session: Session, slow_query: str) -> None:
        session.interrupt()
        raised, seconds = _run_and_stop(session, slow_query)

        assert isinstance(raised, RunError)
        assert seconds < PATIENCE
        assert [(1,)] == session.fetch("SELECT 1")

    @requires("interrupt")
    def test_an_interrupted_transaction_rolls_back(self, session: Session, orders: Relation, slow_query: str) -> None:
        session.interrupt()
        raised: BaseException | None = None
        try:
            with session.transaction():
                session.execute(f"DELETE FROM {session.name(orders)}")
                raised, _ = _run_and_stop(session, slow_query)
        except RunError:
            pass

        assert isinstance(raised, RunError)
        assert [(3,)] == session.fetch(f"SELECT count(*) FROM {session.name(orders)}")
