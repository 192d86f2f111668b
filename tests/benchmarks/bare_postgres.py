"""The statements of a file on PostgreSQL, in one transaction: a child process of the benchmarks."""

from __future__ import annotations

import sys
from pathlib import Path

import psycopg

if __name__ == "__main__":
    url, file = sys.argv[1:]
    with psycopg.connect(url) as connection:
        for line in Path(file).read_text(encoding="utf-8").splitlines():
            connection.execute(line)  # type: ignore[call-overload]
