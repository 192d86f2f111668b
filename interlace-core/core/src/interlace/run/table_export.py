"""Exports to tables of other connections: where they go, and loading them by the strategy that the exporter names."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlace.contracts.exporter import Exporter
from interlace.contracts.load import LoadSpec, Query, SchemaMode
from interlace.contracts.relation import Relation, RelationInfo
from interlace.contracts.strategy import Strategy
from interlace.errors import ConnectionFailure, ExportFailed, InvalidModel, Location, did_you_mean
from interlace.plan.steps import Outgoing
from interlace.run.task import Sent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlace.contracts.connection import Connection, Session
    from interlace.contracts.exporter import TableLoading
    from interlace.contracts.load import LoadPlan
    from interlace.contracts.relation import Column
    from interlace.model.definition import ExportUse, Model
    from interlace.plan.steps import Step
    from interlace.run.task import Task
    from interlace.run.view import View

__all__ = ["TableExport", "loading_of", "outgoing", "require_tables", "table_export", "table_is_there"]


@dataclass(frozen=True, slots=True)
class TableExport:
    """One export of a model to a table.

    Attributes:
        key: in the state.
        connection: where the table is.
        relation: the table.
        loading: how it is loaded.
        strategy: that loads it.
    """

    key: str
    fingerprint: str
    connection: Connection
    relation: Relation
    loading: TableLoading
    strategy: type[Strategy]

    @property
    def format(self) -> str:
        """A word for people."""
        return "table"

    @property
    def shown(self) -> str:
        """Connection and table."""
        return f"{self.connection.name}:{self.relation}"

    @property
    def writes(self) -> Connection:
        """The table's database."""
        return self.connection

    def send(self, task: Task, session: Session) -> Sent:
        """Load the model's rows, in one transaction.

        Raises:
            ExportFailed: the table does not take them.
            ConnectionFailure: the other database is gone; trying again may help.
            QueryFailed: it refused.
        """
        assert task.relation is not None  # noqa: S101  only relations are exported
        sql = f"SELECT * FROM {session.name(task.relation)}"
        with ExitStack() as stack:
            target = session
            if self.connection.name != session.connection.name:
                target = stack.enter_context(closing(self.connection.session()))
            standing = self._standing(target)
            if standing is None:
                self._make_schema(target)
            with target.transaction():
                return self._load(task, sql, session, target, standing)

    # --- inside -----------------------------------------------------------------------------------------------

    def _standing(self, target: Session) -> RelationInfo | None:
        found = {_address(r): info for r, info in target.catalogue([self.relation.schema]).items()}
        standing = found.get(_address(self.relation))
        if standing is not None and standing.kind != "table":
            raise ExportFailed(f"{self.shown} is a {standing.kind}, and the rows go into a table")
        return standing

    def _make_schema(self, target: Session) -> None:
        schema = self.relation.schema
        if schema is not None and self.connection.capabilities.schemas and schema != self.connection.default_schema():
            target.create_schema(schema)

    def _load(self, task: Task, sql: str, session: Session, target: Session, standing: RelationInfo | None) -> Sent:
        source: Query | Relation = Query(sql)
        if target is session:
            columns = target.describe(sql)
        else:
            source = Relation(f"__interlace_export_{task.name}"[:60])
            reader = session.arrow(sql)
            target.load_arrow(source, iter(reader), reader.schema)
            columns = target.columns(source)
        counts = target.apply(self._plan(task, source, columns, standing))
        if isinstance(source, Relation):
            target.drop(source, "table")
        return Sent(rows=None if self.loading.key else counts.inserted, counts=counts.known())

    def _plan(
        self, task: Task, source: Query | Relation, columns: tuple[Column, ...], standing: RelationInfo | None
    ) -> LoadPlan:
        common, others = self._common(columns, standing)
        options: Mapping[str, object] = self.loading.options
        if others and self.loading.key:
            # A row that was deleted and inserted again would lose what else the table keeps.
            options = {**options, "how": "update"}
        return self.strategy().plan(
            LoadSpec(
                target=self.relation,
                source=source,
                source_columns=columns,
                target_columns=common,
                key=self.loading.key,
                options=self.strategy.Config.model_validate(dict(options)),
                execution_time=task.portions[0].at,
                capabilities=self.connection.capabilities,
                dialect=self.connection.dialect,
                schema_mode=SchemaMode.IGNORE,
            )
        )

    def _common(
        self, columns: Iterable[Column], standing: RelationInfo | None
    ) -> tuple[tuple[Column, ...] | None, bool]:
        """The table's columns that the model has, and whether it has others, which are left alone.

        Raises:
            ExportFailed: the model has a column that the table has not.
        """
        if standing is None or not self.loading.key:
            return None, False
        given = {c.name.casefold(): c.name for c in columns}
        there = {c.name.casefold() for c in standing.columns}
        new = [name for folded, name in given.items() if folded not in there]
        if new:
            near = did_you_mean(new[0], [c.name for c in standing.columns], label="Columns")
            raise ExportFailed(
                f"{self.shown} has no column {new[0]!r}, which the model has",
                hint=f"{near} Export a model with the table's columns, or add the column there.".strip(),
            )
        common = tuple(c for c in standing.columns if c.name.casefold() in given)
        return common, len(common) < len(standing.columns)


