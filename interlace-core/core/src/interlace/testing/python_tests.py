"""A project's tests in Python, by pytest in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from interlace.errors import UsageError
from interlace.testing.suite import Verdict
from interlace.testing.yaml_tests import FOLDER

__all__ = ["has_pytest", "has_python_tests", "run_python_tests"]

_NOTHING = 5
_BROKEN = (3, 4)
_INTERRUPTED = 2
_LINES = 30


def has_pytest() -> bool:
    """Whether pytest is installed."""
    return find_spec("pytest") is not None


def has_python_tests(root: Path) -> bool:
    """Whether the project has tests in Python."""
    folder = root / FOLDER
    return any(True for pattern in ("test_*.py", "*_test.py") for _ in folder.rglob(pattern))


def run_python_tests(root: Path, *, quiet: bool) -> tuple[list[Verdict], set[str]]:
    """Run them; pytest prints to stdout as ever.

    Args:
        root: the project's folder.
        quiet: keep what pytest prints to oneself.

    Returns:
        how each test ended, and the models that `test_model` and its like were called with.

    Raises:
        UsageError: pytest could not run: its configuration or a conftest is wrong.
        KeyboardInterrupt: it was interrupted.
    """
    with TemporaryDirectory(prefix="interlace-test-") as folder:
        report = Path(folder) / "report.jsonl"
        options = ["-q", "--no-header", "-p", "no:cacheprovider", "-o", "interlace_tests=false"]
        options += ["-p", _plugin(), f"--interlace-report={report}"]
        done = subprocess.run(  # noqa: S603  our own interpreter
            [sys.executable, "-m", "pytest", FOLDER, *options],
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.STDOUT if quiet else None,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        lines = report.read_text(encoding="utf-8").splitlines() if report.exists() else []
    told = [json.loads(line) for line in lines]
    verdicts = [_verdict(line) for line in told if "name" in line]
    _refuse(done.returncode, done.stdout, verdicts)
    return verdicts, {line["tested"] for line in told if "tested" in line}


def _plugin() -> str:
    """Our plugin is named, as the environment may turn the loading of plugins off: by its entry point where it has one."""
    from importlib.metadata import entry_points

    return "interlace" if entry_points(group="pytest11", name="interlace") else "interlace.testing.pytest_plugin"


def _verdict(line: dict[str, Any]) -> Verdict:
    return Verdict(line["file"], line["name"], line["status"], line["seconds"], None, line["line"], line["message"])


def _refuse(code: int, output: str | None, verdicts: list[Verdict]) -> None:
    """Whatever is neither a success nor told by a verdict."""
    failed = any(v.status in ("failed", "error") for v in verdicts)
    if code in (0, _NOTHING) or failed:
        return
    if code in (_INTERRUPTED, -2, 130):
        raise KeyboardInterrupt
    why = "could not be configured" if code in _BROKEN else f"ended with exit code {code}"
    said = "\n".join((output or "").strip().splitlines()[-_LINES:])
    raise UsageError(f"pytest {why}.", hint=said or "See what it printed above.")
