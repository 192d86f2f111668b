"""Arrow batches into a new table, in bounded memory; later batches may bring columns and wider types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from interlace.contracts.arrow_load import no_columns, no_common_type, nothing_given
from interlace.contracts.load import AddColumn, AlterType
from interlace.contracts.relation import Column, Relation
from interlace.errors import ModelFailed
from interlace_ibis.kinds import canonical, wider

if TYPE_CHECKING:
    from interlace_ibis.session import IbisSession

__all__ = ["ArrowLoad"]

MOST_ROWS: Final = 50_000
MOST_BYTES: Final = 8 * 2**20


class ArrowLoad:
    """One load into one new table, which is made with the first batch."""

    def __init__(self, session: IbisSession, relation: Relation, *, temporary: bool) -> None:
        self._session = session
        self._relation = relation
        self._temporary = temporary
        self._columns: dict[str, pa.DataType] = {}
        self._schema: pa.Schema | None = None
        self._buffer: list[pa.RecordBatch] = []
        self._bytes = 0
        self._held = 0
        self._rows = 0

    def run(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema | None) -> int:
        """Consume the batches; gives the number of rows.

        Raises:
            ModelFailed: a batch cannot be stored, or there is neither batch nor schema.
        """
        declared = self._kinds(schema) if schema is not None else {}
        for batch in batches:
            self._take(batch, declared)
        self._flush()
        if not self._columns:
            if not declared:
                raise nothing_given()
            self._make(declared)
        return self._rows

    def _take(self, batch: pa.RecordBatch, declared: dict[str, pa.DataType]) -> None:
        if self._schema is None or not batch.schema.equals(self._schema):
            self._flush()
            self._fit(self._kinds(batch.schema), declared)
            self._schema = batch.schema
        self._buffer.append(batch)
        self._bytes += batch.nbytes
        self._held += batch.num_rows
        if self._bytes >= MOST_BYTES or self._held >= MOST_ROWS:
            self._flush()

    # --- the table --------------------------------------------------------------------------------------------

    def _fit(self, incoming: dict[str, pa.DataType], declared: dict[str, pa.DataType]) -> None:
        if not self._columns:
            self._make({**incoming, **declared})
        for name, kind in incoming.items():
            known = self._columns.get(name)
            if known is None:
                self._session.perform(AddColumn(self._relation, Column(name, self._word(name, kind))))
                self._columns[name] = kind
            elif known != kind:
                self._widen(name, known, kind)

    def _make(self, columns: dict[str, pa.DataType]) -> None:
        words = {name: self._word(name, kind) for name, kind in columns.items()}
        for statement in self._session.engine.make(self._relation, words, temporary=self._temporary):
            self._session.execute(statement)
        self._columns = dict(columns)

    def _widen(self, name: str, known: pa.DataType, kind: pa.DataType) -> None:
        both = wider(known, kind)
        if both is None:
            raise no_common_type(name, self._word(name, known), self._word(name, kind), known)
        if self._word(name, both) != self._word(name, known):
            self._session.perform(AlterType(self._relation, name, self._word(name, both)))
        self._columns[name] = both

    def _word(self, name: str, kind: pa.DataType) -> str:
        return self._session.engine.word(name, kind)

    def _kinds(self, schema: pa.Schema) -> dict[str, pa.DataType]:
        """The columns of a schema in canonical types.

        Raises:
            ModelFailed: there are none, two have one name, or the backend cannot store one.
        """
        if not len(schema):
            raise no_columns()
        kinds: dict[str, pa.DataType] = {}
        for field in schema:
            if field.name.casefold() in {name.casefold() for name in kinds}:
                raise ModelFailed(f"Two columns are called {field.name!r}.", hint="Rename one of them.")
            kinds[field.name] = canonical(field.type)
            self._word(field.name, kinds[field.name])
        return kinds

    # --- the rows ---------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        if self._held:
            table = _cast(pa.Table.from_batches(self._buffer))
            self._session.insert(self._relation, table)
            self._rows += table.num_rows
        self._buffer, self._bytes, self._held = [], 0, 0


def _cast(table: pa.Table) -> pa.Table:
    """The same values in canonical types.

    Raises:
        ModelFailed: a value would lose digits: a time of nanoseconds.
    """
    for number, field in enumerate(table.schema):
        kind = canonical(field.type)
        if kind != field.type:
            try:
                table = table.set_column(number, field.name, table.column(number).cast(kind))
            except pa.ArrowException as error:
                raise ModelFailed(f"Column {field.name!r} ({field.type}): {error}.") from error
    return table
