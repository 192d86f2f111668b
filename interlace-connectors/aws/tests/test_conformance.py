"""The suite of secret stores, on Secrets Manager as moto has it."""

from __future__ import annotations

import json
import uuid

import pytest

from interlace.testing.conformance.secret_provider import SecretProviderConformance

pytestmark = pytest.mark.slow  # together they are


class TestSecretsManager(SecretProviderConformance):
    @pytest.fixture
    def make(self, made):
        return made

    @pytest.fixture
    def kept(self, manager):
        def keep(value):
            name = f"conformance/{uuid.uuid4().hex}"
            manager.create_secret(Name=name, SecretString=value)
            return name

        return keep

    @pytest.fixture
    def kept_keys(self, kept):
        return lambda values: kept(json.dumps(values))
