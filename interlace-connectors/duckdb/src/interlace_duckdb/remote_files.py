"""Object stores of the project as secrets of DuckDB, so that its queries read their files themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from interlace_duckdb.attaching import make_secrets
from interlace_duckdb.failures import refused

if TYPE_CHECKING:
    from interlace.contracts.files import FileConnection, ObjectStore
    from interlace_duckdb.instance import Instance

__all__ = ["give_secrets", "secret_of"]

PREFIX: Final = "interlace_files_"
"""Begins the names of these secrets, which the user's own have not."""


def give_secrets(instance: Instance, connections: Iterable[FileConnection]) -> None:
    """Make a secret of each store, in memory only; one that another connection to the file made is made anew.

    Raises:
        ConnectionFailure: the extension that reads them is not installed; DuckDB cannot read the files of one; or it has no
            credentials.
    """
    secrets = {f"{PREFIX}{c.name}": secret_of(_store(c)) for c in connections}
    cursor = instance.cursor()
    try:
        make_secrets(cursor, secrets)
    finally:
        cursor.close()


def secret_of(store: ObjectStore) -> dict[str, bool | float | str | tuple[str, ...]]:
    """What ``CREATE SECRET`` takes."""
    said = {
        "key_id": store.key,
        "secret": store.secret,
        "session_token": store.token,
        "region": store.region,
        "endpoint": store.endpoint,
        "url_style": {"virtual": "vhost"}.get(store.addressing or "", store.addressing),
    }
    given: dict[str, bool | float | str | tuple[str, ...]] = {k: v for k, v in said.items() if v is not None}
    return {"type": "s3", "scope": store.scope, "use_ssl": store.tls, **given}


def _store(connection: FileConnection) -> ObjectStore:
    store = connection.object_store()
    if store is None:
        raise refused(
            f"DuckDB cannot read the files of the connection {connection.name!r} by itself.",
            f"Leave it out of 'files'; Python models read them by context.files({connection.name!r}).",
        )
    return store
