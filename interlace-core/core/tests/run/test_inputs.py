from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from interlace.contracts.connection import Session
from interlace.errors import ModelFailed
from interlace.run.inputs import provide
from interlace_duckdb.config import DuckDBOptions
from interlace_duckdb.connection import DuckDBConnection

# ibis 12 asks DuckDB 1.5 for Arrow by a name that is deprecated there.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

QUERY = "SELECT i AS id, 'n' || i AS name FROM range(3) t(i) ORDER BY i"
ROWS = [{"id": 0, "name": "n0"}, {"id": 1, "name": "n1"}, {"id": 2, "name": "n2"}]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    connection = DuckDBConnection("memory", DuckDBOptions(path=":memory:"), root=tmp_path)
    yield connection.session()
    connection.close()


def test_an_ibis_table_is_lazy(session: Session):
    session.execute(f'CREATE TABLE "odd ""name" AS {QUERY}')
    table = provide("ibis.Table", session, 'SELECT * FROM "odd ""name"', "orders")
    session.execute('DELETE FROM "odd ""name" WHERE id = 2')

    assert ROWS[:2] == table.order_by("id").to_pyarrow().to_pylist()


def test_an_arrow_table_holds_all_rows(session: Session):
    table = provide("pyarrow.Table", session, QUERY, "orders")

    assert isinstance(table, pa.Table)
    assert ROWS == table.to_pylist()


def test_a_reader_streams(session: Session):
    reader = provide("pyarrow.RecordBatchReader", session, "SELECT * FROM range(1000000000)", "orders")
    first = reader.read_next_batch()

    assert isinstance(reader, pa.RecordBatchReader)
    assert 0 < first.num_rows <= 200_000


def test_a_pandas_frame_holds_all_rows(session: Session):
    frame = provide("pandas.DataFrame", session, QUERY, "orders")

    assert isinstance(frame, pd.DataFrame)
    assert ROWS == frame.to_dict("records")


def test_a_polars_frame_holds_all_rows(session: Session):
    frame = provide("polars.DataFrame", session, QUERY, "orders")

    assert isinstance(frame, pl.DataFrame)
    assert ROWS == frame.to_dicts()


def test_a_lazy_polars_frame_gives_all_rows(session: Session):
    frame = provide("polars.LazyFrame", session, QUERY, "orders")

    assert isinstance(frame, pl.LazyFrame)
    assert ROWS == frame.collect().to_dicts()


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_a_package_that_is_missing_says_how_to_install_it(
    session: Session, monkeypatch: pytest.MonkeyPatch, package: str
):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ModelFailed, match=rf"'orders' asks for a {package}.DataFrame(.|\n)*interlace\[{package}\]"):
        provide(f"{package}.DataFrame", session, QUERY, "orders")
