from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from interlace_duckdb.config import DuckDBOptions
from interlace_duckdb.connection import DuckDBConnection
from interlace_duckdb.session import DuckDBSession


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Callable[..., DuckDBConnection]]:
    made: list[DuckDBConnection] = []

    def connect(path: str = "w.duckdb", name: str = "warehouse", **options: Any) -> DuckDBConnection:
        connection = DuckDBConnection(name, DuckDBOptions(path=path, **options), root=tmp_path)
        made.append(connection)
        return connection

    yield connect
    for connection in made:
        connection.close()


@pytest.fixture
def session(connect: Callable[..., DuckDBConnection]) -> DuckDBSession:
    return connect(":memory:").session()
