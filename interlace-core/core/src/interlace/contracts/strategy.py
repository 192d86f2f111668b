"""A strategy plans a load: which rows of the target a batch adds, replaces or changes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

from interlace.contracts.options import Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.load import Examine, LoadPlan, LoadSpec

__all__ = ["Strategy"]


class Strategy(ABC):
    """How rows reach a table.  A strategy holds no state and sees no data.

    Attributes:
        Config: the options allowed beside ``name`` under ``strategy:``.
        needs_source_columns: whether `LoadSpec.source_columns` must be given (costs one look at the query).
        needs_key: whether the model must have a ``key``.
        groupable: whether a failed load may simply be run again, so that small models may share a transaction.
        writes: False where the relation is managed elsewhere and is never written.
        history: whether the rows depend on the order and on the execution time of the loads, so that intervals are
            loaded one by one, in order, each with its end as execution time (`loading.md` 9).
        concurrent_intervals: whether two intervals may be loaded at once on a server.
        full_refresh: what ``--full-refresh`` does to a model that does not say: ``never`` keeps the table.
    """

    Config: ClassVar[type[Options]] = Options
    needs_source_columns: ClassVar[bool] = False
    needs_key: ClassVar[bool] = False
    groupable: ClassVar[bool] = False
    writes: ClassVar[bool] = True
    history: ClassVar[bool] = False
    concurrent_intervals: ClassVar[bool] = False
    full_refresh: ClassVar[Literal["allow", "never"]] = "allow"

    @abstractmethod
    def plan(self, spec: LoadSpec[Options]) -> LoadPlan:
        """Say what to do, over schemas, options, execution time and capabilities.

        Raises:
            InvalidModel: the schemas, the key and the options do not fit together.
        """

    def validate(self, options: Options, *, partial: bool, model: str) -> None:  # noqa: B027  most refuse nothing here
        """Refuse what is wrong whatever the columns are; called when the project is loaded.

        Args:
            options: validated by `Config`.
            partial: whether the model is ``incremental``.
            model: its name, for messages.

        Raises:
            InvalidModel: says what is wrong.
        """

    def own_columns(self, options: Options) -> tuple[str, ...]:
        """The names of the columns that the strategy itself keeps in the table, beside those of the batch.

        Args:
            options: validated by `Config`.
        """
        del options
        return ()

    def existing(self, spec: LoadSpec[Options]) -> Sequence[Examine]:
        """What must be true of a table that something else loaded, so that loads can go on from there.

        Asked before the table is adopted; what the steps refuse is a reason not to.

        Args:
            spec: of a load into the table; `source_columns` may be missing although the strategy needs them.

        Raises:
            InvalidModel: the table's columns are not those of what this strategy loads.
        """
        del spec
        return ()
