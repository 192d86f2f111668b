"""What a migration is: a numbered file with the way forward, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["FOLDER", "Direction", "Functions", "Migration", "Script", "Statement"]

FOLDER: Final = "migrations"
"""The folder at the project's root."""

Direction = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as it is written, and the line of the file where it begins, from 1."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Script:
    """The statements of a SQL file; `down` is empty where it has none."""

    up: tuple[Statement, ...]
    down: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Functions:
    """The functions of a Python file: the lines of ``up`` and ``down``; `down` is None where it has none."""

    up: int
    down: int | None


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of the folder.

    Attributes:
        number: its place among the others, from 1.
        name: the file's name without suffix, such as ``0001_make_audit``.
        file: relative to the project's root.
        checksum: of its text, whatever its line ends are.
        connection: where it goes.
        environments: the only ones that it goes to; None for all.
        transaction: whether it is one transaction, where the engine can.
        body: what it does.
    """

    number: int
    name: str
    file: str
    checksum: str
    connection: str
    environments: tuple[str, ...] | None
    transaction: bool
    body: Script | Functions

    @property
    def reversible(self) -> bool:
        """Whether it says how it is taken back."""
        return bool(self.body.down)

    def is_for(self, environment: str) -> bool:
        """Whether it goes to an environment."""
        return self.environments is None or environment in self.environments
