"""The suite of secret stores, on those that need no service."""

from __future__ import annotations

import json
from itertools import count

import pytest

from interlace.contracts.options import Options
from interlace.secrets.environment import EnvironmentSecrets
from interlace.secrets.file import FileOptions, FileSecrets
from interlace.testing.conformance.secret_provider import SecretProviderConformance


class TestEnvironment(SecretProviderConformance):
    @pytest.fixture
    def environ(self):
        return {}

    @pytest.fixture
    def make(self, environ, tmp_path):
        return lambda: EnvironmentSecrets("env", Options(), root=tmp_path, environ=environ)

    @pytest.fixture
    def kept(self, environ):
        numbers = count()

        def keep(value):
            name = f"SECRET_{next(numbers)}"
            environ[name] = value
            return name

        return keep

    @pytest.fixture
    def kept_keys(self, kept):
        return lambda values: kept(json.dumps(values))


class TestFile(SecretProviderConformance):
    @pytest.fixture
    def make(self, tmp_path):
        return lambda: FileSecrets("file", FileOptions(), root=tmp_path, environ={})

    @pytest.fixture
    def kept(self, tmp_path):
        numbers = count()

        def keep(value):
            file = tmp_path / f"secret-{next(numbers)}"
            file.write_text(value + "\n", encoding="utf-8")
            file.chmod(0o600)
            return file.name

        return keep

    @pytest.fixture
    def kept_keys(self, kept):
        return lambda values: kept(json.dumps(values))
