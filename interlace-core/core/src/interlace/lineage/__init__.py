"""Column lineage: which columns of what a model reads decide each of its own columns, and how."""

from __future__ import annotations

from interlace.lineage.edges import KINDS, ColumnLineage, Edge, Kind, Lineage

__all__ = ["KINDS", "ColumnLineage", "Edge", "Kind", "Lineage"]
