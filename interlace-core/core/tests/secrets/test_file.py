from __future__ import annotations

import os

import pytest

from interlace.contracts.options import Options
from interlace.errors import SecretUnavailable
from interlace.secrets.file import FileOptions, FileSecrets


@pytest.fixture
def write(tmp_path):
    def make(text: str | bytes, mode: int = 0o600, name: str = "secret"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        file.chmod(mode)
        return file

    return make


@pytest.fixture
def store(tmp_path):
    return FileSecrets("file", FileOptions(), root=tmp_path, environ={})


@pytest.mark.parametrize(
    ("written", "secret"),
    [("plain", "plain"), ("plain\n", "plain"), ("plain\r\n", "plain"), ("two\n\n", "two\n"), (" blank ", " blank ")],
)
def test_one_line_end_at_the_end_is_no_part_of_the_secret(write, store, written, secret):
    write(written)

    assert secret == store.fetch("secret", None).reveal()


@pytest.mark.parametrize("text", ["user: loader\npassword: hidden\n", '{"user": "loader", "password": "hidden"}'])
def test_a_key_is_read_from_yaml_and_json(write, store, text):
    write(text)

    assert "hidden" == store.fetch("secret", "password").reveal()


def test_an_absolute_path_is_read_where_it_is(write, store):
    assert "x-y-z" == store.fetch(str(write("x-y-z")), None).reveal()


def test_relative_paths_start_in_the_folder_of_the_store(write, tmp_path):
    write("hidden", name="keys/a")
    store = FileSecrets("docker", FileOptions(folder="keys"), root=tmp_path, environ={})

    assert "hidden" == store.fetch("a", None).reveal()


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("", None, "the file is empty"),
        ("\n", None, "the file is empty"),
        (b"\xff\xfehidden-away", None, "is not UTF-8"),
        ("hidden-away: [", "a", "no mapping"),
        ("hidden-away", "a", "no mapping"),
        ("hidden-away: 1", "a", "has no key 'a'"),
        ("a: [hidden-away]", "a", "holds no plain value"),
        ("a:\n", "a", "holds no plain value"),
        ("a: ''\n", "a", "the key 'a' is empty"),
        (b"x" * (1 << 20) + b"y", None, "larger than a secret"),
    ],
)
def test_what_is_wrong_is_said_without_what_was_read(write, store, text, key, said):
    write(text)

    with pytest.raises(SecretUnavailable, match=said) as caught:
        store.fetch("secret", key)

    seen = caught.value
    while seen is not None:
        assert "hidden-away" not in str(seen)
        seen = seen.__context__


def test_a_file_that_is_missing_is_named(store, tmp_path):
    with pytest.raises(SecretUnavailable, match="cannot be read: No such file"):
        store.fetch("nothing", None)


@pytest.mark.skipif(os.name != "posix", reason="permissions of files are posix's")
def test_a_file_that_everybody_may_read_is_warned_of_once(write, store, caplog):
    file = write("hidden-away", 0o644)

    store.fetch("secret", None)
    store.fetch("secret", None)

    assert [f"Every user of this machine can read the secret in {file}: chmod o-r it."] == caplog.messages


def test_a_file_of_the_users_own_is_not_warned_of(write, store, caplog):
    write("hidden-away", 0o640)

    store.fetch("secret", None)

    assert [] == caplog.messages


def test_other_options_are_a_mistake_of_the_caller(tmp_path):
    with pytest.raises(TypeError):
        FileSecrets("file", Options(), root=tmp_path, environ={})
