"""Plans and results as plain JSON values: what ``--json`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from interlace.cli.held import held_data
from interlace.errors import InterlaceError
from interlace.plan.document import intervals_data, plan_data, reasons_data
from interlace.run.result import Failed, NotRun, Succeeded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlace.contracts.relation import Column
    from interlace.contracts.state import CheckRecord
    from interlace.run.result import Outcome, RunResult

__all__ = ["check_data", "columns_data", "intervals_data", "plan_data", "reasons_data", "result_data"]


def columns_data(columns: Iterable[Column]) -> list[dict[str, Any]]:
    """Columns: ``name, type, nullable``."""
    return [{"name": c.name, "type": c.type, "nullable": c.nullable} for c in columns]


def result_data(result: RunResult) -> dict[str, Any]:
    """How a run ended: ``run, environment, status, exit_code, started_at, seconds, models, notices, plan``.

    Where there was nothing to do no run began: ``run`` and ``started_at`` are null.
    """
    return {
        "run": result.id or None,
        "environment": result.environment,
        "status": result.status,
        "exit_code": result.exit_code,
        "started_at": result.started_at.isoformat() if result.id else None,
        "seconds": round(result.seconds, 6) if result.id else 0.0,
        "models": [_outcome_data(outcome) for outcome in result.outcomes.values()],
        "notices": list(result.notices),
        "held": [held_data(h) for h in result.held],
        "plan": plan_data(result.plan),
    }


def _outcome_data(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Succeeded():
            return {
                "model": outcome.model,
                "status": "succeeded",
                "action": outcome.action,
                "seconds": round(outcome.seconds, 6),
                "rows": outcome.rows,
                "counts": dict(outcome.counts),
                "checks": [check_data(c) for c in outcome.checks],
                "warnings": list(outcome.warnings),
                "export_errors": list(outcome.export_errors),
            }
        case Failed():
            return {
                "model": outcome.model,
                "status": "failed",
                "action": outcome.action,
                "seconds": round(outcome.seconds, 6),
                "checks": [check_data(c) for c in outcome.checks],
                "error": _error_data(outcome.error),
            }
        case NotRun():
            return {"model": outcome.model, "status": outcome.status, "reason": outcome.reason}
        case _:
            assert_never(outcome)


def check_data(check: CheckRecord) -> dict[str, Any]:
    """The result of one check."""
    return {
        "name": check.name,
        "type": check.type,
        "severity": check.severity,
        "passed": check.passed,
        "message": check.message,
        "failing": check.failing,
        "sample": [dict(row) for row in check.sample],
    }


def _error_data(error: Exception) -> dict[str, Any]:
    from interlace.cli.failure import error_data

    if isinstance(error, InterlaceError):
        return error_data(error)
    return {"code": None, "message": f"{type(error).__name__}: {error}", "where": None, "hint": None, "model": None}
