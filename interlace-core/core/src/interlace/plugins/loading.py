"""Importing a plugin's module, and asking which hook API it was written for."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

from interlace.plugin import HOOK_API
from interlace.plugins.failure import ISOLATED, PluginFailure, failed, reason

if TYPE_CHECKING:
    from interlace.plugins.origin import Origin

__all__ = ["load_plugin"]


def load_plugin(origin: Origin) -> ModuleType | PluginFailure:
    """Import the module of a plugin; what goes wrong is given back, never raised."""
    try:
        module = importlib.import_module(origin.module)
    except ISOLATED as error:
        return failed(origin, "import", f"importing {origin.module} raised {reason(error)}", error=error)
    mismatch = _mismatch(module)
    return module if mismatch is None else failed(origin, "version", mismatch)


def _mismatch(module: ModuleType) -> str | None:
    stated = getattr(module, "INTERLACE_HOOK_API", None)
    if stated == HOOK_API and not isinstance(stated, bool):
        return None
    if stated is None:
        return f"{module.__name__} states no hook API; this Interlace has INTERLACE_HOOK_API = {HOOK_API}"
    return f"{module.__name__} was written for INTERLACE_HOOK_API = {stated!r}; this Interlace has {HOOK_API}"
