"""All benchmarks, as one table: ``python tests/benchmarks/run.py [--only NAME ...] [--quick] [--json FILE]``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from bench import Bench

from table import Row, printed, save

__all__ = ["BENCHMARKS", "main"]

BENCHMARKS: dict[str, Callable[[Bench], Iterable[Row]]] = {
    "first": first_run,
    "per-model": per_model,
}
