"""A configuration that refers to a real server."""

from __future__ import annotations

import uuid

import pytest

from interlace.config import load_config
from interlace.contracts.options import Options
from interlace.errors import SecretUnavailable

PASSWORD = "correct-horse-battery"


class Warehouse(Options):
    user: str
    password: str


@pytest.fixture
def configured(server, tmp_path):
    """A project whose warehouse has its user and password in Vault; gives the configuration and the path."""

    def make(token: str = server.token, ttl: str = "5m"):
        path = f"warehouse/{uuid.uuid4().hex}"
        server.client.secrets.kv.v2.create_or_update_secret(path, {"user": "loader", "password": PASSWORD})
        (tmp_path / "models").mkdir(exist_ok=True)
        (tmp_path / "token").write_text(token + "\n")
        (tmp_path / "token").chmod(0o600)
        (tmp_path / "config.yaml").write_text(
            "secrets:\n"
            f"  vault: {{type: vault, url: '{server.url}', token: '${{secret:file:token}}', ttl: {ttl}}}\n"
            "connections:\n"
            "  default:\n"
            "    type: duckdb\n"
            f"    user: ${{secret:vault:{path}#user}}\n"
            f"    password: ${{secret:vault:{path}#password}}\n"
        )
        return load_config(tmp_path), path

    return make


def test_options_are_filled_in_from_vault_whose_token_is_in_a_file(configured):
    loaded, _ = configured()

    options = loaded.options(Warehouse, "connections", "default")

    assert ("loader", PASSWORD) == (options.user, options.password)
    loaded.close()


def test_a_secret_that_changes_is_read_when_its_time_is_over(configured, server):
    loaded, path = configured(ttl="5m")
    loaded.options(Warehouse, "connections", "default")
    server.client.secrets.kv.v2.create_or_update_secret(path, {"user": "loader", "password": "another-one"})

    before = loaded.options(Warehouse, "connections", "default").password
    now = loaded.secrets.clock() + 301
    loaded.secrets.clock = lambda: now

    assert (PASSWORD, "another-one") == (before, loaded.options(Warehouse, "connections", "default").password)
    loaded.close()


def test_a_wrong_token_is_said_with_the_place_of_the_reference_and_without_the_token(configured):
    loaded, path = configured(token="wrong-token-of-nobody")

    with pytest.raises(SecretUnavailable) as caught:
        loaded.options(Warehouse, "connections", "default")

    assert f"The secret {path!r}, key 'user' of 'vault': " in caught.value.message
    assert "config.yaml:6:" in str(caught.value)
    assert "wrong-token-of-nobody" not in str(caught.value)
    loaded.close()
