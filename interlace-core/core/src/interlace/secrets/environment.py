"""Secrets in variables of the environment: ``${secret:env:NAME}``."""

from __future__ import annotations

from interlace.contracts.secret import Secret, SecretProvider, member, unavailable
from interlace.errors import did_you_mean

__all__ = ["EnvironmentSecrets"]


class EnvironmentSecrets(SecretProvider):
    """Variables of the process, then those of ``.env`` files; with a key, a variable that holds JSON or YAML.

    Unlike ``${NAME}`` the variable is looked up when the connection is opened, and its value is never shown.
    """

    def fetch(self, path: str, key: str | None) -> Secret:
        """The value of the variable `path`."""
        value = self.environ.get(path)
        if value is None:
            raise unavailable("the variable is not set", did_you_mean(path, self.environ) or None)
        return Secret(member(value, key, "the variable"))
