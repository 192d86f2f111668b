"""What happens to a project and a run, told to whoever wants to know.

All arguments are frozen values: a plugin watches, it does not steer.  What a hook returns is ignored.  Hooks of a run
are called in the thread that leads it, between the work of models: be quick, and hand slow work to a thread of your
own.  A model's failure is no failure of the hook; it is in the event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.plugin import hookspec

if TYPE_CHECKING:
    from interlace.config.schema import Config
    from interlace.plan.steps import Plan
    from interlace.run.result import RunResult
    from interlace.telemetry.events import ChecksFinished, ModelFinished, ModelRetrying, ModelStarted, RunStarted


@hookspec
def interlace_configure(config: Config) -> None:
    """The configuration is read and valid; models are not loaded yet.

    Called once per project.  Values that came from variables are in `config` as they are: do not log it.
    """


@hookspec
def interlace_plan_ready(plan: Plan) -> None:
    """A plan is made: what will run, and why.  Called for ``plan`` and ``run``, before anything runs."""


@hookspec
def interlace_run_started(run: RunStarted) -> None:
    """A run is recorded as running and begins.  Not called where there is nothing to do."""


@hookspec
def interlace_run_finished(result: RunResult) -> None:
    """A run ended, in success, failure or cancellation, and is recorded.  Not called after a kill."""


@hookspec
def interlace_model_started(event: ModelStarted) -> None:
    """A model's attempt begins, before its queries run; `event.reason` says in words why it runs at all."""


@hookspec
def interlace_model_retrying(event: ModelRetrying) -> None:
    """A model's attempt failed and another follows after `event.delay` seconds; the last failure of all is no retry."""


@hookspec
def interlace_model_finished(event: ModelFinished) -> None:
    """A model's attempt ended; a success is told after its commit, so whoever is told can read the rows."""


@hookspec
def interlace_checks_finished(event: ChecksFinished) -> None:
    """The checks of a model's staged data were judged; nothing is published yet."""
