"""What checks found over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from interlace.cli.render import table_lines, when
from interlace.run.result import NotRun

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from interlace.cli.render import Output
    from interlace.contracts.state import CheckRecord
    from interlace.run.project import Project
    from interlace.run.result import RunResult

__all__ = ["Trend", "trend_data", "trend_lines", "trends"]

FEW: Final = 5
"""How many numbers of failing rows a line shows."""


@dataclass(frozen=True, slots=True)
class Trend:
    """The results of one check, oldest first, each with its time and run."""

    model: str
    check: str
    results: Sequence[tuple[datetime, str, CheckRecord]]


def trends(project: Project, result: RunResult, limit: int) -> list[Trend]:
    """The newest results, at most `limit`, of each check that has just run."""
    found = []
    for outcome in result.outcomes.values():
        if isinstance(outcome, NotRun):
            continue
        for check in outcome.checks:
            history = project.store.check_history(
                project.environment, model=outcome.model, check=check.name, limit=limit
            )
            results = [(at, run, record) for at, run, _, record in reversed(history)]
            found.append(Trend(outcome.model, check.name, results))
    return found


def trend_data(trend: Trend) -> dict[str, Any]:
    """As plain JSON values: ``model, check, results: [{at, run, passed, severity, failing, message}]``."""
    results = [
        {
            "at": at.isoformat(),
            "run": run,
            "passed": record.passed,
            "severity": record.severity,
            "failing": record.failing,
            "message": record.message,
        }
        for at, run, record in trend.results
    ]
    return {"model": trend.model, "check": trend.check, "results": results}


def trend_lines(found: Sequence[Trend], out: Output) -> list[str]:
    """A table: a mark for each result, oldest first, the newest numbers of failing rows, the last failure."""
    rows = [(t.model, t.check, _marks(t, out), _numbers(t), _last_failure(t)) for t in found]
    return table_lines(["model", "check", "results", "failing rows", "last failure"], rows)


def _marks(trend: Trend, out: Output) -> str:
    passed, warned, failed = ("✓", "⚠", "✗") if out.unicode else (".", "!", "x")
    return "".join(
        passed if record.passed else failed if record.severity == "error" else warned for _, _, record in trend.results
    )


def _numbers(trend: Trend) -> str:
    counted = [record.failing for _, _, record in trend.results if record.failing is not None]
    return " ".join(f"{n:,}" for n in counted[-FEW:])


def _last_failure(trend: Trend) -> str:
    failed = [at for at, _, record in trend.results if not record.passed]
    return when(failed[-1]) if failed else ""
