"""A connection that has no transactions: its tables are replaced, and nothing else is loaded into them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlace import Project
from interlace.errors import UnsupportedCapability
from interlace_ibis.backends import BACKENDS
from interlace_ibis.connection import SQLiteConnection


@pytest.fixture
def project(tmp_path, monkeypatch):
    able = tuple(word for word in BACKENDS["sqlite"].can if word != "transactions")
    monkeypatch.setattr("interlace_ibis.connection.sqlite", SQLiteConnection, raising=False)
    monkeypatch.setattr(SQLiteConnection, "backend", replace(BACKENDS["sqlite"], can=able))
    (tmp_path / "models").mkdir()
    (tmp_path / "config.yaml").write_text("connections: {default: {type: sqlite, path: shop.sqlite}}\n")
    return tmp_path


def test_a_load_that_keeps_rows_is_refused_before_anything_runs(project):
    (project / "models/first.sql").write_text("SELECT 1 AS id")
    (project / "models/log.sql").write_text("-- @strategy: append\nSELECT id FROM first")

    with (
        pytest.raises(UnsupportedCapability, match="log keeps the rows of its table") as caught,
        Project.load(project) as p,
    ):
        p.run()
    assert "strategy: replace" in caught.value.hint
    assert not (project / "shop.sqlite").exists() or (project / "shop.sqlite").stat().st_size == 0


def test_a_load_that_replaces_runs(project):
    (project / "models/first.sql").write_text("SELECT 1 AS id")

    with Project.load(project) as p:
        assert 0 == p.run().exit_code
