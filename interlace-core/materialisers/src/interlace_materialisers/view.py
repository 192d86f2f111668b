"""``materialise: view``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from interlace.contracts.load import LoadCounts, Query
from interlace.contracts.materialiser import Materialiser
from interlace.errors import Defect, UnsupportedCapability

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.load import LoadSpec
    from interlace.contracts.options import Options
    from interlace.contracts.relation import RelationInfo, RelationKind
    from interlace.contracts.strategy import Strategy

__all__ = ["View"]


class View(Materialiser):
    """A view of the model's query: nothing is stored, each reader runs it."""

    kind: ClassVar[RelationKind | None] = "view"
    python = False

    def build(
        self, session: Session, spec: LoadSpec[Options], strategy: Strategy, existing: RelationInfo | None
    ) -> LoadCounts:
        """Make the view anew; a table that stands at the target gives way.

        Raises:
            UnsupportedCapability: the connection has no views.
            QueryFailed: the database refused a statement.
        """
        del strategy
        if not isinstance(spec.source, Query):
            raise Defect(f"{spec.target} cannot be a view of {spec.source}, which is no query")
        if not spec.capabilities.views:
            raise UnsupportedCapability(
                f"{spec.target} cannot be a view: its connection has none", hint="Write `materialise: table`."
            )
        if existing is not None and existing.kind != self.kind:
            session.drop(spec.target, existing.kind)
        session.create_view(spec.target, spec.source.sql)
        return LoadCounts()
