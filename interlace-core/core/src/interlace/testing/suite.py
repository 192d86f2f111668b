"""All YAML tests of a project: read together, then performed one after the other in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from interlace.errors import InterlaceError, InvalidProject
from interlace.model.declared import flatten
from interlace.testing.yaml_tests import files_of, read_tests

if TYPE_CHECKING:
    from interlace.testing.bench import Bench
    from interlace.testing.case import Case

__all__ = ["Verdict", "perform", "read_suite"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one test ended.

    Attributes:
        file: relative to the project's folder.
        name: of the test.
        status: ``failed`` where the expectation does not hold, ``error`` where the test could not be performed.
        model: the model under test, where that is known.
        message: what is wrong.
    """

    file: str
    name: str
    status: Literal["passed", "failed", "error", "skipped"]
    seconds: float
    model: str | None = None
    line: int | None = None
    message: str = ""


def read_suite(bench: Bench, models: Collection[str] | None = None) -> list[Case]:
    """The YAML tests of a project, all of them looked through before the first is performed.

    Args:
        bench: the project.
        models: only tests of these; None for all.

    Raises:
        InvalidTest: with file, line and key; several are raised as `InvalidProject`.
    """
    errors: list[InterlaceError] = []
    found: list[Case] = []
    for path in files_of(bench.root):
        try:
            cases = read_tests(path, bench.root, bench.loaded.graph)
        except InterlaceError as error:
            errors += flatten([error])
            continue
        found += [case for case in cases if models is None or bench.named(case.models[0]) in models]
    errors += _unperformable(bench, found)
    if errors:
        raise errors[0] if len(errors) == 1 else InvalidProject(errors)
    return found


def _unperformable(bench: Bench, cases: Iterable[Case]) -> Iterator[InterlaceError]:
    for case in cases:
        try:
            bench.prepare(case)
        except InterlaceError as error:
            error.where = error.where or case.where
            yield error


def perform(bench: Bench, cases: Sequence[Case], said: Callable[[Verdict], None]) -> list[Verdict]:
    """Perform tests in their order; what is wrong with one is in its verdict.

    Args:
        bench: the project.
        cases: what to perform.
        said: called with each verdict.
    """
    verdicts = []
    for case in cases:
        verdict = _verdict(bench, case)
        said(verdict)
        verdicts.append(verdict)
    return verdicts


def _verdict(bench: Bench, case: Case) -> Verdict:
    began = time.perf_counter()
    status: Literal["passed", "failed", "error"] = "passed"
    message = ""
    try:
        bench.perform(case)
    except AssertionError as error:
        status, message = "failed", str(error)
    except InterlaceError as error:
        status, message = "error", f"[{error.code}] {error}"
    where = case.where
    return Verdict(
        str(where.path) if where is not None else "",
        case.name,
        status,
        time.perf_counter() - began,
        case.models[0],
        where.line if where is not None else None,
        message,
    )
