from __future__ import annotations

import csv
import json

import pyarrow.parquet as pq
import pytest

from interlace.testing.conformance.exporter import ExporterConformance
from interlace_exporters.csv_files import Csv
from interlace_exporters.json_files import Json, JsonLines
from interlace_exporters.parquet_files import Parquet


def read_csv(path):
    with path.open(newline="", encoding="utf-8") as file:
        return [{"id": int(row["id"]), "item": row["item"] or None} for row in csv.DictReader(file)]


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


FORMATS = {
    "csv": (Csv, read_csv),
    "json": (Json, lambda path: json.loads(path.read_text(encoding="utf-8"))),
    "jsonl": (JsonLines, read_lines),
    "parquet": (Parquet, lambda path: pq.ParquetFile(path).read().to_pylist()),
}


@pytest.fixture(params=list(FORMATS))
def format_(request):
    return FORMATS[request.param]


class TestOurExporters(ExporterConformance):
    @pytest.fixture
    def connect(self, connect):
        return connect

    @pytest.fixture
    def session(self, writer):
        return writer

    @pytest.fixture
    def exporter(self, format_):
        return format_[0]

    @pytest.fixture
    def read(self, format_):
        return format_[1]
