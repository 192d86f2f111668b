"""The connection suite, on a real server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from interlace.contracts.connection import Connection
from interlace.testing.conformance.connection import ConnectionConformance
from interlace_postgres.config import PostgresOptions
from interlace_postgres.connection import PostgresConnection

pytestmark = pytest.mark.slow  # hundreds of scenarios on a server or a file; DuckDB's are quick


class TestServer(ConnectionConformance):
    reported_as = "postgres"

    @pytest.fixture
    def connect(self, postgres_url: str, tmp_path: Path) -> Callable[[], Connection]:
        return lambda: PostgresConnection("warehouse", PostgresOptions(url=postgres_url), root=tmp_path)


class TestSchemaOfItsOwn(ConnectionConformance):
    reported_as = "postgres in a schema of its own"

    @pytest.fixture
    def connect(self, postgres_url: str, tmp_path: Path) -> Callable[[], Connection]:
        options = PostgresOptions(url=postgres_url, schema="Sales of 2024")
        return lambda: PostgresConnection("warehouse", options, root=tmp_path)
