"""Trying again: which failures are worth another attempt, when it is made, and how the wait is cut short."""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from interlace.errors import (
    Cancelled,
    ChecksFailed,
    CircuitOpen,
    ConfigurationError,
    ConnectionFailure,
    Defect,
    InvalidModel,
    LoadRefused,
    Location,
    ModelFailed,
    PluginError,
    RunError,
    TimedOut,
    UnsupportedCapability,
    UsageError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tenacity import RetryCallState

    from interlace.model.definition import Model, Retry

__all__ = ["Pausing", "pause", "predicate_of", "sqlstates", "with_retry", "worth_another"]

T = TypeVar("T")

Predicate = Callable[[Exception], object]

TERMINAL: Final = (
    Cancelled,
    ChecksFailed,
    ConfigurationError,
    Defect,
    LoadRefused,
    PluginError,
    TimedOut,
    UnsupportedCapability,
    UsageError,
)
"""What another attempt cannot change, whatever the policy says."""

_BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers over HTTP that say: later."""

# By name, because none of these packages needs to be installed: requests and urllib3, then httpx and httpx2.
_NETWORK: Final = frozenset({"ConnectionError", "TimeoutError", "Timeout", "NetworkError", "TimeoutException"})

_SQLSTATE: Final = re.compile(r"[0-9A-Z]{2}(?:[0-9A-Z]{3})?")


class Pausing(Protocol):
    """What can be asked to stop while it waits: a runner's worker."""

    left: bool
    interrupt: Callable[[], None] | None
    why: Any


def with_retry(
    policy: Retry | None,
    act: Callable[[], T],
    *,
    sleep: Callable[[float], None],
    failed: Callable[[Exception, int, float], None],
    predicate: Predicate | None = None,
) -> T:
    """Do something until it succeeds, fails for good, or was tried often enough; then its last failure is raised.

    Args:
        policy: None does it once.
        act: has no transaction open when it raises.
        sleep: waits so many seconds, or raises when it is told to stop.
        failed: told of each failure that is followed by another attempt: the error, the number of the attempt that
            failed, and the seconds until the next.
        predicate: that of the policy.
    """
    if policy is None:
        return act()
    from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

    growing = wait_exponential_jitter(
        multiplier=policy.initial_delay, max=policy.max_delay, exp_base=policy.factor, jitter=policy.jitter
    )

    def wait(state: RetryCallState) -> float:
        error = _failure(state)
        return max(growing(state), error.remaining if isinstance(error, CircuitOpen) else 0.0)

    def tell(state: RetryCallState) -> None:
        assert state.next_action is not None  # noqa: S101  told before a wait only
        failed(_failure(state), state.attempt_number, state.next_action.sleep)

    return Retrying(
        stop=stop_after_attempt(policy.attempts),
        wait=wait,
        retry=retry_if_exception(lambda error: worth_another(policy, error, predicate)),
        sleep=sleep,
        before_sleep=tell,
        reraise=True,
    )(act)


def _failure(state: RetryCallState) -> Exception:
    assert state.outcome is not None  # noqa: S101  asked after a failure only
    error = state.outcome.exception()
    assert isinstance(error, Exception)  # noqa: S101  `worth_another` lets nothing else pass
    return error


def pause(worker: Pausing, seconds: float) -> None:
    """Wait, and be woken by whatever interrupts the worker.

    Raises:
        Cancelled: the worker was told to stop; its runner says why.
    """
    woken = threading.Event()
    # Before the look at `why`: whoever sets that calls this afterwards.
    worker.interrupt = woken.set
    if worker.why is None and not worker.left:
        woken.wait(seconds)
    if worker.left or worker.why is not None:
        raise Cancelled("told to stop while waiting for another attempt")


# --- which failures -----------------------------------------------------------------------------------------------


def worth_another(policy: Retry, error: BaseException, predicate: Predicate | None = None) -> bool:
    """Whether a failure is worth another attempt.

    A terminal one never is.  Else the policy's names of classes and SQLSTATEs decide and its predicate, where it has
    any; without them what the connector calls transient, and of a model's own exceptions those of the network.
    """
    if not isinstance(error, Exception) or isinstance(error, TERMINAL):
        return False
    if isinstance(error, CircuitOpen):
        return error.remaining <= policy.max_delay
    if isinstance(error, ConnectionFailure) and error.in_doubt:
        # The next attempt begins with a look at the marker.
        return True
    if policy.errors or predicate is not None:
        return _named(policy.errors, error) or (predicate is not None and _asked(predicate, error))
    return any(_is_transient(e) for e in _chain(error))


def sqlstates(error: BaseException) -> frozenset[str]:
    """The SQLSTATEs of a failure and of what caused it."""
    found = (getattr(e, "sqlstate", None) for e in _chain(error))
    return frozenset(s for s in found if isinstance(s, str))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what was given as its cause, outermost first."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__


def _named(names: tuple[str, ...], error: Exception) -> bool:
    states = sqlstates(error)
    classes = {n for e in _chain(error) for c in type(e).__mro__[:-1] for n in (c.__name__, _qualified(c))}
    return any(n in classes or (_SQLSTATE.fullmatch(n) and any(s.startswith(n) for s in states)) for n in names)


def _qualified(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _asked(predicate: Predicate, error: Exception) -> bool:
    own = error.__cause__ if isinstance(error, ModelFailed) and isinstance(error.__cause__, Exception) else error
    try:
        return bool(predicate(own))
    except Exception as failure:
        raise RunError(
            f"the 'predicate' of 'retry' raised {type(failure).__name__}: {failure}, when it was asked about: {error}",
            model=getattr(error, "model", None),
        ) from failure


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, ConnectionError | TimeoutError) or getattr(error, "transient", False) is True:
        return True
    if _NETWORK & {c.__name__ for c in type(error).__mro__}:
        return True
    response = getattr(error, "response", None)
    return bool({getattr(response, "status_code", None), getattr(error, "code", None)} & _BUSY)


def predicate_of(model: Model, root: Path) -> Predicate | None:
    """The function that a model's ``retry`` names; modules of the project come first.

    Raises:
        InvalidModel: there is no such module or function.
    """
    name = model.retry.predicate if model.retry is not None else None
    if name is None:
        return None
    module, _, attribute = name.partition(":")
    where = Location(model.file, model.line)
    try:
        found = getattr(_imported(module, root), attribute)
    except (ImportError, AttributeError) as error:
        said = f"'retry' has the predicate {name!r}, which cannot be imported: {error}"
        raise InvalidModel(said, where=where, model=model.name) from error
    if not callable(found):
        raise InvalidModel(f"'retry' has the predicate {name!r}, which is no function", where=where, model=model.name)
    return found  # type: ignore[no-any-return]  # whatever is callable


def _imported(module: str, root: Path) -> Any:
    from interlace.model.python_imports import import_file, is_project_module

    if not is_project_module(root, module.partition(".")[0]):
        return importlib.import_module(module)
    base = root.joinpath(*module.split("."))
    init = base / "__init__.py"
    return import_file(root, init if init.is_file() else base.with_suffix(".py"))
