"""The support matrix: what each connector passed live, as `nox -s conformance` recorded it; and what is not tested live."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from generator import docstrings
from generator.markdown import GENERATED, code, joined, table
from interlace.contracts.connection import Capabilities
from interlace_duckdb.connection import DuckDBConnection
from interlace_duckdb.lake import DuckLakeConnection
from interlace_ibis.backends import BACKENDS
from interlace_ibis.connection import connection_type
from interlace_postgres.connection import PostgresConnection

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection

__all__ = ["RECORD", "declared_live", "page"]

RECORD: Final = Path(__file__).with_name("conformance.json")

_INTRODUCTION = """\
# Connectors

What each type of connection can do, and what of it was shown: `nox -s conformance` runs the conformance suites
(`interlace.testing.conformance`) of every connector against the real system and writes this page.
"""
_LIVE = """\
| word | what it says |
|---|---|
| passed | It is declared, and all scenarios that need it passed against the real system. |
| refused | It is not declared, and each scenario that asks for it ended in a clear error before anything was written (`ILC-310`). |
| no | A property that the system has not, for which there is nothing to refuse: scenarios left out, listed below. |
| yes | It is declared, and no scenario is about it: Interlace only reads it to decide. |
"""
_LEFT_OUT = "What the suite itself leaves out, because there is nothing to show. A scenario that is not run for another reason, such as\na server that is not there, fails the run."
_NOT_LIVE = """\
These are configured, connect through ibis with the arguments that they are given, and the SQL of their
loads is parsed in their dialect by our tests, but no test has met the system. Say so if one does not work. What is marked is
declared; what is not is refused (`ILC-310`).
"""
_WORDS: Final = {"declared": "yes", "not declared": ""}
_SHOWN: Final = [field.name for field in fields(Capabilities) if field.type == "bool"]


def page() -> str:
    """The page."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    tables = {name: one for name, one in record.items() if "capabilities" in one}
    files = {name: one for name, one in record.items() if "capabilities" not in one}
    notes = [(code(b.name), b.title, b.note) for b in BACKENDS.values() if b.live and b.note]
    other = [(b.name, b.title, _of(b.name), b.note) for b in BACKENDS.values() if not b.live]
    said = docstrings.read(Capabilities).of("Attributes")
    return joined(
        GENERATED,
        _INTRODUCTION,
        "## With tables, run live",
        _shown(tables),
        _LIVE,
        table(("type", "system", ""), notes),
        "## With files, run live",
        _counted(files),
        "## Scenarios",
        _counted(tables),
        _LEFT_OUT,
        _left_out(record),
        "## Not tested live",
        _NOT_LIVE,
        table(("type", "system", ""), [(code(n), title, note) for n, title, _, note in other]),
        _declared_table([(name, able) for name, _, able, _ in other]),
        "## What the capabilities are",
        table(("capability", ""), [(code(name), said.get(name, "")) for name in _SHOWN]),
    )


def declared_live() -> dict[str, Capabilities]:
    """What the connectors that run live declare, by the words that their suites are reported as."""
    lake = {"catalog": "lake/catalog.ducklake", "data_path": "lake/data"}
    own: dict[str, tuple[type[Connection], dict[str, object]]] = {
        "duckdb": (DuckDBConnection, {"path": "x.duckdb"}),
        "duckdb in memory": (DuckDBConnection, {"path": ":memory:"}),
        "ducklake": (DuckLakeConnection, lake),
        "postgres": (PostgresConnection, {}),
        "postgres in a schema of its own": (PostgresConnection, {"schema": "Sales of 2024"}),
    }
    found = {name: _declared(cls, options) for name, (cls, options) in own.items()}
    return {**found, **{b.name: _of(b.name) for b in BACKENDS.values() if b.live}}


def _shown(record: Mapping[str, Any]) -> str:
    head = ("connector", *(code(word) for word in _SHOWN))
    rows = [(name, *(_word(one["capabilities"].get(word, "")) for word in _SHOWN)) for name, one in record.items()]
    return _turned(head, rows)


def _word(verdict: str) -> str:
    return _WORDS.get(verdict, verdict)


def _turned(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table whose rows are columns: there are more connectors to come than capabilities."""
    across, *down = zip(head, *rows, strict=True)
    return table(("capability", *across[1:]), down)


def _counted(record: Mapping[str, Any]) -> str:
    words = ("passed", "refused", "left out")
    rows = [(name, *(str(one["counts"].get(word, 0)) for word in words)) for name, one in record.items()]
    return table(("connector", *words), rows)


def _left_out(record: Mapping[str, Any]) -> str:
    found: dict[tuple[str, str], list[str]] = {}
    for name, one in record.items():
        for reason, scenarios in one["left_out"].items():
            for scenario in scenarios:
                found.setdefault((reason, scenario.removeprefix("test_").replace("_", " ")), []).append(name)
    rows = [(scenario, ", ".join(names), reason) for (reason, scenario), names in sorted(found.items())]
    return table(("scenario", "connectors", "why"), rows)


def _declared_table(rows: list[tuple[str, Capabilities]]) -> str:
    head = ("capability", *(code(name) for name, _ in rows))
    body = [(code(word), *("yes" if getattr(able, word) else "" for _, able in rows)) for word in _SHOWN]
    return table(head, body)


def _of(name: str) -> Capabilities:
    options: dict[str, object] = {
        "sqlite": {"path": "x.sqlite"},
        "datafusion": {"tables": {"x": "x.parquet"}},
        "polars": {"tables": {"x": "x.parquet"}},
        "pyspark": {"tables": {"x": "x.parquet"}},
    }.get(name, {"options": {"host": "x"}})
    return _declared(connection_type(BACKENDS[name]), options)


def _declared(cls: type[Connection], options: dict[str, object]) -> Capabilities:
    return cls("c", cls.Config.model_validate(options), root=Path()).capabilities
