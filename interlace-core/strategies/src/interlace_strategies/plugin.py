"""The words allowed after ``strategy:``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.plugin import Provider, hookimpl

if TYPE_CHECKING:
    from interlace.contracts.strategy import Strategy

INTERLACE_HOOK_API = 1


@hookimpl
def interlace_strategies() -> list[Provider[Strategy]]:
    """Offer our strategies."""
    return [
        Provider("append", "interlace_strategies.append:Append", "Add the batch to the rows that are there"),
        Provider(
            "merge_by_key",
            "interlace_strategies.merge_by_key:MergeByKey",
            "Update the rows whose key is there, insert the others",
            aliases=("merge", "upsert"),
        ),
        Provider(
            "merge_stream_with_source",
            "interlace_strategies.merge_stream_with_source:MergeStreamWithSource",
            "The latest snapshot plus all later events, whatever their order of landing",
        ),
        Provider("none", "interlace_strategies.none:Unmanaged", "The relation is managed elsewhere, and never written"),
        Provider("replace", "interlace_strategies.replace:Replace", "The table becomes what the query gives"),
        Provider(
            "scd_type_2",
            "interlace_strategies.scd_type_2:ScdType2",
            "Keep each version of a row, with the time in which it was valid",
            aliases=("scd2",),
        ),
    ]
