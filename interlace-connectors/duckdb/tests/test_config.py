from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from interlace_duckdb.config import DuckDBOptions


def test_a_path_is_relative_to_the_root(tmp_path: Path):
    assert (tmp_path / "data" / "w.duckdb").resolve() == DuckDBOptions(path="data/w.duckdb").file(tmp_path)


def test_memory_has_no_file(tmp_path: Path):
    assert DuckDBOptions(path=":memory:").file(tmp_path) is None


@pytest.mark.parametrize("path", ["", "s3://bucket/w.duckdb", "md:warehouse", "postgres://host/db"])
def test_what_is_no_local_file_is_refused(path: str):
    with pytest.raises(ValidationError):
        DuckDBOptions(path=path)


@pytest.mark.parametrize(
    "options",
    [{}, {"path": "x", "attach": []}, {"path": "x", "threads": 0}, {"path": "x", "extensions": ["../evil"]}],
)
def test_wrong_options_are_refused(options: dict[str, object]):
    with pytest.raises(ValidationError):
        DuckDBOptions.model_validate(options)


def test_a_setting_that_has_a_key_of_its_own_is_refused():
    with pytest.raises(ValidationError, match="'threads' is a key of the connection itself"):
        DuckDBOptions(path="x", settings={"Threads": 1})
