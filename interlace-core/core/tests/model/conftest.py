"""A project's folder that tests fill, and plugins that stand in for the real ones."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from interlace.contracts.check import Check, CheckOptions
from interlace.contracts.exporter import Exporter, ExportOptions
from interlace.contracts.materialiser import Materialiser
from interlace.contracts.model_loader import ModelLoader
from interlace.contracts.options import Options
from interlace.contracts.strategy import Strategy
from interlace.errors import UnknownProvider, did_you_mean
from interlace.model.definition import Model
from interlace.model.loading import LoadedModels, LoadingSettings, load_models
from interlace.model.python_file import PythonLoader
from interlace.model.python_imports import private_name
from interlace.model.sql_file import SqlLoader


class Replace(Strategy):
    groupable = True

    def plan(self, spec: Any) -> Any:
        raise NotImplementedError


class MergeOptions(Options):
    update: str = "all"


class Merge(Replace):
    Config: ClassVar[type[Options]] = MergeOptions
    needs_key = True


class Table(Materialiser):
    kind = "table"
    uses_strategy = True

    def build(self, *_: Any) -> Any:
        raise NotImplementedError


class View(Table):
    kind = "view"
    uses_strategy = False
    python = False


class Nothing(Table):
    kind = None
    uses_strategy = False


class UniqueOptions(CheckOptions):
    columns: str | list[str]


class Unique(Check):
    Config = UniqueOptions
    shorthand = "columns"
    column_option = "columns"

    def columns(self, options: Any) -> tuple[str, ...]:
        return tuple(options.columns)

    def compile(self, *_: Any) -> Any:
        raise NotImplementedError

    def judge(self, *_: Any) -> Any:
        raise NotImplementedError


class AcceptedOptions(CheckOptions):
    column: str
    values: list[object]


class Accepted(Unique):
    Config = AcceptedOptions
    shorthand = "values"
    column_option = "column"


class RowCountOptions(CheckOptions):
    min: int = 0


class RowCount(Unique):
    Config = RowCountOptions
    shorthand = None
    column_option = None


class CsvOptions(ExportOptions):
    header: bool = True


class Csv(Exporter):
    Config = CsvOptions

    def export(self, *_: Any) -> Any:
        raise NotImplementedError


class Registry:
    def __init__(self, words: Mapping[str, Any], aliases: Mapping[str, str]) -> None:
        self._words = words
        self._aliases = aliases

    def names(self) -> list[str]:
        return sorted(self._words)

    def provider(self, word: str) -> Any:
        name = self._aliases.get(word, word)
        if name not in self._words:
            raise UnknownProvider(f"Nothing is called {word!r}. {did_you_mean(word, self._words)}")
        return SimpleNamespace(name=name)

    def get(self, word: str) -> Any:
        return self._words[self.provider(word).name]


@dataclass
class Plugins:
    version: str = "1"
    loaders: dict[str, type[ModelLoader]] = field(default_factory=lambda: {".sql": SqlLoader, ".py": PythonLoader})

    def registry(self, contract: Any) -> Registry:
        words: dict[Any, dict[str, Any]] = {
            ModelLoader: self.loaders,
            Strategy: {"replace": Replace, "merge": Merge, "append": Replace},
            Materialiser: {"table": Table, "view": View, "ephemeral": View, "none": Nothing},
            Check: {"unique": Unique, "not_null": Unique, "accepted_values": Accepted, "row_count": RowCount},
            Exporter: {"csv": Csv},
        }
        return Registry(words[contract], {"upsert": "merge"})

    def plugins(self) -> list[Any]:
        return [SimpleNamespace(name="core", distribution="interlace-core", version=self.version)]


@dataclass
class Project:
    """A folder, and what loading it gives."""

    root: Path
    plugins: Plugins = field(default_factory=Plugins)
    settings: LoadingSettings = field(default_factory=LoadingSettings)

    def write(self, file: str, text: str | bytes) -> Path:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    def load(self, *, cache: str | None = None) -> LoadedModels:
        return load_models(self.root, self.settings, self.plugins, cache=self.root / cache if cache else None)

    def models(self, **files: str) -> dict[str, Model]:
        """The models by name; every error fails the test."""
        loaded = self.load()
        assert [] == [str(e) for e in loaded.errors]
        return {model.name: model for model in loaded.models}

    def model(self, file: str, text: str) -> Model:
        self.write(file, text)
        (model,) = self.models().values()
        return model

    def errors(self) -> list[str]:
        return [str(e) for e in self.load().errors]

    def error(self, file: str, text: str | bytes) -> str:
        self.write(file, text)
        (message,) = self.errors()
        return message


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    root = tmp_path / "project"
    (root / "models").mkdir(parents=True)
    before = list(sys.path)
    yield Project(root)
    assert before == sys.path
    prefix = private_name(root.resolve())
    for name in [n for n in sys.modules if n.startswith(prefix)]:
        del sys.modules[name]


@pytest.fixture
def fingerprint(project: Project) -> Callable[..., Any]:
    """The fingerprint of a SQL model with this text."""

    def of(text: str, file: str = "models/m.sql") -> Any:
        return project.model(file, text).fingerprint

    return of
