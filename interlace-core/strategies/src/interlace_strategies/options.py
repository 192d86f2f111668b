"""The options that strategies share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from interlace.contracts.options import Columns, Options

__all__ = ["BatchOptions", "Columns", "DeleteOptions", "SqlText"]

SqlText = Annotated[str, Field(min_length=1)]
"""An expression in the connection's dialect."""


class BatchOptions(Options):
    """What is done with a batch before it is compared with the table.

    Attributes:
        null_keys: what a NULL in the key means: ``error`` refuses the load; ``match`` takes NULL for a value;
            ``skip`` leaves such rows out and counts them as rejected.
        duplicates: what several rows of one key mean, where they differ: ``error`` refuses the load; ``latest`` takes the
            greatest by `order_by`.  Identical rows are one row.
        order_by: the columns that say which row is the latest, the most important first; the others break ties.
        rejects: ``keep`` sets rejected rows aside in the table ``<name>__rejects``, with ``_reason`` and ``_loaded_at``.
    """

    null_keys: Literal["error", "match", "skip"] = "error"
    duplicates: Literal["error", "latest"] = "error"
    order_by: Columns | None = None
    rejects: Literal["drop", "keep"] = "drop"

    @model_validator(mode="after")
    def _ordered(self) -> BatchOptions:
        if self.duplicates == "latest" and self.order_by is None:
            raise ValueError("'duplicates: latest' needs 'order_by', which says what is latest")
        if self.duplicates == "error" and self.order_by is not None:
            raise ValueError("'order_by' says what is latest, and needs 'duplicates: latest'")
        return self


class DeleteOptions(Options):
    """When rows are deleted, and the guards; how is said by ``delete_mode`` of the strategy.

    Attributes:
        delete_missing: a row that the batch does not hold is deleted.
        delete_when: a condition over a row of the batch that says that its key is deleted.
        delete_scope: only rows whose values of these columns occur in the batch can be missing from it.
        max_delete_fraction: more than this part of the live rows in scope is not deleted for being missing: the load
            is refused.  From 100 rows on.
        allow_empty: a batch without rows may delete whatever is missing from it.
    """

    delete_missing: bool = False
    delete_when: SqlText | None = None
    delete_scope: Columns | None = None
    max_delete_fraction: Annotated[float, Field(ge=0, le=1)] = 0.5
    allow_empty: bool = False
