"""The options of a filesystem connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from interlace.contracts.options import Options

__all__ = ["FilesystemOptions"]

SFTP = ("sftp", "ssh")


class FilesystemOptions(Options):
    """What a connection of type ``filesystem`` takes: a `path` or a `url`.

    Attributes:
        path: a folder, relative to the project's; made when something is first written.
        url: a folder elsewhere: ``sftp://loader@files.example.com:22/incoming``, or a URL of any protocol of fsspec whose
            package is installed.
        options: of the protocol: for SFTP ``password``, ``key_file``, ``passphrase`` and ``timeout`` (seconds), else what
            the file system of fsspec takes.
        known_hosts: for SFTP, the file with the keys of servers, by default ``~/.ssh/known_hosts``: a server whose key is
            not in it is refused.
    """

    path: str | None = Field(default=None, min_length=1)
    url: str | None = None
    options: Mapping[str, Any] = Field(default_factory=dict, repr=False)
    known_hosts: str | None = None

    @field_validator("path")
    @classmethod
    def _a_local_folder(cls, path: str | None) -> str | None:
        if path is not None and "://" in path:
            raise ValueError("is a local folder; an address goes under 'url'")
        return path

    @field_validator("url")
    @classmethod
    def _an_address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        scheme = urlsplit(url).scheme
        if not scheme or "://" not in url:
            raise ValueError("begins with a protocol, such as sftp://")
        if scheme in {"file", "local"}:
            raise ValueError("leads to this machine: write the folder under 'path'")
        if scheme in {"s3", "s3a"}:
            raise ValueError("leads to S3: use a connection of 'type: s3'")
        if scheme in SFTP and urlsplit(url).password is not None:
            raise ValueError("holds a password: write it under 'options', as 'password'")
        return url

    @model_validator(mode="after")
    def _one_place(self) -> FilesystemOptions:
        if (self.path is None) == (self.url is None):
            raise ValueError("takes a 'path' or a 'url'")
        if self.url is None and self.options:
            raise ValueError("'options' go with a 'url'")
        if not self.is_sftp and self.known_hosts is not None:
            raise ValueError("'known_hosts' goes with an sftp:// url")
        if self.is_sftp:
            unknown = sorted(set(self.options) - {"password", "key_file", "passphrase", "timeout"})
            if unknown:
                raise ValueError(f"SFTP has no option {unknown[0]!r}; options: key_file, passphrase, password, timeout")
        return self

    @property
    def is_sftp(self) -> bool:
        """Whether the place is on an SFTP server."""
        return self.url is not None and urlsplit(self.url).scheme in SFTP
