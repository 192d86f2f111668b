"""What boto3 raises, in words that hold no secret."""

from __future__ import annotations

from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004  botocore's own
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from interlace.contracts.secret import unavailable
from interlace.errors import SecretUnavailable

__all__ = ["failed"]

_SAID: Final = {
    "ResourceNotFoundException": ("there is none of this name", "Look at the name and at 'region' of the store."),
    "AccessDeniedException": ("the service refuses: no right to read it", "Grant secretsmanager:GetSecretValue."),
    "UnrecognizedClientException": ("the service refuses: it does not know the access key", "Look at the credentials."),
    "InvalidSignatureException": ("the service refuses: the secret access key is wrong", "Look at the credentials."),
    "ExpiredTokenException": ("the service refuses: the session token has run out", "Get new credentials."),
    "InvalidRequestException": ("it is being deleted, or has no current version", None),
    "DecryptionFailure": ("the service cannot decrypt it with its KMS key", "Grant kms:Decrypt."),
}
_TRANSIENT: Final = frozenset({"InternalServiceError", "InternalServiceErrorException", "ThrottlingException"})


def failed(error: BotoCoreError | ClientError) -> SecretUnavailable:
    """The error for what went wrong."""
    match error:
        case ClientError():
            code = str(error.response.get("Error", {}).get("Code", "unknown"))
            said, hint = _SAID.get(code, (f"the service refused the request: {code}", None))
            return unavailable(said, hint, transient=code in _TRANSIENT)
        case NoCredentialsError() | PartialCredentialsError():
            return unavailable(
                "there are no credentials", "Give the store a 'profile', or set AWS_ACCESS_KEY_ID and the rest."
            )
        case NoRegionError():
            return unavailable("nobody says in which region", "Give the store a 'region', or set AWS_REGION.")
        case ProfileNotFound():
            return unavailable("the profile is not in ~/.aws", "Look at 'profile' of the store.")
        case ConnectionError() | HTTPClientError():
            return unavailable(
                "the service cannot be reached", "Look at 'endpoint_url', 'region' and the network.", transient=True
            )
    return unavailable(f"the service cannot be asked: {type(error).__name__}")
