"""Who may write, kept where the data is: rows in ``_interlace.leases`` (`loading.md` 11).

A row is never deleted, so that its token only grows.  The times are the server's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import psycopg

from interlace.errors import RunUnderWay
from interlace_postgres.failures import query_failed
from interlace_postgres.pooling import connect
from interlace_postgres.quoting import literal

if TYPE_CHECKING:
    from interlace_postgres.config import PostgresOptions
    from interlace_postgres.own_tables import OwnTables

__all__ = ["Leases"]

MAKE: Final = (
    'CREATE SCHEMA IF NOT EXISTS "_interlace"; '
    'CREATE TABLE IF NOT EXISTS "_interlace"."leases" ('
    "name text PRIMARY KEY, holder text NOT NULL, token bigint NOT NULL, "
    "heartbeat timestamptz NOT NULL, expires_at timestamptz NOT NULL)"
)
EXISTS: Final = 'SELECT 1 WHERE to_regclass(\'"_interlace"."leases"\') IS NOT NULL'


class Leases:
    """The leases of one connection, on a session of its own that no transaction holds up."""

    def __init__(self, options: PostgresOptions, tables: OwnTables) -> None:
        self._options = options
        self._tables = tables
        self._guard = Lock()
        self._session: psycopg.Connection[Any] | None = None
        self._held: dict[str, tuple[str, int]] = {}

    def take(self, name: str, holder: str, ttl: timedelta, instead_of: str | None) -> str | None:
        """Take or renew a lease; gives who holds it instead."""
        self._tables.make(EXISTS, MAKE)
        rows = self._ask(_take(name, holder, ttl, instead_of))
        if rows:
            self._held[name] = holder, int(rows[0][0])
            return None
        self._held.pop(name, None)
        return str(self._ask(f'SELECT holder FROM "_interlace"."leases" WHERE name = {literal(name)}')[0][0])

    def renew(self, name: str, holder: str, ttl: timedelta) -> bool:
        """Put its end off; False when another holds it now."""
        return bool(
            self._ask(
                f'UPDATE "_interlace"."leases" SET heartbeat = clock_timestamp(), expires_at = {_after(ttl)} '
                f"WHERE name = {literal(name)} AND holder = {literal(holder)} RETURNING token"
            )
        )

    def release(self, name: str, holder: str) -> None:
        """Give it back."""
        self._held.pop(name, None)
        if self._session is not None:
            self._ask(
                "UPDATE \"_interlace\".\"leases\" SET holder = '', expires_at = '-infinity' "
                f"WHERE name = {literal(name)} AND holder = {literal(holder)} RETURNING token"
            )

    def token(self) -> int | None:
        """The fencing token of a lease that is held."""
        return next((token for _, token in self._held.values()), None)

    def check(self, fetch: Callable[[str], list[tuple[Any, ...]]]) -> None:
        """Make sure, inside an open transaction, that nobody took over; and that nobody does before it ends.

        A share lock keeps a taker waiting as ``FOR UPDATE`` would, and not the other threads of this run.

        Raises:
            RunUnderWay: somebody did.
        """
        for name, (holder, token) in list(self._held.items()):
            sql = (
                f'SELECT holder = {literal(holder)} AND token = {token}, holder FROM "_interlace"."leases" '
                f"WHERE name = {literal(name)} FOR SHARE"
            )
            rows = fetch(sql)
            if not rows or not rows[0][0]:
                raise _taken_over(name, str(rows[0][1]) if rows else "")

    def settle(self, fetch: Callable[[str], list[tuple[Any, ...]]]) -> None:
        """Wait for the transactions that have looked (`check`) and have not ended, whose client may be gone by now."""
        for name in list(self._held):
            fetch(f'SELECT 1 FROM "_interlace"."leases" WHERE name = {literal(name)} FOR UPDATE')

    def close(self) -> None:
        """Forget what is held; it ends when its time is over."""
        self._held.clear()
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        with self._guard:
            if self._session is None or self._session.closed:
                self._session = connect(self._options)
            try:
                return self._session.execute(sql.encode()).fetchall()
            except psycopg.Error as error:
                lost = self._session.closed
                if lost:
                    with contextlib.suppress(psycopg.Error):
                        self._session.close()
                raise query_failed(error, sql, lost=lost) from error


def _take(name: str, holder: str, ttl: timedelta, instead_of: str | None) -> str:
    """Insert it, or take it over where that is allowed; a token is given once."""
    allowed = ["held.holder = EXCLUDED.holder", "held.expires_at < clock_timestamp()"]
    if instead_of is not None:
        allowed.append(f"held.holder = {literal(instead_of)}")
    return (
        'INSERT INTO "_interlace"."leases" AS held (name, holder, token, heartbeat, expires_at) '
        f"VALUES ({literal(name)}, {literal(holder)}, 1, clock_timestamp(), {_after(ttl)}) "
        "ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder, heartbeat = EXCLUDED.heartbeat, "
        "expires_at = EXCLUDED.expires_at, "
        "token = CASE WHEN held.holder = EXCLUDED.holder THEN held.token ELSE held.token + 1 END "
        f"WHERE {' OR '.join(allowed)} RETURNING token"
    )


def _after(ttl: timedelta) -> str:
    return f"clock_timestamp() + make_interval(secs => {ttl.total_seconds()!r})"


def _taken_over(name: str, holder: str) -> RunUnderWay:
    taken = RunUnderWay(
        f"Another run took over the right to write ({name}), so nothing was written.",
        run=holder.rpartition("\n")[2],
        hint="This run was thought to be dead: its lease was not renewed in time.",
    )
    taken.transient = False
    return taken
