"""A materialiser builds a relation from a model's rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from interlace.contracts.load import LoadCounts, LoadSpec

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.options import Options
    from interlace.contracts.relation import RelationInfo, RelationKind
    from interlace.contracts.strategy import Strategy

__all__ = ["Materialiser"]


class Materialiser(ABC):
    """What a model becomes in the database.

    Attributes:
        kind: the kind of the relation in the catalogue; None where there is none.
        inlined: whether readers get the model's query in place of a relation.
        uses_strategy: whether ``strategy:`` means something with it.
        python: whether a Python model may be materialised so.
        only_applies: whether `build` only performs what the strategy plans, where nothing of another kind stands at the target;
            then several small models are built by one message, and `build` is not called.
    """

    kind: ClassVar[RelationKind | None]
    inlined: ClassVar[bool] = False
    uses_strategy: ClassVar[bool] = False
    python: ClassVar[bool] = True
    only_applies: ClassVar[bool] = False

    @abstractmethod
    def build(
        self, session: Session, spec: LoadSpec[Options], strategy: Strategy, existing: RelationInfo | None
    ) -> LoadCounts:
        """Build the relation inside the session's open transaction.

        Args:
            session: with a transaction open; its commit publishes.
            spec: target, source and options.
            strategy: what the model's ``strategy:`` names; ignored where `uses_strategy` is False.
            existing: what the catalogue says stands at the target now; of another kind than `kind`, it is dropped
                in the same transaction, never with CASCADE.

        Raises:
            QueryFailed: the database refused a statement; the transaction is dead.
        """
