"""Performs unit tests: by the machinery of a run, on given rows, in a database of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from interlace.errors import InterlaceError, InvalidTest
from interlace.model.definition import Model
from interlace.run.project import Project
from interlace.testing.case import Case, Expected, Run
from interlace.testing.clock import moment, present
from interlace.testing.comparison import compare
from interlace.testing.difference import RowsDiffer, difference
from interlace.testing.given import given_table, written
from interlace.testing.scene import MEMORY, Scene, find, set_up
from interlace.testing.tested import note

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa

    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Relation
    from interlace.graph.build import Graph
    from interlace.run.loaded import Loaded
    from interlace.run.result import RunResult

__all__ = ["Bench", "Outcome"]

_CLOCKS: Final = {
    "now": "TIMESTAMPTZ '{0:%Y-%m-%d %H:%M:%S.%f}+00'",
    "get_current_timestamp": "TIMESTAMPTZ '{0:%Y-%m-%d %H:%M:%S.%f}+00'",
    "transaction_timestamp": "TIMESTAMPTZ '{0:%Y-%m-%d %H:%M:%S.%f}+00'",
    "current_localtimestamp": "TIMESTAMP '{0:%Y-%m-%d %H:%M:%S.%f}'",
    "get_current_time": "TIME '{0:%H:%M:%S.%f}'",
    "today": "DATE '{0:%Y-%m-%d}'",
    "current_date": "DATE '{0:%Y-%m-%d}'",
}
"""DuckDB's clocks, as macros of the same name that stand still."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run of a case left behind.

    Attributes:
        tables: the rows of each model under test, by name.
        counts: what became of its rows, by model and by word (``inserted``, ``updated``, ...).
        error: what the run failed with, where the case expects that it fails.
    """

    tables: Mapping[str, pa.Table]
    counts: Mapping[str, Mapping[str, int]]
    error: Exception | None = None

    @property
    def table(self) -> pa.Table:
        """The rows of the (first) model under test."""
        return next(iter(self.tables.values()))

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The same as dictionaries."""
        found: list[dict[str, Any]] = self.table.to_pylist()
        return found


class Bench:
    """A project that is loaded once, whose models are tested one by one.

    Args:
        loaded: the project as its files say it is.
    """

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded

    @classmethod
    def load(
        cls,
        path: str | Path = ".",
        *,
        env: str | None = None,
        vars: Mapping[str, object] | None = None,  # noqa: A002
    ) -> Bench:
        """Load the project at or above a folder, as `Project.load` does.

        Raises:
            ProjectNotFound: there is none.
            InvalidProject: everything that is wrong with its files.
        """
        from interlace.run.loaded import load

        return cls(load(Path(path), env, vars, None))

    @property
    def loaded(self) -> Loaded:
        """The project."""
        return self._loaded

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self._loaded.root

    def named(self, model: str) -> str:
        """The full name of a model.

        Raises:
            InvalidTest: nothing has that name.
        """
        return find(self._loaded.graph, model)

    def prepare(self, case: Case, folder: Path | None = None) -> Scene:
        """Make the project of a case: what can be wrong with it is found without a database.

        Args:
            case: what will be performed.
            folder: where its state is kept.

        Raises:
            InvalidTest: the case cannot be performed.
        """
        return set_up(
            self._loaded,
            case.models,
            {name for run in case.runs for name in run.given},
            state=(folder or self.root) / "state.db",
            scratch=f"interlace_test_{token_hex(4)}__",
            pipeline=case.pipeline,
            variables=case.variables,
            connection=case.connection,
            checks=case.checks,
        )

    def perform(self, case: Case) -> list[Outcome]:
        """Perform a case, and compare what it expects.

        Returns:
            what each run left behind.

        Raises:
            RowsDiffer: rows are not the expected ones.
            AssertionError: a run should have failed, or did with another error.
            InvalidTest: the case cannot be performed.
            InterlaceError: a model failed.
        """
        __tracebackhide__ = True  # pytest then shows the line of the test
        with TemporaryDirectory(prefix="interlace-test-") as folder:
            scene = self.prepare(case, Path(folder))
            note(self.root, scene.models)
            with _stage(scene) as stage:
                outcomes = []
                for number, run in enumerate(case.runs, 1):
                    outcomes.append(stage.run(run, case, number))  # a comprehension would show in tracebacks
                return outcomes


@contextmanager
def _stage(scene: Scene) -> Iterator[_Stage]:
    with Project(scene.loaded) as project:
        stage = _Stage(scene, project)
        try:
            yield stage
        finally:
            stage.sweep()


