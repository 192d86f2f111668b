"""Backends that read files as tables and keep nothing: what they share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from interlace.contracts.relation import Column, Relation, RelationInfo
from interlace.errors import ConnectionFailure, QueryFailed
from interlace.schema.arrow_kinds import decoded
from interlace_ibis.engines.engine import Engine

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FilesEngine", "Table", "other_columns", "plain", "require_same_columns"]


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        name: what queries call it.
        format: ``parquet``, ``csv`` or ``json``: one object a line.
        files: absolute paths.
    """

    name: str
    format: str
    files: tuple[str, ...]


class FilesEngine(Engine):
    """An engine over files; its tables are registered when it is opened, and every one of its queries only reads."""

    tables: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def made_schema(cls, options: Mapping[str, Any], url: str | None) -> str:
        """``main``: where a source that names no schema is looked for."""
        del options, url
        return "main"

    @abstractmethod
    def frame(self, sql: str) -> Any:
        """A query that is bound, and not executed."""

    @abstractmethod
    def names(self) -> list[str]:
        """The tables."""

    def execute(self, sql: str) -> int | None:
        """Run a query and drop its rows."""
        for _ in self.stream(sql, 10_000)[1]:
            pass
        return None

    def columns(self, relation: Relation) -> tuple[Column, ...]:
        """The columns of one table."""
        if relation.schema not in {None, self.schema} or relation.name not in self.names():
            known = ", ".join(self.names())
            raise QueryFailed(
                f"no such table: {relation}; there are {known}", sql=f"SELECT * FROM {self.name(relation)}"
            )
        return self.describe(f"SELECT * FROM {self.name(relation)}")

    def catalogue(self, schemas: Sequence[str]) -> dict[Relation, RelationInfo]:
        """All tables."""
        if self.schema not in schemas:
            return {}
        relations = [Relation(name, self.schema) for name in self.names()]
        return {relation: RelationInfo(relation, "table", self.columns(relation)) for relation in relations}

    def exists(self, relation: Relation) -> bool:
        """Whether it is one of the tables."""
        return relation.schema == self.schema and relation.name in self.names()

    def reset(self, temporaries: Sequence[Relation]) -> None:
        """Nothing is left behind."""
        del temporaries

    @classmethod
    def unreachable(cls, title: str, error: Exception) -> ConnectionFailure:
        """The error for files that cannot be read."""
        failure = ConnectionFailure(f"{title}: {' '.join(str(error).split())}")
        failure.transient = False
        return failure


def require_same_columns(table: Table) -> None:
    """Make sure that files of Parquet have the same columns.

    Raises:
        ValueError: one has others than the first.
    """
    import pyarrow.parquet as pq

    first = pq.read_schema(table.files[0]).names
    for file in table.files[1:]:
        found = pq.read_schema(file).names
        if sorted(found) != sorted(first):
            raise other_columns(table, file, found, first)


def other_columns(table: Table, file: str, found: Sequence[str], first: Sequence[str]) -> ValueError:
    """The error for a file whose columns are not those of the first one."""
    return ValueError(f"{file} has the columns {', '.join(found)}, and others of {table.name} have {', '.join(first)}")


def plain(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """The same rows, their texts as others know them: engines have encodings of their own."""
    import pyarrow as pa

    made = pa.schema([pa.field(field.name, decoded(field.type)) for field in schema])
    return made, (
        pa.RecordBatch.from_arrays([c.cast(f.type) for c, f in zip(b.columns, made, strict=True)], schema=made)
        for b in batches
    )
