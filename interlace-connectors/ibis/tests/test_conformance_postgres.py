"""The connection suite, on PostgreSQL through ibis."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import interlace_ibis.connection
from interlace.contracts.connection import Connection
from interlace.testing.conformance.connection import ConnectionConformance
from interlace_ibis.config import ServerOptions

pytestmark = pytest.mark.slow  # hundreds of scenarios on a server or a file; DuckDB's are quick


class TestPostgres(ConnectionConformance):
    reported_as = "ibis_postgres"

    @pytest.fixture
    def connect(self, postgres_url: str, tmp_path: Path) -> Callable[[], Connection]:
        return lambda: interlace_ibis.connection.ibis_postgres("shop", ServerOptions(url=postgres_url), root=tmp_path)
