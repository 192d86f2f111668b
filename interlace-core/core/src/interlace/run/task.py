"""What a run needs to know of one step before it begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection
    from interlace.contracts.exporter import Exporter, ExportOptions
    from interlace.contracts.materialiser import Materialiser
    from interlace.contracts.options import Options
    from interlace.contracts.relation import Relation, RelationInfo
    from interlace.contracts.state import ModelState
    from interlace.contracts.strategy import Strategy
    from interlace.model.definition import Model
    from interlace.plan.steps import Step

__all__ = ["Export", "Task"]


@dataclass(frozen=True, slots=True)
class Export:
    """One export of a model: its key in the state, its fingerprint, and who writes it."""

    key: str
    format: str
    fingerprint: str
    exporter: Exporter
    options: ExportOptions


@dataclass(slots=True)
class Task:
    """One step, with everything that its names stand for.

    Attributes:
        parents: what has to be done before, through models that are inlined.
        standing: what stands at `relation` now.
        state: the model's state before the run.
        fingerprint: of its data, the values of its variables included.
        replaces: whether the load makes the target be just what the source gives.
        groupable: whether it may share a transaction with other small models.
        inputs: the tokens of its inputs, taken when it was planned.
        lost: the keys of exports whose file is gone.
        masked: columns whose values are not kept in samples.
    """

    step: Step
    model: Model
    connection: Connection
    materialiser: Materialiser
    strategy: Strategy
    options: Options
    parents: tuple[str, ...]
    relation: Relation | None
    standing: RelationInfo | None
    state: ModelState
    fingerprint: str
    replaces: bool
    groupable: bool
    exports: tuple[Export, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    masked: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name
