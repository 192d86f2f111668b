"""``interlace test``."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.context import parse_vars, start
from interlace.cli.options import (
    EnvOption,
    ExcludeOption,
    JsonOption,
    ProjectOption,
    QuietOption,
    SelectArg,
    SelectOption,
    VarOption,
)
from interlace.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.cli.render import Output
    from interlace.run.loaded import Loaded
    from interlace.run.project import Project
    from interlace.testing.bench import Bench
    from interlace.testing.coverage import Coverage, Part
    from interlace.testing.suite import Verdict

__all__ = ["command"]

CoverageOption = Annotated[bool, typer.Option("--coverage", help="Report which models have a test or a check.")]
FailUnderOption = Annotated[
    float | None,
    typer.Option("--fail-under", metavar="PERCENT", help="With --coverage: exit 1 below so many models of a hundred."),
]

_MARKS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "error": ("✗", "red"), "skipped": ("↷", "yellow")}


def command(
    models: SelectArg = None,
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    coverage: CoverageOption = False,
    fail_under: FailUnderOption = None,
    project: ProjectOption = None,
    env: EnvOption = None,
    var: VarOption = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Run the unit tests of models: tests/test_*.yaml, and Python tests by pytest.

    With MODEL, the YAML tests of those models only.
    """
    from interlace.cli.render import Output
    from interlace.run.loaded import load
    from interlace.run.project import Project

    if fail_under is not None and not coverage:
        raise UsageError("--fail-under goes with --coverage.")
    if fail_under is not None and not 0 <= fail_under <= 100:  # noqa: PLR2004  percent
        raise UsageError(f"--fail-under {fail_under:g}: between 0 and 100.")
    loaded = load(start(project), env, parse_vars(var) or None, None)
    os.chdir(loaded.root)
    session = _Session(loaded, Output(sys.stdout), as_json=json_, quiet=quiet)
    with Project(loaded) as opened:
        chosen = [*(models or ()), *(select or ())]
        names = opened.select(chosen, list(exclude or ())) if chosen or exclude else None
        session.run(names)
        report = session.coverage(opened) if coverage else None
    session.tell(report, fail_under)
    below = report is not None and fail_under is not None and report.total.percent < fail_under
    return int(session.failed or below)


class _Session:
    """One call of the command."""

    def __init__(self, loaded: Loaded, out: Output, *, as_json: bool, quiet: bool) -> None:
        from interlace.testing.bench import Bench

        self._bench: Bench = Bench(loaded)
        self._out = out
        self._json = as_json
        self._quiet = quiet
        self._verdicts: list[Verdict] = []
        self._tested: set[str] = set()
        self._notices: list[str] = []
        self._began = time.perf_counter()
        self._width = 0

    @property
    def failed(self) -> bool:
        """Whether any test did not pass."""
        return any(v.status in ("failed", "error") for v in self._verdicts)

    def run(self, names: frozenset[str] | None) -> None:
        """Run all tests, or the YAML tests of some models."""
        from interlace.testing.suite import perform, read_suite
        from interlace.testing.tested import noting

        cases = read_suite(self._bench, names)
        self._width = min(max((len(case.name) for case in cases), default=0), 60)
        with noting() as tested:
            self._verdicts += perform(self._bench, cases, self._say)
        self._tested |= {model for _, model in tested}
        self._python(left_out=names is not None)
        self._notice_misnamed()

    def coverage(self, project: Project) -> Coverage:
        """Report on the models, with the columns that the state knows."""
        from interlace.testing.coverage import coverage

        states = project.store.snapshot(project.environment).models
        known = {name: [c.name for c in state.columns or ()] for name, state in states.items()}
        return coverage(project.graph, self._tested, known)

    def tell(self, report: Coverage | None, fail_under: float | None) -> None:
        """Print what came of it, but for what was printed on the way."""
        if self._json:
            self._tell_json(report)
            return
        for text in self._notices:
            self._out.line(f"{self._out.style('⚠', 'yellow')} {text}")
        if report is not None:
            _print_coverage(report, self._out)
        self._out.line(self._last_line())
        if report is not None and fail_under is not None and report.total.percent < fail_under:
            self._out.line(f"Covered are {report.total.percent:.0f} % of the models, and {fail_under:g} % are wanted.")

    # --- running ------------------------------------------------------------------------------------------------------

    def _python(self, *, left_out: bool) -> None:
        from interlace.testing.python_tests import has_pytest, has_python_tests, run_python_tests

        if not has_python_tests(self._bench.root):
            return
        if left_out:
            self._notices.append("Tests in Python were left out: they are not selected by model.")
        elif not has_pytest():
            self._notices.append("Tests in Python were left out: pytest is not installed.")
        else:
            self._out.stream.flush()
            verdicts, tested = run_python_tests(self._bench.root, quiet=self._json or self._quiet)
            self._verdicts += verdicts
            self._tested |= tested
            if self._quiet and not self._json:
                for verdict in verdicts:
                    self._say(verdict)

    def _notice_misnamed(self) -> None:
        folder = self._bench.root / "tests"
        for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
            if not path.name.startswith("test_"):
                self._notices.append(f"tests/{path.name} is no file of tests: their names begin with test_.")

    # --- saying -------------------------------------------------------------------------------------------------------

    def _say(self, verdict: Verdict) -> None:
        if self._json or (self._quiet and verdict.status in ("passed", "skipped")):
            return
        from interlace.cli.render import duration

        mark, colour = _MARKS[verdict.status]
        place = verdict.file if verdict.line is None else f"{verdict.file}:{verdict.line}"
        name = verdict.name.ljust(self._width)
        self._out.line(f"{self._out.style(mark, colour)} {name}  {place}  {duration(verdict.seconds)}")  # type: ignore[arg-type]
        if verdict.message and verdict.status in ("failed", "error"):
            self._out.line("\n".join(f"  {line}".rstrip() for line in verdict.message.splitlines()) + "\n")

    def _last_line(self) -> str:
        from interlace.cli.render import duration, plural

        if not self._verdicts:
            return "There are no tests: they lie in tests/, as test_*.yaml or test_*.py."
        counts = _counts(self._verdicts)
        said = ", ".join(plural(n, "error") if word == "errors" else f"{n:,} {word}" for word, n in counts.items() if n)
        return f"{plural(len(self._verdicts), 'test')}: {said} in {duration(time.perf_counter() - self._began)}."

    def _tell_json(self, report: Coverage | None) -> None:
        from interlace.cli.render import print_json

        data: dict[str, Any] = {
            "status": "failed" if self.failed else "passed" if self._verdicts else "nothing",
            "counts": _counts(self._verdicts),
            "tests": [_verdict_data(v) for v in self._verdicts],
            "notices": self._notices,
            "seconds": time.perf_counter() - self._began,
        }
        if report is not None:
            data["coverage"] = _coverage_data(report)
        print_json(data)


