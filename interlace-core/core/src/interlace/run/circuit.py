"""The circuit breaker of each connection: one that fails again and again is left alone for a while.

Closed, attempts pass and failures of the connection are counted; after so many in a row it opens, and attempts fail at
once; after its recovery it is half open: one attempt may try, and decides.  The states are purgatory's.

A run begins with what the store knows: where the last one left a circuit open, the first attempt is the trial.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from interlace.contracts.state import CircuitRecord
from interlace.errors import Cancelled, CircuitOpen, ConnectionFailure, DatabaseLocked, InterlaceError, ModelFailed
from interlace.redaction import redacted
from interlace.run.retry import sqlstates

if TYPE_CHECKING:
    from purgatory.domain.model import Context

    from interlace.contracts.connection import Connection
    from interlace.contracts.state import StateStore

__all__ = ["Circuits", "is_connection_failure"]

_STATES: Final[Mapping[str, Literal["closed", "open", "half-open"]]] = {
    "closed": "closed",
    "opened": "open",
    "half-opened": "half-open",
}

_GONE: Final = ("08", "57P")
"""SQLSTATEs of connections that are lost, and of servers that shut down or start."""


def is_connection_failure(error: BaseException) -> bool:
    """Whether a failure says that the system cannot be reached, rather than that it refused something.

    A file that another process holds, and a circuit that is open, say nothing about the system.
    """
    if isinstance(error, CircuitOpen | DatabaseLocked):
        return False
    if isinstance(error, ModelFailed):
        return False  # what a model's own code could not reach
    return isinstance(error, ConnectionFailure) or any(s.startswith(_GONE) for s in sqlstates(error))


class Circuits:
    """The circuits of a run, by connection.  Any thread may call.

    Args:
        store: keeps their states.
        failures: in a row, after which one opens.
        recovery: how long it stays open.
        say: told when one opens or closes.
    """

    def __init__(self, store: StateStore, *, failures: int, recovery: timedelta, say: Callable[[str], None]) -> None:
        self._store = store
        self._failures = failures
        self._recovery = recovery
        self._say = say
        self._lock = threading.Lock()
        self._circuits: dict[str, _Circuit] = {}
        self._left: dict[str, CircuitRecord] | None = None

    @contextmanager
    def guard(self, connection: Connection) -> Iterator[None]:
        """Around an attempt that uses a connection; nothing for an embedded engine, which is always there.

        Raises:
            CircuitOpen: it failed too often; the attempt did not begin.
        """
        if connection.capabilities.embedded:
            yield
            return
        circuit = self._of(connection.name, make=False)
        if circuit is not None:
            circuit.enter()
        try:
            yield
        except BaseException as error:
            circuit = circuit or self._of(connection.name, make=is_connection_failure(error))
            if circuit is not None:
                circuit.failed(error)
            raise
        if circuit is not None:
            circuit.succeeded()

    def _of(self, name: str, *, make: bool) -> _Circuit | None:
        """The circuit of a connection that has ever failed; `make` one, for it fails now."""
        with self._lock:
            left = self._record(name)
            if name not in self._circuits and (make or left is not None):
                self._circuits[name] = _Circuit(name, self._failures, self._recovery, left, self._changed)
            return self._circuits.get(name)

    def _record(self, name: str) -> CircuitRecord | None:
        """What an earlier run left that is not closed."""
        if self._left is None:
            self._left = {c.connection: c for c in self._store.circuits() if c.state != "closed"}
        return self._left.get(name)

    def _changed(self, record: CircuitRecord, said: str | None) -> None:
        self._store.save_circuit(record)
        if said is not None:
            self._say(said)


class _Circuit:
    """One circuit; purgatory's state machine behind a lock, with one trial at a time.

    Args:
        changed: told of each state and count that is new, and of what to say of it.
    """

    def __init__(
        self,
        name: str,
        failures: int,
        recovery: timedelta,
        left: CircuitRecord | None,
        changed: Callable[[CircuitRecord, str | None], None],
    ) -> None:
        from purgatory.domain.model import Context

        self._name = name
        self._recovery = recovery
        self._changed = changed
        self._lock = threading.Lock()
        self._trial: int | None = None
        self._count = left.failures if left is not None else 0
        self._last = left.last_error if left is not None else None
        self._context: Context = Context(
            name,
            failures,
            recovery.total_seconds(),
            state="closed" if left is None else "half-opened",
            exclude=[(BaseException, lambda error: not is_connection_failure(error))],
        )

    def enter(self) -> None:
        """Ask to begin.

        Raises:
            CircuitOpen: not now.
        """
        from purgatory.domain.model import OpenedState

        with self._lock:
            if self._trial not in (None, threading.get_ident()):
                raise self._refusal(0.0)
            try:
                self._context.handle_new_request()
            except OpenedState as state:
                left = state.opened_at + self._recovery.total_seconds() - time.time()
                raise self._refusal(max(0.0, left)) from None
            if self._context.state == "half-opened":
                self._trial = threading.get_ident()
            self._settle()

    def failed(self, error: BaseException) -> None:
        """What began has failed; what the system refused says that it is there, the rest says nothing of it."""
        with self._lock:
            if isinstance(error, Cancelled | ModelFailed) or not isinstance(error, Exception):
                self._end(lambda: None)
                return
            if is_connection_failure(error):
                self._count += 1
                self._last = error.message if isinstance(error, InterlaceError) else redacted(str(error))
            self._end(lambda: self._context.handle_exception(error))

    def succeeded(self) -> None:
        """What began has ended well."""
        with self._lock:
            self._end(self._context.handle_end_request)

    def _end(self, tell: Callable[[], Any]) -> None:
        if self._trial == threading.get_ident():
            self._trial = None
        tell()
        self._settle()

    def _settle(self) -> None:
        """Pass on what purgatory has to say."""
        from purgatory.domain.messages.events import CircuitBreakerRecovered, ContextChanged

        messages = list(self._context.messages)
        self._context.messages.clear()
        if not messages:
            return
        state = _STATES[self._context.state]
        if state == "closed" and any(isinstance(m, CircuitBreakerRecovered) for m in messages):
            self._count, self._last = 0, None
        moved = any(isinstance(m, ContextChanged) for m in messages)
        record = CircuitRecord(self._name, state, self._count, datetime.now(UTC), self._last)
        self._changed(record, self._said(state) if moved else None)

    def _said(self, state: str) -> str | None:
        match state:
            case "open":
                first = (self._last or "").partition("\n")[0]
                wait = f"{self._recovery.total_seconds():g} s"
                return f"connection {self._name!r} failed {self._count} times and is left alone for {wait}: {first}"
            case "closed":
                return f"connection {self._name!r} works again"
        return None

    def _refusal(self, remaining: float) -> CircuitOpen:
        first = (self._last or "").partition("\n")[0]
        return CircuitOpen(
            f"connection {self._name!r} failed {self._count} times and is left alone; the last failure was: {first}",
            remaining=remaining,
            hint=f"It is tried again in {remaining:.1f} s; 'run.circuit' in config.yaml says when."
            if remaining
            else "Another model is trying it at this moment.",
        )
