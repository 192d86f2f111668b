"""Secrets Manager as moto has it, over HTTP."""

from __future__ import annotations

import boto3
import pytest
from moto.server import ThreadedMotoServer

from interlace_aws.config import AwsOptions
from interlace_aws.secrets import AwsSecrets

IDENTITY = {"access_key_id": "an-access-key", "secret_access_key": "a-secret-access-key"}


@pytest.fixture(autouse=True)
def _no_identity_of_this_machine(monkeypatch, tmp_path):
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture(scope="session")
def server(_services_are_read_once):
    """The URL of the service."""
    made = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    made.start()
    host, port = made.get_host_and_port()
    yield f"http://{host}:{port}"
    made.stop()


@pytest.fixture(scope="session")
def manager(server):
    """A client that makes secrets."""
    client = boto3.client(
        "secretsmanager",
        endpoint_url=server,
        region_name="eu-central-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    yield client
    client.close()


@pytest.fixture
def made(server, tmp_path):
    """A function that makes a store with these options, on the server; one that is None is not given."""
    stores = []

    def make(environ=None, **options):
        given = {"endpoint_url": server, "region": "eu-central-1", "timeout": 2, **IDENTITY, **options}
        config = AwsOptions(**{name: value for name, value in given.items() if value is not None})
        stores.append(AwsSecrets("aws", config, root=tmp_path, environ=environ or {}))
        return stores[-1]

    yield make
    for one in stores:
        one.close()
