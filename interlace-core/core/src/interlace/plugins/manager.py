"""The plugins of one project: found, loaded, asked and told, each failure kept to the plugin that caused it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, cast

from interlace.errors import PluginError, UsageError
from interlace.plugin import Provider
from interlace.plugins.discovery import find_plugins
from interlace.plugins.failure import ISOLATED, PluginFailure, failed, reason
from interlace.plugins.hook_table import HookTable, Implementation
from interlace.plugins.kinds import KINDS, OWN_DISTRIBUTIONS, Kind
from interlace.plugins.loading import load_plugin
from interlace.plugins.origin import Origin, normalised
from interlace.plugins.registry import Commands, Offer, Offers, Registry

if TYPE_CHECKING:
    from typing import Self

__all__ = ["PluginInfo", "PluginManager"]

T = TypeVar("T")

_ADD: Final = "interlace_add_hookspecs"


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One plugin that is loaded.

    Attributes:
        name: of its entry point.
        distribution: that it comes from, and its `version`.
        module: that its entry point names.
        providers: what it offers: the word of the kind (``connection type``) and the provider.
        origin: whether it is one of Interlace's own.
    """

    name: str
    distribution: str
    version: str
    module: str
    providers: tuple[tuple[str, Provider[Any]], ...]
    origin: Literal["interlace", "third party"]


