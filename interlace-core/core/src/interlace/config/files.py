"""The files of a configuration: read once, and remembered together with those that were looked for in vain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from interlace.config.environ import Variables
from interlace.config.root import CONFIG
from interlace.config.yaml_file import read_text, read_yaml
from interlace.errors import InvalidConfig, Location

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from interlace.config.origin import Entry

__all__ = ["FIRST_CONNECTION", "ConfigFiles", "Observed"]

FIRST_CONNECTION: Final = """Say where tables go:
connections:
  default:
    type: duckdb
    path: data/{env}.duckdb"""

_PATTERN = "config.*.yaml"


@dataclass(frozen=True, slots=True)
class Observed:
    """What a configuration depends on: while all of it is as it was, the configuration is too.

    Attributes:
        read: the files that were read, absolute.
        absent: files that were looked for and are not there.
        globs: patterns whose listing mattered, relative to the root.
        variables: each variable that was looked up, with the value of the process's environment or None.
        prefixes: every variable of the process with such a prefix takes part, also one that is not set yet.
    """

    read: tuple[Path, ...]
    absent: tuple[Path, ...]
    globs: tuple[str, ...]
    variables: Mapping[str, str | None]
    prefixes: tuple[str, ...]


@dataclass(slots=True)
class ConfigFiles:
    """Reads the files of one project, and collects what is wrong with them."""

    root: Path
    read: list[Path] = field(default_factory=list)
    absent: list[Path] = field(default_factory=list)
    errors: list[InvalidConfig] = field(default_factory=list)

    def main(self) -> Entry | None:
        """``config.yaml``; None, with an error, when it is missing, empty or broken."""
        entry = self._yaml(CONFIG)
        if entry is None and not self.errors:
            self.errors.append(
                InvalidConfig(
                    "is empty.",
                    where=Location(CONFIG),
                    hint=FIRST_CONNECTION,
                )
            )
        return entry

    def overlay(self, environment: str) -> Entry | None:
        """``config.{env}.yaml``; None when there is none, or it says nothing."""
        return self._yaml(f"config.{environment}.yaml")

    def overlays(self) -> list[str]:
        """The environments that have an overlay file."""
        for wrong in sorted(self.root.glob("config.*.yml")):
            near = f"{wrong.name[:-4]}.yaml"
            self.errors.append(
                InvalidConfig(
                    "is not read: overlays end in .yaml.", where=Location(wrong.name), hint=f"Rename it to {near}."
                )
            )
        found = (path.name.removeprefix("config.").removesuffix(".yaml") for path in self.root.glob(_PATTERN))
        return sorted(found)

    def dotenv(self, name: str, variables: Variables) -> None:
        """A ``.env`` file into the variables, where it exists."""
        path = self.root / name
        if not self._there(path):
            return
        try:
            variables.add_file(read_text(path, name), name)
        except InvalidConfig as error:
            self.errors.append(error)

    def observed(self, variables: Variables, prefix: str) -> Observed:
        """Everything that was looked at."""
        return Observed(
            tuple(self.read), tuple(self.absent), (_PATTERN, "config.*.yml"), dict(variables.seen), (prefix,)
        )

    def _yaml(self, name: str) -> Entry | None:
        path = self.root / name
        if not self._there(path):
            return None
        try:
            return read_yaml(path, name)
        except InvalidConfig as error:
            self.errors.append(error)
            return None

    def _there(self, path: Path) -> bool:
        there = path.is_file()
        known = self.read if there else self.absent
        if path not in known:
            known.append(path)
        return there
