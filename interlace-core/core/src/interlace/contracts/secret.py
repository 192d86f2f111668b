"""A secret store gives values that must not be written down: passwords, tokens, URLs that hold them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from interlace.contracts.options import Options
from interlace.errors import SecretUnavailable
from interlace.redaction import Secret

__all__ = ["Secret", "SecretProvider", "member", "scalar", "unavailable"]


class SecretProvider(ABC):
    """One configured store of secrets.

    It is made when the first reference to it is resolved: a store that nothing uses may be out of reach.  Its methods
    are called by one thread at a time; what it gives is kept in memory for the store's ``ttl``.

    Args:
        name: its name under ``secrets:``, which is what references say.
        config: its options, validated by `Config`; ``type`` and ``ttl`` are not among them.
        root: the project's folder; relative paths start here.
        environ: the variables that the project sees: the process's and those of its ``.env`` files.
    """

    Config: ClassVar[type[Options]] = Options

    def __init__(self, name: str, config: Options, *, root: Path, environ: Mapping[str, str]) -> None:
        if not isinstance(config, self.Config):
            raise TypeError(f"{type(self).__name__} takes {self.Config.__name__}, not {type(config).__name__}")
        self.name = name
        self.config = config
        self.root = root
        self.environ = environ

    @abstractmethod
    def fetch(self, path: str, key: str | None) -> Secret:
        """Look a secret up.

        Args:
            path: what stands between the second ``:`` and the ``#`` of a reference.
            key: what stands after the ``#``; None where there is none.

        Raises:
            SecretUnavailable: it cannot be had, in words that hold neither the secret nor what was read on the way to it.
                Whether trying again may help is its `transient`.  Provider, path and key are put before the message.
        """

    def close(self) -> None:  # noqa: B027  most have nothing to close
        """Let go of connections; closing twice does nothing."""


def member(text: str, key: str | None, what: str) -> str:
    """A secret that is a whole text, or one key of a text that is a mapping in JSON or YAML.

    Args:
        what: the text, for messages: ``the file``.

    Raises:
        SecretUnavailable: the text is empty or no mapping, or has no such key or none with a plain value there.
    """
    if key is None:
        return _not_empty(text, what)
    found = _mapping(text, what)
    if key not in found:
        raise unavailable(f"{what} has no key {key!r}", f"It has {len(found)}; their names are not shown.")
    return scalar(found[key], key)


def scalar(value: object, key: str) -> str:
    """The value of a key as text.

    Raises:
        SecretUnavailable: it is empty, or a mapping or list.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return _not_empty(str(value), f"the key {key!r}")
    raise unavailable(f"the key {key!r} holds no plain value")


def unavailable(message: str, hint: str | None = None, *, transient: bool = False) -> SecretUnavailable:
    """The error for a secret that cannot be had."""
    error = SecretUnavailable(message, hint=hint)
    error.transient = transient
    return error


def _not_empty(text: str, what: str) -> str:
    if not text:
        raise unavailable(f"{what} is empty")
    return text


def _mapping(text: str, what: str) -> Mapping[Any, Any]:
    import yaml

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        found = None
    # Outside of the handler: YAML's error quotes what it read.
    if not isinstance(found, Mapping):
        raise unavailable(f"{what} is no mapping in JSON or YAML")
    return found
