"""The hooks that exist and who implements them: pluggy, with every mistake of a plugin found when it registers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any, Final

import pluggy

from interlace.errors import Defect, did_you_mean
from interlace.hookspecs import extension, life_cycle, policy, providers
from interlace.plugin import GROUP
from interlace.plugins.failure import PluginFailure, failed
from interlace.plugins.origin import Origin

__all__ = ["HookTable", "Implementation"]

_MARK: Final = f"{GROUP}_impl"
_PREFIX: Final = f"{GROUP}_"


@dataclass(frozen=True, slots=True)
class Implementation:
    """One plugin's function for one hook."""

    origin: Origin
    hook: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]

    def __call__(self, values: Mapping[str, object]) -> Any:
        """Call it with those of the values that it asks for."""
        return self.function(*(values[name] for name in self.arguments))


class HookTable:
    """Specifications and implementations."""

    def __init__(self) -> None:
        self._pluggy = pluggy.PluginManager(GROUP)
        self._origins: dict[str, Origin] = {}
        for specs in (providers, life_cycle, policy, extension):
            self._pluggy.add_hookspecs(specs)

    def add(self, specs: ModuleType) -> None:
        """Add the specifications of a module.

        Raises:
            ValueError: it has none, or one that exists already.
        """
        for name in vars(specs):
            if name.startswith(_PREFIX) and self._arguments(name) is not None:
                raise ValueError(f"the hook {name} exists already")
        self._pluggy.add_hookspecs(specs)

    def register(self, origin: Origin, module: ModuleType) -> PluginFailure | None:
        """Add a plugin's implementations: all of them or, when one does not fit, none."""
        for name, function in _functions(module):
            misfit = self._misfit(name, function, module)
            if misfit is not None:
                return failed(origin, "register", misfit, subject=name)
        key = f"{origin.distribution}:{origin.name}"
        try:
            self._pluggy.register(module, name=key)
        except (pluggy.PluginValidationError, ValueError) as error:
            if self._pluggy.has_plugin(key):
                self._pluggy.unregister(name=key)
            return failed(origin, "register", str(error).splitlines()[-1], error=error)
        self._origins[key] = origin
        return None

    def implementations(self, hook: str, given: frozenset[str] = frozenset()) -> list[Implementation]:
        """Who implements a hook, in the order of calling.

        Raises:
            Defect: Interlace itself calls a hook that does not exist, or with other arguments than it specifies.
        """
        if self._arguments(hook) != given:
            raise Defect(f"Interlace called the hook {hook} with {sorted(given)}; please report this.")
        caller: pluggy.HookCaller = getattr(self._pluggy.hook, hook)
        return [
            Implementation(self._origins[impl.plugin_name], hook, impl.function, tuple(impl.argnames))
            for impl in reversed(caller.get_hookimpls())
        ]

    def implemented(self, hook: str) -> bool:
        """Whether anybody implements a hook."""
        caller: pluggy.HookCaller | None = getattr(self._pluggy.hook, hook, None)
        return caller is not None and bool(caller.get_hookimpls())

    def _arguments(self, hook: str) -> frozenset[str] | None:
        """What a hook's specification gives; None where there is no such hook."""
        caller: pluggy.HookCaller | None = getattr(self._pluggy.hook, hook, None)
        return frozenset(caller.spec.argnames) if caller is not None and caller.spec is not None else None

    def _misfit(self, name: str, function: FunctionType, module: ModuleType) -> str | None:
        """Why a function of a plugin's module is no implementation, in words; None where all is well."""
        marks = getattr(function, _MARK, None)
        hook = (marks or {}).get("specname") or name
        given = self._arguments(hook)
        if marks is None:
            forgotten = name.startswith(_PREFIX) and function.__module__ == module.__name__
            return f"{name} is not decorated with @hookimpl" if forgotten else None
        if given is None:
            return None if marks.get("optionalhook") else _unknown(hook, dir(self._pluggy.hook))
        if marks.get("wrapper") or marks.get("hookwrapper"):
            return f"{hook} is a wrapper; wrappers are refused"
        return _wrong_kind(hook, function, given) or _wrong_arguments(hook, function, given)


def _functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    return ((name, value) for name, value in vars(module).items() if isinstance(value, FunctionType))


def _unknown(hook: str, known: list[str]) -> str:
    near = did_you_mean(hook, (name for name in known if name.startswith(_PREFIX)))
    return f"there is no hook {hook}. {near}".rstrip()


def _wrong_kind(hook: str, function: FunctionType, given: frozenset[str]) -> str | None:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return f"{hook} is async; hooks are plain functions"
    if given and inspect.isgeneratorfunction(function):
        return f"{hook} yields, so nothing of it would run; only hooks that offer providers may"
    return None


def _wrong_arguments(hook: str, function: FunctionType, given: frozenset[str]) -> str | None:
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.KEYWORD_ONLY):
            return f"{hook} takes {parameter}; arguments are passed by their plain names"
        if name not in given and parameter.default is parameter.empty:
            offered = f"it gives {', '.join(sorted(given))}" if given else "it gives none"
            return f"{hook} asks for the argument {name!r}; {offered}"
    return None
