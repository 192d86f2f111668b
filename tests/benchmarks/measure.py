"""What a process costs: CPU seconds and the most memory it held."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Cost", "Refused", "best_of", "environ", "interlace", "python", "spend"]

TIMEOUT = 3600
"""Seconds after which a child is killed: nothing here takes longer, and nothing may hang."""


class Refused(Exception):
    """A child ended with another exit code than 0."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process and its children cost.

    Attributes:
        cpu: seconds, user and system.
        peak: MB of resident memory at most.
        output: what it printed.
    """

    cpu: float
    peak: float
    output: str = ""


def interlace(*words: str) -> list[str]:
    """The command line of ``interlace``, as pip installed it."""
    return [str(Path(sys.executable).with_name("interlace")), *words]


def python(script: Path, *words: object) -> list[str]:
    """The command line of a script in this environment."""
    return [sys.executable, str(script), *map(str, words)]


def environ(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The process's own environment; children may write byte code, as a user's do, and read no settings of ours."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("INTERLACE_", "PYTHON"))}
    return {**kept, "NO_COLOR": "1", **(extra or {})}


def spend(argv: Sequence[str], folder: Path, extra: Mapping[str, str] | None = None) -> Cost:
    """Run a process to its end.

    Args:
        argv: its command line.
        folder: where it runs.
        extra: more variables of its environment.

    Raises:
        Refused: it ended with another code than 0; says the end of what it printed.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            argv, cwd=folder, env=environ(extra), stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        output = said.read().decode(errors="replace")
    if process.returncode != 0:
        raise Refused(f"{' '.join(argv[-4:])} ended with {process.returncode}:\n{output[-1500:]}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def best_of(repeats: int, *measured: Callable[[], Cost]) -> list[Cost]:
    """The cheapest of `repeats` measurements of each, taken in turns, so that a noisy minute hits them alike."""
    costs: list[list[Cost]] = [[] for _ in measured]
    for _ in range(repeats):
        for found, measure in zip(costs, measured, strict=True):
            found.append(measure())
    return [min(found, key=lambda cost: cost.cpu) for found in costs]
