"""Loading a project: configuration, plugins, models, graph.  Reads files, opens no database."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from interlace.errors import InterlaceError, InvalidProject
from interlace.model.garbage import rare_collections
from interlace.plan.observe import Observation, observe, observe_file, observe_tree
from interlace.run.connections import Connections
from interlace.run.policy import apply_policy, has_policy

if TYPE_CHECKING:
    from interlace.config import LoadedConfig
    from interlace.graph.build import Graph
    from interlace.model.definition import Model
    from interlace.model.files import Stamp
    from interlace.model.outline import Outline
    from interlace.plugins import PluginManager

__all__ = ["Loaded", "load"]

CACHE = Path(".interlace") / "models.cache"
TREES = ("models", "seeds", "checks")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A project as its files say it is.

    Attributes:
        environ: the variables of the environment, where they are not the process's own.
        variables: the values of ``vars:``; `environment` and the like are added when a query is compiled.
        observations: all that the loading looked at, as it was before it was read; None where nobody wants to know.
        given: the values of ``vars:`` that were given, as they were.
    """

    root: Path
    config: LoadedConfig
    plugins: PluginManager
    connections: Connections
    graph: Graph
    variables: Mapping[str, object]
    observations: tuple[Observation, ...] | None
    environ: Mapping[str, str] | None = None
    given: Mapping[str, object] = field(default_factory=dict)


@rare_collections()
def load(
    path: Path,
    env: str | None,
    given: Mapping[str, object] | None,
    environ: Mapping[str, str] | None,
    overrides: Mapping[str, object] | None = None,
    *,
    observed: bool = True,
) -> Loaded:
    """Load the project at or above a folder; `overrides` are values of the configuration by dotted keys.

    Args:
        path: the folder, or one below it.
        env: the environment's name.
        given: values of ``vars:``.
        environ: the variables of the environment, where they are not the process's own.
        overrides: values of the configuration.
        observed: whether to note what was looked at, so that "nothing to do" can be remembered.

    Raises:
        ProjectNotFound: there is none.
        InvalidProject: everything that is wrong with its files.
    """
    from interlace.config import find_root, load_config
    from interlace.graph.build import Graph
    from interlace.model.context import LoadingSettings
    from interlace.model.loading import load_models
    from interlace.plugins import PluginManager

    root = find_root(path)
    trees = [o for folder in TREES for o in observe_tree(str(root / folder))] if observed else []
    config = load_config(root, env, overrides=overrides, environ=environ)
    options = config.config.plugins
    plugins = PluginManager.discover(safe=options.safe, strict=options.strict, disabled=options.disabled)
    plugins.notify("interlace_configure", config=config.config)
    connections = Connections(config, plugins)
    settings = LoadingSettings(
        dialects=connections.dialects(),
        default_connection=config.default_connection,
        default_schema=config.config.default_schema,
        defaults=config.config.models,
        sources=_sources(config.config.sources),
    )
    models = load_models(root, settings, plugins, cache=root / CACHE)
    if models.errors:
        raise InvalidProject(models.errors)
    decided: Iterable[Model | Outline] = models.outlines
    if has_policy(plugins):
        decided = apply_policy(models.models, plugins, tuple(config.connections))
    graph = Graph.build(decided, models.sources, replace(settings, default_schema=_default_schema(config, connections)))
    observations = (*trees, *_observations(root, config, models.stamps)) if observed else None
    variables = config.variables(given)
    return Loaded(root, config, plugins, connections, graph, variables, observations, environ, dict(given or {}))


def _observations(root: Path, config: LoadedConfig, stamps: Iterable[Stamp]) -> list[Observation]:
    """What was looked at beside the files of models, seeds and checks."""
    below = tuple(str(root / folder) + os.sep for folder in TREES)
    elsewhere = [s.path for s in stamps if not s.path.startswith(below) and not os.path.isdir(s.path)]  # noqa: PTH112
    helpers = [o for path in elsewhere for o in observe_file(path)]
    return [*helpers, *_config_observations(config, root), Observation("python", "", observe("python", ""))]


def _default_schema(config: LoadedConfig, connections: Connections) -> str | None:
    """The schema of models that name none, so that ``schema.name`` means them as well; without opening anything."""
    try:
        return config.default_schema() or connections.default_schema()
    except InterlaceError:
        return None  # an unset variable matters to who uses the connection (ruling 23)


def _sources(section: Mapping[str, object] | list[object]) -> Mapping[str, object]:
    """``sources:`` as a mapping; a list is a list of names."""
    if isinstance(section, Mapping):
        return section
    return {str(name): {} for name in section}


def _config_observations(config: LoadedConfig, root: Path) -> list[Observation]:
    seen = config.observed
    found = [o for path in (*seen.read, *seen.absent) for o in observe_file(str(path))]
    found += [Observation("glob", f"{root}/{pattern}", observe("glob", f"{root}/{pattern}")) for pattern in seen.globs]
    found += [Observation("env", name, "absent" if value is None else value) for name, value in seen.variables.items()]
    found += [Observation("prefix", prefix, observe("prefix", prefix)) for prefix in seen.prefixes]
    return found
