from __future__ import annotations

import pytest

from interlace.contracts.options import Options
from interlace.errors import SecretUnavailable
from interlace.secrets.environment import EnvironmentSecrets


@pytest.fixture
def store(tmp_path):
    environ = {
        "PASSWORD": "hidden-away",
        "JSON": '{"user": "u1", "port": 5432, "on": true, "deep": {"a": 1}}',
        "EMPTY": "",
    }
    return EnvironmentSecrets("env", Options(), root=tmp_path, environ=environ)


def test_a_variable_is_a_secret(store):
    assert "hidden-away" == store.fetch("PASSWORD", None).reveal()


@pytest.mark.parametrize(("key", "value"), [("user", "u1"), ("port", "5432"), ("on", "true")])
def test_a_key_of_a_variable_in_json_is_a_secret(store, key, value):
    assert value == store.fetch("JSON", key).reveal()


@pytest.mark.parametrize(
    ("path", "key", "said"),
    [
        ("PASSWRD", None, "the variable is not set"),
        ("EMPTY", None, "the variable is empty"),
        ("PASSWORD", "user", "the variable is no mapping in JSON or YAML"),
        ("JSON", "usr", "the variable has no key 'usr'"),
        ("JSON", "deep", "the key 'deep' holds no plain value"),
    ],
)
def test_what_is_wrong_is_said_without_the_value(store, path, key, said):
    with pytest.raises(SecretUnavailable, match=said) as caught:
        store.fetch(path, key)

    assert "hidden-away" not in str(caught.value)
    assert "u1" not in str(caught.value)


def test_a_name_that_is_nearly_right_is_offered(store):
    with pytest.raises(SecretUnavailable, match="Did you mean 'PASSWORD'"):
        store.fetch("PASSWRD", None)
