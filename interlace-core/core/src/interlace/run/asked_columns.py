"""The columns of what a project reads and does not build, as the databases last told them: kept beside the state.

Only ``interlace lineage refresh`` asks; whoever follows columns reads what was kept.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from contextlib import closing
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from interlace.contracts.relation import Column
from interlace.errors import InterlaceError
from interlace.model.definition import Model, Source

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from interlace.run.view import View

__all__ = ["AskedColumns", "ask_columns"]


class AskedColumns:
    """What was kept for one environment.

    Args:
        folder: of the state.
        view: says where a node is read, and what it is made of: what was asked of another relation or definition is
            forgotten.
    """

    def __init__(self, folder: Path, view: View) -> None:
        from urllib.parse import quote

        self._path = folder / "columns" / f"{quote(view.environment, safe='')}.json"
        self._view = view
        self._kept: dict[str, dict[str, Any]] | None = None

    def of(self, name: str) -> tuple[Column, ...] | None:
        """The columns of a node, where they were asked; None where they were not."""
        said = self._read().get(name)
        if said is None or said.get("of") != self._of(name):
            return None
        with contextlib.suppress(TypeError, KeyError):
            return tuple(Column(*column) for column in said["columns"])
        return None

    def keep(self, found: Mapping[str, tuple[Column, ...]]) -> None:
        """Keep what was asked; a folder that cannot be written is no error."""
        nodes = self._view.loaded.graph.nodes
        kept = {name: said for name, said in self._read().items() if name in nodes}
        kept |= {name: {"of": self._of(name), "columns": [astuple(c) for c in cs]} for name, cs in found.items()}
        if kept == self._kept:
            return
        self._kept = kept
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}-{threading.get_ident()}")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(kept), encoding="utf-8")
            temporary.replace(self._path)

    def _read(self) -> dict[str, dict[str, Any]]:
        if self._kept is None:
            self._kept = {}
            with contextlib.suppress(OSError, ValueError):
                said = json.loads(self._path.read_text(encoding="utf-8"))
                if isinstance(said, dict):
                    self._kept = {name: entry for name, entry in said.items() if isinstance(entry, dict)}
        return self._kept

    def _of(self, name: str) -> list[str]:
        """What the columns are those of: the connection and the relation; of a model its definition too."""
        node = self._view.loaded.graph.nodes[name]
        if isinstance(node, Model):
            return [self._view.fingerprint(node)]
        return [node.connection or self._view.loaded.config.default_connection, str(self._view.relation(name))]


def ask_columns(view: View, names: Collection[str]) -> tuple[dict[str, tuple[Column, ...]], dict[str, str]]:
    """Ask the connections for the columns of the sources among these nodes, and of what is read from elsewhere.

    Returns:
        the columns by node, and why the others could not be asked.
    """
    wanted = [n for n in sorted(names) if n in view.deferred or isinstance(view.loaded.graph.nodes[n], Source)]
    found: dict[str, tuple[Column, ...]] = {}
    failed: dict[str, str] = {}
    for name in wanted:
        relation = view.reads(name)
        if relation is None:
            continue
        try:
            with closing(view.connection(view.loaded.graph.nodes[name]).session()) as session:
                found[name] = session.columns(relation)
        except InterlaceError as error:
            failed[name] = error.message.partition("\n")[0]
    return found, failed
