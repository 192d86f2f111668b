"""Exports: where they go, what tells that one changed, and writing one."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from interlace.errors import ConnectionFailure, ExportFailed, InvalidModel, Location, UsageError
from interlace.plan.versions import digest

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.exporter import Exported
    from interlace.contracts.files import FileConnection
    from interlace.model.definition import ExportUse, Model
    from interlace.run.table_export import TableExport
    from interlace.run.task import Export, Task
    from interlace.run.view import View

__all__ = ["export_fingerprints", "export_to_table", "is_there", "place_of", "require_places", "run_export"]


def export_fingerprints(model: Model) -> dict[str, str]:
    """The fingerprint of each export of a model, by its key: its position and format."""
    return {
        _key(i, use): digest(use.format, json.dumps(use.options, sort_keys=True, default=str))
        for i, use in enumerate(model.export)
    }


def place_of(view: View, model: Model, use: ExportUse) -> tuple[str, FileConnection | None]:
    """Where an export goes, ``{env}`` and ``{model}`` filled in: an absolute path, or a path in a connection.

    Raises:
        InvalidModel: its connection does not exist or has tables, or the path leads out of it.
    """
    path = str(use.options.get("path")).replace("{env}", view.environment).replace("{model}", model.name)
    name = use.options.get("connection")
    if name is None:
        return str((view.loaded.root / path).absolute()), None
    from interlace.contracts.file_patterns import checked_path

    connection = _connection(view, model, str(name))
    try:
        return checked_path(path), connection
    except UsageError as error:
        raise _wrong(model, error.message, error.hint) from None


def require_places(view: View, names: frozenset[str]) -> None:
    """Look at where the exports of some models go, before anything runs.

    Raises:
        InvalidModel: as for `place_of`.
    """
    tables: dict[str, list[TableExport]] = {}
    for name in sorted(names & set(view.models)):
        model = view.models[name]
        for key, use in zip(export_fingerprints(model), model.export, strict=True):
            if "path" in use.options:
                place_of(view, model, use)
            elif (made := export_to_table(view, model, use, key, "")) is not None:
                tables.setdefault(name, []).append(made)
    if tables:
        from interlace.run.table_export import require_tables

        require_tables(view, tables)


def export_to_table(view: View, model: Model, use: ExportUse, key: str, fingerprint: str) -> TableExport | None:
    """An export to a table of another connection, looked at; None for one to files.

    Raises:
        InvalidModel: where it goes is none.
    """
    if "path" in use.options:
        return None
    from interlace.run.table_export import loading_of, table_export

    loading = loading_of(view, use)
    return None if loading is None else table_export(view, model, loading, key, fingerprint)


def is_there(view: View, model: Model, use: ExportUse) -> bool:
    """Whether an export is where it goes; a place that does not answer is asked again by writing to it."""
    if (table := export_to_table(view, model, use, "", "")) is not None:
        from interlace.run.table_export import table_is_there

        return table_is_there(table)
    path, connection = place_of(view, model, use)
    if connection is None:
        file = Path(path)
        return file.exists()
    try:
        return connection.exists(path)
    except ConnectionFailure:
        return False


def run_export(task: Task, export: Export, session: Session) -> Exported:
    """Write one export.

    Raises:
        ExportFailed: it cannot be written; what was there before still is.
    """
    assert task.relation is not None  # noqa: S101  only relations are exported
    sql = f"SELECT * FROM {session.name(task.relation)}"
    try:
        if export.connection is not None:
            return _to_connection(export, export.connection, session, sql)
        path = Path(export.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if (folder := export.exporter.folder(export.options)) is not None:
            from interlace.run.exported_folder import write_local

            return write_local(path, folder, lambda staged: _export(export, session, sql, staged))
        return _export(export, session, sql, path)
    except OSError as error:
        raise ExportFailed(f"{export.shown} cannot be written: {error.strerror or error}", model=task.name) from error
    except ConnectionFailure as error:
        raise ExportFailed(error.message, hint=error.hint, model=task.name) from error


def _to_connection(export: Export, connection: FileConnection, session: Session, sql: str) -> Exported:
    """Write to a temporary file of this machine, then to its place: what does not arrive whole leaves the old one."""
    with tempfile.TemporaryDirectory(prefix="interlace-export-") as folder:
        staged = Path(folder) / "exported"
        parts = export.exporter.folder(export.options)
        if parts is None:
            exported = _export(export, session, sql, staged)
            connection.upload(staged, export.path)
            return exported
        from interlace.run.exported_folder import publish_to_connection

        staged.mkdir()
        exported = _export(export, session, sql, staged)
        publish_to_connection(staged, connection, export.path, parts)
        return exported


def _export(export: Export, session: Session, sql: str, path: Path) -> Exported:
    try:
        return export.exporter.export(session, sql, path, export.options)
    except ExportFailed as error:
        # A file that stands in for another one until it is whole is none of the user's.
        raise ExportFailed(error.message.replace(str(path), export.shown), hint=error.hint) from error


def _connection(view: View, model: Model, name: str) -> FileConnection:
    from interlace.contracts.files import FileConnection
    from interlace.errors import did_you_mean

    known = view.loaded.config.connections
    if name not in known:
        raise _wrong(
            model,
            f"names the connection {name!r}, which does not exist",
            did_you_mean(name, known, label="Connections"),
        )
    connection = view.loaded.connections.get(name)
    if not isinstance(connection, FileConnection):
        said = f"names the connection {name!r}, which has tables: an export is a file"
        raise _wrong(model, said, "Name a connection to files, such as one of type s3 or filesystem.")
    return connection


def _wrong(model: Model, said: str, hint: str | None) -> InvalidModel:
    where = Location(model.file, model.line)
    return InvalidModel(f"the export of {model.name} {said}", where=where, hint=hint or None, model=model.name)


def _key(position: int, use: ExportUse) -> str:
    return f"{position}:{use.format}"
