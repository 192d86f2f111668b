"""Interlace: Python and SQL models as nodes of one graph.

Names are imported when they are first used: ``import interlace`` alone costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers know the name; `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

    from interlace.model.check_decorator import check
    from interlace.model.decorator import model, ref
    from interlace.model.policies import (
        API_RETRY_POLICY,
        DATABASE_RETRY_POLICY,
        DEFAULT_RETRY_POLICY,
        RetryPolicy,
    )
    from interlace.run.project import Project

__all__ = [
    "API_RETRY_POLICY",
    "DATABASE_RETRY_POLICY",
    "DEFAULT_RETRY_POLICY",
    "Project",
    "RetryPolicy",
    "__version__",
    "check",
    "model",
    "ref",
]

__version__ = "0.1.0"

_POLICIES = "interlace.model.policies"
_HOMES = {
    "API_RETRY_POLICY": _POLICIES,
    "DATABASE_RETRY_POLICY": _POLICIES,
    "DEFAULT_RETRY_POLICY": _POLICIES,
    "Project": "interlace.run.project",
    "check": "interlace.model.check_decorator",
    "RetryPolicy": _POLICIES,
    "ref": "interlace.model.decorator",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    if name == "model":  # the package, which is the decorator as well: see there
        from importlib import import_module

        return import_module("interlace.model")
    raise AttributeError(f"module 'interlace' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
