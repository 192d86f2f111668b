"""``materialise: table``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from interlace.contracts.load import LoadCounts
from interlace.contracts.materialiser import Materialiser

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.load import LoadSpec
    from interlace.contracts.options import Options
    from interlace.contracts.relation import RelationInfo, RelationKind
    from interlace.contracts.strategy import Strategy

__all__ = ["Table"]


class Table(Materialiser):
    """A table, loaded by the model's strategy."""

    kind: ClassVar[RelationKind | None] = "table"
    uses_strategy = True
    only_applies = True

    def build(
        self, session: Session, spec: LoadSpec[Options], strategy: Strategy, existing: RelationInfo | None
    ) -> LoadCounts:
        """Perform what the strategy plans; a view that stands at the target gives way.

        A strategy that never writes touches nothing, whatever stands there.

        Raises:
            InvalidModel: the strategy refused the schemas.
            QueryFailed: the database refused a statement.
        """
        if not strategy.writes:
            return LoadCounts()
        in_the_way = existing is not None and existing.kind != self.kind
        plan = strategy.plan(replace(spec, target_columns=None) if in_the_way else spec)
        if existing is not None and in_the_way:
            session.drop(spec.target, existing.kind)
        return session.apply(plan)
