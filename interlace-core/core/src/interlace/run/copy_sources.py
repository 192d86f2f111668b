"""Copying source data into an environment: all of it, or a sample."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from interlace.contracts.connection import Marker
from interlace.contracts.state import AttemptRecord, ModelState
from interlace.errors import UnsupportedCapability, UsageError
from interlace.model.definition import Source
from interlace.plan.sampling import SAMPLED
from interlace.run.copies import place_of_copy
from interlace.run.deferring import same_database
from interlace.run.intent import encode, key
from interlace.run.loaded import load
from interlace.run.promote import recorded_run, right_to_write
from interlace.run.sampled_query import refuse_unsampled, sampled_query
from interlace.run.selection import selected_names
from interlace.run.view import View
from interlace.state.ids import new_id

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection, Session
    from interlace.contracts.relation import Relation
    from interlace.contracts.state import StateSnapshot, StateStore
    from interlace.plan.sampling import Sample
    from interlace.run.loaded import Loaded

__all__ = ["Copied", "copy_sources", "load_view"]


@dataclass(frozen=True, slots=True)
class Copied:
    """One source that was copied.

    Attributes:
        source: its name.
        relation: where the copy is.
        rows: of the copy.
        sample: how much of the source that is; None for all.
        by: the columns that decided which rows; empty for all.
    """

    source: str
    relation: str
    rows: int
    sample: str | None = None
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Work:
    """One source to copy: where it is, and where its copy goes."""

    source: Source
    reading: Connection
    writing: Connection
    relation: Relation
    copy: Relation
    together: bool


@contextlib.contextmanager
def load_view(loaded: Loaded, environment: str) -> Iterator[View]:
    """The same project in another environment; its connections are closed at the end."""
    there = load(loaded.root, environment, None, loaded.environ)
    try:
        yield View(there)
    finally:
        there.connections.close()


def copy_sources(
    view: View, base: View, store: StateStore, select: Sequence[str], sample: Sample | None, command: str
) -> tuple[Copied, ...]:
    """Copy sources as another environment reads them; see `Project.copy_sources`."""
    snapshot = store.snapshot(view.environment)
    sources = _selected(view, snapshot, select)
    works = [_work(view, base, source) for source in sources]
    _refuse_meeting(view, works)
    _refuse_unreadable(works, sample)
    connections = list({id(w.writing): w.writing for w in works}.values())
    run = new_id()
    with right_to_write(view, store, run, [view.environment], connections):
        _refuse_others(works, store.snapshot(view.environment))
        with recorded_run(store, view.environment, run, command):
            return tuple(_Copying(view, store, run, sample).copy(work) for work in works)


def _selected(view: View, snapshot: StateSnapshot, select: Sequence[str]) -> list[Source]:
    names = selected_names(view, snapshot, select, ())
    nodes = view.loaded.graph.nodes
    found = [node for name in sorted(names) if isinstance(node := nodes[name], Source)]
    if not found:
        what = f"{' '.join(select)}: no source is selected." if select else "The project has no sources."
        raise UsageError(what, hint="'+orders' are orders and all that it reads, sources too." if select else None)
    return found


def _work(view: View, base: View, source: Source) -> _Work:
    """Where a source is and its copy goes.

    Raises:
        UsageError: the environment has no place of its own for it.
        UnsupportedCapability: its connection cannot take rows so that all or none are there.
    """
    config, name = view.loaded.config, view.connection_name(source)
    policy = config.connection(name).policy
    if policy.shared or policy.access == "read":
        word = "shared" if policy.shared else "'access: read'"
        raise UsageError(
            f"{source.name} cannot be copied: its connection {name!r} is {word} in {view.environment}.",
            hint=f"Give the connection a database of its own in config.{view.environment}.yaml, or leave the source out.",
        )
    there = base.relation(source.name)
    assert there is not None  # noqa: S101  a source is a relation
    copy, together = place_of_copy(view, source), same_database(config, base.loaded.config, name)
    default = base.namespace(name).default_schema
    if together and (there.schema or default, there.name) == (copy.schema, copy.name) and there.catalog is None:
        raise UsageError(
            f"{source.name} cannot be copied onto itself: connection {name!r} has no place of {view.environment}'s own.",
            hint="Declare the environments in config.yaml, or put {env} into the connection's path or database.",
        )
    writing = view.connection(source)
    if not writing.capabilities.transactional_ddl or not (together or writing.capabilities.arrow_in):
        raise UnsupportedCapability(f"connection {name!r} cannot take a copy of {source.name} in one transaction")
    return _Work(source, writing if together else base.connection(source), writing, there, copy, together)


def _refuse_meeting(view: View, works: Iterable[_Work]) -> None:
    """Refuse copies that would be where something else goes.

    Raises:
        UsageError: names both.
    """
    default = view.loaded.config.default_connection
    taken = {(view.models[n].connection or default, r): n for n, r in view.relations.items()}
    for work in works:
        other = taken.setdefault((work.writing.name, work.copy), work.source.name)
        if other != work.source.name:
            raise UsageError(
                f"The copy of {work.source.name} would be {work.copy}, where {other} goes.",
                hint=f"Leave one of the two out, or give {other} another schema.",
            )


def _refuse_unreadable(works: Iterable[_Work], sample: Sample | None) -> None:
    for work in works:
        files = work.reading.files()
        if files and not any(file.exists() for file in files):
            raise UsageError(f"{work.source.name} cannot be copied: there is no {files[0]}.")
        if not work.together and not work.reading.capabilities.arrow_out:
            raise UnsupportedCapability(f"connection {work.reading.name!r} gives no rows to others")
        if sample is not None:
            with contextlib.closing(work.reading.session()) as session:
                refuse_unsampled(session)


def _refuse_others(works: Iterable[_Work], snapshot: StateSnapshot) -> None:
    """Never replace what Interlace did not copy.

    Raises:
        UsageError: something else made what stands where a copy goes.
    """
    for work in works:
        known = snapshot.models.get(work.source.name)
        if known is not None and known.relation == str(work.copy):
            continue
        with contextlib.closing(work.writing.session()) as session:
            there = session.catalogue([work.copy.schema])
        if any(found.name.casefold() == work.copy.name.casefold() for found in there):
            raise UsageError(
                f"{work.copy} is there already, and is no copy that Interlace made of {work.source.name}.",
                hint="Drop it yourself, or leave the source out.",
            )


@dataclass(frozen=True, slots=True)
class _Copying:
    view: View
    store: StateStore
    run: str
    sample: Sample | None

    def copy(self, work: _Work) -> Copied:
        """Copy one source: one transaction, then the state."""
        began = datetime.now(UTC)
        with contextlib.closing(work.writing.session()) as writing:
            writing.create_schema(work.copy.schema or "")
            if work.together:
                record = self._beside(work, writing, began)
            else:
                with contextlib.closing(work.reading.session()) as reading:
                    record = self._streamed(work, reading, writing, began)
            self.store.record(self.view.environment, [record])
            writing.forget_markers([record.id])
        how = str(self.sample) if self.sample is not None else None
        return Copied(work.source.name, str(work.copy), record.state.rows or 0, how, work.source.sample_by)

    def _beside(self, work: _Work, session: Session, began: datetime) -> AttemptRecord:
        from interlace.contracts.load import LoadPlan, Publish, Query

        sql = self._query(work, session)
        with session.transaction():
            counts = session.apply(LoadPlan((Publish(work.copy, Query(sql)),), idempotent=True))
            return self._marked(work, session, began, counts.inserted)

    def _streamed(self, work: _Work, reading: Session, writing: Session, began: datetime) -> AttemptRecord:
        from interlace.run.transfers import streamed

        records: list[AttemptRecord] = []
        sql = self._query(work, reading)
        columns = reading.describe(sql)
        streamed(
            work.source.name,
            sql,
            columns,
            work.copy,
            reading,
            writing,
            lambda: records.append(self._marked(work, writing, began, None)),
        )
        return records[0]

    def _query(self, work: _Work, session: Session) -> str:
        rows = session.name(work.relation)
        return sampled_query(work.source, session.describe(f"SELECT * FROM {rows}"), rows, session, self.sample)

    def _marked(self, work: _Work, session: Session, began: datetime, rows: int | None) -> AttemptRecord:
        """Keep the record until the state has it, and mark that the copy is there."""
        now, name = datetime.now(UTC), work.source.name
        if rows is None:
            rows = session.fetch(f"SELECT count(*) FROM {session.name(work.copy)}")[0][0]
        attempt = new_id()
        inputs: Mapping[str, str] = {f"{SAMPLED}{name}": str(self.sample)} if self.sample is not None else {}
        state = ModelState(
            name=name,
            data_version=attempt,
            inputs=inputs,
            relation=str(work.copy),
            kind="table",
            columns=session.columns(work.copy),
            published_at=now,
            rows=rows,
            seconds=(now - began).total_seconds(),
            status="succeeded",
            attempted_at=now,
            run=self.run,
        )
        record = AttemptRecord(
            id=attempt,
            run=self.run,
            model=name,
            status="succeeded",
            reason=f"copied from {work.relation}" + (f": {self.sample}" if self.sample is not None else ""),
            started_at=began,
            finished_at=now,
            state=state,
            counts={"inserted": rows or 0},
            schema_changed=True,
        )
        self.store.save_answer(key(attempt), encode(self.view.environment, record))
        session.mark(Marker(str(work.copy), attempt, self.run))
        return record
