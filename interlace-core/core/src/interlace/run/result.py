"""What a run did, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from interlace.contracts.state import CheckRecord, HeldRecord
    from interlace.plan.steps import Action, Plan

__all__ = ["Failed", "NotRun", "Outcome", "RunResult", "Succeeded"]


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The model was built (or checked, or exported) and is published.

    Attributes:
        rows: in the relation, where known.
        warnings: messages of checks that only warn, and the like.
        export_errors: exports that could not be written: published, export failed.
    """

    model: str
    action: Action
    seconds: float
    rows: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    checks: Sequence[CheckRecord] = ()
    warnings: Sequence[str] = ()
    export_errors: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """The model failed; yesterday's relation stands.  `error` is the exception."""

    model: str
    action: Action
    seconds: float
    error: Exception
    checks: Sequence[CheckRecord] = ()


@dataclass(frozen=True, slots=True)
class NotRun:
    """The model did not run: ``skipped`` (no parent's rows moved), ``blocked`` (a parent failed), ``cancelled``."""

    model: str
    status: Literal["skipped", "blocked", "cancelled"]
    reason: str


Outcome = Succeeded | Failed | NotRun


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended.

    Attributes:
        id: of the run; empty where there was nothing to do.
        status: ``nothing`` where the plan was empty.
        outcomes: by model, in the order in which they ended.
        notices: what the user should know and that is no failure, such as a run that was cut off.
        held: what ``--hold`` staged and did not publish.
    """

    id: str
    environment: str
    status: Literal["succeeded", "failed", "cancelled", "nothing"]
    outcomes: Mapping[str, Outcome]
    plan: Plan
    started_at: datetime
    seconds: float
    notices: tuple[str, ...] = ()
    held: tuple[HeldRecord, ...] = ()

    @property
    def exit_code(self) -> int:
        """What the command line exits with."""
        return {"succeeded": 0, "nothing": 0, "failed": 1, "cancelled": 130}[self.status]

    @property
    def failed(self) -> tuple[Failed, ...]:
        """The failures, in order."""
        return tuple(o for o in self.outcomes.values() if isinstance(o, Failed))
