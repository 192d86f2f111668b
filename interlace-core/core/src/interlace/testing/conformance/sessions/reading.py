"""A connection that is ``access: read``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from interlace.contracts.reading import ReadSession, reading
from interlace.contracts.relation import Relation
from interlace.errors import InterlaceError, WriteRefused
from interlace.testing.conformance.base import requires

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection


class ReadingScenarios:
    """Scenarios of the same connection, through which nothing is written."""

    @pytest.fixture
    def reader(self, connection: Connection) -> Iterator[ReadSession]:
        """A session of it, beside one that writes."""
        made = reading(type(connection))(connection.name, connection.config, root=connection.root)
        made.written_beside = True
        session = made.session()
        assert isinstance(session, ReadSession)
        yield session
        session.close()
        made.close()

    def test_a_connection_that_only_reads_answers_queries(self, reader: ReadSession) -> None:
        assert [(1,)] == reader.fetch("SELECT 1")
        assert ["n"] == [column.name for column in reader.describe("SELECT 1 AS n")]

    def test_through_it_nothing_is_written(self, reader: ReadSession, schema: str | None) -> None:
        name = reader.name(Relation("made", schema))

        with pytest.raises(WriteRefused):
            reader.execute(f"CREATE TABLE {name} (a INTEGER)")
        with pytest.raises(WriteRefused):
            reader.drop(Relation("made", schema), "table")

        assert Relation("made", schema) not in reader.catalogue([schema])

    @requires("read_only")
    def test_the_database_itself_refuses_to_write_through_it(
        self,
        connection: Connection,  # noqa: ARG002  `requires` looks at its capabilities
        reader: ReadSession,
        schema: str | None,
    ) -> None:
        with reader.transaction():
            reader.fetch("SELECT 1")
        name = reader.name(Relation("made", schema))

        with pytest.raises(InterlaceError):
            reader._session.execute(f"CREATE TABLE {name} (a INTEGER)")  # noqa: SLF001  past what Interlace refuses

        assert Relation("made", schema) not in reader.catalogue([schema])