def loading_of(view: View, use: ExportUse) -> TableLoading | None:
    """How an export loads a table; None for one to files."""
    if "path" in use.options:
        return None
    cls = view.loaded.plugins.registry(Exporter).get(use.format)
    loading: TableLoading | None = cls().loading(cls.Config.model_validate(dict(use.options)))
    return loading


def table_export(view: View, model: Model, loading: TableLoading, key: str, fingerprint: str) -> TableExport:
    """An export to a table, looked at.

    Raises:
        InvalidModel: its connection does not exist, has files, is not allowed to write there, or does not suffice; or the
            table's name is none.
    """
    name = loading.connection
    known = view.loaded.config.connections
    if name not in known:
        near = did_you_mean(name, known, label="Connections")
        raise _wrong(model, f"names the connection {name!r}, which does not exist", near)
    connection = view.loaded.connections.get(name)
    if not connection.has_tables:
        said = f"names the connection {name!r}, which has files, and a table: leave one of the two out"
        raise _wrong(model, said, "Write a 'path' for a file.")
    if not connection.capabilities.transactions or not connection.capabilities.writes:
        raise _wrong(model, f"names the connection {name!r}, which has no transactions", "Export to another database.")
    relation = _relation(view, model, loading)
    allowed = known[name].policy.allowed_schemas
    if allowed is not None and (relation.schema or "").casefold() not in {s.casefold() for s in allowed}:
        near = did_you_mean(relation.schema or "", allowed, label="Allowed")
        said = f"would write to the schema {relation.schema!r}, which the connection {name!r} does not allow"
        raise _wrong(model, said, near or f"'allowed_schemas' of the connection {name!r} is empty.")
    strategy = view.loaded.plugins.registry(Strategy).get(loading.strategy)
    return TableExport(key, fingerprint, connection, relation, loading, strategy)


def require_tables(view: View, exports: Mapping[str, Iterable[TableExport]]) -> None:
    """Refuse exports to a table that something else in the project writes.

    Args:
        exports: by model.

    Raises:
        InvalidModel: names both.
    """
    default = view.loaded.config.default_connection
    written = {
        ((view.models[n].connection or default), *_address(relation)): n for n, relation in view.relations.items()
    }
    for name, all_of in exports.items():
        for export in all_of:
            place = (export.connection.name, *_address(export.relation))
            other = written.setdefault(place, f"an export of {name}")
            if other != f"an export of {name}" or list(all_of).count(export) > 1:
                said = f"would write to {export.shown}, which is written by {other}"
                raise _wrong(view.models[name], said, "Give it a table of its own.")


def table_is_there(export: TableExport) -> bool:
    """Whether the table is there; a database that does not answer is asked again by writing to it."""
    try:
        export.connection.open()
        with closing(export.connection.session()) as session:
            return any(_address(r) == _address(export.relation) for r in session.catalogue([export.relation.schema]))
    except ConnectionFailure:
        return False


def outgoing(view: View, steps: Iterable[Step]) -> tuple[Outgoing, ...]:
    """What the steps of a plan export to tables."""
    found = []
    for step in steps:
        model = view.models[step.model]
        for use in model.export if step.action in {"build", "export"} else ():
            if (loading := loading_of(view, use)) is not None:
                how = f"upsert by {', '.join(loading.key)}" if loading.key else loading.strategy
                found.append(Outgoing(step.model, loading.connection, str(_relation(view, model, loading)), how))
    return tuple(found)


def _relation(view: View, model: Model, loading: TableLoading) -> Relation:
    """Where the table is: as for models, environments beside the base one have schemas of their own (ruling 30)."""
    from interlace.model.values import Unacceptable, split_name

    text = loading.table.replace("{env}", view.environment).replace("{model}", model.name)
    try:
        parts = split_name(text)
    except Unacceptable as error:
        raise _wrong(model, f"has a 'table' that {error}", "") from None
    if len(parts) > 2:  # noqa: PLR2004  schema and name
        raise _wrong(model, f"names the table {text!r}, which has more than a schema and a name", "")
    space = view.namespace(loading.connection)
    return Relation(parts[-1], space.schema(parts[0] if len(parts) > 1 else None))


def _address(relation: Relation) -> tuple[str, str]:
    return (relation.schema or "").casefold(), relation.name.casefold()


def _wrong(model: Model, said: str, hint: str) -> InvalidModel:
    where = Location(model.file, model.line)
    return InvalidModel(f"the export of {model.name} {said}", where=where, hint=hint or None, model=model.name)
