"""The SQL of the ibis expressions that Python models returned when they last ran, one small file for each.

Only a run knows them; the lineage of columns is read from them later.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from interlace.lineage.known import Expression

if TYPE_CHECKING:
    from interlace.contracts.state import StateStore
    from interlace.model.definition import Model

__all__ = ["expressions_of", "keep_expression", "kept_expression"]

_STATE: Final = Path(".interlace") / "state.db"


def expressions_of(store: StateStore, root: Path) -> Path:
    """Where they are kept: beside the state's file, so that those of unit tests go with theirs."""
    return (store.file() or root / _STATE).parent / "expressions"


def keep_expression(folder: Path, model: Model, sql: str, relations: Mapping[str, str]) -> None:
    """Keep what a model returned; a folder that cannot be written is no error.

    Args:
        sql: as its connection runs it.
        relations: what stands for each node that the model reads, quoted.
    """
    import json

    path = _path(folder, model)
    said = {"fingerprint": model.fingerprint.data, "sql": sql, "relations": dict(relations)}
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(said), encoding="utf-8")
        temporary.replace(path)


def kept_expression(folder: Path, model: Model) -> Expression | None:
    """What the model returned, while it is defined as it was; None where that is not known."""
    import json

    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        said = json.loads(_path(folder, model).read_text(encoding="utf-8"))
        if said["fingerprint"] == model.fingerprint.data:
            return Expression(said["sql"], said["relations"])
    return None


def _path(folder: Path, model: Model) -> Path:
    from urllib.parse import quote

    return folder / f"{quote(model.name, safe='')}.json"
