from __future__ import annotations

import socket
import uuid

import pytest
from botocore.exceptions import ClientError

from interlace.contracts.options import Options
from interlace.errors import SecretUnavailable
from interlace_aws.config import AwsOptions
from interlace_aws.failures import failed
from interlace_aws.secrets import AwsSecrets

PASSWORD = "correct-horse-battery"
NOBODY = {"access_key_id": None, "secret_access_key": None}


@pytest.fixture
def kept(manager):
    """Keep a secret under a name of one's own; gives its name and ARN."""

    def keep(**value):
        name = f"apps/{uuid.uuid4().hex}"
        return name, manager.create_secret(Name=name, **value)["ARN"]

    return keep


def test_a_secret_is_read_by_its_name(made, kept):
    name, _ = kept(SecretString=PASSWORD)

    assert PASSWORD == made().fetch(name, None).reveal()


def test_a_secret_is_read_by_its_arn(made, kept):
    _, arn = kept(SecretString=PASSWORD)

    assert PASSWORD == made().fetch(arn, None).reveal()


def test_a_key_is_read_from_json(made, kept):
    name, _ = kept(SecretString=f'{{"user": "loader", "password": "{PASSWORD}", "port": 5432}}')

    assert (PASSWORD, "5432") == (made().fetch(name, "password").reveal(), made().fetch(name, "port").reveal())


def test_a_binary_secret_is_read_as_text(made, kept):
    name, _ = kept(SecretBinary=PASSWORD.encode())

    assert PASSWORD == made().fetch(name, None).reveal()


def test_the_current_version_is_read(made, manager, kept):
    name, _ = kept(SecretString=PASSWORD)
    manager.put_secret_value(SecretId=name, SecretString="another-one")

    assert "another-one" == made().fetch(name, None).reveal()


def test_identity_and_region_come_from_the_variables_of_the_project(made, kept):
    name, _ = kept(SecretString=PASSWORD)
    environ = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "eu-central-1"}

    assert PASSWORD == made(environ, region=None, **NOBODY).fetch(name, None).reveal()


@pytest.mark.parametrize(
    ("value", "key", "said"),
    [
        ({"SecretString": PASSWORD}, "password", "the secret is no mapping in JSON or YAML"),
        ({"SecretString": f'{{"user": "{PASSWORD}"}}'}, "password", "the secret has no key 'password'"),
        ({"SecretBinary": b"\xff\xfe" + PASSWORD.encode()}, None, "it is binary"),
    ],
)
def test_what_is_wrong_with_a_secret_is_said_without_it(made, kept, value, key, said):
    name, _ = kept(**value)

    with pytest.raises(SecretUnavailable, match=said) as caught:
        made().fetch(name, key)

    assert PASSWORD not in str(caught.value)


def test_a_secret_that_is_not_there_is_said(made):
    with pytest.raises(SecretUnavailable, match="there is none of this name"):
        made().fetch("apps/nothing", None)


def test_a_secret_that_is_being_deleted_is_said(made, manager, kept):
    name, _ = kept(SecretString=PASSWORD)
    manager.delete_secret(SecretId=name, RecoveryWindowInDays=7)

    with pytest.raises(SecretUnavailable, match="being deleted"):
        made().fetch(name, None)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (NOBODY, "there are no credentials"),
        ({"region": None}, "nobody says in which region"),
        ({"profile": "nobody", **NOBODY}, "the profile is not in"),
    ],
)
def test_what_the_store_lacks_is_said(made, options, said):
    with pytest.raises(SecretUnavailable, match=said) as caught:
        made(**options).fetch("apps/x", None)

    assert not caught.value.transient


def test_a_service_that_is_not_there_may_come_back(made):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    with pytest.raises(SecretUnavailable, match="cannot be reached") as caught:
        made(endpoint_url=url).fetch("apps/x", None)

    assert caught.value.transient


# moto takes any identity: what the service says to a wrong one is made by hand.
@pytest.mark.parametrize(
    ("code", "said", "transient"),
    [
        ("AccessDeniedException", "no right to read it", False),
        ("UnrecognizedClientException", "does not know the access key", False),
        ("InvalidSignatureException", "the secret access key is wrong", False),
        ("ThrottlingException", "refused the request: ThrottlingException", True),
        ("Other", "refused the request: Other", False),
    ],
)
def test_a_refusal_is_put_into_words(code, said, transient):
    error = failed(ClientError({"Error": {"Code": code, "Message": f"about {PASSWORD}"}}, "GetSecretValue"))

    assert said in error.message
    assert transient is error.transient
    assert PASSWORD not in str(error)


def test_a_store_that_was_closed_connects_again(made, kept):
    store, (name, _) = made(), kept(SecretString=PASSWORD)
    store.fetch(name, None)

    store.close()
    store.close()

    assert PASSWORD == store.fetch(name, None).reveal()


@pytest.mark.parametrize(
    "options",
    [
        {"access_key_id": "a"},
        {"profile": "p", "access_key_id": "a", "secret_access_key": "b"},
        {"timeout": 0},
        {"regoin": "x"},
    ],
)
def test_wrong_options_are_refused(options):
    with pytest.raises(ValueError, match="AwsOptions"):
        AwsOptions(**options)


def test_options_show_no_key():
    assert "hidden" not in repr(
        AwsOptions(access_key_id="hidden-a", secret_access_key="hidden-b", session_token="hidden-c")
    )


def test_other_options_are_a_mistake_of_the_caller(tmp_path):
    with pytest.raises(TypeError):
        AwsSecrets("aws", Options(), root=tmp_path, environ={})
