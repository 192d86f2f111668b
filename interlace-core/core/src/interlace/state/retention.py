"""How long each table is kept, and what is deleted when that is over.

The present is never deleted: the models' rows, each environment's revision, the last run and attempt of each model with its
checks, the data version that is published, the newest schema and document of each model, its definition, its intervals and its cursor, open dead
letters, circuits, schedules, requests that are open, what is held, and what an attempt that is not recorded meant to record.  With a run go its attempts,
their checks and its events.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from interlace.errors import UsageError, did_you_mean
from interlace.state.codec import micros

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from interlace.contracts.state import StateStore
    from interlace.state.database import Writer

__all__ = ["DEFAULT_RETENTION", "prune", "prune_daily"]

DEFAULT_RETENTION: Final[Mapping[str, timedelta]] = {
    "runs": timedelta(days=180),
    "attempts": timedelta(days=180),
    "check_results": timedelta(days=90),
    "metrics": timedelta(days=365),
    "dead_letters": timedelta(days=90),
    "data_versions": timedelta(days=365),
    "schema_versions": timedelta(days=730),
    "documents": timedelta(days=730),
    "events": timedelta(days=30),
    "requests": timedelta(days=90),
    "fires": timedelta(days=90),
    "leases": timedelta(days=7),
    "answers": timedelta(days=7),
}
"""What is kept unless the user says otherwise: since a run started, an attempt, a check or a lease ended, a version was
made, something was measured, a dead letter was settled, an event happened, a run was asked for, a schedule was due, an
answer was saved."""

_PAST_RUNS = """
status <> 'running' AND started_at < :before AND id NOT IN (SELECT run FROM models WHERE run IS NOT NULL)"""

_NOT_THE_LAST_ATTEMPT = """
(environment, model, run) NOT IN (SELECT environment, name, run FROM models WHERE run IS NOT NULL)"""

_PAST: Final = {
    "runs": _PAST_RUNS,
    "attempts": f"finished_at < :before AND {_NOT_THE_LAST_ATTEMPT}",
    "check_results": f"recorded_at < :before AND {_NOT_THE_LAST_ATTEMPT}",
    "metrics": "at < :before",
    # An open one waits for somebody, however long.
    "dead_letters": "status <> 'open' AND settled_at < :before",
    "data_versions": """
published_at < :before AND (environment, model, data_version) NOT IN
  (SELECT environment, name, data_version FROM models WHERE data_version IS NOT NULL)""",
    "schema_versions": """
recorded_at < :before AND (environment, model, version) NOT IN
  (SELECT environment, model, MAX(version) FROM schema_versions GROUP BY environment, model)""",
    "documents": """
recorded_at < :before AND (environment, model, version) NOT IN
  (SELECT environment, model, MAX(version) FROM documents GROUP BY environment, model)""",
    "events": "at < :before",
    # What is asked for and not done yet waits, however long.
    "requests": "status NOT IN ('queued', 'running') AND requested_at < :before",
    "fires": "at < :before",
    "leases": "expires_at < :before",
    # What a load meant to record is needed until it is recorded.
    "answers": """
saved_at < :before AND (SUBSTR(key, 1, 7) <> 'intent:' OR SUBSTR(key, 8) IN (SELECT id FROM attempts))""",
}

_CHILDREN_OF_RUNS = ("attempts", "check_results", "events")


def prune(write: Writer, now: datetime, retention: Mapping[str, timedelta]) -> dict[str, int]:
    """Delete what is past its retention; gives the rows deleted by table, for each that `retention` names or a run took along.

    Raises:
        UsageError: a table has no retention by that name.
    """
    for table in retention:
        if table not in _PAST:
            raise UsageError(f"no table {table!r} to prune. {did_you_mean(table, _PAST, label='Tables')}")
    deleted: dict[str, int] = {}
    for table, kept in retention.items():
        before = {"before": micros(now - kept)}
        if table == "runs":
            for child in _CHILDREN_OF_RUNS:
                _delete(write, child, f"run IN (SELECT id FROM runs WHERE {_PAST_RUNS})", before, deleted)
        _delete(write, table, _PAST[table], before, deleted)
    return deleted


def _delete(write: Writer, table: str, where: str, values: Mapping[str, int], deleted: dict[str, int]) -> None:
    count = write.execute(f"DELETE FROM {table} WHERE {where}", values)
    deleted[table] = deleted.get(table, 0) + count


def prune_daily(
    store: StateStore, owner: str, now: datetime, retention: Mapping[str, timedelta] = DEFAULT_RETENTION
) -> dict[str, int] | None:
    """`StateStore.prune`, by whoever comes first, once a day.

    Returns:
        rows deleted by table; None when it was done within a day.
    """
    held = store.lease("prune")
    if (held is not None and held.expires_at > now) or store.acquire("prune", owner, now, timedelta(days=1)):
        return None
    return store.prune(now, retention)
