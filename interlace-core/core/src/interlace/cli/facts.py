"""Facts about nodes and their state, as plain JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlace.cli.data import columns_data
from interlace.model.definition import Model

if TYPE_CHECKING:
    from interlace.contracts.state import ModelState
    from interlace.model.definition import Node
    from interlace.run.project import Project

__all__ = ["node_data", "state_data"]


def node_data(project: Project, node: Node) -> dict[str, Any]:
    """What is written of a node, where it lives, what it reads and who reads it."""
    relation = project.relation(node.name)
    data: dict[str, Any] = {
        "name": node.name,
        "kind": node.kind,
        "file": node.file,
        "line": node.line,
        "relation": None if relation is None else str(relation),
        "connection": node.connection,
        "description": node.description,
        "owner": node.owner,
        "tags": list(node.tags),
        "parents": sorted(project.graph.parents(node.name)),
        "children": sorted(project.graph.children(node.name)),
    }
    if isinstance(node, Model):
        data |= {
            "materialise": node.materialise,
            "strategy": None if node.strategy is None else node.strategy.name,
            "key": list(node.key),
            "group": node.group,
            "sidecar": node.sidecar,
            "checks": [{"type": c.type, "options": dict(c.options)} for c in node.checks],
            "export": [{"format": e.format, "options": dict(e.options)} for e in node.export],
        }
    else:
        data["freshness"] = node.freshness
    return data


def state_data(state: ModelState | None) -> dict[str, Any] | None:
    """What is recorded of a model; None where it never ran."""
    if state is None:
        return None
    return {
        "status": state.status,
        "attempted_at": state.attempted_at,
        "run": state.run,
        "error": state.error,
        "published_at": state.published_at,
        "relation": state.relation,
        "kind": state.kind,
        "rows": state.rows,
        "seconds": state.seconds,
        "checks_failed": state.checks_failed,
        "columns": None if state.columns is None else columns_data(state.columns),
    }
