"""Putting tables that are finished in the place of others, and keeping what stood there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Relation

__all__ = ["Exchange", "copied"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One table that takes another's place.  The schemas are there.

    Attributes:
        target: where it is to stand.
        source: where it stands until now; None where nothing follows and what stands is only put aside.
        stands: whether a table stands at the target.
        kept: where what stands goes; None drops it.
        stays: whether the source is left where it is, in a database beside that nothing is written to.
    """

    target: Relation
    source: Relation | None
    stands: bool
    kept: Relation | None = None
    stays: bool = False


def copied(session: Session, exchanges: Iterable[Exchange]) -> None:
    """Exchange tables by copies that the engine makes itself: each target is replaced in one statement."""
    from interlace.contracts.load import LoadPlan, Publish

    for one in exchanges:
        steps: Sequence[Publish] = ()
        if one.stands and one.kept is not None:
            steps = (Publish(one.kept, one.target),)
        if one.source is not None:
            steps = (*steps, Publish(one.target, one.source))
        session.apply(LoadPlan(steps, idempotent=False))
        if one.source is not None and not one.stays:
            session.drop(one.source, "table")
        elif one.source is None and one.stands:
            session.drop(one.target, "table")
