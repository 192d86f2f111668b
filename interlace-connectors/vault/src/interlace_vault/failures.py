"""What Vault's client raises, in words that hold no secret."""

from __future__ import annotations

import hvac.exceptions
import requests

from interlace.contracts.secret import unavailable
from interlace.errors import SecretUnavailable

__all__ = ["failed"]


def failed(error: Exception, url: str, mount: str) -> SecretUnavailable:
    """The error for what went wrong with the server at `url`.

    Args:
        mount: what was asked of, for hints.
    """
    match error:
        case hvac.exceptions.Forbidden() | hvac.exceptions.Unauthorized():
            return unavailable(
                f"{url} refuses: the token is wrong or has run out, or its policy does not let it read there",
                "Look at 'token' or 'role_id' of the store, and at the policy of the token.",
            )
        case hvac.exceptions.InvalidPath():
            return unavailable(
                f"there is none at {url} in {mount}",
                "The path is that below the mount, without 'data/'. Look at 'mount' and 'kv_version' of the store.",
            )
        case hvac.exceptions.VaultDown() | hvac.exceptions.VaultNotInitialized():
            return unavailable(f"{url} is sealed, or not set up", transient=True)
        case requests.exceptions.SSLError():
            return unavailable(f"the certificate of {url} is not trusted", "Name the file that signs it: 'ca_cert'.")
        case requests.Timeout():
            return unavailable(
                f"{url} does not answer", "Raise 'timeout' of the store, or look at the server.", transient=True
            )
        case requests.ConnectionError():
            return unavailable(
                f"{url} cannot be reached", "Is the server up, and does it listen there?", transient=True
            )
        case hvac.exceptions.InternalServerError() | hvac.exceptions.BadGateway() | hvac.exceptions.RateLimitExceeded():
            return unavailable(f"{url} failed: {type(error).__name__}", transient=True)
    return unavailable(f"{url} refused the request: {type(error).__name__}")
