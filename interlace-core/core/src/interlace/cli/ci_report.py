"""What ``interlace ci`` found, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from interlace.cli.render import plural
from interlace.errors import UsageError
from interlace.run.result import Failed, Succeeded

if TYPE_CHECKING:
    from interlace.contracts.state import CheckRecord
    from interlace.errors import InterlaceError
    from interlace.run.changes import Changes
    from interlace.run.result import RunResult
    from interlace.run.trial import Compared
    from interlace.testing.suite import Verdict

__all__ = ["WORDS", "Report", "breaking"]

WORDS: Final = {
    "added": "added",
    "changed": "changed",
    "renamed": "renamed",
    "downstream": "downstream",
    "checks": "with other checks",
    "metadata": "with other descriptions",
    "removed": "removed",
}
"""How a model differs, in words."""

Status = Literal["passed", "failed", "nothing", "cancelled"]


@dataclass(slots=True)
class Report:
    """One call of the command.

    Attributes:
        project: its name; empty where it could not be loaded.
        environment: the one that is thrown away.
        against: the one that it is compared with.
        problems: what is wrong with the project, or stopped the build.
        notices: what the user should know and that is no failure.
        changes: what the project defines otherwise; None where that is not known.
        tests: how each unit test ended.
        result: how the run ended; None where nothing was built.
        checks: what the changed checks of models found that did not change, by model.
        compared: each model that was built, beside what it is compared with.
        seconds: that each part took.
        kept: whether the environment is still there.
        strict: whether a difference counts as a failure.
        cancelled: by a signal.
    """

    against: str
    environment: str = ""
    project: str = ""
    problems: list[InterlaceError] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    changes: Changes | None = None
    tests: list[Verdict] = field(default_factory=list)
    result: RunResult | None = None
    checks: dict[str, Sequence[CheckRecord]] = field(default_factory=dict)
    compared: dict[str, Compared] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    kept: bool = False
    strict: bool = False
    cancelled: bool = False

    @property
    def status(self) -> Status:
        """How it ended; ``nothing`` where the project changes nothing and no test failed."""
        if self.cancelled:
            return "cancelled"
        if self.failures:
            return "failed"
        return "passed" if self.changes is not None and self.changes.models else "nothing"

    @property
    def exit_code(self) -> int:
        """What the command exits with."""
        return {"passed": 0, "nothing": 0, "failed": 1, "cancelled": 130}[self.status]

    @property
    def failures(self) -> list[str]:
        """What failed, in few words each."""
        compared = self.compared.values()
        counts = {
            "problem": len(self.problems),
            "unit test": len(self.failed_tests),
            "model": len(self.failed),
            "check": sum(len(found) for found in self.failed_checks.values()),
            "comparison": sum(c.why_not is not None and not isinstance(c.why_not, UsageError) for c in compared),
        }
        if self.strict:
            counts["difference"] = sum(c.difference is not None and not c.difference.equal for c in compared)
        said = [plural(n, what) for what, n in counts.items() if n]
        if self.result is not None and self.result.exit_code and not said:
            said.append("the run")
        return said

    @property
    def failed_tests(self) -> list[Verdict]:
        """The unit tests that did not pass."""
        return [v for v in self.tests if v.status in {"failed", "error"}]

    @property
    def failed(self) -> tuple[Failed, ...]:
        """The models that could not be built."""
        return self.result.failed if self.result is not None else ()

    @property
    def all_checks(self) -> Mapping[str, Sequence[CheckRecord]]:
        """What all checks found, by model."""
        outcomes = self.result.outcomes if self.result is not None else {}
        ran = {n: o.checks for n, o in outcomes.items() if isinstance(o, (Failed, Succeeded)) and o.checks}
        return {**ran, **self.checks}

    @property
    def failed_checks(self) -> Mapping[str, Sequence[CheckRecord]]:
        """The checks of severity ``error`` that failed, by model."""
        bad = {n: [c for c in found if not c.passed and c.severity == "error"] for n, found in self.all_checks.items()}
        return {name: found for name, found in bad.items() if found}


def breaking(report: Report, name: str, how: str) -> bool | None:
    """Whether who reads a model elsewhere may fail: its columns are gone or of another type; None where that is not known."""
    if how in {"removed", "renamed"}:
        return True
    if how in {"added", "checks", "metadata"}:
        return False
    compared = report.compared.get(name)
    if compared is None or compared.columns is None:
        return None
    return bool(compared.columns.removed or compared.columns.types)