class PluginManager:
    """The plugins of one project.  Its methods may be called from any thread.

    Args:
        plugins: what is loaded, in the order in which they are to be called.
        failures: what was found wrong before.
        skipped: what is installed and was left out by configuration.
        strict: whether a failure is raised at once.

    Raises:
        PluginError: in strict mode, all failures together.
    """

    def __init__(
        self,
        plugins: Iterable[tuple[Origin, ModuleType]] = (),
        *,
        failures: Iterable[PluginFailure] = (),
        skipped: Iterable[Origin] = (),
        strict: bool = False,
    ) -> None:
        self.strict = strict
        self.skipped = tuple(skipped)
        self._lock = threading.RLock()
        self._failures: dict[tuple[str, ...], PluginFailure] = {}
        self._hooks = HookTable()
        self._kinds = {kind.contract: kind for kind in KINDS}
        self._offers: dict[str, Offers[Any]] = {}
        for failure in failures:
            self._record(failure)
        self._plugins = self._register(self._extend(list(plugins)))
        self._raise_if_strict(self.failures)

    @classmethod
    def discover(cls, *, safe: bool = False, strict: bool = False, disabled: Sequence[str] = ()) -> Self:
        """Load the plugins that are installed.  Their modules are imported, nothing that they offer is.

        Args:
            safe: load only Interlace's own.
            strict: raise when anything is wrong with any plugin.
            disabled: names of plugins or of distributions that are not loaded.

        Raises:
            PluginError: in strict mode, all failures together.
        """
        origins, unreadable = find_plugins()
        off = {*disabled, *map(normalised, disabled)}

        def wanted(name: str, distribution: str) -> bool:
            return not {name, distribution} & off and (not safe or distribution in OWN_DISTRIBUTIONS)

        kept = [origin for origin in origins if wanted(origin.name, origin.distribution)]
        loaded = [(origin, load_plugin(origin)) for origin in kept]
        return cls(
            [(origin, module) for origin, module in loaded if isinstance(module, ModuleType)],
            failures=[
                *(failure for failure in unreadable if wanted(failure.plugin, failure.distribution)),
                *(failure for _, failure in loaded if isinstance(failure, PluginFailure)),
            ],
            skipped=[origin for origin in origins if origin not in kept],
            strict=strict,
        )

    # --- what is there ----------------------------------------------------------------------------------------

    @property
    def failures(self) -> tuple[PluginFailure, ...]:
        """What went wrong so far, by distribution; a hook that fails again and again is there once."""
        return tuple(sorted(self._failures.values(), key=lambda failure: (failure.distribution, failure.plugin)))

    def plugins(self) -> list[PluginInfo]:
        """The plugins that are loaded and what they offer; imports no target."""
        registries = self.registries()
        return [_info(origin, registries) for origin in self._plugins]

    def registry(self, contract: type[T]) -> Registry[T]:
        """The words for one contract, such as ``registry(Connection)``.

        Raises:
            UsageError: the class is no contract that plugins offer.
            PluginError: in strict mode, when a plugin's answer failed, or a word is offered twice.
        """
        kind = self._kinds.get(f"{contract.__module__}:{contract.__qualname__}")
        if kind is None or kind.instance:
            raise UsageError(f"{contract.__qualname__} is no contract that plugins offer.")
        return cast("Registry[T]", self._ask(kind))

    def commands(self) -> Commands:
        """The commands that plugins offer; raises as `registry` does."""
        return cast("Commands", self._ask(self._kinds["typer.main:Typer"]))

    def registries(self) -> list[Offers[Any]]:
        """All kinds of things that plugins offer, in the order of the table; raises as `registry` does."""
        return [self._ask(kind) for kind in self._kinds.values()]

    def doctor(self) -> tuple[PluginFailure, ...]:
        """Import everything that is offered, and give all that is wrong.  Raises nothing, in strict mode either."""
        conflicts = []
        for kind in self._kinds.values():
            offers = self._collected(kind)
            conflicts += offers.conflicts()
            contested = {failure.subject for failure in conflicts}
            for provider in offers.providers():
                if provider.name not in contested:
                    _try(offers, provider.name)
        return (*self.failures, *conflicts)

    # --- telling and asking -----------------------------------------------------------------------------------

    def notify(self, hook: str, **arguments: object) -> None:
        """Tell all plugins; one that raises is recorded and the others are told all the same.

        Raises:
            PluginError: in strict mode, what the first one raised.
            Defect: there is no such hook, or it takes other arguments.
        """
        for implementation in self._hooks.implementations(hook, frozenset(arguments)):
            self._attempt(implementation, arguments)

    def first(self, hook: str, **arguments: object) -> str | None:
        """Ask the plugins in order for a decision: the first that is not None; raises as `notify` does."""
        for implementation in self._hooks.implementations(hook, frozenset(arguments)):
            answer = self._attempt(implementation, arguments)
            if isinstance(answer, str):
                return answer
            if answer is not None:
                self._wrong(implementation, f"{hook} gave a {type(answer).__name__}, not a str")
        return None

    def answers(self, hook: str) -> bool:
        """Whether any plugin implements a hook, so that who calls often may ask once."""
        return self._hooks.implemented(hook)

    # --- inside -----------------------------------------------------------------------------------------------

    def _extend(self, plugins: list[tuple[Origin, ModuleType]]) -> list[tuple[Origin, ModuleType]]:
        """Let plugins add hooks, before any registers; those that fail here are left out."""
        return [each for each in plugins if _ADD not in vars(each[1]) or self._add_hookspecs(*each)]

    def _add_hookspecs(self, origin: Origin, module: ModuleType) -> bool:
        brought: list[tuple[ModuleType, tuple[Kind, ...]]] = []

        def add(specs: ModuleType, *kinds: Kind) -> None:
            brought.append((specs, kinds))

        try:
            vars(module)[_ADD](add)
            for specs, kinds in brought:
                self._hooks.add(specs)
                self._kinds |= {kind.contract: kind for kind in kinds}
        except ISOLATED as error:
            self._record(failed(origin, "call", f"{_ADD} raised {reason(error)}", subject=_ADD, error=error))
            return False
        return True

    def _register(self, plugins: list[tuple[Origin, ModuleType]]) -> list[Origin]:
        """Register all, the last first: pluggy calls who registered last first."""
        registered = []
        for origin, module in reversed(plugins):
            failure = self._hooks.register(origin, module)
            if failure is None:
                registered.append(origin)
            else:
                self._record(failure)
        return registered[::-1]

    def _ask(self, kind: Kind) -> Offers[Any]:
        offers = self._collected(kind)
        if self.strict:
            self._raise_if_strict([*(f for f in self.failures if f.subject == kind.hook), *offers.conflicts()])
        return offers

    def _collected(self, kind: Kind) -> Offers[Any]:
        with self._lock:
            if kind.hook not in self._offers:
                self._offers[kind.hook] = self._collect(kind)
            return self._offers[kind.hook]

    def _collect(self, kind: Kind) -> Offers[Any]:
        offers: list[Offer[Any]] = []
        for implementation in self._hooks.implementations(kind.hook):
            answer = _answer(implementation)
            if isinstance(answer, PluginFailure):
                self._record(answer)
            else:
                offers += (Offer(provider, implementation.origin) for provider in answer)
        make = Commands if kind.instance else Registry
        return make(kind, offers, absent=lambda: self._absent(kind), report=self._record)

    def _absent(self, kind: Kind) -> list[str]:
        """Plugins that might have offered a word of this kind, had they been loaded."""
        lost = [
            f for f in self.failures if f.stage != "resolve" and (f.stage != "call" or f.subject in (kind.hook, _ADD))
        ]
        said = [f"Not loaded: plugin {failure}." for failure in lost]
        if self.skipped:
            said.append(f"Left out by configuration: {', '.join(f'{o.name} ({o})' for o in self.skipped)}.")
        return said

    def _attempt(self, implementation: Implementation, arguments: dict[str, object]) -> object:
        try:
            return implementation(arguments)
        except ISOLATED as error:
            self._wrong(implementation, f"{implementation.hook} raised {reason(error)}", error)
        return None

    def _wrong(self, implementation: Implementation, message: str, error: BaseException | None = None) -> None:
        failure = failed(implementation.origin, "call", message, subject=implementation.hook, error=error)
        self._record(failure)
        self._raise_if_strict([failure])

    def _record(self, failure: PluginFailure) -> None:
        self._failures.setdefault((failure.distribution, failure.plugin, failure.stage, failure.subject or ""), failure)

    def _raise_if_strict(self, failures: Sequence[PluginFailure]) -> None:
        if self.strict and failures:
            said = "\n".join(f"Plugin {failure}." for failure in failures)
            hint = "Strict mode is on: 'strict: true' under 'plugins:' ends every command at the first such failure."
            raise PluginError(said, hint=hint) from failures[0].error


def _answer(implementation: Implementation) -> list[Provider[Any]] | PluginFailure:
    """What a provider hook offers, or why that is no offer."""
    hook = implementation.hook
    try:
        answer = list(implementation({}))
    except ISOLATED as error:
        return failed(implementation.origin, "call", f"{hook} raised {reason(error)}", subject=hook, error=error)
    for each in answer:
        if not isinstance(each, Provider):
            return failed(
                implementation.origin, "call", f"{hook} gave a {type(each).__name__}, not a Provider", subject=hook
            )
    return answer


def _info(origin: Origin, registries: Iterable[Offers[Any]]) -> PluginInfo:
    return PluginInfo(
        origin.name,
        origin.distribution,
        origin.version,
        origin.module,
        tuple((r.kind.word, offer.provider) for r in registries for offer in r.offers() if offer.origin == origin),
        "interlace" if origin.distribution in OWN_DISTRIBUTIONS else "third party",
    )


def _try(offers: Offers[Any], word: str) -> None:
    try:
        offers.load(word)
    except PluginError:
        return  # recorded by the registry
