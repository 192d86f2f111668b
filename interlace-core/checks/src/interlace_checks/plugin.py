"""The words allowed in ``checks:``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.plugin import Provider, hookimpl

if TYPE_CHECKING:
    from interlace.contracts.check import Check

INTERLACE_HOOK_API = 1


@hookimpl
def interlace_checks() -> list[Provider[Check]]:
    """Offer our checks."""
    return [
        Provider("accepted_values", "interlace_checks.accepted_values:AcceptedValues", "Values come from a list"),
        Provider("anomaly", "interlace_checks.anomaly:Anomaly", "A number is not far from what it was in earlier runs"),
        Provider("expression", "interlace_checks.expression:Expression", "An SQL expression holds for each row"),
        Provider("freshness", "interlace_checks.freshness:Freshness", "The newest time is not older than it may be"),
        Provider("not_null", "interlace_checks.not_null:NotNull", "Columns have a value in each row"),
        Provider("pattern", "interlace_checks.pattern:Pattern", "Text matches a regular expression"),
        Provider("query", "interlace_checks.query:Query", "A query gives no rows"),
        Provider("range", "interlace_checks.range:Range", "Values lie between bounds"),
        Provider("relationships", "interlace_checks.relationships:Relationships", "Values exist in another model"),
        Provider("row_count", "interlace_checks.row_count:RowCount", "The number of rows lies between bounds"),
        Provider("unique", "interlace_checks.unique:Unique", "No two rows share the values of these columns"),
    ]
