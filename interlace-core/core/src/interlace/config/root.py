"""The project's root: the nearest folder upwards that has both ``config.yaml`` and ``models/``."""

from __future__ import annotations

import os
from pathlib import Path

from interlace.errors import ProjectNotFound

__all__ = ["CONFIG", "find_root"]

CONFIG = "config.yaml"
MODELS = "models"
_NEAR = ("config.yml", "Config.yaml", "config.yaml.txt", "interlace.yaml", "interlace.yml")


def find_root(start: Path) -> Path:
    """Find the root of the project that a folder, or a file in it, belongs to.

    Returns:
        the absolute path of the root.

    Raises:
        ProjectNotFound: says from where it looked, and what came near.
    """
    # Not `absolute()`, which keeps `..`: the parents of `project/../other` would lead through `project`.
    begin = Path(os.path.abspath(Path(start).expanduser()))  # noqa: PTH100  the one that leaves links as they are
    if not begin.exists():
        raise ProjectNotFound(f"There is no folder {str(start)!r}.")
    folder = begin if begin.is_dir() else begin.parent
    for candidate in (folder, *folder.parents):
        if (candidate / CONFIG).is_file() and (candidate / MODELS).is_dir():
            return candidate
    raise ProjectNotFound(
        f"No Interlace project in {str(folder)!r} or above: looked for a folder with both {CONFIG} and {MODELS}/.",
        hint=_near(folder),
    )


def _near(folder: Path) -> str:
    for candidate in (folder, *folder.parents):
        if said := _near_in(candidate):
            return said
    for child in _folders(folder):
        if (child / CONFIG).is_file() and (child / MODELS).is_dir():
            return f"There is a project in {str(child)!r}: go there, or give --project."
    return "Make a project with: interlace init my_project"


def _near_in(folder: Path) -> str | None:
    has_config, has_models = (folder / CONFIG).is_file(), (folder / MODELS).is_dir()
    if has_config and not has_models:
        return f"{str(folder)!r} has {CONFIG} but no folder {MODELS}/: make it."
    for name in _NEAR if has_models or folder.name else ():
        # a file system that folds case answers yes for any spelling, so the listing decides
        if (folder / name).is_file() and not has_config:
            return f"{str(folder)!r} has {name}: rename it to {CONFIG}" + (
                "." if has_models else f", beside {MODELS}/."
            )
    return None


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(child for child in folder.iterdir() if child.is_dir())
    except OSError:
        return []
