"""The suite of secret stores, on both versions of a real key-value store."""

from __future__ import annotations

import uuid

import pytest

from interlace.testing.conformance.secret_provider import SecretProviderConformance
from interlace_vault.config import VaultOptions
from interlace_vault.secrets import VaultSecrets


class TestVersionTwo(SecretProviderConformance):
    @pytest.fixture
    def options(self, server):
        return VaultOptions(url=server.url, token=server.token)

    @pytest.fixture
    def make(self, options, tmp_path):
        return lambda: VaultSecrets("vault", options, root=tmp_path, environ={})

    @pytest.fixture
    def kept_keys(self, server):
        def keep(values):
            path = f"conformance/{uuid.uuid4().hex}"
            server.client.secrets.kv.v2.create_or_update_secret(path, values)
            return path

        return keep

    @pytest.fixture
    def kept(self, kept_keys):
        return lambda value: kept_keys({"value": value})


class TestVersionOne(TestVersionTwo):
    @pytest.fixture
    def options(self, server):
        return VaultOptions(url=server.url, token=server.token, mount="old", kv_version=1)

    @pytest.fixture
    def kept_keys(self, server):
        def keep(values):
            path = f"conformance/{uuid.uuid4().hex}"
            server.client.secrets.kv.v1.create_or_update_secret(path, values, mount_point="old")
            return path

        return keep
