"""One call of ``interlace ci``: what it does, in order, and how it clears up."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any

from interlace.cli.ci_report import WORDS, Report
from interlace.cli.render import Output, name_column, plural
from interlace.cli.stopping import Stopping
from interlace.errors import (
    ConfigurationError,
    InterlaceError,
    InvalidModel,
    InvalidProject,
    ProjectNotFound,
    RunError,
    UsageError,
)
from interlace.model.declared import flatten
from interlace.run.result import Succeeded

if TYPE_CHECKING:
    from pathlib import Path

    from interlace.config import LoadedConfig
    from interlace.run.changes import Changes
    from interlace.run.project import Project
    from interlace.run.trial import Trial
    from interlace.run.waiting import Waiting

__all__ = ["Asked", "perform"]

SAMPLE = 5
"""How many rows of each sort are shown where nobody says it."""

PATIENCE = timedelta(minutes=1)
"""How long the last step waits for who holds a database: what it is to drop should not stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asks.

    Attributes:
        start: where the project is.
        variables: values of the project's variables.
        name: of the environment; None for one by the pull request.
        keep: leave the environment.
        sample: how many rows of each sort are shown; None for a few, and no more than the project keeps of a check.
        strict: whether a difference is a failure.
        waiting: how to wait for others; None for not at all.
        command: what the user typed, for the record.
    """

    start: Path
    against: str
    select: Sequence[str] = ()
    exclude: Sequence[str] = ()
    variables: Mapping[str, object] | None = None
    name: str | None = None
    keep: bool = False
    sample: int | None = None
    strict: bool = False
    waiting: Waiting | None = None
    command: str = ""


def perform(asked: Asked, out: Output, *, quiet: bool = False) -> Report:
    """Validate, test, build, check, compare, and drop what was built.

    Args:
        out: where progress is told.

    Raises:
        UsageError: the command is wrong, or the project cannot keep the environment apart from others.
        ProjectNotFound: there is none.
    """
    report = Report(asked.against, strict=asked.strict)
    session = _Session(asked, report, out, quiet=quiet)
    with session.stopping.heeded():
        try:
            session.run()
        except KeyboardInterrupt:
            report.cancelled = True
        except (UsageError, ProjectNotFound):
            raise
        except InterlaceError as error:
            report.cancelled = session.stopping.asked
            report.problems += [] if report.cancelled else flatten([error])
    return report


class _Session:
    def __init__(self, asked: Asked, report: Report, out: Output, *, quiet: bool) -> None:
        self.stopping = Stopping()
        self._asked = asked
        self._report = report
        self._out = out
        self._quiet = quiet
        self._rows = SAMPLE

    def run(self) -> None:
        from interlace.config.throw_away import check_throw_away_name, throw_away_name
        from interlace.run.project import Project
        from interlace.run.trial import Trial

        asked, report = self._asked, self._report
        with self._part("validate"):
            there = Project.load(asked.start, env=asked.against, vars=asked.variables)
        with there:
            os.chdir(there.root)
            name = report.environment = asked.name or throw_away_name(os.environ)
            report.project = there.name
            check_throw_away_name(name, there.config)
            with self._part("validate"):
                self._validate(there.config, there)
                rows = SAMPLE if asked.sample is None else asked.sample
                trial = Trial.of(there.root, name, there, vars=asked.variables, samples=rows)
                self._rows = rows if asked.sample is not None else trial.config.config.checks.samples
            with trial:
                self._try(trial)

    def _validate(self, config: LoadedConfig, there: Project) -> None:
        """What of the configuration is wrong that loads; a variable that is not set matters to who needs it (ruling 23)."""
        from interlace.config.check import problems
        from interlace.contracts.connection import Connection
        from interlace.contracts.state import StateStore

        errors = []
        unset = [spec.error for spec in config.connections.values()] + [*config.secret_errors.values()]
        for error in problems(config, there.plugins.registry(Connection), there.plugins.registry(StateStore)):
            if any(error is one for one in unset):
                self._report.notices.append(error.message)
            else:
                errors.append(error)
        if errors:
            raise InvalidProject(errors)
        self._report.problems += _wrong_columns(there)

    def _try(self, trial: Trial) -> None:
        report = self._report
        changed = report.changes = trial.changes(self._asked.select, self._asked.exclude)
        self._say(_changes_line(changed))
        with self._part("unit tests"):
            self._test(trial)
        if changed.built or changed.checked or self._is_left(trial):
            self._build(trial, changed)

    # --- unit tests ---------------------------------------------------------------------------------------------------

    def _test(self, trial: Trial) -> None:
        from interlace.run.loaded import load
        from interlace.testing.bench import Bench
        from interlace.testing.python_tests import has_pytest, has_python_tests, run_python_tests
        from interlace.testing.suite import perform as perform_cases
        from interlace.testing.suite import read_suite

        report = self._report
        bench = Bench(load(trial.root, trial.environment, self._asked.variables, None))
        report.tests += perform_cases(bench, read_suite(bench), lambda _: None)
        if has_python_tests(trial.root):
            if has_pytest():
                report.tests += run_python_tests(trial.root, quiet=True)[0]
            else:
                report.notices.append("Tests in Python were left out: pytest is not installed.")
        failed = len(report.failed_tests)
        if report.tests:
            self._say(f"{plural(len(report.tests), 'unit test')}: {f'{failed:,} failed' if failed else 'all passed'}.")

    # --- what is built ------------------------------------------------------------------------------------------------

    def _is_left(self, trial: Trial) -> bool:
        """Whether the state knows that one of this name was killed."""
        last = trial.store.runs(trial.environment, limit=1)
        known = trial.store.snapshot(trial.environment).models
        return bool(known) or any(run.status == "running" for run in last)

    def _build(self, trial: Trial, changed: Changes) -> None:
        with self._part("begin"):
            left, _ = self._taken(lambda: trial.begin(changed))
        try:
            if left:
                self._say(f"What an earlier {trial.environment} has left is dropped.")
                self._taken(lambda: trial.throw_away(changed))
            if changed.built:
                with self._part("build"):
                    self._run(trial, changed)
            with self._part("checks"):
                self._check(trial, changed)
            with self._part("compare"):
                self._compare(trial, changed)
        finally:
            self._clear_up(trial, changed)

    def _run(self, trial: Trial, changed: Changes) -> None:
        from interlace.cli.progress import Progress

        names = name_column(changed.built)
        with Progress(self._out, quiet=self._quiet, name_width=names) as progress, self.stopping.by(trial.cancel):
            self._report.result = trial.build(
                changed, command=self._asked.command, on_event=progress.on_event, waiting=self._asked.waiting
            )

    def _check(self, trial: Trial, changed: Changes) -> None:
        """Run the checks that changed of models that did not; one that cannot be asked says nothing of the others."""
        for model in changed.checked:
            try:
                self._report.checks[model], _ = self._taken(partial(trial.check_elsewhere, model))
            except (ConfigurationError, RunError) as error:
                self._report.problems += flatten([error])

    def _compare(self, trial: Trial, changed: Changes) -> None:
        result = self._report.result
        for model in changed.built if result is not None else ():
            outcome = result.outcomes.get(model) if result is not None else None
            if isinstance(outcome, Succeeded) and model in changed.there.models:
                self._report.compared[model], _ = self._taken(partial(trial.compare, model, changed, self._rows))

    def _clear_up(self, trial: Trial, changed: Changes) -> None:
        """Drop the environment, whatever happened."""
        if self._asked.keep:
            self._report.kept = True
            return
        from interlace.run.waiting import Waiting

        with self.stopping.later(), self._part("drop"):
            try:
                waiting = Waiting(PATIENCE, self._say)
                waiting.take(lambda: trial.throw_away(changed), _never())
            except InterlaceError as error:
                self._report.kept = True
                error.message = f"{trial.environment} could not be dropped: {error.message}"
                error.hint = f"interlace env drop {trial.environment}"
                self._report.problems.append(error)

    # --- small ones ---------------------------------------------------------------------------------------------------

    def _taken(self, act: Callable[[], Any]) -> tuple[Any, bool]:
        if self._asked.waiting is None:
            return act(), False
        return self._asked.waiting.take(act, _never())

    @contextmanager
    def _part(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self._report.seconds[name] = self._report.seconds.get(name, 0.0) + time.monotonic() - began

    def _say(self, text: str) -> None:
        if not self._quiet:
            self._out.line(text)


def _wrong_columns(there: Project) -> list[InterlaceError]:
    """What ``interlace validate`` finds and calls an error."""
    return [
        InvalidModel(f.message, where=f.where, hint=f.hint, model=f.model)
        for f in there.validate().findings
        if f.level == "error" and not f.rule.startswith("ILC")
    ]


def _never() -> Event:
    return Event()


def _changes_line(changed: Changes) -> str:
    """``Against prod: 1 added, 2 changed, 3 downstream.``."""
    counts = Counter(change.how for change in changed.models)
    if not counts:
        return f"Nothing differs from what {changed.environment} has."
    return f"Against {changed.environment}: {', '.join(f'{n:,} {WORDS[how]}' for how, n in counts.items())}."
