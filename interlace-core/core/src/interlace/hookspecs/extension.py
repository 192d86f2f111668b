"""More hooks, brought by packages that are larger than a plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from interlace.plugin import hookspec

if TYPE_CHECKING:
    from types import ModuleType

    from interlace.plugins.kinds import Kind


class AddHookspecs(Protocol):
    """Adds the specifications of one module."""

    def __call__(self, specs: ModuleType, *kinds: Kind) -> None:
        """Add hooks.

        Args:
            specs: a module of functions decorated with ``interlace.plugin.hookspec``, whose names begin with
                ``interlace_``.
            kinds: for each hook of the module that collects providers, the contract of what it collects.

        Raises:
            ValueError: the module has no such function, or a hook of it exists already.
        """


@hookspec
def interlace_add_hookspecs(add: AddHookspecs) -> None:
    """Add hook specifications, by calling ``add(module)``.

    Called once, before any other hook, so that other plugins can implement what is added.  A plugin that raises here
    is not loaded, and none of its specifications are.
    """
