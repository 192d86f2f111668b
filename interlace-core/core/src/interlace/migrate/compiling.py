"""From a statement as it is written to the one that runs, and what that touches."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlace.errors import InvalidMigration, InvalidModel, Location
from interlace.migrate.touching import changes, is_understood, schema_of
from interlace.model.definition import Reference, SqlBody
from interlace.model.sql_query import references_in
from interlace.model.sql_text import find_variables
from interlace.plan.compile import Renamed, compile_query

if TYPE_CHECKING:
    from sqlglot import exp

    from interlace.migrate.migration import Statement
    from interlace.migrate.names import Named, Names
    from interlace.migrate.touching import Act
    from interlace.model.definition import Variable

__all__ = ["Compiled", "Compiler", "Touch"]

_ONE_TRANSACTION: Final = "a migration is one transaction by itself"


@dataclass(frozen=True, slots=True)
class Touch:
    """One thing that a statement does: what, and to what."""

    act: Act
    named: Named


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement that runs.

    Attributes:
        text: in which names are relations and variables are values.
        line: of the file; 0 where it is not known.
        touches: what it does.
        makes, drops: a schema, as it is there.
        opaque: what it touches cannot be told.
    """

    text: str
    line: int
    touches: tuple[Touch, ...] = ()
    makes: str | None = None
    drops: str | None = None
    opaque: bool = False


class Compiler:
    """Compiles the statements of one migration, in their order: a temporary table is known to those after it.

    Args:
        names: gives relations to names.
        variables: the values of ``$name``.
        file: for messages.
    """

    def __init__(self, names: Names, variables: Mapping[str, object], file: str) -> None:
        self._names = names
        self._variables = variables
        self._file = file
        self._temporary: set[str] = set()

    def compile(self, statement: Statement) -> Compiled:
        """Compile one statement.

        Raises:
            InvalidMigration: an unknown variable, a name that leads where this environment does not write, a schema that is
                not allowed, a transaction of its own; with its line.
        """
        try:
            return self._compiled(statement)
        except InvalidModel as error:
            raise InvalidMigration(error.message, where=error.where, hint=error.hint) from None

    def _compiled(self, statement: Statement) -> Compiled:
        text, line = self._with_values(statement), statement.line
        tree = _parsed(text, self._names.dialect)
        if tree is not None:
            self._refuse(tree, line)
        if tree is None or not is_understood(tree):
            return self._opaque(statement, text)
        self._keep_temporary(tree)
        acts = [a for a in changes(tree, self._names.dialect) if not self._is_temporary(a.table)]
        touches = tuple(Touch(act, self._names.of(act.table.parts, line)) for act in acts)
        for touch in touches:
            self._names.refuse_write(touch.named, line)
        schema = schema_of(tree)
        if schema is not None:
            return self._about_schema(text, line, tree, schema)
        return Compiled(self._with_relations(tree, text, line), line, touches)

    def _with_values(self, statement: Statement) -> str:
        spans = find_variables(statement.text, self._names.dialect)
        body = SqlBody(text=statement.text, line=statement.line, references=(), variables=spans)
        return compile_query(body, lambda _: "", self._variables, self._names.quoted, self._file, special=self._special)

    def _special(self, variable: Variable) -> str | None:
        return self._names.quoted(self._names.namespace.schema(None)) if variable.name == "schema" else None

    def _with_relations(self, tree: exp.Expr, text: str, line: int) -> str:
        from sqlglot import exp

        tables = {
            t.parts[0].meta["start"]: t for t in tree.find_all(exp.Table) if t.parts and "start" in t.parts[0].meta
        }
        found = references_in(tree, text, self._file, line)
        own = tuple(r for r in found if r.start in tables and not self._is_left(tables[r.start]))

        def relation(reference: Reference) -> str:
            table = tables[reference.start]
            named = self._names.of(table.parts, line)
            quoted = self._names.quoted(*named.relation.parts)
            is_read = isinstance(table.parent, (exp.From, exp.Join))
            same = named.relation.name.casefold() == reference.parts[-1].casefold()
            return quoted if same or not is_read else Renamed(quoted)

        body = SqlBody(text=text, line=line, references=own, variables=())
        return compile_query(body, relation, {}, self._names.quoted, self._file)

    def _is_left(self, table: exp.Table) -> bool:
        """Whether a name is one without a schema: that of a temporary table, or what a table is renamed to."""
        from sqlglot import exp

        return isinstance(table.parent, (exp.AlterRename, exp.ToTableProperty)) or self._is_temporary(table)

    def _is_temporary(self, table: exp.Table) -> bool:
        return not table.db and table.name.casefold() in self._temporary

    def _keep_temporary(self, tree: exp.Expr) -> None:
        from sqlglot import exp

        for into in tree.find_all(exp.Into):
            if into.args.get("temporary"):
                self._temporary.add(into.this.name.casefold())
        if isinstance(tree, exp.Create) and tree.find(exp.TemporaryProperty) is not None:
            table = tree.find(exp.Table)
            if table is not None:
                self._temporary.add(table.name.casefold())

    def _about_schema(self, text: str, line: int, tree: exp.Expr, schema: exp.Table) -> Compiled:
        from sqlglot import exp

        (identifier,) = schema.parts
        named = self._names.schema(identifier.name, line)
        self._names.refuse_schema(named.removeprefix(self._names.namespace.prefix), line)
        start, end = identifier.meta["start"], identifier.meta["end"] + 1
        made = f"{text[:start]}{self._names.quoted(named)}{text[end:]}"
        if isinstance(tree, exp.Create):
            return Compiled(made, line, makes=named)
        return Compiled(made, line, drops=named)

    def _opaque(self, statement: Statement, text: str) -> Compiled:
        """A statement that cannot be looked into: where names keep environments apart, it has to name the schema."""
        if self._names.limited:
            raise InvalidMigration(
                f"what {_word(text)} touches cannot be told, and the connection {self._names.connection!r} allows some "
                "schemas only",
                where=Location(self._file, statement.line or None),
            )
        used = {v.name for v in find_variables(statement.text, self._names.dialect)}
        if self._names.apart and "schema" not in used:
            raise InvalidMigration(
                f"what {_word(text)} touches cannot be told, and in {self._names.view.environment} its names would lead to "
                "tables of another environment",
                where=Location(self._file, statement.line or None),
                hint="Write $schema before the names: $schema.orders is this environment's.",
            )
        return Compiled(text, statement.line, opaque=True)

    def _refuse(self, tree: exp.Expr, line: int) -> None:
        from sqlglot import exp

        why = None
        if isinstance(tree, (exp.Transaction, exp.Commit, exp.Rollback)):
            why = _ONE_TRANSACTION
        elif isinstance(tree, (exp.Use, exp.Attach, exp.Detach)):
            why = "a migration stays in the database of its connection"
        if why is not None:
            hint = None if why != _ONE_TRANSACTION else "'-- @transaction: false' runs its statements one by one."
            where = Location(self._file, line or None)
            raise InvalidMigration(f"{tree.key.upper()} is not let through: {why}", where=where, hint=hint)


def _parsed(text: str, dialect: str) -> exp.Expr | None:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    log = logging.getLogger("sqlglot")
    before, log.disabled = log.disabled, True  # it warns of what it does not know, which is told here anyway
    try:
        tree = sqlglot.parse_one(text, dialect=dialect)
    except (SqlglotError, RecursionError):
        return None
    finally:
        log.disabled = before
    return None if isinstance(tree, exp.Command) else tree


def _word(text: str) -> str:
    return " ".join(text.split()[:2]).upper()