class _Stage:
    """One case under way."""

    def __init__(self, scene: Scene, project: Project) -> None:
        self._scene = scene
        self._project = project
        self._loaded: set[str] = set()
        self._runs: list[str] = []

    def run(self, run: Run, case: Case, number: int) -> Outcome:
        __tracebackhide__ = True
        self._load(run.given)
        at = self._moment(run.at)
        if at is not None and self._scene.in_memory:
            self._stop_the_clock(at)
        result = self._project.run(at=at)
        self._tidy(result)
        failed = result.failed
        if run.error is not None:
            return Outcome({}, {}, _expected_failure(run.error, failed[0].error if failed else None, number, case))
        if failed:
            raise failed[0].error
        outcome = Outcome(self._tables(), {n: _counts(o) for n, o in result.outcomes.items()})
        self._compare(run, case, outcome, number)
        return outcome

    def sweep(self) -> None:
        """Take away what was written to a real connection."""
        if self._scene.in_memory:
            return
        nodes = self._project.graph.nodes
        relations = [r for name in nodes if (r := self._project.relation(name)) is not None]
        schemas = sorted({r.schema for r in relations if r.schema is not None})
        with self._session() as session:
            for info in sorted(session.catalogue(schemas).values(), key=lambda info: info.kind, reverse=True):
                session.drop(info.relation, info.kind)
            for schema in schemas:
                session.execute(f"DROP SCHEMA IF EXISTS {session.quote(schema)}")
            ours = [m.attempt for m in session.markers() if m.run in self._runs]
            if ours:
                session.forget_markers(ours)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """A session of its own for each use: a run closes the connections that it used."""
        session = self._project.connection().session()
        try:
            yield session
        finally:
            session.close()

    def _load(self, given: Mapping[str, object]) -> None:
        graph = self._project.graph
        with self._session() as session:
            for name, rows in _by_node(graph, given).items():
                declared = graph.nodes[name].columns
                table = given_table(name, rows, declared, session.connection.dialect, self._project.root)
                _write(session, self._scene.given[name], table)
                self._loaded.add(name)
        left = [name for name in self._scene.given if name not in self._loaded]
        if left:
            raise InvalidTest(
                f"the rows of {left[0]!r} are given only in a later run", hint="Begin with its first rows."
            )

    def _moment(self, at: datetime | object) -> datetime | None:
        wanted: Any = at if at is not None else present()
        zone = ZoneInfo(self._scene.loaded.config.config.timezone)
        return None if wanted is None else moment(wanted, zone)

    def _stop_the_clock(self, at: datetime) -> None:
        with self._session() as session:
            for name, value in _CLOCKS.items() if session.connection.dialect == MEMORY else ():
                session.execute(f"CREATE OR REPLACE MACRO {name}() AS {value.format(at)}")

    def _tables(self) -> dict[str, pa.Table]:
        found = {}
        with self._session() as session:
            for name in self._scene.models:
                relation = self._project.relation(name)
                if relation is None:
                    raise InvalidTest(f"{name!r} has no relation that a test could read")
                found[name] = session.arrow(f"SELECT * FROM {session.name(relation)}").read_all()
        return found

    def _compare(self, run: Run, case: Case, outcome: Outcome, number: int) -> None:
        __tracebackhide__ = True
        wanted = dict(run.others)
        if run.expect is not None:
            wanted = {self._scene.models[0]: run.expect} | wanted
        for word, rows in wanted.items():
            name = find(self._project.graph, word)
            expected = rows if isinstance(rows, Expected) else Expected(rows, case.ways)
            self._compare_one(name, expected, outcome.tables[name], number if len(case.runs) > 1 else None)

    def _compare_one(self, name: str, expected: Expected, table: pa.Table, number: int | None) -> None:
        __tracebackhide__ = True
        node = self._project.graph.nodes[name]
        ways = expected.ways
        if not ways.key and isinstance(node, Model):
            ways = replace(ways, key=node.key)
        columns = [column.to_pylist() for column in table.columns]
        rows: Sequence[tuple[Any, ...]] = list(zip(*columns, strict=True)) if columns else []
        try:
            found = compare(table.column_names, rows, written(expected.rows, self._project.root), ways)
        except InterlaceError as error:
            error.where, error.model = error.where or expected.where, error.model or name
            raise
        if found.differs:
            label = name if number is None else f"{name} after run {number}"
            raise RowsDiffer(difference(label, found), found)

    def _tidy(self, result: RunResult) -> None:
        """The log of a test's run is no log of the project's."""
        if result.id:
            self._runs.append(result.id)
            (self._project.root / ".interlace" / "logs" / f"run-{result.id}.jsonl").unlink(missing_ok=True)


def _by_node(graph: Graph, given: Mapping[str, object]) -> dict[str, object]:
    words: dict[str, str] = {}
    for word in given:
        name = find(graph, word)
        if name in words:
            raise InvalidTest(f"rows are given for {name!r} twice, as {words[name]!r} and as {word!r}")
        words[name] = word
    return {name: given[word] for name, word in words.items()}


def _write(session: Session, relation: Relation, table: pa.Table) -> None:
    if relation.schema is not None and relation.schema != session.connection.default_schema():
        session.create_schema(relation.schema)
    with session.transaction():
        session.load_arrow(relation, iter(table.to_batches()), table.schema, temporary=False)


def _counts(outcome: object) -> Mapping[str, int]:
    return dict(getattr(outcome, "counts", {}))


def _expected_failure(wanted: str, error: Exception | None, number: int, case: Case) -> Exception:
    which = f"run {number}" if len(case.runs) > 1 else "the run"
    if error is None:
        raise AssertionError(f"{which} should have failed with {wanted!r}, and succeeded")
    said = f"{getattr(error, 'code', type(error).__name__)} {error}"
    if wanted.casefold() not in said.casefold():
        raise AssertionError(f"{which} should have failed with {wanted!r}, and failed with: {said}") from error
    return error
