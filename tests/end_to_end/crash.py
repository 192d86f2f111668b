"""Runs ``interlace`` and kills it with SIGKILL right before or after the n-th call of one step.

``python crash.py WHEN POINT N -- run --var version=1``; the points are the keys of `POINTS`.  WHEN is ``before``, ``after``,
or ``behind``: after the call, in a process whose recording thread gets no turn.  Exits as ``interlace`` does when the call
never comes.  The product knows nothing of this: its methods are wrapped here, in the child alone.

`serve.py` arms its children the same way.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from itertools import count
from threading import local

from interlace.cli.main import main

ANY = lambda *_: True
SESSION = "interlace_duckdb.session:DuckDBSession"
POSTGRES = "interlace_postgres.session:PostgresSession"
STORE = "interlace.state.store:Store"

POINTS = {
    "snapshot": [
        ("interlace_duckdb.connection:DuckDBConnection", "copy_to", ANY),
        ("pathlib:Path", "rename", ANY),
    ],
    "begin-run": [(STORE, "begin_run", ANY)],
    "statement": [
        (SESSION, "_run", ANY),
        ("interlace_duckdb.transaction:Transaction", "_command", ANY),
        ("interlace_duckdb.instance:Instance", "make_markers_table", ANY),
    ],
    "commit": [("interlace_duckdb.transaction:Transaction", "_command", lambda _, sql: sql == "COMMIT")],
    "intent": [(STORE, "save_answer", lambda _, key, __: key.startswith("intent:"))],
    "mark": [(SESSION, "mark", ANY)],
    "record": [(STORE, "record", lambda _, __, attempts, *___: bool(attempts))],
    "forget": [(SESSION, "forget_markers", ANY)],
    "finish": [("interlace.run.execution:Execution", "_finish", ANY)],
    "take-away": [
        ("interlace_filesystem.connection:FilesystemConnection", "move", ANY),
        ("interlace_filesystem.connection:FilesystemConnection", "delete", ANY),
    ],
    "drop": [(SESSION, "drop", ANY), (POSTGRES, "drop", ANY)],
    "drop-held": [(STORE, "drop_held", ANY)],
    "stamp": [(STORE, "save_answer", lambda _, key, __: key.startswith("stamp:"))],
    "postgres-statement": [
        (POSTGRES, "guarded", ANY),
        (POSTGRES, "_command", ANY),
        ("interlace_postgres.leases:Leases", "_ask", ANY),
        ("interlace_postgres.own_tables:OwnTables", "_make", ANY),
    ],
    "postgres-commit": [(POSTGRES, "_command", lambda _, sql: sql == "COMMIT")],
    "postgres-mark": [(POSTGRES, "mark", ANY)],
}
"""What is counted: methods, and which of their calls.  A call within a call that counts is the same one."""


def arm(point: str, nth: int, when: str) -> None:
    """Kill this process at the `nth` call of a step."""
    calls = count(1)
    inside = local()
    for place, name, counts in POINTS[point]:
        module, _, cls = place.partition(":")
        owner = getattr(import_module(module), cls)
        setattr(owner, name, _wrapped(getattr(owner, name), counts, calls, inside, nth, when))
    if when == "behind":
        import_module("interlace.run.recorder").Recorder.flush = lambda _: None


def _wrapped(real, counts, calls, inside, nth: int, when: str):
    def wrapped(*arguments, **options):
        counted = not getattr(inside, "call", False) and counts(*arguments)
        due = counted and next(calls) == nth
        if due and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        if not counted:
            return real(*arguments, **options)
        inside.call = True
        try:
            result = real(*arguments, **options)
        finally:
            inside.call = False
        if due:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return wrapped


if __name__ == "__main__":
    when, point, nth = sys.argv[1:4]
    arm(point, int(nth), when)
    sys.exit(main(sys.argv[5:]))