def _counts(verdicts: Sequence[Verdict]) -> dict[str, int]:
    words = {"passed": "passed", "failed": "failed", "error": "errors", "skipped": "skipped"}
    return {word: sum(v.status == status for v in verdicts) for status, word in words.items()}


def _verdict_data(verdict: Verdict) -> dict[str, Any]:
    words = ("name", "status", "model", "file", "line", "seconds", "message")
    return {word: getattr(verdict, word) for word in words}


def _print_coverage(report: Coverage, out: Output) -> None:
    from interlace.cli.render import joined, plural, table_lines

    header = ["", "models", "covered", "tested", "checked", "columns checked"]
    for title, parts in (("by folder", report.folders), ("by owner", report.owners)):
        rows = [_cells(part) for part in (*parts, report.total)]
        lines = table_lines([title, *header[1:]], rows, align="<>>>>>", header=lambda text: out.style(text, "bold"))
        out.write(joined([*lines, ""]))
    if unknown := sum(m.columns is None for m in report.models):
        out.line(f"The columns of {plural(unknown, 'model')} are not known: run them first.")
    bare = [m.name for m in report.models if not m.covered]
    if bare:
        shown = ", ".join(bare[:10]) + (f" and {len(bare) - 10} more" if len(bare) > 10 else "")  # noqa: PLR2004
        out.line(f"Without a test or a check: {shown}")


def _cells(part: Part) -> list[object]:
    covered = f"{part.covered} ({part.percent:.0f} %)"
    columns = f"{part.checked_columns} of {'?' if part.columns is None else part.columns}"
    return [part.name, part.models, covered, part.tested, part.checked, columns]


def _coverage_data(report: Coverage) -> dict[str, Any]:
    return {
        "total": _part_data(report.total),
        "folders": [_part_data(part) for part in report.folders],
        "owners": [_part_data(part) for part in report.owners],
        "models": [
            {
                "name": m.name,
                "folder": m.folder,
                "owner": m.owner,
                "tested": m.tested,
                "checks": m.checks,
                "columns": m.columns,
                "checked_columns": m.checked_columns,
            }
            for m in report.models
        ],
    }


def _part_data(part: Part) -> dict[str, Any]:
    words = ("name", "models", "covered", "tested", "checked", "columns", "checked_columns", "percent")
    return {word: getattr(part, word) for word in words}
