"""Carriers, compared."""

from __future__ import annotations

import ibis

from interlace import model


@model(
    key="carrier",
    checks=[{"unique": "carrier"}, {"not_null": "name"}, {"expression": "on_time_share BETWEEN 0 AND 1"}],
    export={"format": "json", "path": "out/carriers.json"},
)
def carriers(daily_delays: ibis.Table, airlines: ibis.Table) -> ibis.Table:
    """One row per carrier, ranked by how often it leaves on time.  Lazy: the database computes it."""
    totals = daily_delays.group_by("carrier").agg(
        flights=daily_delays.flights.sum().cast("int32"),
        cancelled=daily_delays.cancelled.sum().cast("int32"),
        late=daily_delays.late.sum().cast("int32"),
    )
    left = totals.flights - totals.cancelled
    shares = totals.mutate(on_time_share=(left - totals.late) / totals.flights)
    named = shares.join(airlines, "carrier")
    return named.mutate(place=ibis.rank().over(order_by=ibis.desc("on_time_share")) + 1)
