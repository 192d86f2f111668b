"""What would be done, as a value: which migrations, by which statements, and what there is to know before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlace.errors import InvalidMigration, Location, UnsupportedCapability
from interlace.migrate.compiling import Compiled, Compiler
from interlace.migrate.migration import Script
from interlace.migrate.names import Names
from interlace.migrate.risks import Risk, Risks, There, schemas_of

if TYPE_CHECKING:
    from interlace.migrate.migration import Direction, Migration
    from interlace.run.view import View

__all__ = ["Item", "MigrationPlan", "compiler_of", "make_plan"]


@dataclass(frozen=True, slots=True)
class Item:
    """One migration that would run; `statements` is None for one in Python."""

    migration: Migration
    statements: tuple[Compiled, ...] | None
    risks: tuple[Risk, ...]


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """What ``migrate up`` or ``down`` would do, in order."""

    environment: str
    direction: Direction
    items: tuple[Item, ...]
    notices: tuple[str, ...] = ()

    @property
    def risky(self) -> bool:
        """Whether something is lost, broken or unknown."""
        return any(item.risks for item in self.items)


def make_plan(
    view: View, migrations: Sequence[Migration], direction: Direction, notices: Sequence[str] = ()
) -> MigrationPlan:
    """Compile the migrations and look what they would lose and break.

    Raises:
        InvalidMigration: a statement that may not run here; says where.
        UnsupportedCapability: a connection cannot keep what was applied.
    """
    compiled = {m.name: _statements(view, m, direction) for m in migrations}
    risks = {c: Risks(_standing(view, c, migrations, compiled)) for c in {m.connection for m in migrations}}
    items = [_item(view, m, compiled[m.name], risks[m.connection]) for m in migrations]
    return MigrationPlan(view.environment, direction, tuple(items), tuple(notices))


def compiler_of(view: View, migration: Migration, run: str = "") -> tuple[Compiler, Names]:
    """What compiles the statements of one migration."""
    names = Names(view, migration.connection, migration.file)
    return Compiler(names, {**view.variables, "run_id": run}, migration.file), names


def _statements(view: View, migration: Migration, direction: Direction) -> tuple[Compiled, ...] | None:
    _refuse_reading(view, migration)
    if not isinstance(migration.body, Script):
        return None
    compiler, _ = compiler_of(view, migration)
    return tuple(compiler.compile(s) for s in getattr(migration.body, direction))


def _item(view: View, migration: Migration, statements: tuple[Compiled, ...] | None, risks: Risks) -> Item:
    if statements is None:
        unknown = Risk("unknown", "is Python: what it does is not known before it runs", 0)
        return Item(migration, None, (unknown,))
    names = Names(view, migration.connection, migration.file)
    return Item(migration, statements, tuple(r for s in statements for r in risks.of(names, s)))


def _standing(
    view: View, connection: str, migrations: Sequence[Migration], compiled: Mapping[str, Sequence[Compiled] | None]
) -> There:
    own = [s for m in migrations if m.connection == connection for s in compiled[m.name] or ()]
    if not own:
        return {}
    return view.loaded.connections.look(connection, sorted(schemas_of(own), key=str))


def _refuse_reading(view: View, migration: Migration) -> None:
    if view.loaded.config.connection(migration.connection).policy.access == "readwrite":
        connection = view.loaded.connections.get(migration.connection)
        if not (connection.has_tables and connection.capabilities.schemas):
            raise UnsupportedCapability(
                f"{migration.name} cannot go to the connection {migration.connection!r}, which has no schema to keep in it "
                "what was applied."
            )
        return
    raise InvalidMigration(
        f"it would write through the connection {migration.connection!r}, which is 'access: read'",
        where=Location(migration.file),
        hint="Give the migration another connection: -- @connection: …",
    )
