"""A connection is one configured system; a session is one conversation with it.

The kernel speaks to databases only through these two.  A connector subclasses both, declares what it can do in
`Capabilities`, and passes ``interlace.testing.conformance.connection``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from interlace.contracts.options import Options

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

    from interlace.contracts.attachments import Attachments
    from interlace.contracts.direct import Door, Reached
    from interlace.contracts.exchange import Exchange
    from interlace.contracts.files import FileConnection
    from interlace.contracts.load import LoadCounts, LoadPlan, Publish, Step
    from interlace.contracts.relation import Column, Relation, RelationInfo, RelationKind

__all__ = ["Capabilities", "Connection", "Marker", "Published", "Session"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a connection's sessions can do.

    What is declared must pass conformance; what is not must raise `UnsupportedCapability`.

    Attributes:
        transactional_ddl: CREATE, ALTER and DROP roll back with the transaction.
        transactions: INSERT, UPDATE and DELETE roll back with the transaction; without, only loads that replace are allowed.
        views: views can be created.
        schemas: relations live in schemas that can be created.
        arrow_in: `Session.load_arrow` works.
        arrow_out: `Session.arrow` works.
        copy_out: `Session.copy_out` writes files itself.
        ibis: `Session.ibis` gives a backend.
        interrupt: `Session.interrupt` stops a running statement.
        persistent: what was written is there when the connection is opened again.
        staging: `Session.apply` performs the steps that make temporary relations (`Stage`, `Derive`) and what follows them.
        try_cast: the dialect has a cast that gives NULL where a value does not fit.
        validates_input: there is ``pg_input_is_valid(text, type)``, which says whether a cast from text would raise.
        attachments: what `Session.attach` can attach to a relation: ``indexes``, ``constraints``, ``grants``, ``comments``.
        max_sessions: how many sessions may run at once; None where the connection does not mind.
        embedded: queries are computed inside this process, each divided among its cores.
        exchange: `Session.exchange` and `Session.view_query` work.
        read_only: where the connection is ``access: read``, the database itself refuses to write.
        writes: models can be on it; without, it is only read, by sources and Python models.
        together: `Session.publish_together` makes several tables by few messages.
        reaches: the kinds of other databases (`Door.kind`) whose tables its engine reads and writes by itself.
        beside: `Connection.read_beside` and `Connection.copy_to` work.
    """

    transactional_ddl: bool = False
    transactions: bool = True
    views: bool = False
    schemas: bool = False
    arrow_in: bool = False
    arrow_out: bool = False
    copy_out: bool = False
    ibis: bool = False
    interrupt: bool = False
    persistent: bool = True
    staging: bool = False
    exchange: bool = False
    try_cast: bool = False
    validates_input: bool = False
    attachments: frozenset[str] = frozenset()
    max_sessions: int | None = None
    embedded: bool = False
    read_only: bool = False
    writes: bool = True
    together: bool = False
    reaches: frozenset[str] = frozenset()
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Marker:
    """The row that a load that is not idempotent leaves in ``_interlace.commits``, in the same transaction."""

    target: str
    attempt: str
    run: str
    interval: str | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """What became of one `Publish` of several.

    Attributes:
        rows: how many it has; None where the engine does not say.
        columns: of the table.
        seconds: that it took.
    """

    rows: int | None
    columns: tuple[Column, ...]
    seconds: float


