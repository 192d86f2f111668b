"""The busiest days of the year."""

from __future__ import annotations

import pandas as pd

from interlace import model


@model(checks=[{"unique": "flown_on"}, {"row_count": {"equals": 10}}])
def busiest_days(daily_delays: pd.DataFrame) -> pd.DataFrame:
    """The ten days with the most flights, the earlier first where two are equal."""
    days = daily_delays.groupby("flown_on", as_index=False)[["flights", "cancelled", "late"]].sum()
    return days.sort_values(["flights", "flown_on"], ascending=[False, True]).head(10)
