"""What was said about one model, from all the places that may say it, each value with its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from interlace.errors import InterlaceError, InvalidModel, InvalidProject, Location, did_you_mean
from interlace.model.keys import KEYS, canonical

if TYPE_CHECKING:
    from interlace.model.yaml_text import YamlText

__all__ = ["Declared", "Given", "flatten", "raise_all", "unknown_key"]


@dataclass(frozen=True, slots=True)
class Given:
    """One value as written, and where."""

    word: str
    value: object
    where: Location


@dataclass(slots=True)
class Declared:
    """The keys that were given for one model, by canonical word.

    A key that is unknown, or that is given twice, is kept in `errors`: all mistakes are told at once.
    """

    keys: dict[str, Given] = field(default_factory=dict)
    errors: list[InterlaceError] = field(default_factory=list)

    def add(self, word: str, value: object, where: Location) -> None:
        """Take a key as it was written."""
        key = canonical(word)
        if key is None:
            self.errors.append(unknown_key(word, where))
        elif key.name in self.keys:
            self.errors.append(_twice(self.keys[key.name], Given(word, value, where)))
        else:
            self.keys[key.name] = Given(word, value, where)

    def add_yaml(self, document: YamlText, file: str) -> None:
        """Take the keys of a mapping in a sidecar."""
        if document.entries is None:
            self.errors.append(InvalidModel("must be a mapping of keys to values", where=Location(file, document.line)))
            return
        for word, line, value in document.entries:
            self.add(word, value.value, Location(file, line))

    def fill(self, defaults: Mapping[str, Given]) -> None:
        """Take the defaults of a folder for keys that were not given."""
        for name, given in defaults.items():
            self.keys.setdefault(name, given)


def unknown_key(word: str, where: Location) -> InvalidModel:
    """The error for a word that is no key."""
    near = did_you_mean(word, [w for key in KEYS.values() for w in (key.name, *key.aliases)])
    return InvalidModel(f"a model has no key {word!r}", where=where, hint=near or f"Keys: {', '.join(KEYS)}.")


def _twice(first: Given, second: Given) -> InvalidModel:
    also = f" (as {second.word!r})" if second.word != first.word else ""
    return InvalidModel(f"{first.word!r} is given twice{also}, first at {first.where}", where=second.where)


def raise_all(errors: Iterable[InterlaceError]) -> None:
    """Raise what was found: nothing, the one error, or all of them as one `InvalidProject`."""
    found = flatten(errors)
    if len(found) == 1:
        raise found[0]
    if found:
        raise InvalidProject(found)


def flatten(errors: Iterable[InterlaceError]) -> list[InterlaceError]:
    """The single errors, those inside of an `InvalidProject` included."""
    found: list[InterlaceError] = []
    for error in errors:
        found.extend(flatten(error.errors) if isinstance(error, InvalidProject) else [error])
    return found
