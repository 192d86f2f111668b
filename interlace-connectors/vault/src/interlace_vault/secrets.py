"""The store of secrets ``vault``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from interlace.contracts.secret import Secret, SecretProvider, scalar, unavailable
from interlace.errors import SecretUnavailable, did_you_mean
from interlace_vault.config import VaultOptions
from interlace_vault.failures import failed

if TYPE_CHECKING:
    import hvac

    from interlace.contracts.options import Options

__all__ = ["VaultSecrets"]


class VaultSecrets(SecretProvider):
    """A key-value store of HashiCorp Vault or OpenBao.

    A path is that below the mount.  A secret of one value needs no key.
    """

    Config: ClassVar[type[Options]] = VaultOptions
    config: VaultOptions

    def __init__(self, name: str, config: Options, *, root: Path, environ: Mapping[str, str]) -> None:
        super().__init__(name, config, root=root, environ=environ)
        self._client: hvac.Client | None = None

    def fetch(self, path: str, key: str | None) -> Secret:
        """One value of the secret at `path`."""
        values = self._read(path.strip("/"))
        if key is None:
            if len(values) != 1:
                raise unavailable(f"it has {len(values)} values", f"Say which one: #{next(iter(values), 'key')}.")
            (key,) = values
        if key not in values:
            raise unavailable(f"it has no key {key!r}", did_you_mean(key, values, label="Its keys") or None)
        return Secret(scalar(values[key], key))

    def close(self) -> None:
        """Close the connection to the server."""
        client, self._client = self._client, None
        if client is not None:
            client.adapter.close()

    def _read(self, path: str) -> Mapping[str, Any]:
        import hvac.exceptions
        import requests

        client = self._logged_in()
        try:
            values = self._values(client, path)
        except (hvac.exceptions.VaultError, requests.RequestException) as error:
            problem = failed(error, self._url(), f"{self.config.mount}/")
        else:
            return values
        self.close()  # a token that has run out is asked for anew
        raise problem

    def _values(self, client: hvac.Client, path: str) -> Mapping[str, Any]:
        mount = self.config.mount
        if self.config.kv_version == 1:
            found: Mapping[str, Any] = client.secrets.kv.v1.read_secret(path, mount_point=mount)["data"]
            return found
        answer = client.secrets.kv.v2.read_secret_version(path, mount_point=mount, raise_on_deleted_version=True)
        values: Mapping[str, Any] = answer["data"]["data"]
        return values

    def _logged_in(self) -> hvac.Client:
        if self._client is None:
            self._client = self._login()
        return self._client

    def _login(self) -> hvac.Client:
        import hvac
        import hvac.exceptions
        import requests

        options = self.config
        client = hvac.Client(
            url=self._url(),
            token=options.token or (None if options.role_id else self._token()),
            namespace=options.namespace or self.environ.get("VAULT_NAMESPACE"),
            verify=str(self.root / Path(options.ca_cert).expanduser()) if options.ca_cert else True,
            timeout=options.timeout,
        )
        if options.role_id is None:
            return client
        try:
            client.auth.approle.login(role_id=options.role_id, secret_id=options.secret_id)
        except (hvac.exceptions.VaultError, requests.RequestException) as error:
            problem: SecretUnavailable = failed(error, self._url(), "auth/approle")
        else:
            return client
        client.adapter.close()
        raise problem

    def _url(self) -> str:
        url = self.config.url or self.environ.get("VAULT_ADDR")
        if not url:
            raise unavailable("nobody says where the server is", "Give the store a 'url', or set VAULT_ADDR.")
        return url

    def _token(self) -> str:
        token = self.environ.get("VAULT_TOKEN")
        if not token:
            raise unavailable("there is no token", "Give the store a 'token', or set VAULT_TOKEN.")
        return token
