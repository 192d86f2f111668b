"""The options of a store of type ``vault``."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from interlace.contracts.options import Options

__all__ = ["VaultOptions"]


class VaultOptions(Options):
    """What a store of type ``vault`` takes.

    Attributes:
        url: such as ``https://vault.example.com:8200``; by default what ``VAULT_ADDR`` says.
        token: to log in with; by default what ``VAULT_TOKEN`` says.
        role_id: of an AppRole, to log in with in place of a token.
        secret_id: of the same.
        mount: where the key-value store is mounted.
        kv_version: of the key-value store.
        namespace: of Vault Enterprise or OpenBao; by default what ``VAULT_NAMESPACE`` says.
        ca_cert: a file with the certificates that the server's is verified by, relative to the project's folder; by default
            those of the system.
        timeout: seconds to wait for an answer.
    """

    url: str | None = None
    token: str | None = Field(default=None, repr=False, min_length=1)
    role_id: str | None = Field(default=None, repr=False)
    secret_id: str | None = Field(default=None, repr=False)
    mount: str = Field(default="secret", min_length=1)
    kv_version: Literal[1, 2] = 2
    namespace: str | None = None
    ca_cert: str | None = None
    timeout: float = Field(default=10.0, gt=0)

    @field_validator("url")
    @classmethod
    def _a_url(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).scheme not in {"http", "https"}:
            raise ValueError("a url begins with https://")
        return url

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.role_id is None) != (self.secret_id is None):
            raise ValueError("'role_id' and 'secret_id' go together")
        if self.token is not None and self.role_id is not None:
            raise ValueError("'token' and 'role_id' are both given: say one way to log in")
        return self
