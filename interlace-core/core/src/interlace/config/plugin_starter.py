"""``interlace plugins new``: making a package of a plugin from a template.

The template is a whole package by the name `example`, which passes its tests as it lies there; another name is put in its
place.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlace.config.starter import Starter, read_template, write_starters
from interlace.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["PluginName", "create_plugin", "plugin_name"]

_WORD: Final = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
_YAML: Final = frozenset({"false", "no", "null", "off", "on", "true", "yes"})
_LONGEST: Final = 30
_PREFIX: Final = "interlace-"


@dataclass(frozen=True, slots=True)
class PluginName:
    """What a plugin is called, in all places.

    Attributes:
        word: what projects write, such as ``my-sheets``.
    """

    word: str

    @property
    def distribution(self) -> str:
        """``interlace-my-sheets``."""
        return f"{_PREFIX}{self.word.replace('_', '-')}"

    @property
    def root(self) -> str:
        """What is imported: ``interlace_my_sheets``."""
        return self.distribution.replace("-", "_")

    @property
    def noun(self) -> str:
        """What its classes begin with: ``MySheets``."""
        return "".join(part.capitalize() for part in re.split("[_-]", self.word))


def plugin_name(given: str, offered: Collection[str]) -> PluginName:
    """The name of a new plugin.

    Args:
        given: as the user wrote it.
        offered: the words that installed plugins offer for the same.

    Raises:
        UsageError: it cannot be the name of a package; or somebody has it.
    """
    if given.casefold().startswith((_PREFIX, "interlace_")):
        raise UsageError(f"{given!r}: 'interlace-' is put before the name.", hint=f"Name it {given[len(_PREFIX) :]!r}.")
    if not _WORD.fullmatch(given) or len(given) > _LONGEST:
        raise UsageError(
            f"{given!r} cannot be the name of a plugin: it must be small letters, digits and single '-' or '_' between "
            f"them, beginning with a letter, at most {_LONGEST} long."
        )
    name = PluginName(given)
    if given in _YAML:
        raise UsageError(f"{given!r} is no name in YAML: 'type: {given}' means something else.")
    if given in offered or given.replace("_", "-") in offered:
        raise UsageError(f"{given!r} is taken: an installed plugin offers it.", hint=f"interlace plugins show {given}")
    if _installed(name):
        raise UsageError(f"{given!r} is taken: {name.distribution} is installed.")
    return name


def create_plugin(directory: Path, template: str, name: PluginName) -> list[Path]:
    """Make a package.

    Args:
        directory: made unless it is there; what it holds is never overwritten.
        template: the folder of the template.
        name: what the plugin is called.

    Returns:
        the files that were written.

    Raises:
        UsageError: the folder is not empty, is a file, or cannot be written.
    """
    starters = [Starter(_named(s.path, name), _filled(s.content, name)) for s in read_template(template)]
    return write_starters(directory, starters, otherwise="Choose another one: --folder.")


def _installed(name: PluginName) -> bool:
    from importlib.metadata import PackageNotFoundError, distribution
    from importlib.util import find_spec

    try:
        distribution(name.distribution)
    except PackageNotFoundError:
        return find_spec(name.root) is not None
    return True


def _filled(content: bytes, name: PluginName) -> bytes:
    text = _named(content.decode(), name)
    return re.sub(r'"interlace-core>=[^"]*"', f'"interlace-core{_versions()}"', text).encode()


def _named(text: str, name: PluginName) -> str:
    text = text.replace("interlace-example", name.distribution).replace("interlace_example", name.root)
    text = re.sub(r"Example(?=[A-Z])", name.noun, text)
    return re.sub(r"\bexample\b", name.word, text)


def _versions() -> str:
    """Those that have the same contracts as this one."""
    from interlace import __version__

    major, minor = (int(number) for number in __version__.split(".")[:2])
    return f">={major}.{minor},<{major}.{minor + 1}"