class Connection(ABC):
    """One configured system, shared by the threads of a run.

    Args:
        name: its name in the project.
        config: its options, validated by `Config`.
        root: the project's folder; relative paths start here.

    Attributes:
        dialect: sqlglot's name of its SQL dialect.
        has_tables: whether models can be on it; a `FileConnection` has files only.
        capabilities: what its sessions can do.
        access: what the project lets it do; with ``read`` its sessions refuse to write (`interlace.contracts.reading`),
            and a connector has the database refuse it too.
        written_beside: whether another connection of the project writes to the same place, so that an embedded database
            cannot be opened for reading only.
        written_by: the environment that alone writes through it, where it is shared and this is another one.
    """

    Config: ClassVar[type[Options]] = Options
    dialect: ClassVar[str]
    has_tables: ClassVar[bool] = True
    capabilities: Capabilities
    access: Literal["read", "readwrite"] = "readwrite"
    written_beside: bool = False
    written_by: str | None = None

    def __init__(self, name: str, config: Options, *, root: Path) -> None:
        self.name = name
        self.config = config
        self.root = root

    @abstractmethod
    def open(self) -> None:
        """Open what is shared: the file, the pool.  Opening twice does nothing.

        Raises:
            ConnectionFailure: it cannot be reached.
            DatabaseLocked: another process holds the file.
        """

    @abstractmethod
    def close(self) -> None:
        """Close all; what was committed is on disk.  Closing twice does nothing."""

    @abstractmethod
    def session(self) -> Session:
        """Begin a conversation of its own (a cursor, a pooled connection); opens the connection if need be."""

    def where(self) -> str:
        """Where it writes, for people: a path or ``host:port/database``, without secrets."""
        return self.name

    def default_schema(self) -> str | None:
        """The schema where unqualified names live, as a query of this connection sees them."""
        return None

    def files(self) -> tuple[Path, ...]:
        """The files whose size, time and inode tell whether anybody wrote since (embedded databases)."""
        return ()

    # --- other files of its kind (`Capabilities.beside`) --------------------------------------------------------

    def read_beside(self, files: Mapping[str, Path]) -> None:
        """Let queries read other database files of its kind, each under a name of its own, in place of those named before.

        Nobody may write to such a file as long as this connection is open.

        Args:
            files: by the name that is the `catalog` of their relations.

        Raises:
            UnsupportedCapability: it has no such files.
            ConnectionFailure: one is not there, where the connection is open already; else raised when it is opened.
            DatabaseLocked: likewise, another process writes to it.
        """
        from interlace.errors import UnsupportedCapability

        if files:
            raise UnsupportedCapability(f"connection {self.name!r} reads no database file beside its own.")

    def copy_to(self, path: Path) -> None:
        """Copy its database, as it stands, into a new file; blocks are shared where the file system can.

        Raises:
            UnsupportedCapability: it is not in a file of its own.
            ConnectionFailure: it cannot be written.
            DatabaseLocked: another process writes to it.
        """
        from interlace.errors import UnsupportedCapability

        raise UnsupportedCapability(f"connection {self.name!r} is no file that could be copied to {path}.")

    def door(self) -> Door | None:
        """Where another engine may read and write its tables by itself, with the settings of a session of its own."""
        return None

    # --- files that its queries read by themselves ------------------------------------------------------------------

    def reads_files_of(self) -> tuple[str, ...]:
        """The names of the connections to files, such as S3, whose files its queries read by their addresses."""
        return ()

    def use_files(self, connections: Sequence[FileConnection]) -> None:  # noqa: B027  only asked of who names some
        """Take the connections that `reads_files_of` names, before it is opened."""

    # --- who may write (`loading.md` 11): does nothing where the database lets one process in ---------------------

    def take_lease(self, name: str, holder: str, ttl: timedelta, *, instead_of: str | None = None) -> str | None:
        """Take, or renew, the right to write under a name; it is kept where the data is.

        While it is held, each transaction of this connection's sessions makes sure before its commit that nobody took
        over, and raises `RunUnderWay` where somebody did.

        Args:
            name: such as ``environment/dev``.
            holder: who takes it, unlike all others: host, process and run.
            ttl: for how long it holds unless it is renewed, by the clock of the server.
            instead_of: a holder that is known to be dead, from whom it may be taken before its time is over.

        Returns:
            None when it is taken; else who holds it.
        """
        del name, holder, ttl, instead_of
        return None

    def renew_lease(self, name: str, holder: str, ttl: timedelta) -> bool:
        """Put the end of a lease off; False when another holds it now."""
        del name, holder, ttl
        return True

    def release_lease(self, name: str, holder: str) -> None:  # noqa: B027  as above
        """Give a lease back, if this holder has it."""


