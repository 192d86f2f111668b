"""Building one model: compute, load, check the schema, run the checks.  All inside one open transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from interlace.contracts.load import LoadCounts, LoadSpec, Query, SchemaMode
from interlace.contracts.relation import Column, Relation
from interlace.errors import ChecksFailed, InterlaceError, InvalidModel, Location, QueryFailed, did_you_mean
from interlace.model.definition import Model, SqlBody

if TYPE_CHECKING:
    import pyarrow as pa

    from interlace.contracts.connection import Session
    from interlace.contracts.options import Options
    from interlace.contracts.state import CheckRecord, IntervalRecord, MetricRecord
    from interlace.run.task import Portion, Task

__all__ = ["Audit", "Built", "Rows", "audit_relation", "build", "load_spec", "located", "verify"]

Audit = Callable[["Session", Relation, Sequence[Column], "Task"], "list[CheckRecord]"]


@dataclass(slots=True)
class Built:
    """What a build made, not yet committed."""

    counts: LoadCounts
    columns: tuple[Column, ...] | None = None
    rows: int | None = None
    checks: Sequence[CheckRecord] = ()
    warnings: list[str] = field(default_factory=list)
    moved: bool = True
    intervals: Sequence[IntervalRecord] = ()
    forget_intervals: bool = False
    cursor: str | None = None
    metrics: Sequence[MetricRecord] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a Python model or a seed, as Arrow."""

    batches: Iterator[pa.RecordBatch]
    schema: pa.Schema | None


def build(task: Task, session: Session, source: str | Rows, portion: Portion, audit: Audit, allow_empty: str) -> Built:
    """Build a model from a query (text, names already physical) or from rows; the transaction is open.

    Raises:
        QueryFailed: the database refused; the transaction is dead.
        ChecksFailed: blocking checks failed: the transaction must roll back.
        InvalidModel: the rows do not fit the model's key or contract.
    """
    with located(task):
        counts = _load(task, session, source, portion)
        built = Built(counts, moved=task.replaces or counts.moved or task.standing is None)
        built.intervals = portion.records
        if task.relation is not None:
            built.columns = session.columns(task.relation)
            built.rows = _rows(task, counts)
            verify(task.model, built.columns, session)
            _refuse_empty(task, built, allow_empty)
            if task.model.checks:
                audit_relation(task, session, built, audit)
    return built


def verify(model: Model, columns: Sequence[Column], session: Session) -> None:
    """Check the key and the column contract against what was built.

    Raises:
        InvalidModel: a key column is not there, or a column breaks its contract.
    """
    names = {c.name.casefold() for c in columns}
    for key in model.key:
        if key.casefold() not in names:
            near = did_you_mean(key, [c.name for c in columns], label="Columns")
            raise InvalidModel(f"{model.name} has no column {key!r}, which its key names", hint=near)
    if any(spec.contract for spec in model.columns):
        from interlace.schema.contract import violations

        broken = violations(model.columns, columns, session.connection.dialect)
        if broken:
            raise InvalidModel(f"{model.name} breaks its column contract: " + "; ".join(broken))


def audit_relation(task: Task, session: Session, built: Built, audit: Audit) -> None:
    """Run the checks on the staged relation.

    Raises:
        ChecksFailed: one of severity ``error`` failed; `built.checks` holds all results.
    """
    if task.relation is None or built.columns is None:
        return
    built.checks = audit(session, task.relation, built.columns, task)
    built.warnings += [f"{c.name}: {c.message}" for c in built.checks if not c.passed and c.severity == "warn"]
    failed = [c for c in built.checks if not c.passed and c.severity == "error"]
    if failed:
        said = "; ".join(f"{c.name}: {c.message}" for c in failed)
        error = ChecksFailed(f"{task.name} failed {len(failed)} of {len(built.checks)} checks: {said}")
        error.checks = tuple(built.checks)  # type: ignore[attr-defined]
        raise error


def _load(task: Task, session: Session, source: str | Rows, portion: Portion) -> LoadCounts:
    if isinstance(source, Rows):
        return _load_rows(task, session, source, portion)
    return _materialise(task, session, Query(source), portion)


