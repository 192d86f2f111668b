"""What a run of the suites showed: each connector by each capability.  A plugin of pytest: ``-p`` and this module's name.

``--conformance-report FILE`` writes it as JSON.  A run of some connectors replaces theirs and leaves the others.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from interlace.contracts.connection import Capabilities
from interlace.testing.conformance.base import needs_of

if TYPE_CHECKING:
    from typing import Literal

    Outcome = Literal["passed", "refused", "left out", "not run", "failed"]

__all__ = ["CAPABILITIES", "Shown", "record_of"]

CAPABILITIES: Final = tuple(field.name for field in fields(Capabilities) if field.type == "bool")
"""What is declared by yes or no."""

_SUITES: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Shown:
    """What became of one scenario of one connector.

    Attributes:
        connector: the class's ``reported_as``, or its name.
        scenario: the test.
        needs: the capabilities that it needs.
        outcome: ``refused`` where it ended in `UnsupportedCapability`, as it must where one is not declared; ``left out`` where
            the suite says that there is nothing to show; ``not run`` where something else skipped it: no server.
        reason: why it was left out or not run, or how it failed.
        declared: the connector's capabilities; None where it has no tables.
    """

    connector: str
    scenario: str
    needs: tuple[str, ...]
    outcome: Outcome
    reason: str = ""
    declared: Capabilities | None = None


def record_of(shown: Sequence[Shown]) -> dict[str, Any]:
    """What is written of one connector.

    Returns:
        ``counts`` by outcome; ``left_out`` and ``not_run``, the scenarios by their reason; and, where it has tables,
        ``capabilities``: for each its verdict: ``passed``, ``refused``, ``no`` (a property of the system that it has not), ``FAILED``, and where
        no scenario is about it ``declared`` or ``not declared``.
    """
    record: dict[str, Any] = {
        "counts": dict(sorted(Counter(one.outcome for one in shown).items())),
        "left_out": _by_reason(shown, "left out"),
        "not_run": _by_reason(shown, "not run"),
    }
    declared = next((one.declared for one in shown if one.declared is not None), None)
    if declared is not None:
        record["capabilities"] = {name: _verdict(name, declared, shown) for name in CAPABILITIES}
    return record


def _by_reason(shown: Sequence[Shown], outcome: Outcome) -> dict[str, list[str]]:
    reasons = sorted({one.reason for one in shown if one.outcome == outcome})
    return {
        reason: sorted({one.scenario for one in shown if (one.outcome, one.reason) == (outcome, reason)})
        for reason in reasons
    }


def _verdict(name: str, declared: Capabilities, shown: Sequence[Shown]) -> str:
    outcomes = {one.outcome for one in shown if name in one.needs}
    if "failed" in outcomes:
        return "FAILED"
    if getattr(declared, name):
        return "passed" if "passed" in outcomes else "declared"
    if "refused" in outcomes:
        return "refused"
    return "no" if outcomes else "not declared"


# --- the plugin -----------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the name of the file."""
    parser.addoption("--conformance-report", type=Path, default=None, help="write what each connector passed, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Listen, where a file is named."""
    if config.getoption("--conformance-report") is not None:
        config.pluginmanager.register(
            _Listener(config.getoption("--conformance-report")), "interlace-conformance-report"
        )


class _Listener:
    """Collects what became of the scenarios of one run."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._shown: dict[str, list[Shown]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        cls = getattr(item, "cls", None)
        if cls is not None and hasattr(cls, "reported_as") and (report.when == "call" or not report.passed):
            connector = cls.reported_as or cls.__name__
            self._shown.setdefault(connector, []).append(_shown(connector, item, report))
        return report

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what was seen; what was not run is a failure."""
        records = {connector: record_of(shown) for connector, shown in self._shown.items()}
        before = json.loads(self._path.read_text()) if self._path.exists() else {}
        text = json.dumps({**before, **records}, indent=1, sort_keys=True, ensure_ascii=False)
        self._path.write_text(text + "\n", encoding="utf-8")
        if any(record["not_run"] for record in records.values()) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say for each connector how many scenarios ended how."""
        for connector, shown in sorted(self._shown.items()):
            record = record_of(shown)
            counted = ", ".join(f"{number} {outcome}" for outcome, number in record["counts"].items())
            terminalreporter.write_line(f"{connector}: {counted}")
            for reason, scenarios in record["not_run"].items():
                terminalreporter.write_line(f"  {len(scenarios)} not run: {reason}", red=True)


def _shown(connector: str, item: pytest.Item, report: pytest.TestReport) -> Shown:
    declared = _capabilities(getattr(item, "funcargs", {}))
    needs = needs_of(getattr(item, "function", None))
    outcome: Outcome = "failed"
    reason = str(report.longrepr).splitlines()[-1] if report.failed else ""
    if report.skipped:
        path, _, said = report.longrepr if isinstance(report.longrepr, tuple) else ("", 0, str(report.longrepr))
        outcome = "left out" if Path(path).is_relative_to(_SUITES) else "not run"
        reason = said.removeprefix("Skipped: ")
    elif report.passed:
        missing = declared is not None and any(not getattr(declared, name) for name in needs)
        outcome = "refused" if missing else "passed"
    name = item.originalname if isinstance(item, pytest.Function) else item.name
    return Shown(connector, name or item.name, needs, outcome, reason, declared)


def _capabilities(fixtures: Mapping[str, Any]) -> Capabilities | None:
    connection = fixtures.get("connection") or getattr(fixtures.get("session"), "connection", None)
    found = getattr(connection, "capabilities", None)
    return found if isinstance(found, Capabilities) else None
