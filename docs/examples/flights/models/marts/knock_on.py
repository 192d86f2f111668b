"""How a late arrival makes the next departure of the same plane late."""

from __future__ import annotations

import polars as pl

from interlace import model

HALF_AN_HOUR, AN_HOUR = 30, 60


@model(checks=[{"unique": "arrived"}, {"row_count": {"min": 4, "max": 4}}])
def knock_on(stg_flights: pl.DataFrame) -> pl.DataFrame:
    """Departure delays by how late the plane arrived from its flight before, on the same day.

    Only flights out of New York are in the data, so the flight before is the one that left New York before.
    """
    before = pl.col("arr_delay").shift(1).over("tailnum", "flown_on", order_by="sched_dep_time")
    arrived = (
        pl.when(pl.col("before") <= 0)
        .then(pl.lit("on time"))
        .when(pl.col("before") <= HALF_AN_HOUR)
        .then(pl.lit("up to 30 minutes late"))
        .when(pl.col("before") <= AN_HOUR)
        .then(pl.lit("up to an hour late"))
        .otherwise(pl.lit("later"))
    )
    return (
        stg_flights.filter(~pl.col("is_cancelled") & pl.col("tailnum").is_not_null())
        .with_columns(before=before)
        .filter(pl.col("before").is_not_null())
        .group_by(arrived=arrived)
        .agg(flights=pl.len().cast(pl.Int64), mean_dep_delay=pl.col("dep_delay").mean())
    )
