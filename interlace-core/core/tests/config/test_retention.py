"""``state.retention`` names tables of the state store."""

from __future__ import annotations

import pytest

from interlace.config import load_config
from interlace.contracts.state import KEPT
from interlace.errors import InvalidProject
from interlace.state.retention import DEFAULT_RETENTION


def test_the_tables_that_configuration_knows_are_those_of_the_store():
    assert set(DEFAULT_RETENTION) == set(KEPT)


def test_a_table_that_does_not_exist_is_an_error_with_the_nearest_name(tmp_path):
    (tmp_path / "config.yaml").write_text(
        "connections:\n  default: {type: duckdb, path: x.duckdb}\nstate:\n  retention: {evnts: 1d}\n"
    )

    with pytest.raises(InvalidProject, match=r"Did you mean .events."):
        load_config(tmp_path, environ={})
