"""The page of the state: its tables, their columns, and how long each is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator.markdown import GENERATED, code, joined, table
from interlace.state.retention import DEFAULT_RETENTION
from interlace.state.revision import REVISION
from interlace.state.tables import metadata

if TYPE_CHECKING:
    from sqlalchemy import Column, Table

__all__ = ["page"]

_INTRODUCTION = """\
# The state

What Interlace knows of its runs, apart from the warehouse: one SQLite file, `.interlace/state.db` in the project's folder, in WAL
mode, so that others may read while a run writes. `state: {path: ...}` in `config.yaml` says another file; see
[configuration](configuration.md#state). Without it every model counts as new: it is built again, and an
`append` adds its batch once more to what is there.

`interlace state info` shows its size, `interlace state export` writes all of it as JSON lines, `interlace state prune`
deletes what is older than its retention, which also happens once a day at the end of a run, and `interlace state upgrade`
brings it to the revision of the installed Interlace.

The present is never deleted, however old: the rows of models, the last run and attempt of each model with its checks,
the published data version, the newest schema and document, its definition, its intervals and its cursor, and dead letters that are open. With a run go its attempts, their checks and its events.

Times are microseconds since 1970 in UTC. What is called JSON is text, and NULL where it would be empty.
"""
_MEANINGS = {
    "answers": "what ended runs in “nothing to do”, and what a load that may not be repeated meant to record",
    "attempts": "each attempt at a model in a run: how it ended, why it began, its counts and its error",
    "check_results": "what each check of an attempt found, with a sample of the rows that fail",
    "circuits": "the circuit breaker of each connection, as it was last seen",
    "cursors": "the greatest value of an incremental column that was loaded",
    "data_versions": "each data version of each model: which run made it, from which definition",
    "dead_letters": "attempts that were given up, with what is needed to do them again",
    "definitions": "what each model was last built from: its SQL, and a digest of what else decides its data",
    "documents": "each version of what is said of each model: descriptions, columns, keys",
    "environments": "a number for each environment that moves with each change of a model's state",
    "fires": "what became of each time that a schedule was due",
    "events": "what happened in each run, in order: see [events](events.md)",
    "held": "what a run staged and nobody has released or discarded yet",
    "intervals": "the parts of time that each model was loaded for",
    "leases": "who holds what, until when: one run of an environment at a time",
    "metrics": "numbers that were measured of models and their columns",
    "models": "the present of each model in each environment, one row",
    "requests": "the runs that were asked for: by whom, who does them, how they ended",
    "runs": "each run: when, by which command, how it ended",
    "schedules": "when each schedule is due next",
    "schema_versions": "each version of each model's columns",
    "store_revision": "the revision of these tables",
}
_WORDS = {"text": "text", "string": "text", "big_integer": "whole number", "double": "number"}


def page() -> str:
    """The page."""
    tables = sorted(metadata.tables.values(), key=lambda one: one.name)
    rows = [(f"[`{one.name}`](#{one.name})", _kept(one.name), _MEANINGS[one.name]) for one in tables]
    return joined(
        GENERATED,
        _INTRODUCTION,
        "## Tables",
        f"Of revision {REVISION}. Retention is set by table: `state: {{retention: {{events: 7d}}}}`.",
        table(("table", "kept", "what it holds"), rows),
        *(part for one in tables for part in (f"## {one.name}", _columns(one))),
    )


def _kept(name: str) -> str:
    return f"{DEFAULT_RETENTION[name].days} days" if name in DEFAULT_RETENTION else "always"


def _columns(one: Table) -> str:
    return table(("column", "holds"), [(code(column.name), _holds(column)) for column in one.columns])


def _holds(column: Column[Any]) -> str:
    kinds = {"json": "JSON", "time": "time", "flag": "0 or 1", "bytes": "bytes"}
    said = kinds.get(str(column.info.get("holds"))) or _WORDS[column.type.__visit_name__]
    marks = [word for word, holds in (("key", column.primary_key), ("may be NULL", column.nullable)) if holds]
    return ", ".join([said, *marks])
