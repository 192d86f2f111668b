"""What a connection and its sessions must do: the suite for `interlace.contracts.connection`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

import pytest

from interlace.contracts.relation import Relation
from interlace.testing.conformance.sessions.arrow import ArrowScenarios
from interlace.testing.conformance.sessions.attaching import AttachScenarios
from interlace.testing.conformance.sessions.beside import BesideScenarios
from interlace.testing.conformance.sessions.catalogue import CatalogueScenarios
from interlace.testing.conformance.sessions.exchanging import ExchangeScenarios
from interlace.testing.conformance.sessions.files import FileScenarios
from interlace.testing.conformance.sessions.interrupting import InterruptScenarios
from interlace.testing.conformance.sessions.loading import LoadScenarios
from interlace.testing.conformance.sessions.markers import MarkerScenarios
from interlace.testing.conformance.sessions.names import NameScenarios
from interlace.testing.conformance.sessions.opening import OpeningScenarios
from interlace.testing.conformance.sessions.reading import ReadingScenarios
from interlace.testing.conformance.sessions.statements import StatementScenarios
from interlace.testing.conformance.sessions.together import TogetherScenarios
from interlace.testing.conformance.sessions.transactions import TransactionScenarios
from interlace.testing.conformance.sessions.views import ViewScenarios

if TYPE_CHECKING:
    import pyarrow as pa

    from interlace.contracts.connection import Connection, Session

__all__ = ["ConnectionConformance"]


class ConnectionConformance(
    OpeningScenarios,
    StatementScenarios,
    TransactionScenarios,
    CatalogueScenarios,
    LoadScenarios,
    TogetherScenarios,
    MarkerScenarios,
    ViewScenarios,
    ExchangeScenarios,
    BesideScenarios,
    AttachScenarios,
    ArrowScenarios,
    FileScenarios,
    InterruptScenarios,
    NameScenarios,
    ReadingScenarios,
):
    """All scenarios of a connection.

    Override `connect`; override `slow_query` and `kept_values` where the defaults do not suit the system, and `orders` where
    it is only read (`Capabilities.writes`).

    Attributes:
        reported_as: what the connector is called in a report (`interlace.testing.conformance.report`).
    """

    reported_as: ClassVar[str] = ""

    @pytest.fixture
    def connect(self) -> Callable[[], Connection]:
        """A function that makes a connection, not opened yet.

        Each call within one test gives a new object for the same database, each test gets an empty database.
        """
        raise NotImplementedError("override the fixture `connect`: return a function that makes your connection")

    @pytest.fixture
    def slow_query(self) -> str:
        """A query of one row and one column, ``n``, that runs for minutes unless it is stopped."""
        return (
            "WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 1000000000) "
            "SELECT count(*) AS n FROM numbers"
        )

    @pytest.fixture
    def kept_values(self) -> Mapping[str, tuple[pa.DataType, object]]:
        """Values that come back from the database as the Python values they went in as, by the name of their column.

        Leave out the types that the system does not have.
        """
        import pyarrow as pa

        return {
            "whole": (pa.int64(), 2**53 + 1),
            "real": (pa.float64(), 0.1),
            "nan": (pa.float64(), float("nan")),
            "text": (pa.string(), "grün \N{SNOWMAN} 'quoted' \"twice\""),
            "empty": (pa.string(), ""),
            "truth": (pa.bool_(), True),
            "bytes": (pa.binary(), b"\x00\xff"),
            "day": (pa.date32(), date(1970, 2, 28)),
            "moment": (pa.timestamp("us"), datetime(2024, 3, 31, 2, 30, 0, 123456)),  # noqa: DTZ001  a naive one is meant
            "instant": (pa.timestamp("us", tz="UTC"), datetime(2024, 3, 31, 2, 30, tzinfo=UTC)),
            "money": (pa.decimal128(18, 2), Decimal("1234567890123456.78")),
            "nothing": (pa.int64(), None),
        }

    @pytest.fixture
    def connection(self, connect: Callable[[], Connection]) -> Iterator[Connection]:
        """An open connection."""
        connection = connect()
        connection.open()
        yield connection
        connection.close()

    @pytest.fixture
    def session(self, connection: Connection) -> Iterator[Session]:
        """A session of its own."""
        session = connection.session()
        yield session
        session.close()

    @pytest.fixture
    def schema(self, connection: Connection) -> str | None:
        """The schema that the scenarios write to."""
        return connection.default_schema()

    @pytest.fixture
    def orders(self, session: Session, schema: str | None) -> Relation:
        """A table of three rows: ``id INTEGER, item VARCHAR``."""
        relation = Relation("orders", schema)
        session.execute(f"CREATE TABLE {session.name(relation)} (id INTEGER, item VARCHAR(20))")
        session.execute(f"INSERT INTO {session.name(relation)} VALUES (1, 'apple'), (2, 'pear'), (3, NULL)")
        return relation
