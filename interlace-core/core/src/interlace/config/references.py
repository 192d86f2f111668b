"""References to secrets inside the values of a configuration: ``${secret:provider:path#key}``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from interlace.config.origin import Entry
from interlace.redaction import Secret

if TYPE_CHECKING:
    from interlace.config.origin import Path

__all__ = ["BUILT_IN", "PREFIX", "Reference", "WithSecrets", "allowed", "holds_secrets", "without_secrets"]

PREFIX: Final = "secret:"
BUILT_IN: Final = ("env", "file")
"""Stores that need no configuration."""

_SECTIONS: Final = ("connections", "secrets", "state")
_NEEDED_EARLY: Final = ("access", "adhoc", "allowed_schemas", "path", "schema", "ttl", "type")
"""Keys that are read before anything is opened."""

_FORM: Final = "Write ${secret:provider:path} or ${secret:provider:path#key}."
_USER_PART: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#\s]*")


@dataclass(frozen=True, slots=True)
class Reference:
    """One secret: the store's name under ``secrets:``, the path in it and, where it has several values, the key."""

    provider: str
    path: str
    key: str | None = None

    @classmethod
    def parse(cls, inside: str) -> Self:
        """Read what stands between ``${secret:`` and ``}``.

        Raises:
            ValueError: a part is missing.
        """
        provider, colon, rest = inside.partition(":")
        path, hash_, key = rest.rpartition("#")
        if not hash_:
            path, key = rest, ""
        if not provider or not colon or not path or (hash_ and not key):
            raise ValueError(f"has ${{{PREFIX}{inside}}}, which is no reference to a secret. {_FORM}")
        return cls(provider, path, key or None)

    def __str__(self) -> str:
        return f"{self.provider}:{self.path}" + (f"#{self.key}" if self.key else "")


class WithSecrets(str):
    """A text of which parts are references: as a text it shows them as they were written.

    Attributes:
        parts: its plain parts and its references, in order.
    """

    __slots__ = ("parts",)
    parts: tuple[str | Reference, ...]

    def __new__(cls, parts: Iterable[str | Reference]) -> Self:
        """Join the parts."""
        kept = tuple(parts)
        made = super().__new__(cls, "".join(p if isinstance(p, str) else f"${{{PREFIX}{p}}}" for p in kept))
        made.parts = kept
        return made

    @property
    def references(self) -> tuple[Reference, ...]:
        """The references in it."""
        return tuple(part for part in self.parts if isinstance(part, Reference))

    def filled(self, fetch: Callable[[Reference], Secret]) -> Secret:
        """The text with its secrets; in the user part of a URL they are percent-encoded, as they must be there."""
        from urllib.parse import quote

        text = ""
        for position, part in enumerate(self.parts):
            if isinstance(part, str):
                text += part
                continue
            value = fetch(part).reveal()
            in_url = _USER_PART.fullmatch(text) and "@" in "".join(
                p for p in self.parts[position:] if isinstance(p, str)
            )
            text += quote(value, safe="") if in_url else value
        return Secret(text)


def allowed(path: Path, references: Iterable[Reference], known: Iterable[str]) -> None:
    """Refuse references where they cannot be resolved in time, and those to stores that do not exist.

    Args:
        known: the names of the stores.

    Raises:
        ValueError: says why.
    """
    from interlace.errors import did_you_mean

    if path[0] not in _SECTIONS:
        sections = ", ".join(f"{section}:" for section in _SECTIONS)
        raise ValueError(f"holds a secret, which can stand only under {sections}")
    option = path[1 if path[0] == "state" else 2 :][:1]
    if option and option[0] in _NEEDED_EARLY:
        raise ValueError("holds a secret, and is needed before any is fetched. Use a variable: ${VAR}.")
    for reference in references:
        if reference.provider not in known:
            hint = did_you_mean(reference.provider, known, label="Configured")
            raise ValueError(f"uses a secret of {reference.provider!r}, which is not under secrets:. {hint}".rstrip())


def holds_secrets(entry: Entry) -> bool:
    """Whether a value, or anything in it, refers to a secret."""
    match entry.value:
        case dict() as mapping:
            return any(holds_secrets(child) for child in mapping.values())
        case list() as items:
            return any(holds_secrets(child) for child in items)
        case value:
            return isinstance(value, WithSecrets)


def without_secrets(entry: Entry) -> Entry:
    """A section without the keys whose values refer to secrets."""
    kept = {key: child for key, child in entry.mapping.items() if not holds_secrets(child)}
    return Entry(kept, entry.origin, entry.key_origin)
