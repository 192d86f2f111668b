"""Pages, and how long people stay on them."""

from __future__ import annotations

import ibis

from interlace import model


@model(checks=[{"unique": "page"}, {"row_count": {"min": 1}}])
def pages(visits: ibis.Table) -> ibis.Table:
    """One row per page.  The parameter's name says what is read: the model `visits`."""
    return visits.group_by("page").agg(
        visits=visits.count(),
        seconds=visits.seconds.sum(),
        last_visit=visits.visited_at.max(),
    )
