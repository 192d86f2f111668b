"""Doing what is planned: each migration a transaction with its row in the ledger, where the engine can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from interlace.errors import InterlaceError, Location, MigrationFailed, QueryFailed
from interlace.migrate import ledger
from interlace.migrate.effects import Effects
from interlace.migrate.ledger import Entry
from interlace.migrate.plan import compiler_of
from interlace.migrate.python_file import load_function
from interlace.migrate.session import MigrationSession

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.state import StateStore
    from interlace.migrate.compiling import Compiled
    from interlace.migrate.migration import Direction
    from interlace.migrate.plan import Item
    from interlace.run.view import View

__all__ = ["Performing", "namespace_of"]


def namespace_of(view: View, connection: str) -> str:
    """What tells this environment from others in the database of a connection; empty where nothing has to."""
    namespace = view.namespace(connection)
    return namespace.schema(None) if view.loaded.config.connection(connection).schema_only else namespace.prefix


@dataclass
class Performing:
    """One migration that is done.

    Attributes:
        view: the project.
        store: its state.
        run: the id of the run that this is part of.
        direction: forward or back.
        item: what is done.
        session: of the migration's connection.
    """

    view: View
    store: StateStore
    run: str
    direction: Direction
    item: Item
    session: Session
    _ran: list[Compiled] = field(default_factory=list)

    def perform(self) -> None:
        """Do it.

        Raises:
            MigrationFailed: says what stands.
        """
        ledger.make_table(self.session)
        namespace = self.view.namespace(self.item.migration.connection)
        if namespace.prefix:
            self.session.create_schema(namespace.schema(None))
        if self.whole:
            self._in_one()
        else:
            self._one_by_one()

    @property
    def whole(self) -> bool:
        """Whether all of it is one transaction."""
        can = self.session.connection.capabilities
        return self.item.migration.transaction and can.transactional_ddl and can.transactions

    def _in_one(self) -> None:
        effects = Effects(self.view, self.store, self.run, self.item.migration)
        with self._failing(), self.session.transaction():
            for _ in self._steps():
                pass
            self._settle()
            effects.note(self.session, self._ran)
        effects.record(self.session)

    def _one_by_one(self) -> None:
        effects = Effects(self.view, self.store, self.run, self.item.migration)
        with self._failing():
            self._say(0)
            for done in self._steps():
                self._say(done)
            with self.session.transaction():
                self._settle()
                effects.note(self.session, self._ran)
        effects.record(self.session)

    def _say(self, done: int) -> None:
        """Keep how far it is, in a transaction of its own: what is cut off is never taken for one that did not begin."""
        with self.session.transaction():
            ledger.keep(self.session, self._entry(self.direction, done))

    def _steps(self) -> Iterator[int]:
        """Run it; gives how many statements were done after each."""
        if self.item.statements is None:
            yield from self._python()
            return
        for number, statement in enumerate(self.item.statements, 1):
            self.session.execute(statement.text)
            self._ran.append(statement)
            yield number

    def _python(self) -> Iterator[int]:
        migration = self.item.migration
        compiler, names = compiler_of(self.view, migration, self.run)
        function = load_function(self.view.loaded.root, migration.file, self.direction)
        function(MigrationSession(self.session, compiler, names, self._ran.append))
        yield len(self._ran)

    def _settle(self) -> None:
        """Say that it is applied, or forget that it was."""
        if self.direction == "up":
            ledger.keep(self.session, self._entry("applied", len(self._ran)))
        else:
            ledger.forget(self.session, namespace_of(self.view, self.item.migration.connection), [self._number])

    def _entry(self, state: Direction | str, done: int) -> Entry:
        migration, statements = self.item.migration, self.item.statements
        return Entry(
            namespace=namespace_of(self.view, migration.connection),
            number=migration.number,
            name=migration.name,
            checksum=migration.checksum,
            state=state,  # type: ignore[arg-type]
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            run=self.run,
            done=done,
            total=len(statements) if statements is not None else None,
            schemas=tuple(s.makes for s in self._ran if s.makes is not None),
        )

    @property
    def _number(self) -> int:
        return self.item.migration.number

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Say of a failure where it was, and what stands."""
        try:
            yield
        except MigrationFailed:
            raise
        except Exception as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> MigrationFailed:
        migration, statements = self.item.migration, self.item.statements
        done, line = len(self._ran), None
        if statements is None:
            line = _line_of(error, str(self.view.loaded.root / migration.file))
            what = f"{self.direction}() failed"
        elif done < len(statements):
            line = statements[done].line
            what = f"statement {done + 1} of {len(statements)} {'was refused' if _is_refused(error) else 'failed'}"
        else:
            what = "its end was refused"
        failed = MigrationFailed(
            f"{migration.name} stopped going {self.direction}: {what}. {self._left(done)}",
            where=Location(migration.file, line),
            hint=(error.hint if isinstance(error, InterlaceError) else None) or self._hint(str(error)),
        )
        failed.transient = isinstance(error, InterlaceError) and error.transient
        return failed

    def _left(self, done: int) -> str:
        if self.whole:
            return "Nothing of it stands: it is one transaction."
        if self.item.statements is None:
            return "What it did stands: it is no transaction."
        if done == 0:
            return "It is no transaction; none of its statements was done."
        first = "Its first statement stands" if done == 1 else f"Its first {done} statements stand"
        return f"{first}: it is no transaction."

    def _hint(self, why: str) -> str | None:
        number = self._number
        if not self.whole:
            return (
                "Look what is there and mend it by hand, then say how it stands: "
                f"interlace migrate resolve {number} --applied, or --not-applied"
            )
        if "transaction block" in why:
            return "'-- @transaction: false' in its header runs its statements one by one."
        return None


def _is_refused(error: Exception) -> bool:
    return isinstance(error, QueryFailed)


def _line_of(error: BaseException, file: str) -> int | None:
    """The last line of a file that an error went through."""
    import traceback

    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    return lines[-1] if lines else None
