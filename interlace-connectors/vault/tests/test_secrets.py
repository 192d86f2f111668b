from __future__ import annotations

import socket
import uuid

import pytest

from interlace.errors import SecretUnavailable
from interlace_vault.config import VaultOptions
from interlace_vault.secrets import VaultSecrets

PASSWORD = "correct-horse-battery"


@pytest.fixture
def kept(server):
    """Put values under a path of one's own, in both versions of the key-value store; gives the path."""

    def keep(**values):
        path = f"apps/{uuid.uuid4().hex}"
        server.client.secrets.kv.v2.create_or_update_secret(path, values)
        server.client.secrets.kv.v1.create_or_update_secret(path, values, mount_point="old")
        return path

    return keep


@pytest.fixture
def appointed(server):
    """An AppRole that may read ``apps/``: its role id and secret id."""
    client = server.client
    if "approle/" not in client.sys.list_auth_methods():
        client.sys.enable_auth_method("approle")
    client.sys.create_or_update_policy("apps", 'path "secret/data/apps/*" { capabilities = ["read"] }')
    client.auth.approle.create_or_update_approle("loader", token_policies=["apps"])
    role = client.auth.approle.read_role_id("loader")["data"]["role_id"]
    return role, client.auth.approle.generate_secret_id("loader")["data"]["secret_id"]


@pytest.mark.parametrize("options", [{}, {"mount": "old", "kv_version": 1}])
def test_a_key_is_read_from_both_versions_of_the_store(store, kept, options):
    path = kept(user="loader", password=PASSWORD)

    assert PASSWORD == store(**options).fetch(path, "password").reveal()


def test_slashes_around_a_path_mean_nothing(store, kept):
    assert PASSWORD == store().fetch(f"/{kept(password=PASSWORD)}/", "password").reveal()


def test_a_secret_of_one_value_needs_no_key(store, kept):
    assert PASSWORD == store().fetch(kept(password=PASSWORD), None).reveal()


def test_a_number_is_a_secret_too(store, kept):
    assert "5432" == store().fetch(kept(port=5432), "port").reveal()


def test_the_latest_version_is_read_and_a_deleted_one_is_none(store, server, kept):
    path = kept(password=PASSWORD)
    server.client.secrets.kv.v2.create_or_update_secret(path, {"password": "another-one"})

    assert "another-one" == store().fetch(path, "password").reveal()

    server.client.secrets.kv.v2.delete_latest_version_of_secret(path)
    with pytest.raises(SecretUnavailable, match="there is none at"):
        store().fetch(path, "password")


def test_an_approle_logs_in(store, kept, appointed):
    role, secret = appointed

    assert PASSWORD == store(token=None, role_id=role, secret_id=secret).fetch(kept(password=PASSWORD), None).reveal()


def test_address_and_token_come_from_the_variables_that_vault_uses(store, server, kept):
    environ = {"VAULT_ADDR": server.url, "VAULT_TOKEN": server.token}

    assert PASSWORD == store(environ, url=None, token=None).fetch(kept(password=PASSWORD), None).reveal()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"token": "wrong-token"}, "refuses: the token is wrong or has run out"),
        ({"token": None, "role_id": "no-such", "secret_id": "wrong-id"}, "refused the request|refuses"),
        ({"mount": "nowhere"}, "there is none at|refuses"),
        ({"url": None}, "nobody says where the server is"),
        ({"token": None}, "there is no token"),
    ],
)
def test_what_is_wrong_with_the_store_is_said_without_a_value(store, kept, options, said):
    with pytest.raises(SecretUnavailable, match=said) as caught:
        store(**options).fetch(kept(password=PASSWORD), "password")

    assert not caught.value.transient
    assert not {PASSWORD, "wrong-token", "wrong-id"} & set(str(caught.value).split())


def test_a_path_that_is_not_there_is_said(store):
    with pytest.raises(SecretUnavailable, match=r"there is none at .* in secret/"):
        store().fetch("apps/nothing", "password")


def test_a_key_that_is_not_there_offers_the_nearest(store, kept):
    with pytest.raises(SecretUnavailable, match="it has no key 'pasword'\nDid you mean 'password'") as caught:
        store().fetch(kept(user="loader", password=PASSWORD), "pasword")

    assert PASSWORD not in str(caught.value)


def test_a_secret_of_several_values_needs_a_key(store, kept):
    with pytest.raises(SecretUnavailable, match="it has 2 values"):
        store().fetch(kept(user="loader", password=PASSWORD), None)


def test_a_value_that_is_a_mapping_is_none(store, kept):
    with pytest.raises(SecretUnavailable, match="the key 'deep' holds no plain value"):
        store().fetch(kept(deep={"password": PASSWORD}), "deep")


def test_a_right_that_is_missing_is_said(store, server, kept, appointed):
    server.client.secrets.kv.v2.create_or_update_secret("others/x", {"password": PASSWORD})
    role, secret = appointed

    with pytest.raises(SecretUnavailable, match="its policy does not let it read there"):
        store(token=None, role_id=role, secret_id=secret).fetch("others/x", None)


def test_a_server_that_is_not_there_may_come_back(store):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    with pytest.raises(SecretUnavailable, match="cannot be reached") as caught:
        store(url=url).fetch("apps/x", None)

    assert caught.value.transient


def test_a_server_that_does_not_answer_is_given_up(store):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        with pytest.raises(SecretUnavailable, match=r"does not answer|cannot be reached") as caught:
            store(url=f"http://127.0.0.1:{deaf.getsockname()[1]}", timeout=0.3).fetch("apps/x", None)

    assert caught.value.transient


def test_a_store_that_was_closed_logs_in_again(store, kept):
    made, path = store(), kept(password=PASSWORD)
    made.fetch(path, None)

    made.close()
    made.close()

    assert PASSWORD == made.fetch(path, None).reveal()


@pytest.mark.parametrize(
    "options",
    [
        {"url": "vault.example.com"},
        {"role_id": "r"},
        {"token": "t", "role_id": "r", "secret_id": "s"},
        {"kv_version": 3},
        {"timeout": 0},
        {"tokn": "t"},
    ],
)
def test_wrong_options_are_refused(options):
    with pytest.raises(ValueError, match="VaultOptions"):
        VaultOptions(**options)


def test_options_show_no_token():
    assert "hidden" not in repr(VaultOptions(token="hidden-token"))


def test_other_options_are_a_mistake_of_the_caller(tmp_path):
    from interlace.contracts.options import Options

    with pytest.raises(TypeError):
        VaultSecrets("vault", Options(), root=tmp_path, environ={})
