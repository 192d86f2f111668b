"""The variables that a configuration reads: those of the process, then those of ``.env`` files."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from interlace.config.expand import fill
from interlace.config.origin import Origin
from interlace.errors import InvalidConfig, Location

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PREFIX", "RESERVED", "Variables"]

PREFIX: Final = "INTERLACE_"
RESERVED: Final = frozenset({"INTERLACE_DEBUG", "INTERLACE_ENV", "INTERLACE_PROJECT", "INTERLACE_RELEASE"})
"""Variables with the prefix that are no keys: tracebacks of defects, the environment, the project's folder, and what
building our own distributions looks at."""


class Variables:
    """Looks variables up, and remembers which were looked at.

    Args:
        process: the process's environment; it beats every file.

    Attributes:
        seen: each name that was looked up, with its value in the process's environment (None where it has none).
    """

    def __init__(self, process: Mapping[str, str]) -> None:
        self._process = process
        self._files: dict[str, tuple[str, Origin]] = {}
        self.seen: dict[str, str | None] = {}

    def get(self, name: str) -> str | None:
        """The value of a variable; None where it is set nowhere."""
        self.seen[name] = self._process.get(name)
        if name in self._process:
            return self._process[name]
        return self._files[name][0] if name in self._files else None

    def all(self) -> dict[str, str]:
        """Every variable with its value, for what has to know them without depending on them."""
        return {**{name: value for name, (value, _) in self._files.items()}, **self._process}

    def names(self) -> Iterator[str]:
        """Every name that is set."""
        yield from sorted({*self._process, *self._files})

    def settings(self) -> dict[str, tuple[str, Origin]]:
        """The ``INTERLACE_*`` variables that are keys of the configuration, with where each is set."""
        found: dict[str, tuple[str, Origin]] = {}
        for name in self.names():
            if name.startswith(PREFIX) and name not in RESERVED:
                value = self.get(name)
                if value is not None:
                    found[name] = (value, self._origin(name))
        return found

    def _origin(self, name: str) -> Origin:
        if name in self._process:
            return Origin("variable", name)
        place = self._files[name][1]
        return Origin("variable", f"{name} in {place.name}", place.line)

    def add_file(self, text: str, name: str) -> None:
        """Read a ``.env`` file; a later file beats an earlier one.

        Args:
            text: lines such as ``NAME=value``; ``${OTHER}`` is filled in unless the value is in single quotes.
            name: the file's, for messages.

        Raises:
            InvalidConfig: a line that is no ``NAME=value``, or an unset variable without a default.
        """
        from dotenv.parser import parse_stream

        lines = text.splitlines()
        for binding in parse_stream(io.StringIO(text)):
            if binding.key is None and not binding.error:
                continue
            line = _line(binding.original.line, binding.original.string)
            excerpt = lines[line - 1] if line <= len(lines) else None
            if binding.error or binding.key is None or binding.value is None:
                raise InvalidConfig("is no NAME=value.", where=Location(name, line, excerpt=_masked(excerpt)))
            quoted = binding.original.string.partition("=")[2].lstrip().startswith("'")
            value = binding.value if quoted else self._filled(binding.value, name, line)
            self._files[binding.key] = (value, Origin("file", name, line))

    def _filled(self, value: str, name: str, line: int) -> str:
        try:
            return fill(value, self.get)[0]
        except ValueError as error:
            raise InvalidConfig(str(error), where=Location(name, line)) from error


def _line(first: int, original: str) -> int:
    """The line of the binding itself: the parser counts the blank lines before it as part of it."""
    return first + original[: len(original) - len(original.lstrip())].count("\n")


def _masked(line: str | None) -> str | None:
    """A line of ``.env`` for a message: what may be a secret is left out."""
    if line is None or "=" not in line:
        return line
    return line.partition("=")[0] + "=…"
