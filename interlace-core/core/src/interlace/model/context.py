"""What a loader is given and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from interlace.errors import InvalidModel, Location, did_you_mean

if TYPE_CHECKING:
    from interlace.model.declared import Declared, Given
    from interlace.model.declared_check import DeclaredCheck
    from interlace.model.definition import Body, Model, Source
    from interlace.model.words import Words
    from interlace.model.yaml_text import YamlText

__all__ = ["LoadedFile", "LoadingContext", "LoadingSettings", "Package", "PluginRegistry", "Plugins"]


class PluginRegistry(Protocol):
    """The part of a registry that reading definitions needs: the words that users write, and their classes."""

    def names(self) -> Sequence[str]:
        """The canonical words, sorted."""

    def provider(self, word: str, /) -> Any:
        """The provider of a word or alias; `UnknownProvider` where there is none."""

    def get(self, word: str, /) -> Any:
        """The class of a word or alias, imported; `UnknownProvider` where there is none."""


class Plugins(Protocol):
    """The part of the plugin manager that reading definitions needs."""

    def registry(self, contract: Any, /) -> Any:
        """The `PluginRegistry` of a contract."""

    def plugins(self) -> Sequence[Any]:
        """What is installed: values with ``distribution`` and ``version``."""


@dataclass(frozen=True, slots=True)
class LoadingSettings:
    """What the project's configuration says about models.

    Attributes:
        dialects: sqlglot's name of the dialect of each connection, by the connection's name.
        default_connection: the connection of models that name none.
        default_schema: the schema of models that name none, where the configuration says it.
        defaults: keys of models by folder below a model path (``staging/raw``; ``.`` is all); deeper folders win.
        sources: the section ``sources:`` of the configuration, by name.
        config_file: where `defaults` and `sources` stand, relative to the root, for messages.
        model_paths: the folders of models, relative to the root.
        seed_paths: the folders of seeds, relative to the root.
        check_paths: the folders of checks, relative to the root.
    """

    dialects: Mapping[str, str] = field(default_factory=lambda: {"default": "duckdb"})
    default_connection: str = "default"
    default_schema: str | None = None
    defaults: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    sources: Mapping[str, object] = field(default_factory=dict)
    config_file: str = "config.yaml"
    model_paths: tuple[str, ...] = ("models",)
    seed_paths: tuple[str, ...] = ("seeds",)
    check_paths: tuple[str, ...] = ("checks",)


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package that a Python model reaches; `path` is gone once another version is installed."""

    name: str
    version: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """What one file gave.

    Attributes:
        models: the models that it defines; none is fine.
        sources: the sources that it declares.
        reads: the other files that decided the result, absolute; the file is loaded again when one of them changes.
        packages: the installed packages that decided the result.
        checks: the checks that it declares, of whatever model.
    """

    models: tuple[Model, ...] = ()
    sources: tuple[Source, ...] = ()
    reads: tuple[Path, ...] = ()
    packages: tuple[Package, ...] = ()
    checks: tuple[DeclaredCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadingContext:
    """What a loader may look at.

    Attributes:
        root: the project's folder, absolute.
        settings: the project's settings for models.
        plugins: where words that plugins offer are looked up.
        words: reads the values of keys in which plugins take part.
        file: the file that is loaded, relative to the root, with forward slashes.
        defaults: the keys that the configuration gives to models of this folder.
        sidecar: the file beside it that says more, parsed; None where there is none.
        sidecar_file: that file, relative to the root.
    """

    root: Path
    settings: LoadingSettings
    plugins: Plugins
    words: Words
    file: str
    defaults: Mapping[str, Given] = field(default_factory=dict)
    sidecar: YamlText | None = None
    sidecar_file: str | None = None

    def declared(self, name: str | None, *, alone: bool) -> Declared:
        """Begin with what the sidecar says.

        Args:
            name: the model's name; None while it is not known.
            alone: whether the file defines one model, so that the sidecar's keys may stand at its top.

        The sidecar's section of a model is found by `name` under ``models:``.
        """
        from interlace.model.sidecar import sidecar_keys

        return sidecar_keys(self, name, alone=alone)

    def dialect(self, declared: Declared) -> str:
        """Name the dialect of the model's connection, as sqlglot does.

        Raises:
            InvalidModel: the project has no such connection.
        """
        given = declared.keys.get("connection") or self.defaults.get("connection")
        name = given.value if given else self.settings.default_connection
        dialect = self.settings.dialects.get(name) if isinstance(name, str) else None
        if dialect is None:
            known = did_you_mean(str(name), self.settings.dialects, label="Connections")
            where = given.where if given else Location(self.settings.config_file)
            raise InvalidModel(f"the project has no connection {name!r}", where=where, hint=known)
        return dialect

    def model(self, declared: Declared, body: Body, *, name: str, line: int, digest: str, typed: bool) -> Model:
        """Validate what was declared and make the model.

        Args:
            declared: all that was said about it.
            body: the query, function or file.
            name: its name where none was declared.
            line: where it is defined, from 1.
            digest: a hash of what gives the rows: the query, the function and what it reaches.
            typed: whether declared types of columns decide the rows.

        Raises:
            InvalidModel: with file, line and key; several are raised as `InvalidProject`.
        """
        from interlace.model.assemble import assemble

        return assemble(self, declared, body, name=name, line=line, digest=digest, typed=typed)
