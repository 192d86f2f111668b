"""A model's query or rows: names become relations, inputs are handed over, functions are called."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from interlace.contracts.relation import Relation
from interlace.errors import Defect, ModelFailed
from interlace.model.definition import Model, Node, PythonBody, SeedBody, SqlBody
from interlace.model.incremental import part_variables
from interlace.plan.compile import Compiled, Inline, Renamed, compile_query
from interlace.run.attempt import Rows
from interlace.run.context import Context, Interval
from interlace.run.declaring import cast_query, casts_of, declares
from interlace.run.log import LOGGER

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection, Session
    from interlace.contracts.files import FileConnection
    from interlace.graph.build import Graph
    from interlace.model.definition import Parameter, Reference, Variable
    from interlace.run.runner import Worker
    from interlace.run.task import Portion, Task
    from interlace.run.transfer import Need
    from interlace.run.transfers import Transfers

__all__ = ["Compute", "PythonAttempt"]


NO_PARTS: Final = {
    "start": "CAST(NULL AS TIMESTAMPTZ)",
    "end": "CAST(NULL AS TIMESTAMPTZ)",
    "cursor": "NULL",
    "files": "__interlace_files",
}
"""What stands for a part where nothing is loaded: a query that is only looked at."""


@dataclass(frozen=True, slots=True)
class Compute:
    """Gives what a model is made of.

    Attributes:
        root: the project's folder.
        environment: its name.
        run: the run's id.
        at: the run's execution time, UTC.
        graph: who reads whom.
        inlined: the names of models that stand as queries in their readers.
        relation: where a model or source is read from.
        connection: the connection of a model.
        variables: the values of ``$name``.
        timezone: the project's.
        transfers: makes copies of what is on other connections; None outside of a run, where none are read.
        files: a connection to files, by its name; None where a model may have none.
        expressions: where the queries are kept that Python models return; None where they are not.
        looked_at: where a model or source is asked for its columns; where it is read from without.
    """

    root: Path
    environment: str
    run: str
    at: datetime
    graph: Graph
    inlined: frozenset[str]
    relation: Callable[[str], Relation | None]
    connection: Callable[[Node], Connection]
    variables: Mapping[str, object]
    timezone: str
    files: Callable[[str], FileConnection] | None = None
    transfers: Transfers | None = None
    expressions: Path | None = None
    looked_at: Callable[[str], Relation | None] | None = None

    def provide(self, needs: Iterable[Need], worker: Worker) -> None:
        """Copy what a task reads on other connections."""
        if self.transfers is None:
            raise Defect("nothing is copied outside of a run")
        self.transfers.provide(needs, worker, self)

    def query(self, model: Model, session: Session, parts: Mapping[str, str] | None = None) -> str:
        """The SQL of a SQL model, as this session runs it; Python models that are inlined are loaded into it.

        Args:
            parts: literals for ``$start``, ``$end`` and ``$cursor``; NULL without.
        """
        if not isinstance(model.body, SqlBody):
            raise Defect(f"{model.name} has no query")
        names = self.graph.references(model.name)

        def stands(reference: Reference) -> Compiled:
            return self.stand_in(names[reference.parts], session)

        own = part_variables(model)

        def part(span: Variable) -> str | None:
            return (parts or NO_PARTS)[span.name] if span.name in own else None

        return compile_query(model.body, stands, self.variables, session.quote, model.file, part)

    def statement(self, model: Model, text: str, session: Session) -> str:
        """A statement of ``pre`` or ``post`` with its variables; ``$this`` is the model's own relation."""
        from interlace.model.sql_text import find_variables

        relation = self.relation(model.name)
        body = SqlBody(text, model.line, variables=find_variables(text, self.connection(model).dialect))

        def replaced(span: Variable) -> str | None:
            return session.name(relation) if span.name == "this" and relation is not None else None

        return compile_query(body, _no_reference, self.variables, session.quote, model.file, replaced)

    def stand_in(self, name: str, session: Session) -> Compiled:
        """What stands for a model or source in a query of this session."""
        node = self.graph.nodes[name]
        own = session.connection.name
        if not _is_inlined_python(node, self.inlined) and self.connection(node).name != own:
            if self.transfers is not None:
                return Renamed(session.name(self.transfers.relation(name, own)))
            from interlace.run.transfer import copy_relation

            return Renamed(session.name(copy_relation(name)))
        if name not in self.inlined or not isinstance(node, Model):
            relation = self.relation(name)
            if relation is None:
                raise Defect(f"{name} has no relation")
            return session.name(relation)
        if isinstance(node.body, SqlBody):
            return Inline(self.readable(node, session))
        return session.name(self._loaded(node, session))

    def readable(self, model: Model, session: Session) -> str:
        """The SQL of a SQL model whose rows are nowhere stored, its columns of the declared types."""
        query = self.query(model, session)
        if not declares(model):
            return query
        looked_at = query
        if self.looked_at is not None:
            looked_at = replace(self, relation=self.looked_at, looked_at=None).query(model, session)
        return cast_query(query, casts_of(model, session, looked_at), session)

    def asks(self, model: Model) -> bool:
        """Whether the SQL of a model depends on the columns of what it reads, which has to be there."""
        return declares(model) or any(
            isinstance(node := self.graph.nodes[name], Model) and self.asks(node)
            for name in self.graph.references(model.name).values()
            if name in self.inlined
        )

    @contextmanager
    def attempt(
        self, task: Task, attempt: str, worker: Worker | None, portion: Portion | None = None
    ) -> Iterator[PythonAttempt]:
        """An attempt at a Python model or seed: its sessions end with it."""
        with ExitStack() as stack:
            session = task.connection.session()
            stack.callback(session.close)
            made = PythonAttempt(self, task.model, attempt, session, task.connection, stack, [session], portion)
            if worker is not None:
                worker.interrupt = made.interrupt
            yield made

    def _loaded(self, node: Model, session: Session) -> Relation:
        """A Python model that is inlined: its rows in a temporary relation of the reader's session."""
        relation = Relation(f"__interlace_{node.name}")
        with ExitStack() as stack:
            own = self.connection(node).session()
            stack.callback(own.close)
            inner = PythonAttempt(self, node, "", own, self.connection(node), stack, [own])
            value = inner.evaluate()
            if _is_ibis(value):
                query = inner.sql_of(value)
                reader = own.arrow(cast_query(query, casts_of(node, own, query), own))
                rows = Rows(iter(reader), reader.schema)
            else:
                rows = inner.rows(value)
            session.load_arrow(relation, rows.batches, rows.schema)
        return relation


