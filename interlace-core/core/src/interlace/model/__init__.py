"""What a model is: the decorator, the definition, Python files, SQL files, fingerprints.

``interlace.model`` is both this package and the decorator ``@model``: importing any module below binds the package to
that name, whenever it happens, so the package itself can be called (see ``docs/decisions``).
"""

from __future__ import annotations

import sys
from types import ModuleType

from interlace.model import decorator


class _Decorator(ModuleType):
    """This package, callable as the decorator of `interlace.model.decorator`."""

    __call__ = staticmethod(decorator.model)


sys.modules[__name__].__class__ = _Decorator
