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
    [{}, {"path": "x", "attached": {}}, {"path": "x", "threads": 0}, {"path": "x", "extensions": ["../evil"]}],
)
def test_wrong_options_are_refused(options: dict[str, object]):
    with pytest.raises(ValidationError):
        DuckDBOptions.model_validate(options)


def test_a_setting_that_has_a_key_of_its_own_is_refused():
    with pytest.raises(ValidationError, match="'threads' is a key of the connection itself"):
        DuckDBOptions(path="x", settings={"Threads": 1})


@pytest.mark.parametrize(
    ("attach", "said"),
    [
        ({"crm": {"type": "oracle"}}, "'postgres', 'mysql', 'sqlite', 'duckdb', 'ducklake'"),
        ({"crm": {"type": "sqlite"}}, "path"),
        ({"crm": {"type": "sqlite", "path": "x", "url": "y"}}, "url"),
        ({"my crm": {"type": "sqlite", "path": "x"}}, "'my crm' cannot be the name of a database"),
        ({"temp": {"type": "sqlite", "path": "x"}}, "'temp' cannot be the name of a database"),
        ({"crm": {"type": "postgres", "url": "postgresql://h/d", "host": "h"}}, "'url' and 'host' are both given"),
        ({"lake": {"type": "ducklake", "catalog": "mongo:x"}}, "'mongo:' is no catalogue"),
        ([{"type": "sqlite", "path": "x"}], "needs a 'name'"),
        ([{"name": "a", "type": "sqlite", "path": "x"}] * 2, "'a' is attached twice"),
    ],
)
def test_what_cannot_be_attached_is_refused(attach: object, said: str):
    with pytest.raises(ValidationError, match=said):
        DuckDBOptions.model_validate({"path": "x", "attach": attach})


def test_what_is_attached_may_be_a_list():
    entry = {"type": "sqlite", "path": "crm.db"}
    listed = DuckDBOptions.model_validate({"path": "x", "attach": [{"name": "crm", **entry}]})

    assert DuckDBOptions.model_validate({"path": "x", "attach": {"crm": entry}}) == listed


def test_a_secret_without_a_type_is_refused():
    with pytest.raises(ValidationError, match="the secret 'lake' needs a 'type'"):
        DuckDBOptions.model_validate({"path": "x", "secrets": {"lake": {"key_id": "a"}}})


def test_no_password_is_in_the_text_of_the_options():
    options = DuckDBOptions.model_validate(
        {
            "path": "x",
            "attach": {
                "a": {"type": "postgres", "url": "postgresql://u:geheim@h/d"},
                "b": {"type": "mysql", "host": "h", "password": "geheim"},
                "c": {"type": "ducklake", "catalog": "postgresql://u:geheim@h/d"},
            },
            "secrets": {"s": {"type": "s3", "secret": "geheim"}},
        }
    )

    assert "geheim" not in repr(options)
