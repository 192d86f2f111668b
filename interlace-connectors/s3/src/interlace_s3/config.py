"""The options of an S3 connection."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from interlace.contracts.options import Options

__all__ = ["S3Options"]

Seconds = Annotated[float, Field(gt=0)]


class S3Options(Options):
    """What a connection of type ``s3`` takes.

    Attributes:
        bucket: its name.
        prefix: the folder in the bucket that all paths begin with; ``{env}`` is filled in.
        region: of the bucket; by default what the profile or ``AWS_REGION`` says.
        endpoint: of a compatible store, such as ``https://minio.example.com:9000``; by default Amazon's.
        profile: of the files in ``~/.aws``.
        key: the access key's id; without it and `profile`, where boto3 finds one: variables, files, the machine's role.
        secret: the secret of `key`; better from a variable: ``${LAKE_SECRET}``.
        session_token: that comes with a temporary `key`.
        addressing: ``path`` puts the bucket into the path, ``virtual`` into the host's name; by default ``path`` where an
            `endpoint` is given.
        attempts: how often a request is made before it is given up.
        connect_timeout: seconds.
        read_timeout: seconds in which the next bytes have to come.
    """

    bucket: str = Field(min_length=3)
    prefix: str = ""
    region: str | None = None
    endpoint: str | None = None
    profile: str | None = None
    key: str | None = None
    secret: str | None = Field(default=None, repr=False)
    session_token: str | None = Field(default=None, repr=False)
    addressing: Literal["auto", "path", "virtual"] | None = None
    attempts: int = Field(default=5, ge=1)
    connect_timeout: Seconds = 10
    read_timeout: Seconds = 60

    @field_validator("bucket")
    @classmethod
    def _only_the_name(cls, bucket: str) -> str:
        if "/" in bucket or ":" in bucket:
            raise ValueError("is the name alone; folders in it go under 'prefix'")
        return bucket

    @field_validator("prefix")
    @classmethod
    def _a_folder(cls, prefix: str) -> str:
        parts = prefix.strip("/").split("/")
        if prefix.strip("/") and any(part in {"", ".", ".."} for part in parts):
            raise ValueError("is a folder in the bucket: raw/2024")
        return prefix.strip("/")

    @field_validator("endpoint")
    @classmethod
    def _an_address(cls, endpoint: str | None) -> str | None:
        if endpoint is not None and not endpoint.startswith(("http://", "https://")):
            raise ValueError("begins with http:// or https://")
        return endpoint

    @model_validator(mode="after")
    def _whole_credentials(self) -> S3Options:
        if (self.key is None) != (self.secret is None):
            raise ValueError("'key' and 'secret' go together")
        if self.session_token is not None and self.key is None:
            raise ValueError("'session_token' goes with 'key' and 'secret'")
        if self.profile is not None and self.key is not None:
            raise ValueError("'profile' and 'key' exclude each other")
        return self

    @property
    def style(self) -> Literal["auto", "path", "virtual"]:
        """How the bucket is addressed."""
        return self.addressing or ("path" if self.endpoint else "auto")

    @property
    def folder(self) -> str:
        """What stands before each path: ``""`` or ``raw/2024/``."""
        return f"{self.prefix}/" if self.prefix else ""
