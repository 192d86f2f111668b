"""Where benchmarks run and how often: what each of them is handed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from measure import Cost, best_of, interlace, python, spend
from projects import DATABASE, Tables, trivial, write_project

__all__ = ["BARE", "Bench"]

BARE = Path(__file__).with_name("bare.py")


@dataclass(frozen=True, slots=True)
class Bench:
    """One run of the benchmarks.

    Attributes:
        folder: for projects; emptied by whoever made it.
        cache: for data that is made once.
        repeats: the best of so many.
        quick: whether sizes are a tenth.
    """

    folder: Path
    cache: Path
    repeats: int
    quick: bool

    def size(self, full: int) -> int:
        """A number of models or rows, smaller in a quick run."""
        return full // 10 if self.quick else full

    def project(self, name: str, tables: Tables, more: str = "") -> Path:
        """A project that was never run."""
        return write_project(self.folder / name, tables, more)

    def one(self) -> Path:
        """The project of one trivial model, whose cost is taken off."""
        return self.project("one", trivial())

    def cold(self, root: Path, *words: str, data: Path | None = None) -> Callable[[], Cost]:
        """A command in a project without state; `data` is put in the place of its database."""

        def measured() -> Cost:
            forget(root, data)
            return spend(interlace(*words), root)

        return measured

    def warm(self, root: Path, *words: str) -> Callable[[], Cost]:
        """A command in a project as it stands."""
        return lambda: spend(interlace(*words), root)

    def bare(self, root: Path, command: str, *words: object, data: Path | None = None) -> Callable[[], Cost]:
        """The same in bare DuckDB, on a file of its own."""

        def measured() -> Cost:
            forget(root, data)
            return spend(python(BARE, command, *words), root)

        return measured

    def data(self, name: str, command: str, *words: object, script: Path = BARE) -> Path:
        """A DuckDB file that is made once, by a child: this process stays small, for a child's peak begins with its.

        Args:
            name: of the file.
            command: the script's; it is given the words and the file to make.
            words: what the command takes.
            script: the Python file that makes it.
        """
        file = self.cache / name
        if not file.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            unfinished = self.cache / f"{name}.{os.getpid()}"
            spend(python(script, command, *words, unfinished), self.cache)
            unfinished.rename(file)
        return file

    def age(self, root: Path) -> None:
        """Make a project's files old: Interlace compares what was just written by its content too."""
        long_ago = time.time() - 3_600
        for file in root.rglob("*"):
            os.utime(file, (long_ago, long_ago))

    def best(self, *measured: Callable[[], Cost]) -> list[Cost]:
        """The best of the repeats, taken in turns."""
        return best_of(self.repeats, *measured)


def forget(root: Path, data: Path | None = None) -> None:
    """Make a project what it was before its first run."""
    shutil.rmtree(root / ".interlace", ignore_errors=True)
    for file in root.glob(f"{DATABASE}*"):
        file.unlink()
    if data is not None:
        shutil.copyfile(data, root / DATABASE)
