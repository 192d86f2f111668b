"""``materialise: ephemeral``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from interlace.contracts.load import LoadCounts
from interlace.contracts.materialiser import Materialiser

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.load import LoadSpec
    from interlace.contracts.options import Options
    from interlace.contracts.relation import RelationInfo, RelationKind
    from interlace.contracts.strategy import Strategy

__all__ = ["Ephemeral"]


class Ephemeral(Materialiser):
    """No relation: whoever reads the model gets its query in place."""

    kind: ClassVar[RelationKind | None] = None
    inlined = True

    def build(
        self, session: Session, spec: LoadSpec[Options], strategy: Strategy, existing: RelationInfo | None
    ) -> LoadCounts:
        """Build nothing.  What stands at the target is an orphan now, and stays until it is pruned."""
        del session, spec, strategy, existing
        return LoadCounts()
