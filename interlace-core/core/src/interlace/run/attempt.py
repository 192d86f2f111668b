"""Building one model: compute, load, check the schema, run the checks.  All inside one open transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from interlace.contracts.load import LoadCounts, LoadSpec, Query, SchemaMode
from interlace.contracts.relation import Column, Relation
from interlace.errors import ChecksFailed, InterlaceError, InvalidModel, Location, QueryFailed, did_you_mean
from interlace.model.definition import Model, SqlBody
from interlace.run.auditing import Audit, audit_batch, audit_relation, checks_batch, drop_staged, staged_batch
from interlace.run.declaring import as_declared, declares
from interlace.run.parts import check_column, from_cursor, is_within, keep_from_cursor, new_cursor

if TYPE_CHECKING:
    import pyarrow as pa

    from interlace.contracts.connection import Session
    from interlace.contracts.options import Options
    from interlace.contracts.state import CheckRecord, IntervalRecord, MetricRecord
    from interlace.run.audit import Audited
    from interlace.run.task import Portion, Task

__all__ = ["Audit", "Built", "Loaded", "Rows", "audit_relation", "build", "judge", "load_spec", "located", "verify"]


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
        if task.connection.capabilities.transactional_ddl:
            return _build(task, session, source, portion, audit, allow_empty)
        from interlace.run.swapping import placed

        with placed(task, session) as beside:
            return _build(beside, session, source, portion, audit, allow_empty)


def _build(task: Task, session: Session, source: str | Rows, portion: Portion, audit: Audit, allow_empty: str) -> Built:
    return judge(task, session, _load(task, session, source, portion, audit), portion, audit, allow_empty)


def judge(
    task: Task,
    session: Session,
    loaded: Loaded,
    portion: Portion,
    audit: Audit,
    allow_empty: str,
    columns: tuple[Column, ...] | None = None,
) -> Built:
    """Look at what was loaded, and run the checks.

    Args:
        columns: of the relation, where they are known.

    Raises:
        ChecksFailed: as `build`.
        InvalidModel: as `build`.
    """
    counts, batch = loaded.counts, loaded.batch
    built = Built(counts, moved=task.replaces or counts.moved or task.standing is None or portion.fresh)
    built.intervals, built.forget_intervals, built.cursor = portion.records, portion.fresh, loaded.cursor
    if task.copied_from is not None and portion.saves_cursor:
        built.cursor = built.cursor or portion.seen
    if portion.files is not None:
        built.cursor = portion.files.recorded()
        built.warnings += portion.files.warnings
    built.warnings += counts.notices
    if task.relation is not None:
        built.columns = columns or _columns(task, session, task.relation, counts)
        built.moved = built.moved or _reshaped(task, built.columns)
        built.rows = _rows(task, portion, counts)
        _refuse_changes(task, built.columns, session)
        verify(task.model, built.columns, session)
        built.warnings += _undeclared(task.model, built.columns, session)
        _refuse_empty(task, built, allow_empty)
        if task.model.checks:
            audit_relation(task, session, built, audit, batch)
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


def _undeclared(model: Model, columns: Sequence[Column], session: Session) -> list[str]:
    """Where the columns of what is published are not as declared."""
    if not model.columns or not isinstance(model.body, SqlBody):
        return []
    from interlace.schema.contract import drifts

    return drifts(model.columns, columns, session.connection.dialect)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did, what the checks of its batch found, and the cursor of a model that is incremental by key."""

    counts: LoadCounts
    batch: Audited | None = None
    cursor: str | None = None


def _load(task: Task, session: Session, source: str | Rows, portion: Portion, audit: Audit) -> Loaded:
    if isinstance(source, Rows):
        return _load_rows(task, session, source, portion, audit)
    if not declares(task.model):
        return _load_query(task, session, source, portion, audit)
    with as_declared(task, session, source) as given:
        loaded = _load_query(task, session, given.query, portion, audit)
    return replace(loaded, counts=replace(loaded.counts, notices=(*given.notices, *loaded.counts.notices)))


def _load_query(task: Task, session: Session, query: str, portion: Portion, audit: Audit) -> Loaded:
    query = from_cursor(session, query, portion, task)
    if not checks_batch(task) and not portion.saves_cursor:
        return Loaded(_materialise(task, session, Query(query), portion))
    with staged_batch(task, session, query) as staged:
        return _load_staged(task, session, staged, portion, audit)


def _load_rows(task: Task, session: Session, rows: Rows, portion: Portion, audit: Audit) -> Loaded:
    """Load Arrow: straight into the target where it is replaced, through a temporary relation elsewhere."""
    assert task.relation is not None  # noqa: S101  a model without a relation has no rows
    if task.replaces and not task.model.cluster_by:
        if task.standing is not None and task.standing.kind != "table":
            session.drop(task.relation, task.standing.kind)
        count = session.load_arrow(task.relation, rows.batches, rows.schema, temporary=False)
        return Loaded(LoadCounts(inserted=count))
    staged = Relation(f"__interlace_{task.name}")
    session.load_arrow(staged, rows.batches, rows.schema)
    try:
        keep_from_cursor(session, staged, portion, task)
        return _load_staged(task, session, staged, portion, audit)
    finally:
        drop_staged(session, staged)


