"""The entry point: answers ``--version`` and "nothing to do" before anything heavy is imported."""

from __future__ import annotations

import gc
import os
import sys

__all__ = ["main"]

COLLECT_AFTER = 200_000
"""New containers between two collections: more than a command imports, of which there is nothing to collect."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and give its exit code."""
    argv = sys.argv[1:] if arguments is None else arguments
    if argv in (["--version"], ["-V"]):
        from interlace import __version__

        sys.stdout.write(f"interlace {__version__}\n")
        return 0
    if argv[:1] == ["run"] and _answered(argv):
        return 0
    # A command's values live as long as the process: looking through them for garbage is a twentieth of a first run.
    gc.set_threshold(COLLECT_AFTER, 20, 20)
    # Arrow's own allocator keeps 40 MB more than the system's, and is no faster at what a run does.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    from interlace.cli.app import run

    code = run(argv)
    _leave_threads_behind(code)
    return code


def _leave_threads_behind(code: int) -> None:
    """End at once where a Python model that was given up still runs in its thread.

    Python would let the thread go on until it needs the interpreter, and then end it in the middle of a driver's code,
    which aborts the process.
    """
    import threading

    if any(t.name == "interlace-worker" and t.is_alive() for t in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _answered(argv: list[str]) -> bool:
    from interlace.cli.fast import nothing_to_do

    return nothing_to_do(argv)
