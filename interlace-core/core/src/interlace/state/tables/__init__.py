"""The tables of the state, as SQLAlchemy Core metadata: what migrations are written against.

Imported for ``interlace state upgrade``, for a server and in tests; a run on the embedded store reads the frozen text of
`interlace.state.ddl` and `interlace.state.statements` instead, and tests prove that they agree.
"""

from __future__ import annotations

from interlace.state.tables import (
    answers,
    checks,
    events,
    failures,
    held,
    leases,
    metrics,
    models,
    progress,
    requests,
    runs,
    store,
)
from interlace.state.tables.kinds import metadata

__all__ = [
    "answers",
    "checks",
    "events",
    "failures",
    "held",
    "leases",
    "metadata",
    "metrics",
    "models",
    "progress",
    "requests",
    "runs",
    "store",
]
