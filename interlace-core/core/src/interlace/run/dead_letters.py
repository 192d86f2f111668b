"""Dead letters: attempts that failed for good, kept with what is needed to understand them and to do them again."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Container, Mapping
from typing import TYPE_CHECKING, Any, Final

from interlace.contracts.state import DeadLetter
from interlace.errors import UsageError
from interlace.plan import asked as asked_data
from interlace.redaction import redacted
from interlace.state.ids import new_id

if TYPE_CHECKING:
    from datetime import datetime

    from interlace.contracts.state import AttemptRecord, StateStore
    from interlace.plan.incremental import Asked
    from interlace.run.project import Project
    from interlace.run.recorder import Recorder
    from interlace.run.result import RunResult
    from interlace.run.task import Portion, Task
    from interlace.telemetry.events import Event

__all__ = ["DeadLetters", "find_letter", "plain_asked", "plain_variables", "refuse_replay", "replay", "settle"]

LONGEST: Final = 20_000
"""Characters of a traceback that are kept, the last ones."""


class DeadLetters:
    """Writes the letters of one run.

    Args:
        run: its id.
        at: its execution time.
        arguments: what a replay needs beside the model and the time, as plain JSON.
        refreshed: the models that the run makes anew.
        recorder: hands them to the state, after the attempts that they are about.
    """

    def __init__(
        self,
        run: str,
        environment: str,
        at: datetime,
        arguments: Mapping[str, Any],
        refreshed: Container[str],
        recorder: Recorder,
    ) -> None:
        self._run = run
        self._environment = environment
        self._at = at
        self._arguments = arguments
        self._refreshed = refreshed
        self._recorder = recorder

    def give_up(
        self, task: Task, error: Exception, record: AttemptRecord, portion: Portion | None, attempts: int
    ) -> None:
        """Keep an attempt that failed for good.

        Args:
            portion: what it was about.
            attempts: how often it was tried.
        """
        letter = DeadLetter(
            id=new_id(),
            environment=self._environment,
            model=task.name,
            run=self._run,
            attempt=record.id,
            execution_time=portion.at if portion is not None else self._at,
            failed_at=record.finished_at,
            error=record.error or redacted(str(error)),
            error_code=record.error_code,
            error_class=type(error.__cause__ or error).__name__,
            traceback=redacted("".join(traceback.format_exception(error)))[-LONGEST:],
            arguments={**self._arguments, "action": task.step.action, **_particulars(task, portion, self._refreshed)},
            attempts=attempts,
        )
        self._recorder.after(lambda store: store.add_dead_letter(letter))

    def succeeded(self, task: Task) -> None:
        """Settle what is open of a model that succeeded now.

        Only a model whose last attempt did not succeed can have an open one, so others cost nothing.
        """
        if task.state.status in {None, "succeeded"}:
            return
        note = f"settled by the success of run {self._run}"
        self._recorder.after(lambda store: settle(store, self._environment, task.name, note))


def settle(store: StateStore, environment: str, model: str, note: str) -> None:
    """Say of a model's open letter that it was replayed."""
    for letter in store.dead_letters(environment, model=model):
        store.settle_dead_letter(letter.id, "replayed", note)


def _particulars(task: Task, portion: Portion | None, refreshed: Container[str]) -> dict[str, Any]:
    said: dict[str, Any] = {"full_refresh": True} if task.name in refreshed else {}
    if portion is not None and portion.interval is not None:
        said["interval"] = [portion.interval.start.isoformat(), portion.interval.end.isoformat()]
    return said


def plain_asked(asked: Asked | None) -> dict[str, Any]:
    """What a command asked of incremental models, as plain JSON; empty where it asked for nothing."""
    return {} if asked is None else {"asked": asked_data.plain_asked(asked)}


def _asked(arguments: Mapping[str, Any]) -> Asked | None:
    said = arguments.get("asked")
    return None if said is None else asked_data.read_asked(said)


def plain_variables(variables: Mapping[str, object]) -> dict[str, Any]:
    """Values of ``vars:`` as plain JSON, in the form in which ``--var`` takes them again."""
    return {name: asked_data.plain(value) for name, value in variables.items()}


# --- doing it again -----------------------------------------------------------------------------------------------


def find_letter(store: StateStore, id: str) -> DeadLetter:  # noqa: A002  the contract's word
    """A dead letter by its id, or by how that begins.

    Raises:
        UsageError: there is none, or several begin so.
    """
    found = store.dead_letter(id)
    if found is not None:
        return found
    alike = [d.id for d in store.dead_letters(status=None, limit=1000) if id and d.id.startswith(id)]
    if alike:
        raise UsageError(
            f"{len(alike)} dead letters begin with {id!r}", hint=f"write more of it: {', '.join(alike[:5])}"
        )
    raise UsageError(f"there is no dead letter {id!r}", hint="`interlace dlq list --all --status any` lists them")


def refuse_replay(letter: DeadLetter, environment: str) -> None:
    """Refuse to replay what is settled, or belongs to another environment.

    Raises:
        UsageError: says which.
    """
    if letter.status != "open":
        note = f" ({letter.note})" if letter.note else ""
        raise UsageError(
            f"the dead letter {letter.id} is {letter.status} already{note}",
            hint=f"to build the model again: interlace run {letter.model} --force",
        )
    if letter.environment != environment:
        raise UsageError(
            f"the dead letter {letter.id} is of environment {letter.environment}, not {environment}",
            hint=f"say so: --env {letter.environment}",
        )


def replay(
    project: Project, letter: DeadLetter, *, command: str = "", on_event: Callable[[Event], None] | None = None
) -> RunResult:
    """Run a letter's model again, with its execution time.

    The project was loaded with the letter's variables.  A success settles the letter; a failure adds its attempts to it.

    Raises:
        UsageError: it is settled already, or of another environment; or the model is gone.
    """
    refuse_replay(letter, project.environment)
    return project.run(
        [letter.model],
        force=True,
        at=letter.execution_time,
        command=command,
        on_event=on_event,
        asked=_asked(letter.arguments),
        full_refresh=bool(letter.arguments.get("full_refresh")),
    )
