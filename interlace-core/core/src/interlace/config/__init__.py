"""Configuration: files, variables and overlays in, one validated value out, and where each part of it came from.

Names are imported when they are first used, so that finding a project's root costs no pydantic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlace.config.load import load_config
    from interlace.config.loaded import ConnectionSpec, LoadedConfig
    from interlace.config.origin import Origin
    from interlace.config.root import find_root
    from interlace.config.schema import Config

__all__ = ["Config", "ConnectionSpec", "LoadedConfig", "Origin", "find_root", "load_config"]

_HOMES = {
    "Config": "interlace.config.schema",
    "ConnectionSpec": "interlace.config.loaded",
    "LoadedConfig": "interlace.config.loaded",
    "Origin": "interlace.config.origin",
    "find_root": "interlace.config.root",
    "load_config": "interlace.config.load",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'interlace.config' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
