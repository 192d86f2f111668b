"""What was written for any engine, on a real PostgreSQL: the suites of materialisations and exports, a merge."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from interlace.contracts.load import LoadSpec, Query
from interlace.contracts.relation import Relation
from interlace.errors import LoadRefused
from interlace.testing.conformance.exporter import ExporterConformance
from interlace.testing.conformance.materialiser import MaterialiserConformance
from interlace_exporters.csv_files import Csv
from interlace_exporters.json_files import Json, JsonLines
from interlace_exporters.parquet_files import Parquet
from interlace_materialisers.ephemeral import Ephemeral
from interlace_materialisers.none import Nothing
from interlace_materialisers.table import Table
from interlace_materialisers.view import View
from interlace_postgres.config import PostgresOptions
from interlace_postgres.connection import PostgresConnection
from interlace_strategies.merge_by_key import MergeByKey


@pytest.fixture
def connect(postgres_url, tmp_path):
    return lambda: PostgresConnection("warehouse", PostgresOptions(url=postgres_url), root=tmp_path)


@pytest.fixture
def session(connect):
    connection = connect()
    yield connection.session()
    connection.close()


class TestMaterialisers(MaterialiserConformance):
    @pytest.fixture
    def connect(self, connect):
        return connect

    @pytest.fixture(params=[Ephemeral, Nothing, Table, View])
    def materialiser(self, request):
        return request.param


def read_csv(path):
    with path.open(newline="", encoding="utf-8") as file:
        return [{"id": int(row["id"]), "item": row["item"] or None} for row in csv.DictReader(file)]


FORMATS = {
    "csv": (Csv, read_csv),
    "json": (Json, lambda path: json.loads(path.read_text(encoding="utf-8"))),
    "jsonl": (JsonLines, lambda path: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]),
    "parquet": (Parquet, lambda path: pq.ParquetFile(path).read().to_pylist()),
}


class TestExporters(ExporterConformance):
    @pytest.fixture
    def connect(self, connect):
        return connect

    @pytest.fixture(params=list(FORMATS))
    def format_(self, request):
        return FORMATS[request.param]

    @pytest.fixture
    def exporter(self, format_):
        return format_[0]

    @pytest.fixture
    def read(self, format_):
        return format_[1]


TARGET = Relation("orders", "public")


def merge(session, batch, **options):
    query = Query(f"SELECT * FROM (VALUES {batch}) AS given(id, item)")
    spec = LoadSpec(
        target=TARGET,
        source=query,
        source_columns=session.describe(query.sql),
        target_columns=session.catalogue(["public"])[TARGET].columns,
        key=("id",),
        options=MergeByKey.Config.model_validate(options),
        execution_time=datetime(2024, 1, 2, tzinfo=UTC),
        capabilities=session.connection.capabilities,
        dialect=session.connection.dialect,
    )
    with session.transaction():
        return session.apply(MergeByKey().plan(spec))


@pytest.fixture
def orders(session):
    session.execute("CREATE TABLE orders AS SELECT * FROM (VALUES (1, 'apple'), (2, 'pear'), (3, NULL)) AS o(id, item)")
    return session


def test_a_merge_updates_and_inserts_and_counts(orders):
    counts = merge(orders, "(2, 'plum'), (3, NULL), (4, 'fig')")

    assert [(1, "apple"), (2, "plum"), (3, None), (4, "fig")] == orders.fetch("SELECT * FROM orders ORDER BY id")
    assert (1, 1, 1) == (counts.inserted, counts.updated, counts.unchanged)


def test_a_merge_with_two_rows_for_one_key_writes_nothing(orders):
    with pytest.raises(LoadRefused):
        merge(orders, "(2, 'plum'), (2, 'fig')")

    assert [(1, "apple"), (2, "pear"), (3, None)] == orders.fetch("SELECT * FROM orders ORDER BY id")
