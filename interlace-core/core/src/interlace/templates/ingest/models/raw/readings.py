"""Readings of sensors, as CSV files that arrive in data/incoming."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from interlace import model

INCOMING = Path(__file__).resolve().parents[2] / "data" / "incoming"
TYPES = {"device": pa.string(), "read_at": pa.timestamp("us"), "celsius": pa.float64(), "battery": pa.int32()}


@model(
    inputs=["data/incoming/readings-*.csv"],
    checks=[
        {"not_null": ["device", "read_at"]},
        {"range": {"column": "battery", "min": 0, "max": 100}},
        {"not_null": {"columns": ["celsius"], "severity": "warn"}},
    ],
)
def readings() -> Iterator[pa.Table]:
    """One row per reading: a file at a time, as Arrow."""
    options = pa.csv.ConvertOptions(column_types=TYPES, null_values=[""], strings_can_be_null=True)
    for path in sorted(INCOMING.glob("readings-*.csv")):
        yield pa.csv.read_csv(path, convert_options=options)
