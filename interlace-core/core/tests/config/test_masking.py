from __future__ import annotations

import pytest

from interlace.config.masking import is_secret, masked


@pytest.mark.parametrize(
    "path",
    [
        ("connections", "wh", "password"),
        ("connections", "wh", "api_key"),
        ("connections", "wh", "secret_access_key"),
        ("connections", "wh", "auth", "token"),
        ("connections", "wh", "key"),
        ("connections", "wh", "credentials", "user"),
        ("state", "passwd"),
    ],
)
def test_a_secret_is_known_by_its_key(path):
    assert "***" == masked(path, "hunter2")


@pytest.mark.parametrize(
    "path",
    [
        ("connections", "wh", "path"),
        ("connections", "token", "host"),
        ("models", "staging", "key"),
        ("sources", "raw", "key"),
        ("connections", "wh", "keyspace"),
        ("connections", "wh", "keepalive"),
    ],
)
def test_what_is_no_secret_is_shown(path):
    assert not is_secret(path)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgres://me:pa@ss@db:5432/x", "postgres://***@db:5432/x"),
        ("postgres://db/x", "postgres://db/x"),
        ("postgres://db/x?user=a&password=b&c=d", "postgres://db/x?user=a&password=***&c=d"),
        ("host=db password='a b' user=x", "host=db password=*** user=x"),
        ("mail me@example.com", "mail me@example.com"),
    ],
)
def test_what_is_secret_inside_a_text_is_masked(text, shown):
    assert shown == masked(("connections", "wh", "url"), text)


def test_an_unset_secret_is_shown_as_unset():
    assert masked(("connections", "wh", "password"), None) is None
