from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from interlace.contracts.state import StateStore
from interlace.state.config import StateOptions
from interlace.state.store import Store
from interlace.testing.conformance.state_store import StateStoreConformance


class TestSqlite(StateStoreConformance):
    @pytest.fixture
    def make_store(self, path: Path) -> Callable[[], StateStore]:
        return lambda: Store.embedded(path)


class TestPostgres(StateStoreConformance):
    @pytest.fixture
    def make_store(self, server_options: StateOptions) -> Callable[[], StateStore]:
        return lambda: Store(server_options, root=Path())
