"""What the core itself offers, through the door that everybody uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.plugin import Provider, hookimpl

if TYPE_CHECKING:
    from interlace.contracts.model_loader import ModelLoader
    from interlace.contracts.secret import SecretProvider
    from interlace.contracts.state import StateStore

INTERLACE_HOOK_API = 1


@hookimpl
def interlace_model_loaders() -> list[Provider[ModelLoader]]:
    """Loaders of SQL and Python files."""
    return [
        Provider(".sql", "interlace.model.sql_file:SqlLoader", "Models written in SQL"),
        Provider(".py", "interlace.model.python_file:PythonLoader", "Models written in Python, with @model"),
    ]


@hookimpl
def interlace_state_stores() -> list[Provider[StateStore]]:
    """The store in a SQLite file of the project, or in a database given by a URL."""
    return [Provider("sqlite", "interlace.state.store:Store", "A SQLite file in the project's .interlace folder")]


@hookimpl
def interlace_secret_providers() -> list[Provider[SecretProvider]]:
    """What needs no service: variables of the environment, and files."""
    return [
        Provider("env", "interlace.secrets.environment:EnvironmentSecrets", "Variables of the environment and of .env"),
        Provider("file", "interlace.secrets.file:FileSecrets", "Files, such as those under /run/secrets"),
    ]
