"""The support matrix: what each type of connection declares, and whether the suite runs it against the real thing."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Final

from generator import docstrings
from generator.markdown import GENERATED, code, joined, table
from interlace.contracts.connection import Capabilities
from interlace_duckdb.connection import DuckDBConnection
from interlace_ibis.backends import BACKENDS
from interlace_ibis.connection import connection_type
from interlace_postgres.connection import PostgresConnection

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection

__all__ = ["page"]

_INTRODUCTION = """\
# Connectors

What each type of connection can do. What is marked passes the conformance suite (`interlace.testing.conformance.connection`) against
the real system, where that is run live; what is not marked is refused with an error that says so (`ILC-310`).

*Not tested live* means: it is configured, connects through ibis with the arguments that it is given, and the SQL of its
loads is parsed in its dialect by our tests, but no test has met the system. Say so if it does not work.
"""
_SHOWN: Final = [field.name for field in fields(Capabilities) if field.type == "bool"]
_OWN: Final[tuple[tuple[str, str, type[Connection], dict[str, object]], ...]] = (
    ("duckdb", "DuckDB", DuckDBConnection, {"path": "x.duckdb"}),
    ("postgres", "PostgreSQL", PostgresConnection, {}),
)


def page() -> str:
    """The page."""
    live = [(name, title, _declared(cls, options), "") for name, title, cls, options in _OWN]
    live += [(b.name, b.title, _of(b.name), b.note) for b in BACKENDS.values() if b.live]
    other = [(b.name, b.title, _of(b.name), b.note) for b in BACKENDS.values() if not b.live]
    said = docstrings.read(Capabilities).of("Attributes")
    return joined(
        GENERATED,
        _INTRODUCTION,
        "## Run live",
        _matrix(live),
        table(("type", "system", ""), [(code(n), title, note) for n, title, _, note in live if note]),
        "## Not tested live",
        table(("type", "system", ""), [(code(n), title, note) for n, title, _, note in other]),
        _matrix(other),
        "## What the words mean",
        table(("capability", ""), [(code(name), said.get(name, "")) for name in _SHOWN]),
    )


def _matrix(rows: list[tuple[str, str, Capabilities, str]]) -> str:
    head = ("capability", *(code(name) for name, *_ in rows))
    body = [(code(word), *("yes" if getattr(able, word) else "" for _, _, able, _ in rows)) for word in _SHOWN]
    return table(head, body)


def _of(name: str) -> Capabilities:
    options: dict[str, object] = {"path": "x.sqlite"} if name == "sqlite" else {"options": {"host": "x"}}
    return _declared(connection_type(BACKENDS[name]), options)


def _declared(cls: type[Connection], options: dict[str, object]) -> Capabilities:
    return cls("c", cls.Config.model_validate(options), root=Path()).capabilities
