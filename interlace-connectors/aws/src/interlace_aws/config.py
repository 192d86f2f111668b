"""The options of a store of type ``aws``."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from interlace.contracts.options import Options

__all__ = ["AwsOptions"]


class AwsOptions(Options):
    """What a store of type ``aws`` takes.

    What it does not say comes from where boto3 looks: ``AWS_REGION``, ``AWS_ACCESS_KEY_ID``, ``~/.aws``, the machine's role.

    Attributes:
        region: such as ``eu-central-1``.
        profile: of ``~/.aws/config``.
        access_key_id: with `secret_access_key`, in place of a profile.
        secret_access_key: of the same.
        session_token: of temporary credentials.
        endpoint_url: of a service that speaks the protocol of Secrets Manager.
        timeout: seconds to wait for an answer.
    """

    region: str | None = None
    profile: str | None = None
    access_key_id: str | None = Field(default=None, repr=False)
    secret_access_key: str | None = Field(default=None, repr=False)
    session_token: str | None = Field(default=None, repr=False)
    endpoint_url: str | None = None
    timeout: float = Field(default=10.0, gt=0)

    @model_validator(mode="after")
    def _one_identity(self) -> Self:
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("'access_key_id' and 'secret_access_key' go together")
        if self.profile is not None and self.access_key_id is not None:
            raise ValueError("'profile' and 'access_key_id' are both given: say one")
        return self
