"""``interlace init``: making a project from a template."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlace.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

__all__ = ["TEMPLATES", "Starter", "create", "read_template", "template_files", "write_starters"]

TEMPLATES: Final = {
    "minimal": "one SQL model, one Python model, one check",
    "shop": "seeds, staging views, marts, checks and exports",
    "ingest": "files that arrive in a folder, loaded and appended by Python models",
}
_DOT: Final = "dot."


@dataclass(frozen=True, slots=True)
class Starter:
    """One file of a template: where it goes, relative to the project, and what is in it."""

    path: str
    content: bytes


def template_files(name: str) -> list[Starter]:
    """The files of a template, sorted by path.  ``dot.gitignore`` stands for ``.gitignore``: packaging drops dot files.

    Raises:
        UsageError: there is no such template.
    """
    if name not in TEMPLATES:
        raise UsageError(f"There is no template {name!r}.", hint=did_you_mean(name, TEMPLATES, label="Templates"))
    return read_template(name)


def read_template(name: str) -> list[Starter]:
    """The files of a folder of templates, sorted by path."""
    from importlib.resources import files

    return sorted(_walk(files("interlace") / "templates" / name, ""), key=lambda starter: starter.path)


def _walk(folder: Traversable, above: str) -> list[Starter]:
    found = []
    for child in folder.iterdir():
        name = "." + child.name.removeprefix(_DOT) if child.name.startswith(_DOT) else child.name
        path = f"{above}{name}"
        if child.is_dir():
            found += [] if child.name == "__pycache__" else _walk(child, f"{path}/")
        else:
            found.append(Starter(path, child.read_bytes()))
    return found


def create(directory: Path, template: str, *, force: bool = False) -> list[Path]:
    """Make a project.

    Args:
        directory: made unless it is there.
        force: write although the folder holds something; files of the template replace those of the same name.

    Returns:
        the files that were written.

    Raises:
        UsageError: the folder is not empty, is a file, or cannot be written; nothing of it was changed.
    """
    otherwise = "Choose another folder, or give --force."
    return write_starters(directory, template_files(template), force=force, otherwise=otherwise)


def write_starters(
    directory: Path, starters: Iterable[Starter], *, force: bool = False, otherwise: str | None = None
) -> list[Path]:
    """Write files into a folder, which is made unless it is there.

    Args:
        directory: the folder.
        starters: the files.
        force: write although the folder holds something.
        otherwise: what to do about a folder that does.

    Returns:
        the files that were written.

    Raises:
        UsageError: the folder is not empty, is a file, or cannot be written; nothing of it was changed.
    """
    _check_target(directory, otherwise, force=force)
    written = []
    try:
        for starter in starters:
            path = directory / starter.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(starter.content)
            written.append(path)
    except OSError as error:
        raise _unwritable(error, directory) from error
    return written


def _check_target(directory: Path, otherwise: str | None, *, force: bool) -> None:
    try:
        if not directory.exists():
            directory.mkdir(parents=True)
        elif not directory.is_dir():
            raise UsageError(f"{str(directory)!r} is a file, not a folder.")
        elif not force and (found := sorted(entry.name for entry in directory.iterdir())):
            some = ", ".join([*found[:3], *(["…"] if found[3:] else [])])
            raise UsageError(f"{str(directory)!r} is not empty: it holds {some}.", hint=otherwise)
    except OSError as error:
        raise _unwritable(error, directory) from error
    if not os.access(directory, os.W_OK | os.X_OK):
        raise UsageError(f"{str(directory)!r} cannot be written: permission denied.")


def _unwritable(error: OSError, directory: Path) -> UsageError:
    name = error.filename or str(directory)
    return UsageError(f"{str(name)!r} cannot be written: {(error.strerror or str(error)).lower()}.")
