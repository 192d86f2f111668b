"""The connections of a project that have files, and no tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.errors import InvalidModel, Location, UsageError

if TYPE_CHECKING:
    from interlace.contracts.files import FileConnection
    from interlace.run.view import View

__all__ = ["file_connection", "refuse_connections_without_tables"]


def file_connection(view: View, name: str) -> FileConnection:
    """A connection that has files.

    Raises:
        InvalidConfig: there is none of this name, or its options are wrong.
        UsageError: it has tables.
    """
    from interlace.contracts.files import FileConnection

    connection = view.loaded.connections.get(name)
    if isinstance(connection, FileConnection):
        return connection
    raise UsageError(
        f"the connection {name!r} has tables, no files",
        hint="Name a connection to files, such as one of type s3 or filesystem.",
    )


def refuse_connections_without_tables(view: View, names: frozenset[str]) -> None:
    """Refuse models on a connection that has files only.

    Raises:
        InvalidModel: names both.
    """
    for name in sorted(names & set(view.models)):
        model = view.models[name]
        if not view.connection(model).has_tables:
            used = model.connection or view.loaded.config.default_connection
            raise InvalidModel(
                f"{name} is on the connection {used!r}, which has files, no tables",
                where=Location(model.file, model.line),
                hint=f"Put it on a database; Python models read files by context.files({used!r}), and exports name it.",
                model=name,
            )
