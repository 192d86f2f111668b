"""Migrations of a project in one environment."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from interlace.errors import InterlaceError, MigrationFailed, UsageError, did_you_mean
from interlace.migrate.migration import FOLDER
from interlace.redaction import redacted
from interlace.run.loaded_project import LoadedProject

if TYPE_CHECKING:
    from pathlib import Path

    from interlace.contracts.connection import Session
    from interlace.migrate.ledger import Entry
    from interlace.migrate.migration import Direction, Migration
    from interlace.migrate.plan import Item, MigrationPlan
    from interlace.migrate.standing import Standing

__all__ = ["Migrated", "MigratingProject"]


@dataclass(frozen=True, slots=True)
class Migrated:
    """What was done: the run that did it, empty where there was nothing to do, and the names of the migrations in order."""

    run: str
    names: tuple[str, ...]
    notices: tuple[str, ...] = ()


class MigratingProject(LoadedProject):
    """Numbered changes of databases, forward and back."""

    def migrations(self) -> tuple[list[Standing], tuple[str, ...]]:
        """How each migration stands in this environment, by number, and what there is to say of them.  Writes nothing.

        Raises:
            InvalidMigration: a file is wrong; InvalidProject: several are.
        """
        from interlace.migrate.standing import gap_notices

        with self._read():
            found = self._standings(self._files())
        return found, tuple(gap_notices(found))

    def pending_migrations(self) -> str | None:
        """What a plan says of migrations that are to be applied; None where none are.  Asks nothing without the folder."""
        if not (self.root / FOLDER).is_dir():
            return None
        try:
            pending = sum(s.how == "pending" for s in self._standings(self._files()))
        except InterlaceError as error:
            where = f"{error.where}: " if error.where is not None else ""
            return f"whether migrations are pending is not known: {where}{error.message.partition(chr(10))[0]}"
        if not pending:
            return None
        return f"{pending} migration{' is' if pending == 1 else 's are'} pending: interlace migrate up"

    def plan_migrations(
        self, direction: Direction, to: int | None = None, *, out_of_order: bool = False
    ) -> MigrationPlan:
        """Say what would be done, by which statements, and what would be lost or broken.  Writes nothing.

        Args:
            direction: ``up`` applies what is pending, ``down`` takes back the last one.
            to: the last number to apply; or the one after which all are taken back, 0 for all.
            out_of_order: apply one although another with a higher number was.

        Raises:
            InvalidMigration: a file is wrong, what was applied is not what the files say, a statement may not run here;
                InvalidProject: several of it.
        """
        from interlace.migrate.plan import make_plan
        from interlace.migrate.standing import back, forward, gap_notices

        with self._read():
            standings = self._standings(self._files())
            going_up = direction == "up"
            wanted = forward(standings, to, out_of_order=out_of_order) if going_up else back(standings, to)
            return make_plan(self._view, wanted, direction, gap_notices(standings))

    def migrate(
        self, plan: MigrationPlan, *, command: str = "", on_done: Callable[[str], None] = lambda _: None
    ) -> Migrated:
        """Do what `plan_migrations` gave, but for what somebody else did since.

        Args:
            plan: what to do.
            command: what the user typed, for the record.
            on_done: told the name of each that is done.

        Raises:
            MigrationFailed: one stopped; says what stands.
            RunUnderWay: a run or a migration of this environment has not ended.
            UsageError: a file changed since it was planned.
        """
        from interlace.migrate.performing import Performing
        from interlace.run.promote import recorded_run, right_to_write
        from interlace.state.ids import new_id

        if not plan.items:
            return Migrated("", ())
        run = new_id()
        done: list[str] = []
        used = list(dict.fromkeys(i.migration.connection for i in plan.items))
        with self._read():
            for name in used:
                self._loaded.connections.open(self._loaded.connections.get(name))
            connections = [self._loaded.connections.get(name) for name in used]
            with right_to_write(self._view, self.store, run, [self.environment], connections) as said:
                left = self._left(plan)
                if not left:
                    return Migrated("", (), said)
                with recorded_run(self.store, self.environment, run, command):
                    for item in left:
                        with contextlib.closing(self._session(item.migration.connection)) as session:
                            performing = Performing(self._view, self.store, run, plan.direction, item, session)
                            with _telling(done, [i.migration.name for i in left], plan.direction):
                                performing.perform()
                        done.append(item.migration.name)
                        on_done(item.migration.name)
        return Migrated(run, tuple(done), said)

    def resolve_migration(self, number: int, *, applied: bool, connection: str | None = None) -> str:
        """Say of a migration that it is applied as its file is now, or that it is not.  Runs nothing of it.

        Args:
            number: of the migration.
            applied: which.
            connection: where; needed where two connections know the number.

        Returns:
            its name.

        Raises:
            UsageError: there is no such migration.
            RunUnderWay: a run or a migration of this environment has not ended.
        """
        from interlace.migrate import ledger
        from interlace.run.promote import right_to_write
        from interlace.state.ids import new_id

        run = new_id()
        with self._read():
            standings = self._standings(self._files())
            one = _chosen(standings, number, connection)
            if applied and one.migration is None:
                raise UsageError(f"{one.name} has no file that could be applied.")
            there = [self._loaded.connections.get(one.connection)]
            with (
                right_to_write(self._view, self.store, run, [self.environment], there),
                contextlib.closing(self._session(one.connection)) as session,
            ):
                ledger.make_table(session)
                with session.transaction():
                    if applied and one.migration is not None:
                        ledger.keep(session, self._entry(one.migration, run))
                    else:
                        ledger.forget(session, self._namespace(one.connection), [number])
        return one.name

    def new_migration(self, name: str, *, connection: str | None = None, python: bool = False) -> Path:
        """Write the next migration's file, to be filled in.

        Raises:
            UsageError: the name is no word, or there is no such connection.
        """
        from interlace.migrate.starter import start

        known = self.config.connections
        if connection is not None and connection not in known:
            hint = did_you_mean(connection, known, label="Connections") or None
            raise UsageError(f"There is no connection {connection!r}.", hint=hint)
        return start(self.root, self._files(), name, connection, python=python)

    # --- inside -----------------------------------------------------------------------------------------------

    def _files(self) -> list[Migration]:
        from interlace.migrate.folder import Places, read_folder

        config = self.config
        return read_folder(
            self.root,
            Places(
                dialects=self._loaded.connections.dialects(),
                connections=tuple(config.connections),
                default=config.default_connection,
                environments=config.environments if config.declared else None,
            ),
        )

    def _standings(self, migrations: list[Migration]) -> list[Standing]:
        from interlace.migrate.standing import compare

        connections = self.config.connections
        shared = {n for n, spec in connections.items() if spec.policy.shared}
        foreign = frozenset(shared if self.environment != self.config.config.base_environment else ())
        asked = dict.fromkeys([*(m.connection for m in migrations), self.config.default_connection])
        entries = {name: self._entries(name) for name in asked if name not in foreign}
        return compare(migrations, entries, self.environment, foreign)

    def _entries(self, name: str) -> dict[int, Entry]:
        from interlace.migrate.ledger import entries

        connection = self._loaded.connections.get(name)
        files = connection.files()
        if not (connection.has_tables and connection.capabilities.schemas) or (
            files and not any(f.exists() for f in files)
        ):
            return {}
        self._loaded.connections.open(connection)
        with contextlib.closing(connection.session()) as session:
            return entries(session, self._namespace(name))

    def _left(self, plan: MigrationPlan) -> list[Item]:
        """What of a plan is still to be done, now that nobody else writes."""
        now = {(s.connection, s.number): s for s in self._standings(self._files())}
        wanted = "pending" if plan.direction == "up" else "applied"
        left = []
        for item in plan.items:
            one = now.get((item.migration.connection, item.migration.number))
            if one is None or one.migration is None or one.migration.checksum != item.migration.checksum:
                raise UsageError(f"{item.migration.name} changed since it was planned, so nothing was done.")
            if one.how == wanted:
                left.append(item)
            elif one.how not in {"applied", "pending"}:
                raise UsageError(f"{item.migration.name} is {one.how} now, so nothing was done.")
        return left

    def _session(self, connection: str) -> Session:
        return self._loaded.connections.get(connection).session()

    def _namespace(self, connection: str) -> str:
        from interlace.migrate.performing import namespace_of

        return namespace_of(self._view, connection)

    def _entry(self, migration: Migration, run: str) -> Entry:
        from interlace.migrate.ledger import Entry

        return Entry(
            namespace=self._namespace(migration.connection),
            number=migration.number,
            name=migration.name,
            checksum=migration.checksum,
            state="applied",
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            run=run,
        )


def _chosen(standings: list[Standing], number: int, connection: str | None) -> Standing:
    found = [s for s in standings if s.number == number and connection in {None, s.connection}]
    if not found:
        known = ", ".join(str(s.number) for s in standings)
        raise UsageError(f"There is no migration {number}.", hint=f"Numbers: {known}." if known else None)
    if len(found) > 1:
        names = ", ".join(s.connection for s in found)
        raise UsageError(f"Migration {number} is known in several connections: {names}.", hint="Say --connection.")
    return found[0]


@contextlib.contextmanager
def _telling(done: list[str], names: list[str], direction: Direction) -> Iterator[None]:
    """Add to a failure what was done before it, what was not begun, and at the end what was said of it."""
    try:
        yield
    except MigrationFailed as error:
        word = "applied" if direction == "up" else "taken back"
        said = [f"Before it {', '.join(done)} {'was' if len(done) == 1 else 'were'} {word}."] if done else []
        rest = names[len(done) + 1 :]
        said += [f"{', '.join(rest)} {'was' if len(rest) == 1 else 'were'} not begun."] if rest else []
        cause = error.__cause__
        why = cause.message if isinstance(cause, InterlaceError) else redacted(f"{type(cause).__name__}: {cause}")
        error.message = f"{' '.join([error.message, *said])}\n{why}"
        raise
