"""Runs ``interlace`` and kills it with SIGKILL right before or after the n-th call of one step.

``python crash.py WHEN POINT N -- run --var version=1``; the points are the keys of `POINTS`.  WHEN is ``before``, ``after``,
or ``behind``: after the call, in a process whose recording thread gets no turn.  Exits as ``interlace`` does when the call
never comes.  The product knows nothing of this: its methods are wrapped here, in the child alone.

``python crash.py serve`` does one such run after the other, each in a child of its own that has to import nothing: it
reads a line of JSON for each (``folder``, ``output``, ``crash``, ``words``) and writes its exit code.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from itertools import count
from threading import local

from interlace.cli.main import main

ANY = lambda *_: True
SESSION = "interlace_duckdb.session:DuckDBSession"
POSTGRES = "interlace_postgres.session:PostgresSession"
STORE = "interlace.state.store:Store"

POINTS = {
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


IMPORTED = (
    "interlace.cli.app",
    "interlace.cli.commands.run",
    "interlace.cli.progress",
    "interlace.cli.summary",
    "interlace.config.load",
    "interlace.config.loaded",
    "interlace.run.project",
    "interlace.state.store",
    "sqlalchemy",
    "sqlglot",
    "duckdb",
    "psycopg",
    "psycopg_pool",
    "interlace_duckdb.session",
    "interlace_postgres.session",
    "interlace_postgres.leases",
    "interlace_strategies.append",
    "interlace_strategies.merge_by_key",
    "interlace_strategies.replace",
    "interlace_strategies.scd_type_2",
    "interlace_strategies.scd_type_2_write",
    "interlace_strategies.stream_merging",
)
"""What a run would spend most of its time with; one that is not there is left to the run."""


def serve() -> None:
    """Do runs until the input ends."""
    for name in IMPORTED:
        with suppress(ImportError):
            import_module(name)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            _be_a_run(**asked)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201  the answer


def _be_a_run(folder: str, output: str, crash: list[str], words: list[str]) -> None:
    code = 70
    try:
        os.chdir(folder)
        said = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for descriptor in (1, 2):
            os.dup2(said, descriptor)
        if crash:
            when, point, nth = crash
            arm(point, int(nth), when)
        code = main(words)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
        sys.exit()
    when, point, nth = sys.argv[1:4]
    arm(point, int(nth), when)
    sys.exit(main(sys.argv[5:]))
