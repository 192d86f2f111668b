"""Who may write to a server, kept where the data is: rows in ``_interlace.leases`` (`loading.md` 11).

A row is never deleted, so that its token only grows.  The times are the server's, in seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar

from interlace.contracts.relation import Relation
from interlace.errors import RunUnderWay
from interlace_ibis.markers import SCHEMA
from interlace_ibis.quoting import literal, qualified

if TYPE_CHECKING:
    from interlace_ibis.engines.engine import Engine

__all__ = ["RELATION", "Leases"]

T = TypeVar("T")

RELATION: Final = Relation("leases", SCHEMA)

_NOW: Final = {"mysql": "UNIX_TIMESTAMP(SYSDATE(6))", "postgres": "EXTRACT(EPOCH FROM clock_timestamp())"}
_SHARED: Final = {"mysql": "LOCK IN SHARE MODE", "postgres": "FOR SHARE"}


class Leases:
    """The leases of one connection.

    Args:
        dialect: sqlglot's name of it.
        borrowed: gives a backend of its own, whose transaction no other holds up.
    """

    def __init__(self, dialect: str, borrowed: Callable[[], AbstractContextManager[Engine]]) -> None:
        self._dialect = dialect
        self._borrowed = borrowed
        self._name = qualified(RELATION, dialect)
        self._guard = Lock()
        self._held: dict[str, tuple[str, int]] = {}

    def take(self, name: str, holder: str, ttl: timedelta, instead_of: str | None) -> str | None:
        """Take or renew a lease; gives who holds it instead."""
        with self._guard, self._borrowed() as engine:
            self._make(engine)
            self._insert(engine, name)
            return self._transact(engine, lambda: self._taken(engine, name, holder, ttl, instead_of))

    def renew(self, name: str, holder: str, ttl: timedelta) -> bool:
        """Put its end off; False when another holds it now."""
        with self._guard, self._borrowed() as engine:
            return self._transact(engine, lambda: self._renewed(engine, name, holder, ttl))

    def release(self, name: str, holder: str) -> None:
        """Give it back."""
        with self._guard:
            if self._held.pop(name, None) is None:
                return
            with self._borrowed() as engine:
                engine.execute(
                    f"UPDATE {self._name} SET holder = '', expires_at = 0 "
                    f"WHERE name = {self._text(name)} AND holder = {self._text(holder)}"
                )

    def check(self, fetch: Callable[[str], list[tuple[Any, ...]]]) -> None:
        """Make sure, inside an open transaction, that nobody took over; and that nobody does before it ends.

        Raises:
            RunUnderWay: somebody did.
        """
        for name, (holder, token) in list(self._held.items()):
            rows = fetch(
                f"SELECT holder, token FROM {self._name} WHERE name = {self._text(name)} {_SHARED[self._dialect]}"
            )
            if [(holder, token)] != [(row[0], int(row[1])) for row in rows]:
                raise _taken_over(name, str(rows[0][0]) if rows else "")

    # --- inside -----------------------------------------------------------------------------------------------

    def _make(self, engine: Engine) -> None:
        if engine.exists(RELATION):
            return
        text = "VARCHAR(255)" if self._dialect == "mysql" else "TEXT"
        end = " ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" if self._dialect == "mysql" else ""
        engine.create_schema(SCHEMA)
        engine.execute(
            f"CREATE TABLE IF NOT EXISTS {self._name} (name {text} PRIMARY KEY, holder TEXT NOT NULL, "
            f"token BIGINT NOT NULL, expires_at DOUBLE PRECISION NOT NULL){end}"
        )

    def _insert(self, engine: Engine, name: str) -> None:
        """Make sure that there is a row, held by nobody."""
        word, end = ("IGNORE ", "") if self._dialect == "mysql" else ("", " ON CONFLICT DO NOTHING")
        engine.execute(f"INSERT {word}INTO {self._name} VALUES ({self._text(name)}, '', 0, 0){end}")

    def _taken(self, engine: Engine, name: str, holder: str, ttl: timedelta, instead_of: str | None) -> str | None:
        asked = f"SELECT holder, token, expires_at < {self._now} FROM {self._name} WHERE name = {self._text(name)}"
        ((before, token, over),) = engine.fetch(f"{asked} FOR UPDATE", None)
        if before not in {holder, instead_of} and not over:
            self._held.pop(name, None)
            return str(before)
        token = int(token) + (before != holder)
        engine.execute(
            f"UPDATE {self._name} SET holder = {self._text(holder)}, token = {token}, expires_at = {self._after(ttl)} "
            f"WHERE name = {self._text(name)}"
        )
        self._held[name] = holder, token
        return None

    def _renewed(self, engine: Engine, name: str, holder: str, ttl: timedelta) -> bool:
        where = f"WHERE name = {self._text(name)} AND holder = {self._text(holder)}"
        if not engine.fetch(f"SELECT token FROM {self._name} {where} FOR UPDATE", None):
            return False
        engine.execute(f"UPDATE {self._name} SET expires_at = {self._after(ttl)} {where}")
        return True

    def _transact(self, engine: Engine, act: Callable[[], T]) -> T:
        engine.begin()
        try:
            found = act()
            engine.commit()
        except BaseException:
            engine.roll_back()
            raise
        return found

    @property
    def _now(self) -> str:
        return _NOW[self._dialect]

    def _after(self, ttl: timedelta) -> str:
        return f"{self._now} + {ttl.total_seconds()!r}"

    def _text(self, value: str) -> str:
        return literal(value, self._dialect)


def _taken_over(name: str, holder: str) -> RunUnderWay:
    taken = RunUnderWay(
        f"Another run took over the right to write ({name}), so nothing was written.",
        run=holder.rpartition("\n")[2],
        hint="This run was thought to be dead: its lease was not renewed in time.",
    )
    taken.transient = False
    return taken