def _load_staged(task: Task, session: Session, staged: Relation, portion: Portion, audit: Audit) -> Loaded:
    found = audit_batch(task, session, staged, audit) if checks_batch(task) else None
    counts = _materialise(task, session, staged, portion)
    return Loaded(counts, found, new_cursor(session, staged, portion, task))


def _materialise(task: Task, session: Session, source: Query | Relation, portion: Portion) -> LoadCounts:
    spec = load_spec(task, session, source, portion)
    return task.materialiser.build(session, spec, task.strategy, task.standing)


def load_spec(task: Task, session: Session, source: Query | Relation, portion: Portion) -> LoadSpec[Options]:
    """What the strategy and the materialiser of a task look at."""
    assert task.relation is not None  # noqa: S101  as above
    source = _in_order(task, session, _as_it_stands(task, session, source))
    standing = task.standing if task.standing is not None and task.standing.kind == "table" else None
    return LoadSpec(
        target=task.relation,
        source=source,
        source_columns=_source_columns(task, session, source, portion),
        target_columns=standing.columns if standing is not None and not portion.fresh else None,
        key=task.model.key,
        options=task.options,
        execution_time=portion.at,
        capabilities=session.connection.capabilities,
        dialect=session.connection.dialect,
        schema_mode=SchemaMode(task.model.schema_mode or SchemaMode.SAFE),
        interval=portion.interval,
        partial=portion.partial,
        renamed={c.name: c.renamed_from for c in task.model.columns if c.renamed_from is not None},
        within=is_within(task, portion),
    )


def _in_order(task: Task, session: Session, source: Query | Relation) -> Query | Relation:
    """The rows in the order of ``cluster_by``."""
    if not task.model.cluster_by:
        return source
    from interlace.contracts.applying import rows_text

    order = ", ".join(session.quote(name) for name in task.model.cluster_by)
    return Query(f"SELECT * FROM {rows_text(session, source)} ORDER BY {order}")


def _as_it_stands(task: Task, session: Session, source: Query | Relation) -> Query | Relation:
    """Of a load that compares, and whose query is all of another table: that table, in place of a copy of it."""
    compares = task.materialiser.uses_strategy and task.strategy.needs_source_columns
    if not compares or task.standing is None or not isinstance(source, Query):
        return source
    from interlace.run.whole_table import whole_table

    table = whole_table(source.sql, session)
    return source if table is None or _is(table, task.relation) else table


def _is(one: Relation, other: Relation | None) -> bool:
    return (
        other is not None
        and (one.schema or "").casefold() == (other.schema or "").casefold()
        and (one.name.casefold() == other.name.casefold())
    )


def _source_columns(
    task: Task, session: Session, source: Query | Relation, portion: Portion
) -> tuple[Column, ...] | None:
    compares = task.strategy.needs_source_columns or portion.partial or portion.interval is not None
    if not (task.materialiser.uses_strategy and compares):
        return None
    columns = task.source_columns
    if columns is None or isinstance(source, Relation):
        columns = session.describe(source.sql) if isinstance(source, Query) else session.columns(source)
    if portion.partial and portion.files is None:
        check_column(task, columns)
    return columns


def _rows(task: Task, portion: Portion, counts: LoadCounts) -> int | None:
    if task.materialiser.kind != "table":
        return None
    if task.replaces:
        return counts.inserted
    before = task.state.rows if task.standing is not None and not portion.fresh else 0
    if before is None or counts.inserted is None:
        return None
    return before + counts.inserted - (counts.deleted or 0)


def _columns(task: Task, session: Session, relation: Relation, counts: LoadCounts) -> tuple[Column, ...]:
    """The columns of what was built: asked for, unless this run knows them and nothing changed them."""
    if task.certain and counts.same_columns and task.standing is not None and not (task.model.pre or task.model.post):
        return task.standing.columns
    return session.columns(relation)


def _reshaped(task: Task, columns: tuple[Column, ...]) -> bool:
    """Whether the table's columns changed, though no row did: readers see it."""
    return task.standing is not None and task.standing.columns != columns


def _refuse_changes(task: Task, columns: tuple[Column, ...], session: Session) -> None:
    """Under ``strict`` a table that is replaced keeps its columns too (ruling 11).

    Raises:
        InvalidModel: the columns changed; the transaction must roll back.
    """
    standing = task.standing
    if task.model.schema_mode != SchemaMode.STRICT or not task.replaces or task.step.fresh or standing is None:
        return
    if standing.kind != "table" or standing.columns == columns:
        return
    from interlace.schema.refusing import refuse_changes

    refuse_changes(standing.relation, standing.columns, columns, session.connection.dialect)


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
