"""Exports: where they go, what tells that one changed, and writing one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from interlace.errors import ExportFailed
from interlace.plan.versions import digest

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.exporter import Exported
    from interlace.model.definition import ExportUse, Model
    from interlace.run.task import Export, Task

__all__ = ["export_fingerprints", "export_path", "path_of", "run_export"]


def export_fingerprints(model: Model) -> dict[str, str]:
    """The fingerprint of each export of a model, by its key: its position and format."""
    return {
        _key(i, use): digest(use.format, json.dumps(use.options, sort_keys=True, default=str))
        for i, use in enumerate(model.export)
    }


def path_of(model: Model, path: str, root: Path, environment: str) -> Path:
    """The absolute path of an export: ``{env}`` and ``{model}`` filled in."""
    return (root / path.replace("{env}", environment).replace("{model}", model.name)).absolute()


def export_path(task: Task, export: Export, root: Path, environment: str) -> Path:
    """Where one export of a task goes."""
    return path_of(task.model, export.options.path, root, environment)


def run_export(task: Task, export: Export, session: Session, path: Path) -> Exported:
    """Write one export.

    Raises:
        ExportFailed: it cannot be written; what was there before still is.
    """
    assert task.relation is not None  # noqa: S101  only relations are exported
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return export.exporter.export(session, f"SELECT * FROM {session.name(task.relation)}", path, export.options)
    except OSError as error:
        raise ExportFailed(f"{path} cannot be written: {error.strerror or error}", model=task.name) from error


def _key(position: int, use: ExportUse) -> str:
    return f"{position}:{use.format}"
