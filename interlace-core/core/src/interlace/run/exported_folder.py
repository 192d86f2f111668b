"""An export that is a folder: its new files are put into their places, and then the old ones are removed."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlace.contracts.exporter import Exported, Folder
    from interlace.contracts.files import FileConnection

__all__ = ["publish_to_connection", "superseded", "write_local"]


def write_local(path: Path, folder: Folder, write: Callable[[Path], Exported]) -> Exported:
    """Write into a folder beside `path`, then put each of its files into its place.

    Each file takes the place of the one of its name in one step; an error before leaves everything as it was.
    """
    if path.is_file():
        raise NotADirectoryError(None, "it is a file, and the export is a folder")
    staged = path.with_name(f".{path.name[:200]}.{uuid.uuid4().hex}.tmp")
    staged.mkdir()
    try:
        exported = write(staged)
        new = sorted(_below(staged))
        old = list(_below(path)) if path.is_dir() else []
        for file in new:
            (path / file).parent.mkdir(parents=True, exist_ok=True)
            os.replace(staged / file, path / file)  # noqa: PTH105  the name of the system call that is atomic
        path.mkdir(exist_ok=True)
        for file in superseded(old, new, folder):
            (path / file).unlink(missing_ok=True)
            _remove_empty(path / file, path)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return exported


def publish_to_connection(staged: Path, connection: FileConnection, path: str, folder: Folder) -> None:
    """Put the files of a local folder into their places in a connection."""
    new = sorted(_below(staged))
    old = [found.path[len(path) + 1 :] for found in connection.list(f"{path}/**")]
    for file in new:
        connection.upload(staged / file, f"{path}/{file}")
    for file in superseded(old, new, folder):
        connection.delete(f"{path}/{file}")


def superseded(old: Iterable[str], new: Iterable[str], folder: Folder) -> list[str]:
    """The files that have to go, of those that were there; all paths are relative to the folder."""
    written = {PurePosixPath(file) for file in new}
    folders = {file.parent for file in written}
    return sorted(
        str(file)
        for file in map(PurePosixPath, old)
        if file not in written and file.suffix == folder.suffix and (file.parent in folders or not folder.keeps_others)
    )


def _below(folder: Path) -> Iterator[str]:
    """The paths of all files, relative to a folder; what begins with a dot is nobody's export."""
    for file in folder.rglob("*"):
        relative = file.relative_to(folder)
        if file.is_file() and not any(part.startswith(".") for part in relative.parts):
            yield relative.as_posix()


def _remove_empty(file: Path, root: Path) -> None:
    for folder in file.parents:
        if folder == root or any(folder.iterdir()):
            return
        folder.rmdir()
