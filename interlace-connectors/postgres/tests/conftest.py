from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from interlace_postgres.config import PostgresOptions
from interlace_postgres.connection import PostgresConnection
from interlace_postgres.session import PostgresSession


@pytest.fixture
def connect(postgres_url: str, tmp_path: Path) -> Iterator[Callable[..., PostgresConnection]]:
    made: list[PostgresConnection] = []

    def connect(**options: Any) -> PostgresConnection:
        given = options if "host" in options else {"url": postgres_url, **options}
        connection = PostgresConnection("warehouse", PostgresOptions(**given), root=tmp_path)
        made.append(connection)
        return connection

    yield connect
    for connection in made:
        connection.close()


@pytest.fixture
def session(connect: Callable[..., PostgresConnection]) -> PostgresSession:
    return connect().session()
