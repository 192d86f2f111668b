"""The shop's countries."""

from __future__ import annotations

import ibis

from interlace import model


@model(
    checks=[{"unique": "country"}, {"expression": "buyers <= customers"}],
    export={"format": "json", "path": "out/countries.json"},
)
def countries(dim_customers: ibis.Table) -> ibis.Table:
    """One row per country.  The expression stays lazy: DuckDB computes it, no row visits Python."""
    buys = dim_customers.orders > 0
    return dim_customers.group_by("country").agg(
        customers=dim_customers.count(),
        buyers=buys.sum(),
        vips=dim_customers.is_vip.sum(),
        spent=dim_customers.spent.sum(),
    )
