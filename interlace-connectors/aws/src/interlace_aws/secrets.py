"""The store of secrets ``aws``."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from interlace.contracts.secret import Secret, SecretProvider, member, unavailable
from interlace_aws.config import AwsOptions
from interlace_aws.failures import failed

if TYPE_CHECKING:
    from interlace.contracts.options import Options

__all__ = ["AwsSecrets"]


class AwsSecrets(SecretProvider):
    """AWS Secrets Manager.  A path is a secret's name or ARN; with a key, the secret holds JSON."""

    Config: ClassVar[type[Options]] = AwsOptions
    config: AwsOptions

    def __init__(self, name: str, config: Options, *, root: Path, environ: Mapping[str, str]) -> None:
        super().__init__(name, config, root=root, environ=environ)
        self._client: Any = None

    def fetch(self, path: str, key: str | None) -> Secret:
        """The current version of the secret `path`, or one key of it."""
        return Secret(member(self._read(path), key, "the secret"))

    def close(self) -> None:
        """Close the connections to the service."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _read(self, path: str) -> str:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self._connected().get_secret_value(SecretId=path)
        except (BotoCoreError, ClientError) as error:
            problem = failed(error)
        else:
            return _text(answer)
        raise problem

    def _connected(self) -> Any:
        if self._client is None:
            import boto3
            from botocore.config import Config

            timeout = self.config.timeout
            config = Config(connect_timeout=timeout, read_timeout=timeout, retries={"total_max_attempts": 3})
            session = boto3.Session(**self._identity())
            self._client = session.client("secretsmanager", endpoint_url=self.config.endpoint_url, config=config)
        return self._client

    def _identity(self) -> dict[str, str]:
        """Who asks, and where: what boto3 does not find itself because it stands in the project's ``.env``."""
        options, environ = self.config, self.environ
        said = {"region_name": options.region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")}
        if options.profile is not None:
            said["profile_name"] = options.profile
        elif options.access_key_id is not None:
            said["aws_access_key_id"] = options.access_key_id
            said["aws_secret_access_key"] = options.secret_access_key
            said["aws_session_token"] = options.session_token
        elif {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} <= environ.keys():
            said["aws_access_key_id"] = environ["AWS_ACCESS_KEY_ID"]
            said["aws_secret_access_key"] = environ["AWS_SECRET_ACCESS_KEY"]
            said["aws_session_token"] = environ.get("AWS_SESSION_TOKEN")
        return {name: value for name, value in said.items() if value is not None}


def _text(answer: Mapping[str, Any]) -> str:
    text = answer.get("SecretString")
    if text is None:
        with contextlib.suppress(UnicodeDecodeError):  # which holds what was read
            text = bytes(answer["SecretBinary"]).decode()
    if text is None:
        raise unavailable("it is binary, and no UTF-8")
    return str(text)
