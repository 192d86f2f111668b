"""``strategy: scd_type_2``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from pydantic import Field, model_validator

from interlace.contracts.options import Options
from interlace.contracts.strategy import Strategy
from interlace_strategies.options import Columns, DeleteOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.load import Examine, LoadPlan, LoadSpec

__all__ = ["Except", "ScdType2", "ScdType2Options"]


class Except(Options):
    """All columns but these.

    Attributes:
        columns: their names.
    """

    columns: Columns = Field(alias="except")


class ScdType2Options(DeleteOptions):
    """What ``scd_type_2`` takes.

    Attributes:
        updated_at: the column that says since when a row is as it is; with it the history is by time, without it by
            column, as of the execution time of each load.
        track: the columns whose changes begin a version: ``all`` (but the key, `updated_at`, and those that `order_by`
            and `delete_when` name), a list, or ``{except: [...]}``.  A change elsewhere overwrites the open row.
        valid_from: the column for the beginning of a version, which belongs to it.
        valid_to: the column for its end, which does not.
        is_current: a column that is true in the open row; none unless it is named.
        first_valid_from: when the first version of a key begins: at the ``execution`` of the load, at its
            ``updated_at`` or in 1970 (``epoch``).  By time it is ``updated_at``, else ``execution``.
        open_valid_to: what `valid_to` holds in the open row: NULL, or a moment such as ``9999-12-31``, in UTC.
        late: what becomes of a row that is older than what is known of its key and says something else: ``ignore`` (it
            is counted), ``error``, or ``insert`` (the history is repaired; only with ``first_valid_from: updated_at``).
        duplicates: what becomes of rows of a batch with one key that differ: ``error``, ``latest`` (the last by `order_by`,
            or by `updated_at`), or, by time, ``sequence`` (each is a version, in order).
        order_by: the columns that say which of two rows is the later one.
        null_keys: what becomes of rows with NULL in the key: ``error``, ``match`` (NULL is a value) or ``skip``.
        delete_mode: what becomes of a key that is deleted: ``preserve`` (nothing), ``close`` (its open row ends),
            ``new_record`` (a version with ``_deleted`` begins) or ``hard`` (all its rows go).
        rejects: ``keep`` writes rows that were not loaded to the side table ``<table>__rejects``.
    """

    updated_at: str | None = None
    track: Literal["all"] | Columns | Except = "all"
    valid_from: str = "valid_from"
    valid_to: str = "valid_to"
    is_current: str | None = None
    first_valid_from: Literal["execution", "updated_at", "epoch"] | None = None
    open_valid_to: datetime | None = None
    late: Literal["ignore", "error", "insert"] = "ignore"
    duplicates: Literal["error", "latest", "sequence"] = "error"
    order_by: Columns | None = None
    null_keys: Literal["error", "match", "skip"] = "error"
    delete_mode: Literal["preserve", "close", "new_record", "hard"] = "preserve"
    rejects: Literal["drop", "keep"] = "drop"

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, said: Any) -> Any:
        if not isinstance(said, dict):
            return said
        if said.get("delete_mode") == "delete_missing":
            said = {**said, "delete_mode": "hard", "delete_missing": True}
        if said.get("delete_mode") == "soft":
            raise ValueError("'delete_mode: soft' says nothing that a history does not: use 'close' or 'new_record'")
        return said

    @model_validator(mode="after")
    def _fit_together(self) -> ScdType2Options:
        for broken, message in self._contradictions():
            if broken:
                raise ValueError(message)
        return self

    def _contradictions(self) -> list[tuple[bool, str]]:
        by_column = self.updated_at is None
        says_when = self.delete_missing or self.delete_when is not None
        return [
            (by_column and self.first_valid_from == "updated_at", "'first_valid_from: updated_at' needs 'updated_at'"),
            (by_column and self.late != "ignore", f"'late: {self.late}' needs 'updated_at'"),
            (by_column and self.duplicates == "sequence", "'duplicates: sequence' needs 'updated_at'"),
            (
                by_column and self.duplicates == "latest" and not self.order_by,
                "'duplicates: latest' needs 'order_by', or 'updated_at'",
            ),
            (
                self.late == "insert" and self.first == "execution",
                "'late: insert' needs 'first_valid_from: updated_at', not 'execution'",
            ),
            (
                self.late == "insert" and self.first == "epoch",
                "'late: insert' needs 'first_valid_from: updated_at', not 'epoch'",
            ),
            (
                self.late == "insert" and self.delete_mode == "hard",
                "'late: insert' cannot go with 'delete_mode: hard', which forgets what was known",
            ),
            (
                self.delete_mode == "preserve" and says_when,
                "'delete_missing' and 'delete_when' need a 'delete_mode': close, new_record or hard",
            ),
            (
                self.delete_mode != "preserve" and not says_when,
                f"'delete_mode: {self.delete_mode}' needs 'delete_missing: true' or 'delete_when'",
            ),
            (
                self.delete_scope is not None and not self.delete_missing,
                "'delete_scope' needs 'delete_missing: true'",
            ),
            (len(set(self.own_names())) < len(self.own_names()), "two of its own columns have one name"),
        ]

    @property
    def first(self) -> Literal["execution", "updated_at", "epoch"]:
        """`first_valid_from`, with its default."""
        return self.first_valid_from or ("execution" if self.updated_at is None else "updated_at")

    def own_names(self) -> tuple[str, ...]:
        """The columns that the strategy keeps in the table itself."""
        current = (self.is_current,) if self.is_current else ()
        source = ("_source_at",) if self.updated_at is not None else ()
        deleted = ("_deleted",) if self.delete_mode == "new_record" else ()
        return (self.valid_from, self.valid_to, *current, *source, *deleted)


class ScdType2(Strategy):
    """A history: each key has a row for each version that it went through, valid in ``[valid_from, valid_to)``.

    A load closes the open row of a key that changed and inserts its new version; what did not change is not touched, and
    closed rows never change, except that ``late: insert`` repairs the history of the late rows' keys.

    By time (`updated_at`) the open row keeps in ``_source_at`` the latest `updated_at` that confirmed it, against which a
    row is judged: it is known (``unchanged``), newer, late, or in conflict with what the same moment said before.

    The counts:

    - ``inserted``: versions that the load added to the table (records of ``new_record`` deletes too).
    - ``updated``: rows that overwrote the open row without a new version: nothing tracked changed.
    - ``unchanged``: rows that said nothing new; of rows that are identical, or that another of the batch outdid, the others.
    - ``deleted``: keys that were deleted.
    - ``closed``: versions that a later one or a delete ended.
    - ``rejected``: rows that cannot be loaded: NULL in the key, outside the interval, late in a deleted gap.
    - ``late``: rows older than what is known of their key, which say something else.
    - ``conflict``: rows with the `updated_at` of a known version and other values; the first wins.
    """

    Config: ClassVar[type[Options]] = ScdType2Options
    needs_source_columns = True
    needs_key = True
    history = True
    full_refresh: ClassVar[Literal["allow", "never"]] = "never"

    def validate(self, options: Options, *, partial: bool, model: str) -> None:
        """Refuse to read what an incremental batch lacks as deletes."""
        from interlace_strategies.deletes import refuse_partial

        refuse_partial(cast("ScdType2Options", options), partial=partial, model=model)

    def own_columns(self, options: Options) -> tuple[str, ...]:
        """The validity of a version, and what goes with it."""
        return cast("ScdType2Options", options).own_names()

    def existing(self, spec: LoadSpec[Options]) -> Sequence[Examine]:
        """It is a history: one open row for each key, and versions that do not overlap."""
        from interlace_strategies.existing import history

        return history(cast("LoadSpec[ScdType2Options]", spec))

    def plan(self, spec: LoadSpec[Options]) -> LoadPlan:
        """Stage, classify, refuse or count, write, and look at what was written.

        Raises:
            InvalidModel: a column that the options name is not there or of no use, or missing rows of a partial batch
                would be deletes.
        """
        from interlace_strategies.scd_type_2_plan import planned

        return planned(cast("LoadSpec[ScdType2Options]", spec))
