"""The built-in commands, in the order of ``--help``: where each lives, and its line of help.

``--help`` reads this table and imports no command; a command imports only its own module.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["COMMANDS", "Entry"]


class Entry(NamedTuple):
    """One command: `attribute` of `module` is a function with Typer's annotations, or a ``typer.Typer``."""

    module: str
    attribute: str
    summary: str


_HERE = "interlace.cli.commands"

COMMANDS: Final[dict[str, Entry]] = {
    "init": Entry(f"{_HERE}.init", "command", "Make a new project from a template."),
    "run": Entry(f"{_HERE}.run", "command", "Build what is new or changed, check it and publish it."),
    "release": Entry(f"{_HERE}.release", "command", "Publish what 'run --hold' staged; list what waits."),
    "discard": Entry(f"{_HERE}.discard", "command", "Drop what 'run --hold' staged."),
    "env": Entry(f"{_HERE}.env", "app", "List environments, show one, make and drop them."),
    "adopt": Entry(f"{_HERE}.adopt", "command", "Take over existing tables as what models built."),
    "promote": Entry(f"{_HERE}.promote", "command", "Let one environment take over what another built."),
    "rollback": Entry(f"{_HERE}.rollback", "command", "Put back what a promotion replaced."),
    "migrate": Entry(f"{_HERE}.migrate", "app", "Apply numbered changes of databases, and take them back."),
    "test": Entry(f"{_HERE}.test", "command", "Run the unit tests of models, and report what is covered."),
    "check": Entry(f"{_HERE}.check", "command", "Run the checks of what is published, and build nothing."),
    "profile": Entry(f"{_HERE}.profile", "command", "Describe the data of a model: counts, ranges, quantiles."),
    "backfill": Entry(
        f"{_HERE}.backfill", "command", "Load a part of history: what is missing, or comes from an older definition."
    ),
    "ci": Entry(
        f"{_HERE}.ci",
        "command",
        "Try what changed in an environment that is dropped again; print Markdown for a review.",
    ),
    "plan": Entry(f"{_HERE}.plan", "command", "Say what a run would do, and why."),
    "apply": Entry(f"{_HERE}.apply", "command", "Run a plan exactly as it was approved."),
    "validate": Entry(f"{_HERE}.validate", "command", "Look at the project without its data: columns, types, lint."),
    "list": Entry(f"{_HERE}.list", "command", "List models, seeds and sources."),
    "show": Entry(f"{_HERE}.show", "command", "Show rows of a model, or of a query over models."),
    "diff": Entry(f"{_HERE}.diff", "command", "Compare a model between two environments."),
    "why": Entry(f"{_HERE}.why", "command", "Say why a model is stale or up to date, and who reads it."),
    "describe": Entry(f"{_HERE}.describe", "command", "Show a model's columns; --write fills its sidecar."),
    "info": Entry(f"{_HERE}.info", "command", "Show the facts of the project, or of one model."),
    "sources": Entry(f"{_HERE}.sources", "app", "List and import sources, and check how fresh they are."),
    "runs": Entry(f"{_HERE}.runs", "app", "List past runs, show one, read its log."),
    "dlq": Entry(f"{_HERE}.dlq", "app", "List attempts that failed for good; replay or resolve them."),
    "config": Entry(f"{_HERE}.config", "app", "Show and validate the configuration, and where each value came from."),
    "connections": Entry(f"{_HERE}.connections", "app", "List connections, and try whether they open."),
    "lineage": Entry(f"{_HERE}.lineage", "app", "Show what columns are made of, and what is made of them."),
    "impact": Entry(f"{_HERE}.impact", "command", "Show what depends on a column: models, checks, exports, keys."),
    "schema": Entry(f"{_HERE}.schema", "app", "List the columns of models, their history, and what changed."),
    "docs": Entry(f"{_HERE}.docs", "app", "Export what is known of the project, and show what was said of a model."),
    "state": Entry(f"{_HERE}.state", "app", "Upgrade, export and prune the state store."),
    "plugins": Entry(f"{_HERE}.plugins", "app", "List plugins, show one, find broken ones, make a new one."),
    "version": Entry(f"{_HERE}.version", "command", "Print the version of Interlace and of what it stands on."),
}
