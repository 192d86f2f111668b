"""Running the functions under ``@check``: the rows in, whatever they say out as a record."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from interlace.contracts.check import CheckOptions, Verdict
from interlace.contracts.state import CheckRecord
from interlace.errors import InterlaceError, Location, ModelFailed
from interlace.run.sample import MASK, plain
from interlace.run.tolerance import limit_text, tolerated

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlace.contracts.check import CheckTarget
    from interlace.contracts.connection import Session
    from interlace.model.definition import CheckUse
    from interlace.run.inputs import Wants

__all__ = ["PythonCheckOptions", "run_python_check"]

TYPE: Final = "python"


class PythonCheckOptions(CheckOptions):
    """What is known of a function under ``@check``.

    Attributes:
        function: its file and name: ``checks/orders.py:positive``.
        line: of the decorator.
        parameter: its one parameter.
        wants: the form of the rows that it asks for.
    """

    function: str
    line: int
    parameter: str
    wants: str


def run_python_check(
    session: Session, target: CheckTarget, use: CheckUse, root: Path, samples: int, hidden: frozenset[str]
) -> CheckRecord:
    """Call one function with the rows of a relation.

    Raises:
        ModelFailed: it raised something else than ``AssertionError``, or returned what is no answer.
    """
    options = PythonCheckOptions.model_validate(dict(use.options))
    answer = _called(session, target, options, root)
    verdict, sample = _judged(answer, options, samples, hidden)
    rows = _rows(session, target, options) if options.max_fraction is not None and not verdict.passed else 0
    passed = verdict.passed or tolerated(options, verdict, rows)
    limit = "" if verdict.passed else limit_text(options)
    return CheckRecord(
        name=options.name or options.function,
        type=TYPE,
        severity="warn" if options.reaction == "warn" else options.severity,
        passed=passed,
        message=f"{verdict.message} ({limit})" if limit else verdict.message,
        failing=verdict.failing,
        sample=() if passed else sample,
    )


def _query(session: Session, target: CheckTarget, options: CheckOptions) -> str:
    from interlace.model.sql_condition import parse_condition, require_columns

    query = f"SELECT * FROM {session.name(target.relation)}"
    if options.where is None:
        return query
    condition = parse_condition(options.where, target.dialect, "'where'")
    require_columns(condition, (c.name for c in target.columns), str(target.relation), options.where, "'where'")
    return f"{query} WHERE {condition.sql(target.dialect)}"


def _rows(session: Session, target: CheckTarget, options: CheckOptions) -> int:
    return int(session.fetch(f"SELECT COUNT(*) FROM ({_query(session, target, options)}) AS checked")[0][0])


def _called(session: Session, target: CheckTarget, options: PythonCheckOptions, root: Path) -> object:
    from interlace.model.python_file import load_check
    from interlace.run.inputs import provide

    file, _, name = options.function.rpartition(":")
    function = load_check(root, file, name)
    given = provide(cast("Wants", options.wants), session, _query(session, target, options), options.parameter)
    try:
        return _evaluated(function, {options.parameter: given})
    except AssertionError as error:
        return error
    except InterlaceError:
        raise
    except Exception as error:
        raise _failure(error, options, root) from error


def _evaluated(function: Callable[..., Any], arguments: Mapping[str, object]) -> object:
    answer = function(**arguments)
    if inspect.iscoroutine(answer):
        answer = asyncio.run(answer)
    if type(answer).__module__.partition(".")[0] == "ibis":
        return cast("Any", answer).to_pyarrow()
    if type(answer).__module__.partition(".")[0] == "polars" and hasattr(answer, "collect"):
        return answer.collect()
    return answer


def _failure(error: Exception, options: PythonCheckOptions, root: Path) -> ModelFailed:
    from interlace.model.python_file import own_frames

    file, _, name = options.function.rpartition(":")
    own = own_frames(root.resolve(), error)
    where = Location(own[-1].filename, own[-1].lineno, None, own[-1].line) if own else Location(file, options.line)
    return ModelFailed(f"the check {name!r} raised {type(error).__name__}: {error}", where=where)


# --- what it said -----------------------------------------------------------------------------------------------------


def _judged(
    answer: object, options: PythonCheckOptions, samples: int, hidden: frozenset[str]
) -> tuple[Verdict, Sequence[dict[str, Any]]]:
    name = options.name or options.function
    said = _scalar(answer)
    match said:
        case AssertionError():
            return Verdict(False, str(said).strip() or f"{name} does not hold"), ()
        case None:
            return Verdict(True, f"{name} holds"), ()
        case bool():
            return Verdict(said, f"{name} holds" if said else f"{name} does not hold"), ()
        case int():
            if said < 0:
                raise ModelFailed(f"the check {name!r} returned {said}, which is no number of rows")
            return _counted(said, name), ()
    return _failing_rows(said, name, options, samples, hidden)


def _scalar(answer: object) -> object:
    """Numbers and booleans of numpy and Arrow as Python's own."""
    for method in ("as_py", "item"):
        if hasattr(answer, method) and not hasattr(answer, "__len__"):
            return getattr(answer, method)()
    return answer


def _counted(failing: int, name: str) -> Verdict:
    rows = f"{failing:,} row{'' if failing == 1 else 's'} {'fails' if failing == 1 else 'fail'}"
    return Verdict(not failing, f"{rows} {name}" if failing else f"no row fails {name}", failing)


def _failing_rows(
    answer: object, name: str, options: PythonCheckOptions, samples: int, hidden: frozenset[str]
) -> tuple[Verdict, Sequence[dict[str, Any]]]:
    from interlace.run.convert import to_batches

    failing = 0
    shown: list[dict[str, Any]] = []
    try:
        for batch in to_batches(answer)[0]:
            failing += batch.num_rows
            if len(shown) < samples:
                shown += batch.slice(0, samples - len(shown)).to_pylist()
    except ModelFailed as error:
        file, _, function = options.function.rpartition(":")
        message = f"the check {function!r} returned {type(answer).__name__}: {error.message}"
        hint = "A check returns whether all is well, the number of rows that fail, or these rows."
        raise ModelFailed(message, where=Location(file, options.line), hint=hint) from error
    rows = [{k: MASK if k.casefold() in hidden else plain(v) for k, v in row.items()} for row in shown]
    return _counted(failing, name), rows
