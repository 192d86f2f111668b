"""``materialise: none``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from interlace.contracts.load import LoadCounts, Query
from interlace.contracts.materialiser import Materialiser

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.load import LoadSpec
    from interlace.contracts.options import Options
    from interlace.contracts.relation import RelationInfo, RelationKind
    from interlace.contracts.strategy import Strategy

__all__ = ["Nothing"]


class Nothing(Materialiser):
    """A side effect that leaves no relation: children come after it, and cannot read it."""

    kind: ClassVar[RelationKind | None] = None

    def build(
        self, session: Session, spec: LoadSpec[Options], strategy: Strategy, existing: RelationInfo | None
    ) -> LoadCounts:
        """Run the statement of a SQL model; a Python model has had its effect when its function returned.

        Raises:
            QueryFailed: the database refused the statement.
        """
        del strategy, existing
        if isinstance(spec.source, Query):
            session.execute(spec.source.sql)
        return LoadCounts()
