"""A whole project as plain JSON: what a site or a catalogue of data draws (``interlace docs export``)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from interlace import __version__
from interlace.contracts.check import Check
from interlace.model.definition import Model, SeedBody
from interlace.run.document import columns_document, document_of, plain, said_of, without_secrets
from interlace.run.metadata_code import Compiling, Sources
from interlace.run.metadata_lineage import lineage_metadata

if TYPE_CHECKING:
    from interlace.contracts.state import ModelState, StateStore
    from interlace.lineage.models import ModelLineage
    from interlace.model.definition import CheckUse, Node
    from interlace.run.view import View

__all__ = ["FORMAT", "VERSION", "project_metadata"]

FORMAT: Final = "interlace-metadata"
VERSION: Final = 1
"""Moves when something is renamed or leaves; what is only added does not move it."""


def project_metadata(
    view: View, store: StateStore, names: Collection[str], lineage: ModelLineage | None, at: datetime
) -> dict[str, Any]:
    """All that is known of some models, seeds and sources, in one environment.

    Args:
        names: of the nodes.
        lineage: gives the lineage of columns; None leaves it out.
        at: when it is made, UTC.

    Returns:
        plain JSON, of the same order each time; `at` is all that differs between two of the same project and state.
    """
    config = view.loaded.config
    chosen = sorted(names)
    nodes = _Nodes(view, store)
    return without_secrets(
        {
            "format": FORMAT,
            "version": VERSION,
            "project": config.name,
            "environment": view.environment,
            "generated_at": at.isoformat(),
            "interlace": __version__,
            "nodes": [nodes.node(view.loaded.graph.nodes[name]) for name in chosen],
            "edges": [{"from": p, "to": name} for name in chosen for p in sorted(view.loaded.graph.parents(name))],
            "lineage": None if lineage is None else lineage_metadata(lineage, chosen),
        }
    )


class _Nodes:
    """Describes one node after the other."""

    def __init__(self, view: View, store: StateStore) -> None:
        self._view = view
        self._store = store
        self._states = store.snapshot(view.environment).models
        self._sources = Sources(view.loaded.root)
        self._compiling = Compiling(view)
        self._checks: dict[str, type[Check] | None] = {}

    def node(self, node: Node) -> dict[str, Any]:
        """What is written of a node, where it lives, and what the state has of it."""
        state = self._states.get(node.name)
        said = self._said(node, state)
        checks = [self._check(use) for use in node.checks]
        return {
            "name": node.name,
            **self._place(node),
            **said,
            "checks": checks,
            "columns": [{**c, "checks": _about(c["name"], checks)} for c in said["columns"]],
            "parents": sorted(self._view.loaded.graph.parents(node.name)),
            "code": self._sources.of(node),
            "compiled": self._compiling.of(node),
            "state": None if state is None or not isinstance(node, Model) else self._state(node, state),
            "schemas": self._schemas(node),
        }

    def _place(self, node: Node) -> dict[str, Any]:
        relation = self._view.reads(node.name)
        is_model = isinstance(node, Model) and not isinstance(node.body, SeedBody)
        return {
            "kind": "model" if is_model else node.kind,
            "language": node.kind if is_model else None,
            "file": node.file,
            "line": node.line,
            "sidecar": node.sidecar if isinstance(node, Model) else None,
            "connection": self._view.connection_name(node),
            "relation": None if relation is None else str(relation),
        }

    def _said(self, node: Node, state: ModelState | None) -> dict[str, Any]:
        if isinstance(node, Model):
            return {**document_of(node, None if state is None else state.columns), "freshness": None}
        freshness = None
        if node.freshness is not None:
            freshness = {"column": node.freshness_column, "seconds": node.freshness}
        return {
            **said_of(node),
            "columns": columns_document(node.columns, None),
            "group": None,
            "materialise": None,
            "strategy": None,
            "key": [],
            "incremental": None,
            "exports": [],
            "freshness": freshness,
        }

    def _check(self, use: CheckUse) -> dict[str, Any]:
        options = use.options
        return {
            "type": use.type,
            "name": options.get("name"),
            "severity": options.get("severity", "error"),
            "columns": self._columns_of(use),
            "options": plain(options),
        }

    def _columns_of(self, use: CheckUse) -> list[str]:
        """The columns that a check names; none where its options are not what it takes, which ``validate`` says."""
        if use.type not in self._checks:
            registry = self._view.loaded.plugins.registry(Check)
            self._checks[use.type] = registry.get(use.type) if use.type in registry.names() else None
        cls = self._checks[use.type]
        if cls is None:
            return []
        from interlace.run.measuring import validated

        return list(cls().columns(validated(use, cls)))

    def _state(self, model: Model, state: ModelState) -> dict[str, Any]:
        built = state.fingerprint
        return {
            "status": state.status,
            "attempted_at": _time(state.attempted_at),
            "published_at": _time(state.published_at),
            "run": state.run,
            "rows": state.rows,
            "seconds": state.seconds,
            "data_version": state.data_version,
            "checks_failed": state.checks_failed,
            "current": built is not None and built.data == self._view.fingerprints[model.name],
        }

    def _schemas(self, node: Node) -> list[dict[str, Any]]:
        history = self._store.schema_history(self._view.environment, node.name) if isinstance(node, Model) else []
        return [
            {
                "version": version,
                "at": at.isoformat(),
                "columns": [{"name": c.name, "type": c.type, "nullable": c.nullable} for c in columns],
            }
            for version, at, columns in history
        ]


def _about(column: str, checks: Sequence[Mapping[str, Any]]) -> list[str]:
    """The checks on a column, by the name or the type that they go by."""
    folded = column.casefold()
    return [c["name"] or c["type"] for c in checks if folded in {name.casefold() for name in c["columns"]}]


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
