"""An ibis backend over a session's connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlace.contracts.relation import Relation

if TYPE_CHECKING:
    import ibis
    import psycopg
    import pyarrow as pa

    from interlace_postgres.session import PostgresSession

__all__ = ["backend_over"]


def backend_over(session: PostgresSession, server: psycopg.Connection[Any]) -> ibis.BaseBackend:
    """A backend whose rows come from the session's streams, and whose tables in memory are loaded by COPY.

    ibis's own way to wrap a connection imports pandas; its own stream closes its transaction under the reader.
    """
    from ibis.backends.postgres import Backend

    class Over(Backend):  # type: ignore[misc]  # ibis has no types
        # Batches are read from a cursor, so that the model may ask for something else meanwhile; whole results by COPY.
        _whole = False

        def to_pyarrow_batches(
            self, expr: Any, /, *, params: Any = None, limit: Any = None, chunk_size: int = 100_000, **_: Any
        ) -> pa.RecordBatchReader:
            self._run_pre_execute_hooks(expr)
            sql = self.compile(expr.as_table(), limit=limit, params=params)
            return session.stream(sql, chunk_size, cursor=not self._whole)

        def to_pyarrow(self, expr: Any, /, **options: Any) -> pa.Table:
            self._whole = True
            try:
                return super().to_pyarrow(expr, **options)
            finally:
                self._whole = False

        def _register_in_memory_table(self, op: Any) -> None:
            table = op.data.to_pyarrow(op.schema)
            session.load_arrow(Relation(op.name), iter(table.to_batches()), table.schema)

        def _finalize_in_memory_table(self, name: str) -> None:
            """Nothing: it is called whenever Python collects it; the table ends with the session."""

    backend = Over()
    backend._can_reconnect = False  # noqa: SLF001  as ibis's own `from_connection` does
    backend.con = server
    return backend
