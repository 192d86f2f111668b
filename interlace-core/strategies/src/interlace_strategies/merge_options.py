"""The options of ``merge_by_key``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from interlace.contracts.options import Options
from interlace_strategies.options import BatchOptions, Columns, DeleteOptions, SqlText

__all__ = ["Except", "MergeOptions"]


class Except(Options):
    """All columns but these.

    Attributes:
        columns: written ``except``.
    """

    columns: Columns = Field(alias="except")


class MergeOptions(BatchOptions, DeleteOptions):
    """Options of ``merge_by_key``.

    Attributes:
        update: which columns of a row that is there take the batch's values: ``all``, a list, ``{except: [column]}``, or
            ``none``, so that rows are only inserted.
        when_changed: a row is only written when a value of these columns differs (NULL equals NULL).
        set: expressions for columns of a row that is there, over ``target.column`` and ``source.column``; a new row
            takes the batch's value.
        how: ``delete_insert`` deletes changed rows and inserts them again, ``update`` updates them.  Left out, what is
            faster on the connection: ``update`` on PostgreSQL, ``delete_insert`` elsewhere.
        partition_by: the batch holds all rows of each partition that it has rows of, so that the others of these
            partitions are deleted.
        delete_mode: how rows are deleted: ``hard``; ``soft`` keeps them, with ``_deleted`` and ``_deleted_at``; ``preserve``
            never deletes.  Left out, ``hard`` where one of the options below says when.  ``delete_missing`` is short
            for ``hard`` with ``delete_missing: true``.
        delete_missing: a row that the batch does not hold is deleted.
        delete_when: a condition over a row of the batch that says that its key is deleted.
        delete_scope: only rows whose values of these columns occur in the batch can be missing from it.
        max_delete_fraction: a load that would delete more than this part of the live rows in scope, because they are
            missing, is refused.  From 100 rows on.
        allow_empty: a batch without rows may delete all that is missing from it.
    """

    update: Literal["all", "none"] | Except | Columns = "all"
    when_changed: bool = True
    set: Mapping[str, SqlText] = {}
    how: Literal["delete_insert", "update"] | None = None
    partition_by: Columns | None = None
    delete_mode: Literal["preserve", "soft", "hard"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        if not isinstance(given, Mapping) or given.get("delete_mode") != "delete_missing":
            return given
        return {"delete_missing": True, **given, "delete_mode": "hard"}

    @model_validator(mode="after")
    def _deletes(self) -> MergeOptions:
        says_when = self.delete_missing or self.delete_when is not None
        if self.partition_by is not None and (says_when or self.delete_scope or self.delete_mode):
            raise ValueError("'partition_by' says itself what is deleted, and takes no other option about deletes")
        if self.delete_mode == "preserve" and says_when:
            raise ValueError("'delete_mode: preserve' deletes nothing, but another option says when")
        if self.delete_mode in {"soft", "hard"} and not says_when:
            raise ValueError("'delete_mode' says how, but neither 'delete_missing' nor 'delete_when' says when")
        if self.delete_scope is not None and not self.delete_missing:
            raise ValueError("'delete_scope' is about 'delete_missing', which is not set")
        return self

    @model_validator(mode="after")
    def _updates(self) -> MergeOptions:
        if self.update == "none" and self.set:
            raise ValueError("'update: none' only inserts rows, but 'set' says how they are updated")
        return self

    @property
    def soft(self) -> bool:
        """Whether deleted rows are kept."""
        return self.delete_mode == "soft"

    @property
    def deletes(self) -> DeleteOptions:
        """When rows are deleted; a partition is a scope."""
        if self.partition_by is None:
            return self
        return self.model_copy(update={"delete_missing": True, "delete_scope": self.partition_by})
