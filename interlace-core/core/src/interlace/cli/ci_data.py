"""The report of ``interlace ci`` as plain JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlace.cli.ci_report import breaking
from interlace.cli.commands.diff import difference_data
from interlace.cli.data import check_data, columns_data, result_data
from interlace.cli.failure import error_data

if TYPE_CHECKING:
    from interlace.cli.ci_report import Report
    from interlace.run.changes import Change
    from interlace.run.trial import Compared
    from interlace.testing.suite import Verdict

__all__ = ["report_data"]


def report_data(report: Report) -> dict[str, Any]:
    """All of a report; see `Report`."""
    changed = report.changes.models if report.changes is not None else ()
    return {
        "status": report.status,
        "exit_code": report.exit_code,
        "project": report.project or None,
        "environment": report.environment or None,
        "against": report.against,
        "kept": report.kept,
        "failures": report.failures,
        "problems": [error_data(error) for error in report.problems],
        "notices": report.notices,
        "changes": [_change_data(report, change) for change in changed],
        "tests": [_test_data(verdict) for verdict in report.tests],
        "run": None if report.result is None else result_data(report.result),
        "checks": {name: [check_data(c) for c in found] for name, found in report.checks.items()},
        "differences": [_compared_data(compared) for compared in report.compared.values()],
        "seconds": {part: round(seconds, 6) for part, seconds in report.seconds.items()},
    }


def _change_data(report: Report, change: Change) -> dict[str, Any]:
    return {
        "model": change.model,
        "change": change.how,
        "renamed_from": change.before,
        "breaking": None if change.effect else breaking(report, change.model, change.how),
        "downstream": list(change.downstream),
        "built": change.built,
    }


def _test_data(verdict: Verdict) -> dict[str, Any]:
    words = ("name", "status", "model", "file", "line", "seconds", "message")
    return {word: getattr(verdict, word) for word in words}


def _compared_data(compared: Compared) -> dict[str, Any]:
    columns = compared.columns
    return {
        "model": compared.model,
        "columns": None
        if columns is None
        else {
            "removed": columns_data(columns.removed),
            "added": columns_data(columns.added),
            "types": [{"name": name, "from": old, "to": new} for name, old, new in columns.types],
        },
        "difference": None if compared.difference is None else difference_data(compared.difference),
        "why_not": None if compared.why_not is None else error_data(compared.why_not),
    }
