"""Fetching the secrets that a configuration refers to, when something is opened that needs them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from interlace.config.origin import Entry
from interlace.config.references import BUILT_IN, Reference, WithSecrets
from interlace.contracts.secret import SecretProvider
from interlace.errors import ConfigurationError, SecretUnavailable
from interlace.redaction import Secret

if TYPE_CHECKING:
    from interlace.config.loaded import LoadedConfig
    from interlace.config.schema import SecretStore
    from interlace.plugins.registry import Registry

__all__ = ["Secrets"]


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Secret
    until: float


@dataclass
class Secrets:
    """The secrets of one project: fetched once, kept in memory for as long as the store's ``ttl`` says.

    Its methods may be called from any thread.
    """

    config: LoadedConfig
    clock: Callable[[], float] = time.monotonic
    _made: dict[str, SecretProvider] = field(default_factory=dict, repr=False)
    _kept: dict[Reference, _Kept] = field(default_factory=dict, repr=False)
    _making: list[str] = field(default_factory=list, repr=False)
    _guard: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def filled(self, entry: Entry) -> Entry:
        """A value with its secrets.

        Raises:
            InvalidConfig: the options of a store are wrong.
            SecretUnavailable: one cannot be had.
        """
        match entry.value:
            case dict() as mapping:
                value: object = {key: self.filled(child) for key, child in mapping.items()}
            case list() as items:
                value = [self.filled(child) for child in items]
            case WithSecrets() as text:
                value = self._text(text, entry)
            case _:
                return entry
        return Entry(value, entry.origin, entry.key_origin)  # type: ignore[arg-type]

    def store(self, name: str) -> SecretStore:
        """What is configured of a store, or the defaults of one that needs no configuration."""
        from interlace.config.schema import SecretStore

        return self.config.config.secrets.get(name) or SecretStore(type=name)

    def kind(self, name: str) -> type[SecretProvider]:
        """The class of a store.

        Raises:
            UnknownProvider: its type is not installed.
        """
        try:
            return self._registry.get(self.store(name).type)
        except ConfigurationError as error:
            error.where = error.where or self.config.origin("secrets", name, "type").location()
            raise

    def names(self) -> list[str]:
        """The stores that references may name."""
        return list(dict.fromkeys((*BUILT_IN, *self.config.config.secrets)))

    def forget(self) -> None:
        """Fetch anew what is asked for from now on."""
        with self._guard:
            self._kept.clear()

    def close(self) -> None:
        """Let go of the stores; what was fetched stays for its time."""
        with self._guard:
            made, self._made = self._made, {}
        for provider in made.values():
            provider.close()

    @cached_property
    def _registry(self) -> Registry[SecretProvider]:
        from interlace.plugins import PluginManager

        wanted = self.config.config.plugins
        plugins = PluginManager.discover(safe=wanted.safe, strict=wanted.strict, disabled=wanted.disabled)
        return plugins.registry(SecretProvider)

    def _text(self, text: WithSecrets, entry: Entry) -> Secret:
        try:
            return text.filled(self._fetch)
        except SecretUnavailable as error:
            error.where = error.where or entry.origin.location()
            raise

    def _fetch(self, reference: Reference) -> Secret:
        with self._guard:
            kept = self._kept.get(reference)
            if kept is not None and self.clock() < kept.until:
                return kept.value
            provider = self._provider(reference.provider)
            try:
                value = provider.fetch(reference.path, reference.key)
            except SecretUnavailable as error:
                raise _of(reference, error) from None
            ttl = self.store(reference.provider).ttl.total_seconds()
            self._kept[reference] = _Kept(value, self.clock() + ttl)
            return value

    def _provider(self, name: str) -> SecretProvider:
        if name in self._making:
            chain = " → ".join((*self._making, name))
            raise SecretUnavailable(f"the stores of secrets need one another: {chain}")
        if name not in self._made:
            self._making.append(name)
            try:
                self._made[name] = self._make(name)
            finally:
                self._making.remove(name)
        return self._made[name]

    def _make(self, name: str) -> SecretProvider:
        wrong = self.config.secret_errors.get(name)
        if wrong is not None:
            raise wrong
        kind = self.kind(name)
        options = self.config.options(kind.Config, "secrets", name)
        return kind(name, options, root=self.config.root, environ=self.config.environ)


def _of(reference: Reference, error: SecretUnavailable) -> SecretUnavailable:
    """The error with store, path and key before it; nothing of what led to it is kept, for it may hold what was read."""
    key = f", key {reference.key!r}" if reference.key else ""
    said = SecretUnavailable(
        f"The secret {reference.path!r}{key} of {reference.provider!r}: {error.message.rstrip('.')}.", hint=error.hint
    )
    said.transient = error.transient
    return said
