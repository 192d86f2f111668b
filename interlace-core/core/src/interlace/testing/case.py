"""What a unit test says: the models, the rows that they are given, and what should come of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from interlace.testing.comparison import Ways

if TYPE_CHECKING:
    from interlace.errors import Location

__all__ = ["Case", "Expected", "Run"]


@dataclass(frozen=True, slots=True)
class Expected:
    """The rows of one model after a run.

    Attributes:
        rows: dictionaries, a table or frame, CSV text, or the `Path` of a file.
        ways: how they are compared.
        where: the place in the test's file, for messages.
    """

    rows: object
    ways: Ways = field(default_factory=Ways)
    where: Location | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One run: what the dependencies hold from now on, and the state of the tables after it.

    Attributes:
        given: rows by the name of a model, seed or source; what is not given again stays as it was.
        expect: rows of the model under test, or an `Expected`; None compares nothing.
        at: the execution time, in the project's time zone where it has none of its own; None is the present.
        others: rows of other models, by name.
        error: text that the run's error must hold, or its code; the run must fail.
    """

    given: Mapping[str, object] = field(default_factory=dict)
    expect: object = None
    at: datetime | date | str | None = None
    others: Mapping[str, object] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One test.

    Attributes:
        models: the models under test; the first is the one that `Run.expect` is about.
        runs: one after the other, on the same tables.
        pipeline: whether models between them and what is given are built too; else each model they read must be given.
        variables: values for the project's ``vars``.
        connection: runs on this connection of the project, in schemas of its own, in place of DuckDB in memory.
        checks: whether the models' checks are run.
        ways: how rows are compared where an `Expected` does not say.
        name: of the test.
        where: where it is written.
    """

    models: Sequence[str]
    runs: Sequence[Run]
    pipeline: bool = False
    variables: Mapping[str, object] = field(default_factory=dict)
    connection: str | None = None
    checks: bool = False
    ways: Ways = field(default_factory=Ways)
    name: str = ""
    where: Location | None = None
