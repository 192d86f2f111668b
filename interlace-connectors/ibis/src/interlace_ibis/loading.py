"""Arrow batches into a new table, in bounded memory; later batches may bring columns and wider types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from interlace.contracts.arrow_load import no_columns
from interlace.contracts.load import AddColumn, AlterType
from interlace.contracts.relation import Column, Relation
from interlace.contracts.table_load import TableLoad
from interlace.errors import ModelFailed
from interlace.schema.arrow_kinds import canonical_scalar, wider_scalar

if TYPE_CHECKING:
    from interlace_ibis.session import IbisSession

__all__ = ["ArrowLoad"]

MOST_ROWS: Final = 50_000
MOST_BYTES: Final = 8 * 2**20

_MOST_DIGITS: Final = 76


class ArrowLoad(TableLoad):
    """One load into one new table."""

    def __init__(self, session: IbisSession, relation: Relation, *, temporary: bool) -> None:
        super().__init__(MOST_ROWS, MOST_BYTES)
        self._session = session
        self._relation = relation
        self._temporary = temporary

    def kinds(self, schema: pa.Schema) -> dict[str, pa.DataType]:
        """The columns of a schema; most backends do not look at the case of a name."""
        if not len(schema):
            raise no_columns()
        kinds: dict[str, pa.DataType] = {}
        for field in schema:
            if field.name.casefold() in {name.casefold() for name in kinds}:
                raise ModelFailed(f"Two columns are called {field.name!r}.", hint="Rename one of them.")
            kinds[field.name] = canonical_scalar(field.type)
            self.word(field.name, kinds[field.name])
        return kinds

    def word(self, name: str, kind: pa.DataType) -> str:
        """The backend's word for a type."""
        return self._session.engine.word(name, kind)

    def wider(self, one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
        """The type that holds both."""
        return wider_scalar(one, other, _MOST_DIGITS)

    def make(self, words: dict[str, str]) -> None:
        """Make the table."""
        for statement in self._session.engine.make(self._relation, words, temporary=self._temporary):
            self._session.execute(statement)

    def add(self, name: str, word: str) -> None:
        """Add a column."""
        self._session.perform(AddColumn(self._relation, Column(name, word)))

    def alter(self, name: str, word: str) -> None:
        """Give a column a wider type."""
        self._session.perform(AlterType(self._relation, name, word))

    def insert(self, table: pa.Table) -> None:
        """Write rows."""
        self._session.insert(self._relation, _cast(table))


def _cast(table: pa.Table) -> pa.Table:
    """The same values in canonical types.

    Raises:
        ModelFailed: a value would lose digits: a time of nanoseconds.
    """
    for number, field in enumerate(table.schema):
        kind = canonical_scalar(field.type)
        if kind != field.type:
            try:
                table = table.set_column(number, field.name, table.column(number).cast(kind))
            except pa.ArrowException as error:
                raise ModelFailed(f"Column {field.name!r} ({field.type}): {error}.") from error
    return table
