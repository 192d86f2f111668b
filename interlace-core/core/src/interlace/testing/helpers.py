"""``test_model`` and ``test_pipeline``: a test in one call."""

# ruff: noqa: PT028  what is called test_* is for tests, and is none

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlace.errors import InvalidTest, UsageError
from interlace.model.definition import Model, PythonBody
from interlace.testing.bench import Bench, Outcome
from interlace.testing.case import Case, Run
from interlace.testing.comparison import Ways

if TYPE_CHECKING:
    from typing import TypeAlias

    Subject: TypeAlias = str | Callable[..., Any]

__all__ = ["test_model", "test_model_sync", "test_pipeline", "test_pipeline_sync"]


def test_model_sync(
    model: Subject,
    given: Mapping[str, object] | None = None,
    expect: object = None,
    *,
    runs: Sequence[Run] | None = None,
    project: Bench | str | Path | None = None,
    env: str | None = None,
    vars: Mapping[str, object] | None = None,  # noqa: A002  the word of the configuration
    at: datetime | date | str | None = None,
    columns: Sequence[str] | None = None,
    key: Sequence[str] = (),
    ordered: bool = False,
    tolerance: float | None = None,
    connection: str | None = None,
    checks: bool = False,
) -> Outcome:
    """Run one model on given rows, as a run of the project would, and compare what it publishes.

    The model is compiled, computed, converted and loaded by its own strategy, in a DuckDB of its own in memory.

    Args:
        model: its name, or the function of a Python model.
        given: rows by the name of what the model reads: dictionaries, a pyarrow, pandas or polars table, CSV text, the
            `Path` of a file (from the project's folder), or `mock_dependency`.  Columns have the types that the project
            declares, else those of the values.  Seeds that are not given are read from their files.
        expect: the rows that the table then holds, in the same forms; None compares nothing.
        runs: several runs one after the other, in place of `given`, `expect` and `at`.
        project: a `Bench` or a folder in the project; by default that of the model's function, else the working folder.
        env: the environment, for a project that is loaded here.
        vars: values for the project's ``vars``.
        at: the execution time; by default that of the `frozen_clock`, else the present.
        columns: the columns that are compared; by default all.
        key: the columns by which the report pairs expected and actual rows; by default the model's key.
        ordered: whether the order of the rows counts.
        tolerance: the greatest difference of two numbers; floats may differ by 1e-9 of the greater one without.
        connection: a connection of the project to run on, in schemas of its own that are dropped afterwards.
        checks: whether the model's checks are run too.

    Returns:
        what the (last) run left behind.

    Raises:
        RowsDiffer: an `AssertionError` that shows the rows that differ.
        InvalidTest: rows are missing, or do not fit.
        InterlaceError: the model failed.
    """
    __tracebackhide__ = True  # pytest then shows the line of the test
    bench = _bench(project, env, model)
    made = runs if runs is not None else [Run(given or {}, expect, at)]
    if runs is not None and (given is not None or expect is not None or at is not None):
        raise UsageError("'runs' takes the place of 'given', 'expect' and 'at': write them into its runs.")
    case = Case(
        [_name(bench, model)],
        made,
        variables=vars or {},
        connection=connection,
        checks=checks,
        ways=Ways(columns, key, ordered, tolerance),
    )
    return bench.perform(case)[-1]


async def test_model(model: Subject, *arguments: Any, **options: Any) -> Outcome:
    """`test_model_sync`, without blocking the event loop; it takes the same arguments."""
    import asyncio

    return await asyncio.to_thread(test_model_sync, model, *arguments, **options)


def test_pipeline_sync(
    given: Mapping[str, object],
    expect: Mapping[str, object],
    *,
    project: Bench | str | Path | None = None,
    env: str | None = None,
    vars: Mapping[str, object] | None = None,  # noqa: A002  the word of the configuration
    at: datetime | date | str | None = None,
    tolerance: float | None = None,
    connection: str | None = None,
    checks: bool = False,
) -> Outcome:
    """Run all models between what is given and what is expected, and compare the expected ones.

    Args:
        given: rows by name, as for `test_model_sync`.
        expect: rows by the name of a model, or an `Expected`, which says how they are compared; None compares nothing.
        project: as for `test_model_sync`, as for the others.
        env: the environment.
        vars: values for the project's ``vars``.
        at: the execution time.
        tolerance: the greatest difference of two numbers.
        connection: a connection of the project to run on.
        checks: whether the models' checks are run too.

    Returns:
        what the run left behind, with the rows of each expected model in `tables`.

    Raises:
        RowsDiffer: an `AssertionError` that shows the rows that differ.
        InvalidTest: rows are missing, or do not fit.
        InterlaceError: a model failed.
    """
    __tracebackhide__ = True
    if not expect:
        raise UsageError("A pipeline is tested for at least one model: expect={'orders': [...]}.")
    compared = {name: rows for name, rows in expect.items() if rows is not None}
    case = Case(
        list(expect),
        [Run(given, at=at, others=compared)],
        pipeline=True,
        variables=vars or {},
        connection=connection,
        checks=checks,
        ways=Ways(tolerance=tolerance),
    )
    return _bench(project, env, None).perform(case)[-1]


async def test_pipeline(given: Mapping[str, object], expect: Mapping[str, object], **options: Any) -> Outcome:
    """`test_pipeline_sync`, without blocking the event loop; it takes the same arguments."""
    import asyncio

    return await asyncio.to_thread(test_pipeline_sync, given, expect, **options)


for _helper in (test_model, test_model_sync, test_pipeline, test_pipeline_sync):
    vars(_helper)["__test__"] = False  # pytest takes what is called test_* for a test


def _bench(project: Bench | str | Path | None, env: str | None, model: Subject | None) -> Bench:
    if isinstance(project, Bench):
        return project
    if project is None and callable(model):
        project = inspect.getsourcefile(model)
    return Bench.load(Path(project or "."), env=env)


def _name(bench: Bench, model: Subject) -> str:
    """The name of the model whose function was given."""
    if isinstance(model, str):
        return model
    file = Path(inspect.getsourcefile(model) or "").resolve()
    for name, node in bench.loaded.graph.nodes.items():
        body = node.body if isinstance(node, Model) else None
        if not isinstance(body, PythonBody) or body.function != getattr(model, "__name__", ""):
            continue
        if (bench.root / body.file).resolve() == file:
            return name
    raise InvalidTest(f"{getattr(model, '__qualname__', model)!r} in {file.name} is no model of the project")
