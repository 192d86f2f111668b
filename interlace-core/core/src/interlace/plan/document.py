"""A plan as plain JSON values: what ``--json`` prints, and what is saved of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlace.plan.estimates import Estimates
    from interlace.plan.steps import Break, Change, Plan, Reason, Step, Transfer
    from interlace.plan.windows import Batch

__all__ = ["change_data", "estimates_data", "intervals_data", "plan_data", "reasons_data", "step_data", "work_data"]


def plan_data(plan: Plan) -> dict[str, Any]:
    """A plan: ``id, environment, where, steps, moves, …, up_to_date, orphans, notices, breaks, estimates``.

    ``estimates`` is null where nobody asked what happened before, as in the result of a run.
    """
    return {
        "id": plan.id,
        **work_data(plan),
        "up_to_date": [{"model": u.model, "reasons": reasons_data(u.reasons)} for u in plan.up_to_date],
        "orphans": list(plan.orphans),
        "notices": list(plan.notices),
        "breaks": [_break_data(b) for b in plan.breaks],
        "estimates": None if plan.estimates is None else estimates_data(plan.estimates),
    }


def work_data(plan: Plan) -> dict[str, Any]:
    """What a plan does: ``environment, where, steps, moves, deferred, transfers, outgoing``."""
    return {
        "environment": plan.environment,
        "where": dict(plan.where),
        "steps": [step_data(s) for s in plan.steps],
        "moves": [
            {"model": m.new, "renamed_from": m.old, "relation": str(m.target), "was": str(m.source)} for m in plan.moves
        ],
        "deferred": [{"model": d.model, "environment": d.environment, "relation": d.relation} for d in plan.deferred],
        "transfers": [_transfer_data(t) for t in plan.transfers],
        "outgoing": [
            {"model": o.model, "connection": o.connection, "relation": o.relation, "how": o.how} for o in plan.outgoing
        ],
    }


def step_data(step: Step) -> dict[str, Any]:
    """One step."""
    return {
        "model": step.model,
        "action": step.action,
        "relation": step.relation,
        "materialise": step.materialise,
        "strategy": step.strategy,
        "tentative": step.tentative,
        "seconds": step.seconds,
        "reasons": reasons_data(step.reasons),
        "intervals": intervals_data(step.intervals),
        "fresh": step.fresh,
        "change": None if step.change is None else change_data(step.change),
    }


def change_data(change: Change) -> dict[str, Any]:
    """What an edited query changes: ``kind, columns, added, removed, why, spared``; ``columns`` is null for any."""
    return {
        "kind": change.kind,
        "columns": None if change.columns is None else sorted(change.columns),
        "added": list(change.added),
        "removed": list(change.removed),
        "why": change.why,
        "spared": list(change.spared),
    }


def reasons_data(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Reasons: ``code, text, details``."""
    return [{"code": r.code, "text": r.text, "details": list(r.details)} for r in reasons]


def intervals_data(intervals: Iterable[Batch]) -> list[dict[str, Any]]:
    """What is loaded of an incremental model, a transaction each: ``start, end, why, partial``.

    ``start`` is null where it is all history.
    """
    from interlace.plan.windows import BEGINNING

    return [
        {
            "start": None if b.start == BEGINNING else b.start.isoformat(),
            "end": b.end.isoformat(),
            "why": list(b.why),
            "partial": b.partial,
        }
        for b in intervals
    ]


def estimates_data(estimates: Estimates) -> dict[str, Any]:
    """Estimates; null stands for unknown."""
    return {
        "rows": estimates.rows,
        "work_seconds": _rounded(estimates.work),
        "seconds": _rounded(estimates.elapsed),
        "threads": estimates.threads,
        "unknown": list(estimates.unknown),
        "saved_seconds": _rounded(estimates.saved),
        "models": {
            name: {"rows": e.rows, "seconds": _rounded(e.seconds), "builds": e.builds}
            for name, e in estimates.models.items()
        },
    }


def _break_data(one: Break) -> dict[str, Any]:
    """A reader that breaks."""
    return {
        "model": one.model,
        "reads": one.column,
        "text": one.text,
        "file": one.file,
        "line": one.line,
        "column": one.column_number,
        "stops": one.stops,
    }


def _transfer_data(transfer: Transfer) -> dict[str, Any]:
    """What is copied between connections."""
    return {
        "name": transfer.name,
        "source": transfer.source,
        "reader": transfer.reader,
        "rows": transfer.rows,
        "columns": None if transfer.columns is None else list(transfer.columns),
        "window": transfer.window,
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)