class Session(ABC):
    """One conversation with a database, used by one thread at a time.

    A transaction marks itself dead on any exception and can only roll back: on DuckDB a COMMIT after a runtime error
    succeeds and writes nothing.  `interlace.contracts.transaction` has what engines share of that.
    """

    connection: Connection

    # --- statements -------------------------------------------------------------------------------------------

    @abstractmethod
    def execute(self, sql: str) -> int | None:
        """Run one statement.

        Returns:
            the rows that it changed, or None where the engine does not say.

        Raises:
            QueryFailed: refused; the message is the database's own.
        """

    @abstractmethod
    def fetch(self, sql: str, limit: int | None = None) -> list[tuple[Any, ...]]:
        """Run a query and give its rows as Python values, at most `limit` of them."""

    @abstractmethod
    def arrow(self, sql: str, *, batch_size: int = 100_000) -> pa.RecordBatchReader:
        """Run a query and stream its rows as Arrow, in batches of about `batch_size` rows.

        The reader is valid until the next statement of this session.
        """

    @abstractmethod
    def describe(self, sql: str) -> tuple[Column, ...]:
        """The columns that a query would give; the query is bound, not executed."""

    # --- catalogue --------------------------------------------------------------------------------------------

    @abstractmethod
    def columns(self, relation: Relation) -> tuple[Column, ...]:
        """The columns of one relation, without a scan of the catalogue.

        Raises:
            QueryFailed: there is no such relation.
        """

    def keeps_still(self, relation: Relation) -> bool:
        """Whether this is a stored table that every statement of the open transaction sees alike, but for its own writes.

        A load reads such a table twice rather than copy it.  False where nothing promises that: a view computes its
        rows anew, and under READ COMMITTED each statement sees what others committed.
        """
        del relation
        return False

    @abstractmethod
    def catalogue(self, schemas: Sequence[str | None]) -> dict[Relation, RelationInfo]:
        """All tables and views in the given schemas, with their columns, by one query.

        The relations are given with `schema` set and without `catalog`.
        """

    @abstractmethod
    def create_schema(self, schema: str) -> None:
        """Make a schema unless it is there, in a transaction of its own."""

    @abstractmethod
    def drop(self, relation: Relation, kind: str) -> None:
        """Drop a relation of this kind; never with CASCADE.  No error when it is not there."""

    # --- loading ----------------------------------------------------------------------------------------------

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """Commit when the block ends, roll back when it raises.  Not nested."""

    def apply(self, plan: LoadPlan) -> LoadCounts:
        """Perform a plan's steps in order, inside the open transaction; the temporary relations that it made are dropped.

        Raises:
            LoadRefused: the batch breaks a rule of the load; the transaction must roll back.
            Defect: a post-condition does not hold; the transaction must roll back.
            QueryFailed: the database refused a statement; the transaction is dead.
        """
        from interlace.contracts.applying import perform

        return perform(self, plan)

    def statements(self, step: Step) -> tuple[str, ...]:
        """The SQL of one step, in this engine's dialect; of several statements the last one's rows are counted.

        An engine renders what it does in its own way, and leaves the rest to `interlace.contracts.applying`.

        Raises:
            UnsupportedCapability: the engine cannot do this step.
        """
        from interlace.contracts.applying import statements

        return statements(self, step)

    def publish_together(self, steps: Sequence[Publish]) -> list[Published]:
        """Perform several `Publish` steps in order, inside the open transaction, by fewer messages than one for each.

        A later one may read what an earlier one made.

        Raises:
            QueryFailed: the database refused one of them; the transaction is dead.
            UnsupportedCapability: the engine gains nothing by it.
        """
        del steps
        from interlace.errors import UnsupportedCapability

        raise UnsupportedCapability(f"{type(self).__name__} makes tables one by one")

    def swap(self, new: Relation, target: Relation, kind: RelationKind | None) -> None:
        """Put the table `new` in the place of what stands at `target`, which is gone then, so that no reader misses it.

        Only asked of a session whose DDL is not transactional: a table that is replaced is made and checked as `new`.

        Args:
            new: a table in the schema of `target`.
            target: what it becomes.
            kind: what stands there now; None where nothing does.

        Raises:
            UnsupportedCapability: the engine cannot do it.
        """
        del new, target, kind
        from interlace.errors import UnsupportedCapability

        raise UnsupportedCapability(f"{type(self).__name__} cannot put a table in the place of another")

    @abstractmethod
    def mark(self, marker: Marker) -> None:
        """Insert a row into ``_interlace.commits`` inside the open transaction."""

    @abstractmethod
    def markers(self) -> list[Marker]:
        """The markers that are there, oldest first; none where the table does not exist."""

    @abstractmethod
    def forget_markers(self, attempts: Sequence[str]) -> None:
        """Delete the markers of these attempts: the state store has them."""

    @abstractmethod
    def create_view(self, relation: Relation, sql: str) -> None:
        """Make or replace a view."""

    def view_query(self, relation: Relation) -> str:
        """The query that a view was made of, so that `create_view` makes it again, whatever the session's settings are.

        Raises:
            UnsupportedCapability: the engine does not say.
        """
        from interlace.errors import UnsupportedCapability

        raise UnsupportedCapability(f"{type(self).__name__} does not say what the view {relation} was made of.")

    def exchange(self, exchanges: Sequence[Exchange], views: Mapping[Relation, str] | None = None) -> None:
        """Put tables in the places of others, all of them, inside the open transaction; no source is left where it was.

        Whoever reads a target sees the table before or the one after, never none.  Views that others made on a target
        read the new table; what stood at a target and its indexes, grants, constraints and comments keep the place
        where the engine has such.

        Args:
            exchanges: each target once.
            views: the queries of views that are made, or made anew, once the tables are in their places, in order.

        Raises:
            UnsupportedCapability: the engine cannot do it, or something depends on a table and could not follow.
            QueryFailed: transient where somebody reads one of the tables for too long.
        """
        from interlace.errors import UnsupportedCapability

        del exchanges, views
        raise UnsupportedCapability(f"{type(self).__name__} cannot put a table in the place of another.")

    def attach(self, relation: Relation, kind: RelationKind, attachments: Attachments) -> None:
        """Make what is attached to a relation be what is declared, inside the open transaction; what is right is left alone.

        Only what `Capabilities.attachments` names is given.  Indexes and constraints that were made so before and are declared no
        more are dropped; those of others stay.  Grants are made exactly those that are declared.

        Raises:
            UnsupportedCapability: the engine attaches nothing.
        """
        from interlace.errors import UnsupportedCapability

        raise UnsupportedCapability(f"{type(self).__name__} cannot attach anything to {kind} {relation}: {attachments}")

    @abstractmethod
    def load_arrow(
        self, relation: Relation, batches: Iterator[pa.RecordBatch], schema: pa.Schema | None, *, temporary: bool = True
    ) -> int:
        """Make `relation` a new table with the rows of the batches, in bounded memory.

        Args:
            relation: the table's name; a table of this name is replaced.
            temporary: a table of this session, whose name is run-unique; False makes a real one, inside the open
                transaction, so that what is replaced need not be copied.
            batches: consumed once.  A later batch may have more columns (the earlier rows get NULL), or wider types
                (the column is widened).
            schema: the declared schema, or None to take that of the first batch.  With no batch and no schema
                nothing can be made.

        Returns:
            the number of rows.

        Raises:
            ModelFailed: a batch whose column fits the table in no way: names the column and both types.
        """

    def worth_reaching(self, relation: Relation) -> bool:
        """Whether a table is so large that another engine that reads it by itself gains by it; told by the catalogue alone."""
        del relation
        return False

    def readable(self, sql: str) -> str | None:
        """A query as one engine moves its rows to another by itself; None where a value would not arrive as it is."""
        del sql
        return None

    def reaching(self, door: Door, *, write: bool) -> AbstractContextManager[Reached]:
        """Have the engine reach another database by itself for as long as the block lasts; no transaction is open when it begins.

        Only asked where `Capabilities.reaches` has the door's kind.

        Raises:
            ConnectionFailure: it cannot.
            UnsupportedCapability: the engine reaches no other.
        """
        from interlace.errors import UnsupportedCapability

        raise UnsupportedCapability(f"{type(self).__name__} does not reach {door.kind} by itself" + " to write" * write)

    @abstractmethod
    def copy_out(self, sql: str, path: Path, format: str, options: dict[str, object]) -> int:  # noqa: A002
        """Write a query's rows to a local file, by the engine itself: ``csv``, ``parquet`` or ``json``.

        Args:
            sql: the query.
            path: the file; one that is there is replaced.
            format: one of the three.
            options: for csv ``header`` (bool), ``delimiter``, ``quote``, ``escape``, ``nullstr``, ``compression``; for
                parquet ``compression``, ``row_group_size`` (rows); for json ``array`` (one array, or a record for
                each line), ``compression``.  A compression is ``gzip``, ``zstd``, for csv and json ``none``, for parquet
                ``uncompressed`` or ``snappy``.

        Returns:
            the number of rows.

        Raises:
            UnsupportedCapability: the engine cannot write this format or option.
        """

    # --- other ------------------------------------------------------------------------------------------------

    @abstractmethod
    def quote(self, name: str) -> str:
        """One identifier, quoted for this dialect."""

    def name(self, relation: Relation) -> str:
        """A relation's quoted name."""
        return ".".join(self.quote(part) for part in relation.parts)

    @abstractmethod
    def ibis(self) -> ibis.BaseBackend:
        """An ibis backend over this session: sees what its transaction sees."""

    def expect(self, rows: int | None) -> None:  # noqa: B027  an engine need not listen
        """Hear how many rows the statements that follow read at most; None where nobody knows, as at the beginning.

        Only a hint, and for the later intervals of a backfill a guess from how the earlier ones went: an engine whose threads cost more than they give on little data may leave them out.
        """

    @abstractmethod
    def interrupt(self) -> None:
        """Stop the running statement, from another thread.  Nothing happens when none runs."""

    @abstractmethod
    def close(self) -> None:
        """End the conversation; an open transaction rolls back."""
