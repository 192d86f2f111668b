"""What a Python migration is given: statements in which names are the environment's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from interlace.contracts.relation import Relation
from interlace.migrate.sql_file import split_statements

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.migrate.compiling import Compiled, Compiler
    from interlace.migrate.names import Names

__all__ = ["MigrationSession"]


class MigrationSession:
    """The session of ``up(session)`` and ``down(session)``: inside the migration's transaction, where it is one.

    Attributes:
        environment: the one that is migrated.
    """

    def __init__(self, session: Session, compiler: Compiler, names: Names, ran: Callable[[Compiled], None]) -> None:
        self.environment = names.view.environment
        self._session = session
        self._compiler = compiler
        self._names = names
        self._ran = ran

    def execute(self, sql: str) -> int | None:
        """Run one statement, or several; ``$name`` and names of tables are as in a SQL migration.

        Returns:
            the rows that the last one changed, where the engine says.

        Raises:
            QueryFailed: refused.
            InvalidMigration: it would touch what this environment does not write.
        """
        rows = None
        for statement in self._compiled(sql):
            rows = self._session.execute(statement.text)
            self._ran(statement)
        return rows

    def fetch(self, sql: str, limit: int | None = None) -> list[tuple[Any, ...]]:
        """Run a query and give its rows as Python values, at most `limit` of them.

        Raises:
            QueryFailed: refused.
        """
        rows: list[tuple[Any, ...]] = []
        for statement in self._compiled(sql):
            rows = self._session.fetch(statement.text, limit)
            self._ran(statement)
        return rows

    def name(self, name: str) -> str:
        """The quoted name of a table in this environment: ``orders``, or ``raw.orders``."""
        from sqlglot import exp

        named = self._names.of(exp.to_table(name, dialect=self._names.dialect).parts, 0)
        relation: Relation = named.relation
        return self._names.quoted(*relation.parts)

    def _compiled(self, sql: str) -> list[Compiled]:
        from dataclasses import replace

        return [self._compiler.compile(replace(s, line=0)) for s in split_statements(sql, self._names.dialect)]
