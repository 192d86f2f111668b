"""The words of one kind and what they stand for."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from interlace.errors import PluginError, UnknownProvider, did_you_mean
from interlace.plugin import Provider
from interlace.plugins.failure import ISOLATED, PluginFailure, failed, reason
from interlace.plugins.kinds import BUNDLED

if TYPE_CHECKING:
    from typer import Typer

    from interlace.plugins.kinds import Kind
    from interlace.plugins.origin import Origin

__all__ = ["Commands", "Offer", "Offers", "Registry"]

T = TypeVar("T")

_FEW = 24


@dataclass(frozen=True, slots=True)
class Offer(Generic[T]):
    """A provider and who offers it."""

    provider: Provider[T]
    origin: Origin


class Offers(Generic[T]):
    """What all plugins together offer of one kind.

    Args:
        kind: of what.
        offers: in the order of the plugins.
        absent: what to say of plugins that are installed and not loaded, when a word is unknown.
        report: takes a failure to use a target.
    """

    def __init__(
        self,
        kind: Kind,
        offers: Sequence[Offer[T]],
        *,
        absent: Callable[[], Sequence[str]] = tuple,
        report: Callable[[PluginFailure], None] = lambda _: None,
    ) -> None:
        self.kind = kind
        self._absent = absent
        self._report = report
        self._loaded: dict[str, object] = {}
        self._words: dict[str, list[Offer[T]]] = {}
        self._offers = sorted(offers, key=lambda offer: offer.provider.name)
        for offer in self._offers:
            for word in (offer.provider.name, *offer.provider.aliases):
                self._words.setdefault(word, []).append(offer)

    def names(self) -> list[str]:
        """The canonical words, sorted."""
        return sorted({offer.provider.name for offer in self._offers})

    def providers(self) -> list[Provider[T]]:
        """What is offered, sorted by name."""
        return [offer.provider for offer in self._offers]

    def offers(self) -> list[Offer[T]]:
        """What is offered and by whom, sorted by name."""
        return list(self._offers)

    def provider(self, word: str) -> Provider[T]:
        """What a word stands for, itself a name or an alias, case as it is written.

        Raises:
            UnknownProvider: nobody offers it.
            PluginError: it is offered more than once.
        """
        return self._offer(word).provider

    def origin(self, word: str) -> Origin:
        """Which plugin offers a word; raises as `provider` does."""
        return self._offer(word).origin

    def load(self, word: str) -> object:
        """What a word's target is, imported and verified once; raises as `provider` does.

        Raises:
            PluginError: the target cannot be imported, or is not what its hook asks for.
        """
        offer = self._offer(word)
        name = offer.provider.name
        if name not in self._loaded:
            self._loaded[name] = self._resolve(offer)
        return self._loaded[name]

    def conflicts(self) -> list[PluginFailure]:
        """The words that are offered more than once, each as a failure of the one who comes later."""
        return [
            failed(offers[-1].origin, "resolve", _conflict(self.kind, word, offers), subject=word)
            for word, offers in sorted(self._words.items())
            if len(offers) > 1
        ]

    def _offer(self, word: str) -> Offer[T]:
        offers = self._words.get(word, [])
        match offers:
            case [offer]:
                return offer
            case []:
                raise self._unknown(word)
            case _:
                names = sorted({offer.origin.name for offer in offers})
                hint = f"Uninstall one of them, or disable its plugin: {{disabled: [{names[-1]}]}} under 'plugins:'."
                raise PluginError(_conflict(self.kind, word, offers), hint=hint)

    def _unknown(self, word: str) -> UnknownProvider:
        names = self.names()
        installed = f"Installed: {', '.join(names)}." if names else "None is installed."
        said = [
            f"No {self.kind.word} {word!r}.",
            did_you_mean(word, self._words),
            installed if len(names) <= _FEW else "",
        ]
        hints = list(self._absent())
        if (part := BUNDLED.get(self.kind.hook, {}).get(word)) is not None:
            hints.insert(0, f"It comes with {part}: pip install {part}")
        return UnknownProvider(" ".join(filter(None, said)), hint="\n".join(hints) or None)

    def _resolve(self, offer: Offer[T]) -> object:
        provider = offer.provider
        try:
            target = _import(provider.target)
            wrong = _misfit(target, self.kind)
        except ISOLATED as error:
            raise self._unusable(offer, f"{provider.target} raised {reason(error)}", error) from error
        if wrong is not None:
            raise self._unusable(offer, f"{provider.target} {wrong}")
        return target

    def _unusable(self, offer: Offer[T], why: str, error: BaseException | None = None) -> PluginError:
        provider = offer.provider
        self._report(failed(offer.origin, "resolve", why, subject=provider.name, error=error))
        missing = isinstance(error, ImportError) and provider.extra is not None
        return PluginError(
            f"The {self.kind.word} {provider.name!r} of {offer.origin} cannot be used: {why}.",
            hint=f"pip install 'interlace[{provider.extra}]'" if missing else None,
        )


class Registry(Offers[T]):
    """Words that stand for classes."""

    def get(self, word: str) -> type[T]:
        """The class that a word stands for, a subclass of the contract; raises as `load` does."""
        return cast("type[T]", self.load(word))


class Commands(Offers["Typer"]):
    """Words that stand for commands."""

    def get(self, word: str) -> Typer:
        """The app of a command; raises as `load` does."""
        return cast("Typer", self.load(word))


def _conflict(kind: Kind, word: str, offers: Iterable[Offer[Any]]) -> str:
    """Several offers of one word, in words."""
    who = " and ".join(f"{offer.origin} ({offer.provider.name} = {offer.provider.target})" for offer in offers)
    return f"The {kind.word} {word!r} is offered more than once: by {who}."


def _import(target: str) -> object:
    module, _, path = target.partition(":")
    return reduce(getattr, path.split("."), importlib.import_module(module))


def _misfit(target: object, kind: Kind) -> str | None:
    """Why something is not what a kind asks for; None where it is."""
    contract = cast("type", _import(kind.contract))
    if kind.instance:
        return None if isinstance(target, contract) else f"is no {contract.__name__}"
    if not (isinstance(target, type) and issubclass(target, contract)):
        return f"is no subclass of {contract.__module__}.{contract.__qualname__}"
    if inspect.isabstract(target):
        return f"does not implement {', '.join(sorted(getattr(target, '__abstractmethods__', ())))}"
    return None