def _load_rows(task: Task, session: Session, rows: Rows, portion: Portion) -> LoadCounts:
    """Load Arrow: straight into the target where it is replaced, through a temporary relation elsewhere."""
    assert task.relation is not None  # noqa: S101  a model without a relation has no rows
    if task.replaces:
        if task.standing is not None and task.standing.kind != "table":
            session.drop(task.relation, task.standing.kind)
        count = session.load_arrow(task.relation, rows.batches, rows.schema, temporary=False)
        return LoadCounts(inserted=count)
    staged = Relation(f"__interlace_{task.name}")
    session.load_arrow(staged, rows.batches, rows.schema)
    try:
        return _materialise(task, session, staged, portion)
    finally:
        _drop_staged(session, staged)


def _drop_staged(session: Session, staged: Relation) -> None:
    try:
        session.drop(staged, "table")
    except InterlaceError:
        # The transaction is dead: it rolls back, and the temporary table with it.
        return


def _materialise(task: Task, session: Session, source: Query | Relation, portion: Portion) -> LoadCounts:
    spec = load_spec(task, session, source, portion)
    return task.materialiser.build(session, spec, task.strategy, task.standing)


def load_spec(task: Task, session: Session, source: Query | Relation, portion: Portion) -> LoadSpec[Options]:
    """What the strategy and the materialiser of a task look at."""
    assert task.relation is not None  # noqa: S101  as above
    standing = task.standing if task.standing is not None and task.standing.kind == "table" else None
    return LoadSpec(
        target=task.relation,
        source=source,
        source_columns=_source_columns(task, session, source, portion),
        target_columns=standing.columns if standing is not None else None,
        key=task.model.key,
        options=task.options,
        execution_time=portion.at,
        capabilities=session.connection.capabilities,
        dialect=session.connection.dialect,
        schema_mode=SchemaMode(task.model.schema_mode or SchemaMode.SAFE),
        interval=portion.interval,
        partial=portion.partial,
        renamed={c.name: c.renamed_from for c in task.model.columns if c.renamed_from is not None},
    )


def _source_columns(
    task: Task, session: Session, source: Query | Relation, portion: Portion
) -> tuple[Column, ...] | None:
    compares = task.strategy.needs_source_columns or portion.partial or portion.interval is not None
    if not (task.materialiser.uses_strategy and compares):
        return None
    return session.describe(source.sql) if isinstance(source, Query) else session.columns(source)


def _rows(task: Task, counts: LoadCounts) -> int | None:
    if task.materialiser.kind != "table":
        return None
    if task.replaces:
        return counts.inserted
    before = task.state.rows if task.standing is not None else 0
    if before is None or counts.inserted is None:
        return None
    return before + counts.inserted - (counts.deleted or 0)


def _refuse_empty(task: Task, built: Built, allow_empty: str) -> None:
    if allow_empty == "ok" or not task.replaces or built.rows != 0 or not task.state.rows:
        return
    said = f"{task.name} is empty now and had {task.state.rows} rows"
    if allow_empty == "error":
        raise ChecksFailed(said, hint="Set 'allow_empty: ok' in config.yaml if that is right.")
    built.warnings.append(said)


class located:  # noqa: N801  reads as a statement
    """Errors inside say which model they are about, and where the author's text stands."""

    def __init__(self, task: Task) -> None:
        self._model = task.model

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, InterlaceError):
            return
        error.model = error.model or self._model.name
        if error.where is None:
            error.where = _place(self._model, error)


def _place(model: Model, error: InterlaceError) -> Location:
    """The line of the author's text that the database's message points at, as far as it says."""
    if not isinstance(model.body, SqlBody) or not isinstance(error, QueryFailed):
        return Location(model.file, model.line)
    for number, line in enumerate(model.body.text.split("\n")):
        excerpt = _excerpt_of(str(error.message))
        if excerpt and excerpt in line:
            return Location(model.file, model.body.line + number)
    return Location(model.file, model.body.line)


def _excerpt_of(message: str) -> str | None:
    """The part of the statement that DuckDB shows after ``LINE n:``."""
    for line in message.split("\n"):
        if line.startswith("LINE "):
            return line.partition(": ")[2].strip(". ") or None
    return None
