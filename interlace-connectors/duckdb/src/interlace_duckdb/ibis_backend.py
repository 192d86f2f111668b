"""An ibis backend over a session's cursor, which tells the session what ibis runs there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb
    import ibis
    import pyarrow as pa

__all__ = ["backend_over"]


class _Watched:
    """A cursor that says when a statement is about to run on it."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, notice: Callable[[], None]) -> None:
        self._cursor = cursor
        self._notice = notice

    def __getattr__(self, name: str) -> Any:
        if name in {"execute", "sql", "query"}:
            self._notice()
        return getattr(self._cursor, name)


def backend_over(
    cursor: duckdb.DuckDBPyConnection,
    notice: Callable[[], None],
    stream: Callable[[str, int], pa.RecordBatchReader],
) -> ibis.BaseBackend:
    """A backend whose batches come from `stream`, given a query and the rows of a batch.

    ibis's own stream takes the next result of the cursor for its own when another statement ran in between.
    """
    import ibis

    backend = ibis.duckdb.from_connection(_Watched(cursor, notice))

    def to_pyarrow_batches(
        expr: Any, /, *, params: Any = None, limit: Any = None, chunk_size: int = 100_000, **_: Any
    ) -> pa.RecordBatchReader:
        backend._run_pre_execute_hooks(expr)  # noqa: SLF001  as ibis does itself
        return stream(backend.compile(expr.as_table(), limit=limit, params=params), chunk_size)

    backend.to_pyarrow_batches = to_pyarrow_batches
    return backend
