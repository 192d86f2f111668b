"""Runs ``interlace`` again and again: each command in a process of its own, forked from this one, which has imported
what commands need.  A command that starts anew spends most of its time with that.

Reads a line of JSON for each command (``folder``, ``environment``, ``out`` and ``err`` that are files to write, ``words``,
and ``crash``, which is empty or what `crash.py` takes) and writes its exit code.  Ends when its input does.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from interlace.cli.main import main

IMPORTED = (
    "interlace.cli.app",
    "interlace.cli.commands.run",
    "interlace.cli.progress",
    "interlace.cli.summary",
    "interlace.config.load",
    "interlace.config.loaded",
    "interlace.model.sql_file",
    "interlace.plan.planner",
    "interlace.run.connections",
    "interlace.run.execution",
    "interlace.run.project",
    "interlace.state.sqlite",
    "interlace.state.store",
    "sqlalchemy",
    "sqlglot",
    "sqlglot.optimizer",
    "duckdb",
    "psycopg",
    "psycopg_pool",
    "interlace_checks.plugin",
    "interlace_duckdb.connection",
    "interlace_duckdb.session",
    "interlace_exporters.plugin",
    "interlace_materialisers.table",
    "interlace_postgres.connection",
    "interlace_postgres.leases",
    "interlace_postgres.session",
    "interlace_strategies.append",
    "interlace_strategies.merge_by_key",
    "interlace_strategies.replace",
    "interlace_strategies.scd_type_2",
    "interlace_strategies.scd_type_2_write",
    "interlace_strategies.stream_merging",
)
"""What most commands would spend most of their time with; one that is not there is left to the command."""


def prepare(*more: str) -> None:
    """Import what commands need, and more."""
    for name in (*IMPORTED, *more):
        with suppress(ImportError):
            import_module(name)


def serve() -> None:
    """Do commands until the input ends."""
    prepare()
    while line := sys.stdin.readline():
        asked = json.loads(line)
        child = os.fork()
        if not child:
            end(lambda asked=asked: command(**asked))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201  the answer


def end(act: Callable[[], int]) -> NoReturn:
    """Be one command, and end as Python does, but for what DuckDB's library does about threads that a fork leaves behind."""
    code = 1
    try:
        code = act()
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
    except BaseException:  # noqa: BLE001  as Python would
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def command(folder: str, environment: dict[str, str], out: str, err: str, crash: list[str], words: list[str]) -> int:
    """Be one command."""
    if crash:
        from crash import arm

        when, point, nth = crash
        arm(point, int(nth), when)
    written = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    opened = [os.open(path, flags) for path, flags in ((os.devnull, os.O_RDONLY), (out, written), (err, written))]
    return become(folder, environment, words, opened)


def become(folder: str, environment: dict[str, str], words: list[str], streams: list[int]) -> int:
    """Be one command there, with these streams as input, output and errors."""
    for descriptor, stream in enumerate(streams):
        os.dup2(stream, descriptor)
        os.close(stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    # As the script `interlace` has them.
    sys.argv = ["interlace", *words]
    sys.path[0] = str(Path(sys.executable).parent)
    return main(words)


if __name__ == "__main__":
    serve()
