"""Calling the function of a Python model: its arguments, its kind, its errors."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlace.errors import InterlaceError, Location, ModelFailed
from interlace.model.python_file import own_frames

if TYPE_CHECKING:
    from interlace.model.definition import PythonBody

__all__ = ["call", "failure"]


def call(function: Any, body: PythonBody, arguments: Mapping[str, object]) -> Any:
    """Call it and give what it returned; a generator is given unstarted, an async function is awaited here."""
    if body.kind == "async":
        import asyncio

        return asyncio.run(function(**arguments))
    return function(**arguments)


def failure(error: BaseException, model: str, body: PythonBody, root: Path) -> InterlaceError:
    """An exception of a user's code as an error of its model: the user's own line, no frames of Interlace."""
    if isinstance(error, InterlaceError):
        error.model = error.model or model
        return error
    own = own_frames(root, error)
    said = "".join(traceback.format_exception_only(error)).strip()
    where = Location(body.file, body.line)
    if own:
        where = Location(own[-1].filename, own[-1].lineno, None, (own[-1].line or "").strip() or None)
    failed = ModelFailed(f"{model} raised {said}", where=where, model=model)
    failed.__cause__ = error if isinstance(error, Exception) else None
    return failed
