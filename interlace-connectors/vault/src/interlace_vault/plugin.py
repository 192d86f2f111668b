"""What this distribution offers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from interlace.plugin import Provider, hookimpl

if TYPE_CHECKING:
    from interlace.contracts.secret import SecretProvider

INTERLACE_HOOK_API = 1


@hookimpl
def interlace_secret_providers() -> Iterable[Provider[SecretProvider]]:
    """The key-value stores of HashiCorp Vault and OpenBao."""
    return [
        Provider(
            "vault",
            "interlace_vault.secrets:VaultSecrets",
            "HashiCorp Vault and OpenBao",
            aliases=("openbao",),
            extra="vault",
        )
    ]