@dataclass(slots=True)
class PythonAttempt:
    """One call of a Python model, or one reading of a seed.

    Attributes:
        session: where its inputs are read, and an ibis expression that it returns is run.
        sessions: all that take part, so that all can be interrupted.
        portion: what the load is about; None for a model that is read by another.
    """

    compute: Compute
    model: Model
    id: str
    session: Session
    connection: Connection
    stack: ExitStack
    sessions: list[Session]
    portion: Portion | None = None

    def interrupt(self) -> None:
        """Stop whatever statement runs, from another thread."""
        for session in tuple(self.sessions):
            session.interrupt()

    def evaluate(self) -> Any:
        """Call the function with its inputs; a seed evaluates to itself.

        Raises:
            ModelFailed: it raised: says where in the user's file.
        """
        body = self.model.body
        if isinstance(body, SeedBody):
            return body
        if not isinstance(body, PythonBody):
            raise Defect(f"{self.model.name} is no Python model")
        from interlace.model.python_file import load_function
        from interlace.run.python import call, failure

        if self.portion is not None and self.portion.files is not None:
            self.portion.files.begin()
        arguments = {p.name: self._input(p) for p in body.parameters}
        if body.context is not None:
            arguments[body.context] = self._context()
        try:
            return call(load_function(self.compute.root, body), body, arguments)
        except Exception as error:
            raise failure(error, self.model.name, body, self.compute.root) from error

    def perform(self) -> None:
        """Call the function for its effect: what it yields is drained, what it returns is dropped."""
        value = self.evaluate()
        if hasattr(value, "__next__") or hasattr(value, "__anext__"):
            for _ in self.rows(value).batches:
                pass

    def source(self, value: Any) -> str | Rows:
        """What the function gave as a query (an ibis expression) or as rows.

        Raises:
            ModelFailed: it returned None, which is not the same as no rows.
        """
        if value is None:
            raise ModelFailed(
                "The function returned None, and the model has a table.",
                hint="Return an empty list where there are no rows, or say materialise='none' for a function that is "
                "called for its effect.",
            )
        if not _is_ibis(value):
            return self.rows(value)
        self._refuse_twice(value.columns)
        sql = self.sql_of(value)
        self._keep(sql)
        return sql

    def _keep(self, sql: str) -> None:
        """Keep the query for who asks what the model's columns are made of."""
        folder = self.compute.expressions
        reads = set(self.compute.graph.references(self.model.name).values())
        if folder is None or reads & self.compute.inlined:
            return
        from interlace.run.expressions import keep_expression

        stands = {name: str(self.compute.stand_in(name, self.session)) for name in reads}
        keep_expression(folder, self.model, sql, stands)

    def _refuse_twice(self, names: Iterable[str]) -> None:
        """Refuse columns that are one to the database: it would give the second another name without a word."""
        from interlace.model.sql_query import fold

        seen: dict[str, str] = {}
        for name in names:
            first = seen.setdefault(fold(self.connection.dialect, name, quoted=True), name)
            if first is not name:
                raise ModelFailed(
                    f"The columns {first!r} and {name!r} have one name: the database does not look at its case.",
                    hint="Rename one of them.",
                )

    def sql_of(self, expression: Any) -> str:
        """The SQL of an ibis expression; what it holds in memory is registered with the session."""
        backend = self.session.ibis()
        backend._run_pre_execute_hooks(expression)  # noqa: SLF001  ibis has no public way to register memtables
        return str(backend.compile(expression))

    def rows(self, value: Any) -> Rows:
        """What the function gave as Arrow, in chunks."""
        from interlace.run.convert import to_batches

        if isinstance(value, SeedBody):
            from interlace.run.seeds import read_seed

            return Rows(*read_seed(self.compute.root, value, self.model))
        declared = {c.name: c.type for c in self.model.columns if c.type is not None} or None
        batches, schema = to_batches(value, declared=declared)
        return Rows(self._guarded(batches), schema)

    def _guarded(self, batches: Iterator[Any]) -> Iterator[Any]:
        """A generator raises while its rows are loaded: that is the model's failure, too."""
        from interlace.run.python import failure

        assert isinstance(self.model.body, PythonBody)  # noqa: S101  seeds are read elsewhere
        try:
            yield from batches
        except Exception as error:
            raise failure(error, self.model.name, self.model.body, self.compute.root) from error

    def _input(self, parameter: Parameter) -> object:
        from interlace.run.inputs import provide

        name = self.compute.graph.references(self.model.name)[parameter.reference]
        node = self.compute.graph.nodes[name]
        there = self.compute.connection(node)
        lazy = parameter.wants == "ibis.Table" or name in self.compute.inlined
        if there.name != self.connection.name and not lazy:
            session = self._open(there)
        else:
            session = self._open() if parameter.wants == "pyarrow.RecordBatchReader" else self.session
        found = self.compute.stand_in(name, session)
        sql = str(found) if isinstance(found, Inline) else f"SELECT * FROM {found}"
        return provide(parameter.wants, session, sql, parameter.name)

    def _open(self, connection: Connection | None = None) -> Session:
        session = (connection or self.connection).session()
        self.stack.callback(session.close)
        self.sessions.append(session)
        return session

    def _context(self) -> Context:
        extra = {"run": self.compute.run, "model": self.model.name}
        portion = self.portion
        return Context(
            run=self.compute.run,
            attempt=self.id,
            model=self.model.name,
            environment=self.compute.environment,
            execution_time=portion.at if portion is not None else self.compute.at,
            interval=_interval(self.model, portion),
            variables=self.compute.variables,
            timezone=ZoneInfo(self.compute.timezone),
            relation=self.compute.relation(self.model.name),
            logger=logging.LoggerAdapter(LOGGER, extra),
            _open=self._open,
            cursor=portion.since if portion is not None else None,
            _files=self.compute.files,
            _taking=portion.files if portion is not None else None,
        )


def _interval(model: Model, portion: Portion | None) -> Interval | None:
    if portion is None or portion.interval is None or model.incremental is None or model.incremental.by != "datetime":
        return None
    return Interval(portion.interval.start, portion.interval.end)


def _is_inlined_python(node: Node, inlined: frozenset[str]) -> bool:
    """Whether a node's rows are loaded into the reader's session, wherever they come from."""
    return isinstance(node, Model) and node.name in inlined and isinstance(node.body, PythonBody)


def _is_ibis(value: object) -> bool:
    return type(value).__module__.partition(".")[0] == "ibis" and hasattr(value, "op")


def _no_reference(reference: Reference) -> Compiled:
    raise Defect(f"a statement has no reference {reference.parts}")
