"""A project that is loaded: its configuration, its models, its state, its connections."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from interlace.contracts.state import StateStore
from interlace.errors import InterlaceError, InvalidGraph, UsageError, did_you_mean
from interlace.run.loaded import load
from interlace.run.view import View

if TYPE_CHECKING:
    from interlace.config import LoadedConfig
    from interlace.contracts.connection import Connection
    from interlace.graph.build import Graph
    from interlace.plan.deferral import Base
    from interlace.plan.planner import Facts, Planned
    from interlace.plugins import PluginManager
    from interlace.run.execution import Execution
    from interlace.run.loaded import Loaded

__all__ = ["LoadedProject"]


class LoadedProject:
    """What all that is done with a project stands on."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._view = View(loaded)
        self._store: StateStore | None = None
        self._execution: Execution | None = None
        self._stop: threading.Event | None = None
        self._last: tuple[Planned, Facts] | None = None
        self._done: Facts | None = None

    @classmethod
    def load(
        cls,
        path: str | Path = ".",
        *,
        env: str | None = None,
        vars: Mapping[str, object] | None = None,  # noqa: A002  the word of the configuration
        environ: Mapping[str, str] | None = None,
        observed: bool = True,
    ) -> Self:
        """Find the project at or above `path` and load it.

        Args:
            path: a folder in the project.
            env: the environment's name; else ``INTERLACE_ENV``, else the project's default.
            vars: values for the project's ``vars``.
            environ: the variables of the environment, in place of the process's own.
            observed: whether to note what was looked at, which costs one more look: `nothing_to_do` keeps nothing
                without.

        Raises:
            ProjectNotFound: there is none.
            InvalidProject: everything that is wrong with its files.
        """
        return cls(load(Path(path), env, vars, environ, observed=observed))

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self._loaded.root

    @property
    def name(self) -> str:
        """The project's name."""
        return self._loaded.config.name

    @property
    def environment(self) -> str:
        """The environment's name."""
        return self._loaded.config.environment

    @property
    def config(self) -> LoadedConfig:
        """The merged configuration, and where each value came from."""
        return self._loaded.config

    @property
    def plugins(self) -> PluginManager:
        """What is installed."""
        return self._loaded.plugins

    @property
    def graph(self) -> Graph:
        """The models and sources."""
        return self._loaded.graph

    @property
    def store(self) -> StateStore:
        """The state, opened when it is first used."""
        if self._store is None:
            config = self._loaded.config
            cls: Any = self._loaded.plugins.registry(StateStore).get(config.config.state.type)
            store: StateStore = cls(config.options(cls.Config, "state"), root=self.root)
            store.open()
            self._store = store
        return self._store

    def connection(self, name: str | None = None) -> Connection:
        """A connection by its name; the default one without."""
        return self._loaded.connections.get(name)

    def close(self) -> None:
        """Close connections and state; closing twice does nothing."""
        self._loaded.connections.close()
        if self._store is not None:
            self._store.close()
            self._store = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _read(self) -> Iterator[None]:
        """Close the database files that were looked into, so that other processes may write to them."""
        try:
            yield
        finally:
            self._loaded.connections.close(only_persistent=True)

    @contextmanager
    def _written(self) -> Iterator[None]:
        """The same after writing; what the files then look like is kept, to see later whether another wrote there."""
        refused = False
        self._done = None
        self._loaded.connections.note_files()
        try:
            with self._read():
                yield
        except InterlaceError:
            refused = True
            raise
        finally:
            self._execution = self._stop = None
            if not refused:  # what another process is writing, or did before, says nothing of what is known
                self._loaded.connections.save_stamps(self.store, self.environment, self._unseen())

    def _unseen(self) -> set[str]:
        """The connections of which no complete run looked at all that the environment has published there."""
        view, done = self._view, self._done
        if done is None:
            return set(view.loaded.config.connections)
        passed = [n for n in done.state.models if n in view.models and n not in done.selected]
        return {view.connection_name(view.models[n]) for n in passed}

    def _base(self, asked: str | None, names: Collection[str]) -> Base | None:
        """The environment that this one defers to."""
        if asked is None and self._loaded.config.config.defer_to is None:
            return None
        from interlace.run.deferring import base_of, wanted_base

        wanted = wanted_base(self._loaded.config, asked)
        return base_of(self._view, self.store, wanted, names) if wanted is not None else None

    def _defer(self) -> None:
        """Let models be read where a run would read them, for who looks at them outside of one."""
        view = self._view
        if self.environment != self._loaded.config.config.base_environment and self._has_sources():
            from interlace.run.copies import copies_of

            view.copies = copies_of(view, self.store.snapshot(self.environment))
        from interlace.plan.deferral import NO_DEFERRAL, decide
        from interlace.run.fallback import found_elsewhere, has_fallbacks

        deferral = NO_DEFERRAL
        view.fall_back({})
        base = self._base(None, frozenset(view.models))
        if base is not None:
            state = self.store.snapshot(self.environment)
            deferral = decide(self.graph, view.kinds, view.fingerprints, state, base, selected=())
            view.deferred = deferral.relations
        if has_fallbacks(view):
            view.fall_back(found_elsewhere(view, (), deferral))

    def _has_sources(self) -> bool:
        return len(self._view.models) < len(self.graph.nodes)

    def _name(self, name: str) -> str:
        nodes = self.graph.nodes
        if name in nodes:
            return name
        folded = {n.casefold(): n for n in nodes}
        if name.casefold() in folded:
            return folded[name.casefold()]
        if not nodes:
            raise UsageError("the project has no models")
        raise InvalidGraph(f"there is no model or source {name!r}", hint=did_you_mean(name, nodes, label="Known"))
