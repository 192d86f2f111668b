from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from interlace.errors import StateError
from interlace.state.config import StateOptions
from interlace.state.store import Store


def test_by_default_the_state_lies_in_the_project() -> None:
    assert (".interlace/state.db", None) == (StateOptions().path, StateOptions().url)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"file": "x"}, "file"),
        ({"url": "sqlite:///x.db"}, "write `path:` instead"),
        ({"url": "mysql://x/y"}, "must begin with postgresql://"),
        ({"url": "postgresql://x/y", "path": "z"}, "`path` or `url`, not both"),
        ({"schema": "x"}, "`schema` goes with `url`"),
        ({"url": "postgresql://x/y", "schema": 'a"b'}, "schema"),
        ({"lock_timeout": -1}, "lock_timeout"),
        ({"path": ""}, "path"),
    ],
)
def test_options_that_make_no_sense_are_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        StateOptions.model_validate(given)


def test_a_url_is_not_shown() -> None:
    assert "secret" not in repr(StateOptions(url="postgresql://me:secret@host/db"))


def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    store = Store(StateOptions(url="postgresql://me:secret@127.0.0.1:9/db"), root=tmp_path)

    with pytest.raises(StateError, match=r"postgresql\+psycopg://me:\*\*\*@127.0.0.1:9/db") as caught:
        store.open()
    assert "secret" not in str(caught.value)
    assert caught.value.transient


@pytest.mark.parametrize("url", ["postgresql", "postgresql://host:port/x"])
def test_a_url_that_cannot_be_read_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(StateError, match=r"`state\.url` cannot be read"):
        Store(StateOptions(url=url), root=tmp_path)


def test_a_driver_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"a driver that SQLAlchemy does not know: .*nope"):
        Store(StateOptions(url="postgresql+nope://host/x"), root=tmp_path).open()


def test_a_driver_that_is_not_installed_is_named(tmp_path: Path) -> None:
    store = Store(StateOptions(url="postgresql+asyncpg://me@127.0.0.1/db"), root=tmp_path)

    with pytest.raises(StateError, match="'asyncpg', which is not installed"):
        store.open()
