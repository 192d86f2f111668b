"""What S3 says, in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from interlace.errors import ConnectionFailure

__all__ = ["is_missing", "refusals"]

_CREDENTIALS: Final = "Look at 'key', 'secret', 'session_token' and 'profile' of the connection."
_SAID: Final = {
    "InvalidAccessKeyId": ("does not know the access key", _CREDENTIALS),
    "InvalidClientTokenId": ("does not know the access key", _CREDENTIALS),
    "SignatureDoesNotMatch": ("says that the secret does not fit the access key", _CREDENTIALS),
    "ExpiredToken": ("says that the session token has expired", _CREDENTIALS),
    "InvalidToken": ("does not accept the session token", _CREDENTIALS),
    "AccessDenied": ("denies the access", "The credentials have no right to do this in this bucket."),
    "403": ("denies the access", "The credentials are wrong, or have no right to do this in this bucket."),
    "NoSuchBucket": ("has no such bucket", "Make the bucket, or look at 'bucket', 'region' and 'endpoint'."),
    "404": ("has no such bucket", "Make the bucket, or look at 'bucket', 'region' and 'endpoint'."),
    "PermanentRedirect": ("keeps the bucket in another region", "Set 'region' of the connection."),
    "301": ("keeps the bucket in another region", "Set 'region' of the connection."),
}
_MISSING: Final = frozenset({"404", "NoSuchKey", "NotFound"})
_LATER: Final = frozenset({"InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown", "Throttling"})
_SERVER_ERROR: Final = 500


def is_missing(error: Any) -> bool:
    """Whether a `ClientError` says that there is no such object."""
    return str(error.response.get("Error", {}).get("Code", "")) in _MISSING


@contextmanager
def refusals(name: str, place: str) -> Iterator[None]:
    """Raise what boto3 raises as errors of ours.

    Args:
        name: the connection's.
        place: what it was about: ``s3://bucket/path``.

    Raises:
        ConnectionFailure: refused, or not reachable.
    """
    from boto3.exceptions import Boto3Error, RetriesExceededError
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        HTTPClientError,
        IncompleteReadError,
        NoCredentialsError,
        PartialCredentialsError,
        ProfileNotFound,
    )
    from botocore.exceptions import ConnectionError as NotConnected

    try:
        yield
    except ClientError as error:
        raise _refused(name, place, error) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        hint = (
            "Give the connection 'key' and 'secret' or a 'profile', or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
        raise _failure(f"{place} ({name}): there are no credentials", hint, transient=False) from error
    except ProfileNotFound as error:
        raise _failure(f"{place} ({name}): {error}", _CREDENTIALS, transient=False) from error
    except (HTTPClientError, NotConnected, IncompleteReadError) as error:
        raise _failure(f"{place} ({name}) cannot be reached: {error}", None, transient=True) from error
    except RetriesExceededError as error:
        raise _failure(f"{place} ({name}): what it sends is cut off again and again", None, transient=True) from error
    except (BotoCoreError, Boto3Error) as error:
        if isinstance(error.__context__, ClientError):  # what the transfer manager wraps
            raise _refused(name, place, error.__context__) from error
        raise _failure(f"{place} ({name}): {error}", None, transient=False) from error


def _refused(name: str, place: str, error: Any) -> ConnectionFailure:
    said = error.response.get("Error", {})
    code = str(said.get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _SAID:
        what, hint = _SAID[code]
        return _failure(f"{place} ({name}): the store {what}", hint, transient=False)
    message = f"{place} ({name}): the store says {code or status}: {said.get('Message', '')}".rstrip(": ")
    return _failure(message, None, transient=code in _LATER or status >= _SERVER_ERROR)


def _failure(message: str, hint: str | None, *, transient: bool) -> ConnectionFailure:
    failure = ConnectionFailure(f"{message}.", hint=hint)
    failure.transient = transient
    return failure
