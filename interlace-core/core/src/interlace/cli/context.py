"""What a command needs before it can begin: the project, or only its state."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from interlace.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlace.config import LoadedConfig
    from interlace.contracts.state import StateStore
    from interlace.plugins import PluginManager
    from interlace.run.project import Project

__all__ = [
    "load_project",
    "open_store",
    "parse_vars",
    "plugin_manager",
    "project_plugins",
    "start",
    "unopened_store",
]


def parse_vars(given: Sequence[str] | None) -> dict[str, object]:
    """Read ``NAME=VALUE`` words; the project's types decide later what a value means.

    Raises:
        UsageError: a word without ``=`` or without a name, or a name given twice.
    """
    values: dict[str, object] = {}
    for word in given or ():
        name, equals, value = word.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--var {word!r} is not NAME=VALUE.", hint="Write for example --var start=2024-01-01")
        if name in values:
            raise UsageError(f"--var {name} is given twice.")
        values[name.strip()] = value
    return values


def start(project: Path | None) -> Path:
    """Where to look for a project: what was given, else ``INTERLACE_PROJECT``, else the working folder."""
    return project or Path(os.environ.get("INTERLACE_PROJECT") or ".")


def load_project(
    project: Path | None,
    env: str | None,
    vars: Sequence[str] | None = None,  # noqa: A002
    *,
    given: Mapping[str, object] | None = None,
    observed: bool = True,
) -> Project:
    """Find and load the project at or above `project` (default: the working folder).

    `vars` are words of the command line, `given` values of the project's variables; `observed` as for `Project.load`.

    Use the result as a context manager, so that connections and state are closed.  The process goes to the project's
    folder, for relative paths in SQL and in Python models are meant from there.

    Raises:
        ProjectNotFound: there is none.
        InvalidProject: everything that is wrong with its files.
    """
    from interlace.run.project import Project

    loaded = Project.load(
        start(project), env=env, vars={**(given or {}), **parse_vars(vars)} or None, observed=observed
    )
    _enter(loaded.root)
    return loaded


def _enter(root: Path) -> None:
    os.chdir(root)


def open_store(project: Path | None, env: str | None) -> tuple[StateStore, str]:
    """Open the project's state without loading a model.

    Returns:
        the open store, which the caller closes, and the environment's name.
    """
    store, loaded = unopened_store(project, env)
    store.open()
    return store, loaded.environment


def unopened_store(project: Path | None, env: str | None) -> tuple[StateStore, LoadedConfig]:
    """The project's state as it is configured, not yet opened (to upgrade it), and the configuration."""
    from interlace.config import find_root, load_config
    from interlace.contracts.state import StateStore

    loaded = load_config(find_root(start(project)), env)
    kind = plugin_manager(loaded).registry(StateStore).get(loaded.config.state.type)
    make: Callable[..., StateStore] = kind
    return make(loaded.options(kind.Config, "state"), root=loaded.root), loaded


def plugin_manager(loaded: LoadedConfig | None = None) -> PluginManager:
    """The installed plugins, as the project wants them; outside of a project all of them."""
    from interlace.plugins import PluginManager

    if loaded is None:
        return PluginManager.discover()
    wanted = loaded.config.plugins
    return PluginManager.discover(safe=wanted.safe, strict=wanted.strict, disabled=wanted.disabled)


def project_plugins(project: Path | None, env: str | None, *, lenient: bool = False) -> PluginManager:
    """The plugins of the project at or above `project`, or all that are installed where there is no project.

    Args:
        lenient: do not raise for a broken plugin although the project is strict: the caller reports failures.
    """
    from interlace.config import find_root, load_config
    from interlace.errors import ProjectNotFound
    from interlace.plugins import PluginManager

    try:
        root = find_root(start(project))
    except ProjectNotFound:
        if project is not None:
            raise
        return plugin_manager()
    loaded = load_config(root, env)
    if not lenient:
        return plugin_manager(loaded)
    wanted = loaded.config.plugins
    return PluginManager.discover(safe=wanted.safe, disabled=wanted.disabled)
