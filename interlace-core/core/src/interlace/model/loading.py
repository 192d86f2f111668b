"""Loads all models, seeds and sources of a project: reads what changed, takes the rest from the cache."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from interlace.contracts.model_loader import ModelLoader
from interlace.errors import InterlaceError, InvalidConfig, InvalidGraph, InvalidModel, Location, did_you_mean
from interlace.model.cache import Cache
from interlace.model.context import LoadedFile, LoadingContext, LoadingSettings, Package, Plugins
from interlace.model.declared import Given, flatten
from interlace.model.files import Listing, Stamp, content_hash, list_files
from interlace.model.fingerprint import digest
from interlace.model.garbage import rare_collections
from interlace.model.keys import KEYS, canonical
from interlace.model.outline import Outline, outline_of, whole
from interlace.model.words import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from interlace.model.declared_check import DeclaredCheck
    from interlace.model.definition import Model, Node, Source
    from interlace.model.yaml_text import YamlText

__all__ = ["LoadedFile", "LoadedModels", "LoadingContext", "LoadingSettings", "Package", "Plugins", "load_models"]

_YAML = (".yaml", ".yml")
_SOURCES = ("sources.yaml", "sources.yml")
_SEED_SUFFIXES = (".csv", ".tsv", ".parquet", ".json", ".jsonl")


@dataclass(frozen=True, slots=True)
class LoadedModels:
    """What a project's files gave.

    Attributes:
        outlines: of models and seeds, those with ``enabled: false`` included, sorted by file and line.
        sources: the declared sources.
        errors: all that is wrong, each with its file and line; the models of a file with an error are missing.
        stamps: of every file and folder that was looked at.
    """

    outlines: tuple[Outline, ...]
    sources: tuple[Source, ...]
    errors: tuple[InterlaceError, ...]
    stamps: tuple[Stamp, ...]

    @property
    def models(self) -> tuple[Model, ...]:
        """The models and seeds, whole."""
        return tuple(outline.model() for outline in self.outlines)


def load_models(root: Path, settings: LoadingSettings, plugins: Plugins, *, cache: Path | None) -> LoadedModels:
    """Load the models of a project.

    Args:
        root: the project's folder.
        settings: what the configuration says about models.
        plugins: where loaders and the words of definitions are looked up.
        cache: the file that remembers what files gave; None reads everything.
    """
    with rare_collections():
        return _Load(root.resolve(), settings, plugins, cache).run()


@dataclass(slots=True)
class _Load:
    """One load of one project."""

    root: Path
    settings: LoadingSettings
    plugins: Plugins
    cache_path: Path | None
    models: list[Outline] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    checks: list[DeclaredCheck] = field(default_factory=list)
    errors: list[InterlaceError] = field(default_factory=list)
    _loaders: dict[str, ModelLoader] = field(default_factory=dict)
    _defaults: dict[str, dict[str, Given]] = field(default_factory=dict)

    def run(self) -> LoadedModels:
        registry = self.plugins.registry(ModelLoader)
        suffixes = frozenset(registry.names())
        words = Words(self.plugins)
        below = self._list(self.settings.model_paths)
        seeds = self._list(self.settings.seed_paths)
        checks = self._list(self.settings.check_paths)
        cache = Cache(self.cache_path, _token(self.settings, self.plugins))
        cache.open([*below.files, *seeds.files, *checks.files])
        self._check_defaults()
        self._load_models(below, suffixes, registry, words, cache)
        self._load_seeds(seeds, words, cache)
        self._load_configured_sources(words)
        self._load_checks(checks, registry, words, cache)
        cache.close()
        self._refuse_namesakes()
        folders = [*below.folders, *seeds.folders, *checks.folders]
        return LoadedModels(tuple(self.models), tuple(self.sources), tuple(self.errors), (*cache.looked_at(), *folders))

    def _list(self, paths: Iterable[str]) -> Listing:
        try:
            return list_files(self.root / path for path in paths)
        except OSError as error:
            where = Location(self._relative(str(error.filename))) if error.filename else None
            self.errors.append(InvalidModel(f"the folder cannot be read: {error.strerror}", where=where))
            return Listing()

    def _load_models(self, below: Listing, suffixes: frozenset[str], registry: Any, words: Words, cache: Cache) -> None:
        def load(content: bytes, context: LoadingContext) -> LoadedFile:
            path = self.root / context.file
            return self._loader(path.suffix, registry).load(path, content, context)

        sidecars = _sidecars(below.files, suffixes)
        used: set[str] = set()
        documents: list[Stamp] = []
        for stamp in below.files:
            stem, suffix = _split(stamp.path)
            if suffix in suffixes:
                beside = sidecars.get(stem)
                if beside is not None:
                    used.add(beside.path)
                self._file(stamp, beside, words, cache, load)
            elif suffix in _YAML:
                documents.append(stamp)
        for stamp in documents:
            if stamp.path.rpartition("/")[2] in _SOURCES:
                self._file(stamp, None, words, cache, self._sources_of)
            elif stamp.path not in used:
                self.errors.append(self._lonely(stamp, sidecars, suffixes))

    def _load_seeds(self, seeds: Listing, words: Words, cache: Cache) -> None:
        sidecars = _sidecars(seeds.files, frozenset(_SEED_SUFFIXES))
        used: set[str] = set()
        for stamp in seeds.files:
            stem, suffix = _split(stamp.path)
            if suffix.lower() in _SEED_SUFFIXES:
                beside = sidecars.get(stem)
                if beside is not None:
                    used.add(beside.path)
                self._file(stamp, beside, words, cache, _seed_of)
        for stamp in seeds.files:
            if stamp.path.endswith(_YAML) and stamp.path not in used:
                self.errors.append(self._lonely(stamp, sidecars, frozenset(_SEED_SUFFIXES)))

    def _load_configured_sources(self, words: Words) -> None:
        if self.settings.sources:
            from interlace.model.sources import configured_sources

            self._collect(lambda: self.sources.extend(configured_sources(self.settings, words)))

    def _load_checks(self, checks: Listing, registry: Any, words: Words, cache: Cache) -> None:
        """Read the files of checks, and give each check of the project to its model."""

        def load(content: bytes, context: LoadingContext) -> LoadedFile:
            if context.file.endswith(".sql"):
                from interlace.model.check_file import read_check_file

                return read_check_file(content, context)
            loaded = self._loader(".py", registry).load(self.root / context.file, content, context)
            for model in loaded.models:
                where = Location(context.file, model.line)
                self.errors.append(InvalidModel(f"{model.name} is a model, and stands among the checks", where=where))
            return replace(loaded, models=())

        for stamp in checks.files:
            if stamp.path.endswith((".sql", ".py")):
                self._file(stamp, None, words, cache, load)
        if self.checks:
            from interlace.model.declared_check import attach

            self.errors += attach(self.models, self.sources, self.checks, words, complete=not self.errors)

    def _file(
        self,
        stamp: Stamp,
        beside: Stamp | None,
        words: Words,
        cache: Cache,
        load: Callable[[bytes, LoadingContext], LoadedFile],
    ) -> None:
        known = cache.get(stamp.path, None if beside is None else beside.path)
        if known is not None:
            self.models += known[0]
            self.sources += known[1]
            self.checks += known[2]
            return
        try:
            self._read_file(stamp, beside, words, cache, load)
        except InterlaceError as error:
            self.errors.extend(flatten([error]))

    def _read_file(
        self,
        stamp: Stamp,
        beside: Stamp | None,
        words: Words,
        cache: Cache,
        load: Callable[[bytes, LoadingContext], LoadedFile],
    ) -> None:
        content = _read(stamp.path, self._relative(stamp.path))
        sidecar = None if beside is None else _read(beside.path, self._relative(beside.path))
        context = self._context(stamp, beside, sidecar, words)
        loaded = load(content, context)
        self.models += [outline_of(m) for m in loaded.models]
        self.sources += loaded.sources
        self.checks += loaded.checks
        read_beside = None if beside is None or sidecar is None else (beside, content_hash(sidecar))
        cache.put(stamp, content_hash(content), read_beside, loaded)

    def _collect(self, act: Callable[[], object]) -> None:
        try:
            act()
        except InterlaceError as error:
            self.errors.extend(flatten([error]))

    def _context(self, stamp: Stamp, beside: Stamp | None, sidecar: bytes | None, words: Words) -> LoadingContext:
        file = self._relative(stamp.path)
        document: YamlText | None = None
        sidecar_file = None
        if beside is not None and sidecar is not None:
            from interlace.model.text_file import decode
            from interlace.model.yaml_text import read_yaml

            sidecar_file = self._relative(beside.path)
            document = read_yaml(decode(sidecar, sidecar_file), sidecar_file)
        defaults = self._defaults_of(file)
        return LoadingContext(self.root, self.settings, self.plugins, words, file, defaults, document, sidecar_file)

    def _sources_of(self, content: bytes, context: LoadingContext) -> LoadedFile:
        from interlace.model.sources import read_sources

        return LoadedFile(sources=read_sources(content, context.file, self.settings, context.words))

    def _loader(self, suffix: str, registry: Any) -> ModelLoader:
        if suffix not in self._loaders:
            self._loaders[suffix] = registry.get(suffix)()
        return self._loaders[suffix]

    def _relative(self, path: str) -> str:
        prefix = f"{self.root}/"
        return path.removeprefix(prefix) if path.startswith(prefix) else Path(path).relative_to(self.root).as_posix()

    def _lonely(self, stamp: Stamp, sidecars: Mapping[str, Stamp], suffixes: frozenset[str]) -> InvalidModel:
        file = self._relative(stamp.path)
        stem, _ = _split(stamp.path)
        if stem in sidecars and sidecars[stem] is not stamp:
            message = f"{PurePosixPath(sidecars[stem].path).name!r} describes the same model: keep one of the two"
            return InvalidModel(message, where=Location(file))
        name = PurePosixPath(file).stem
        wanted = " or ".join(f"{name}{suffix}" for suffix in sorted(suffixes))
        hint = f"A sidecar stands beside {wanted}; sources are declared in sources.yaml."
        return InvalidModel("the file belongs to no model", where=Location(file), hint=hint)

    def _check_defaults(self) -> None:
        where = Location(self.settings.config_file)
        for folder, keys in self.settings.defaults.items():
            found = [p for p in self.settings.model_paths if (self.root / p / folder).is_dir()]
            if not found:
                known = _folders(self.root, self.settings.model_paths)
                hint = did_you_mean(folder, known, label="Folders of models")
                self.errors.append(
                    InvalidConfig(
                        f"'models' gives defaults for {folder!r}, but there is no such folder", where=where, hint=hint
                    )
                )
            for word in keys:
                key = canonical(word)
                if key is None or key is KEYS["name"]:
                    hint = did_you_mean(word, KEYS, label="Keys")
                    message = f"'models' gives the models in {folder!r} the key {word!r}, which cannot be a default"
                    self.errors.append(InvalidConfig(message, where=where, hint=hint))

    def _defaults_of(self, file: str) -> dict[str, Given]:
        folder = file.rpartition("/")[0]
        if folder not in self._defaults:
            self._defaults[folder] = _merged_defaults(folder, self.settings)
        return self._defaults[folder]

    def _refuse_namesakes(self) -> None:
        known: dict[str, Outline | Source] = {}
        nodes: list[Outline | Source] = [*self.models, *self.sources]
        twice: set[int] = set()
        for node in nodes:
            folded = node.name.casefold()
            first = known.setdefault(folded, node)
            if first is not node:
                twice.add(id(node))
                self.errors.append(_namesakes(whole(first), whole(node)))
        if twice:
            self.models = [m for m in self.models if id(m) not in twice]
            self.sources = [s for s in self.sources if id(s) not in twice]


def _seed_of(content: bytes, context: LoadingContext) -> LoadedFile:
    from interlace.model.seeds import load_seed

    return LoadedFile((load_seed(content_hash(content).hex(), context),))


def _read(path: str, file: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InvalidModel(f"the file cannot be read: {error.strerror}", where=Location(file)) from error


def _split(path: str) -> tuple[str, str]:
    folder, slash, name = path.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    return (f"{folder}{slash}{stem}", f".{suffix}") if dot and stem else (path, "")


def _sidecars(files: Sequence[Stamp], suffixes: frozenset[str]) -> dict[str, Stamp]:
    """The YAML files that stand beside a file of one of the suffixes, by path without suffix."""
    documents = [s for s in files if s.path.endswith(_YAML) and s.path.rpartition("/")[2] not in _SOURCES]
    if not documents:
        return {}
    stems = {stem for stem, suffix in (_split(s.path) for s in files) if suffix.lower() in suffixes}
    found: dict[str, Stamp] = {}
    for stamp in documents:
        stem, _ = _split(stamp.path)
        if stem in stems:
            found.setdefault(stem, stamp)
    return found


def _merged_defaults(folder: str, settings: LoadingSettings) -> dict[str, Given]:
    merged: dict[str, Given] = {}
    where = Location(settings.config_file)
    for prefix in sorted(settings.defaults, key=lambda p: (len(PurePosixPath(p).parts), p)):
        if any(_is_below(folder, PurePosixPath(path, prefix).as_posix()) for path in settings.model_paths):
            for word, value in settings.defaults[prefix].items():
                key = canonical(word)
                if key is not None and key is not KEYS["name"]:
                    merged[key.name] = Given(word, value, where)
    return merged


def _is_below(folder: str, prefix: str) -> bool:
    return folder == prefix or folder.startswith(f"{prefix}/")


def _folders(root: Path, model_paths: Iterable[str]) -> list[str]:
    found = []
    for path in model_paths:
        found += [str(f.relative_to(root / path)) for f in (root / path).rglob("*") if f.is_dir()]
    return found


def _namesakes(first: Node, second: Node) -> InvalidGraph:
    places = f"{first.file}:{first.line} and {second.file}:{second.line}"
    where = Location(second.file, second.line)
    if first.name == second.name:
        return InvalidGraph(f"the name {first.name!r} is given to two: {places}", where=where, hint="Names are unique.")
    message = f"the names {first.name!r} and {second.name!r} differ only in case: {places}"
    return InvalidGraph(message, where=where, hint="Names are compared without case.")


def _token(settings: LoadingSettings, plugins: Plugins) -> str:
    versions = sorted(
        (str(getattr(p, "distribution", "")), str(getattr(p, "name", "")), str(getattr(p, "version", "")))
        for p in plugins.plugins()
    )
    return digest(repr(settings), repr(versions))
