"""What this distribution offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.plugin import Provider, hookimpl

if TYPE_CHECKING:
    from typer import Typer

    from interlace.contracts.check import Check
    from interlace.contracts.connection import Connection
    from interlace.contracts.exporter import Exporter

INTERLACE_HOOK_API = 1


@hookimpl
def interlace_connections() -> list[Provider[Connection]]:
    """A SQLite file."""
    return [
        Provider("example", "interlace_example.connection:ExampleConnection", "A SQLite file, through Python's sqlite3")
    ]


@hookimpl
def interlace_checks() -> list[Provider[Check]]:
    """Even numbers."""
    return [Provider("even", "interlace_example.even:Even", "A column holds even numbers only")]


@hookimpl
def interlace_exporters() -> list[Provider[Exporter]]:
    """Markdown tables."""
    return [Provider("markdown", "interlace_example.markdown:Markdown", "A table in Markdown", aliases=("md",))]


@hookimpl
def interlace_commands() -> list[Provider[Typer]]:
    """A look into a file."""
    return [Provider("example", "interlace_example.commands:app", "List the tables of a SQLite file.")]
