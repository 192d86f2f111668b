"""Runs ``interlace`` and kills it with SIGKILL right before or after the n-th call of one step.

``python crash.py WHEN POINT N -- run --var version=1``; the points are the keys of `POINTS`.  WHEN is ``before``, ``after``,
or ``behind``: after the call, in a process whose recording thread gets no turn.  Exits as ``interlace`` does when the call
never comes.  The product knows nothing of this: its methods are wrapped here, in the child alone.
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import count

from interlace.cli.main import main
from interlace.run.execution import Execution
from interlace.run.recorder import Recorder
from interlace.state.store import Store
from interlace_duckdb.session import DuckDBSession
from interlace_duckdb.transaction import Transaction

ANY = lambda *_: True

POINTS = {
    "begin-run": (Store, "begin_run", ANY),
    "statement": (DuckDBSession, "_run", ANY),
    "commit": (Transaction, "_command", lambda _, sql: sql == "COMMIT"),
    "intent": (Store, "save_answer", lambda _, key, __: key.startswith("intent:")),
    "mark": (DuckDBSession, "mark", ANY),
    "record": (Store, "record", lambda _, __, attempts, *___: bool(attempts)),
    "forget": (DuckDBSession, "forget_markers", ANY),
    "finish": (Execution, "_finish", ANY),
    "stamp": (Store, "save_answer", lambda _, key, __: key.startswith("stamp:")),
}


def arm(point: str, nth: int, when: str) -> None:
    """Kill this process at the `nth` call of a step."""
    owner, name, counts = POINTS[point]
    real = getattr(owner, name)
    calls = count(1)

    def wrapped(*arguments, **options):
        due = counts(*arguments) and next(calls) == nth
        if due and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments, **options)
        if due:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, wrapped)
    if when == "behind":
        Recorder.flush = lambda _: None


if __name__ == "__main__":
    when, point, nth = sys.argv[1:4]
    arm(point, int(nth), when)
    sys.exit(main(sys.argv[5:]))
