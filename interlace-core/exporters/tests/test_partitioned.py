from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from interlace.errors import ExportFailed
from interlace_exporters.parquet_files import Parquet

SALES = "SELECT * FROM (VALUES (1, 'a b', 2024), (2, NULL, 2024), (3, 'ü/=%', 2025), (4, 'a b', 2024)) AS t(id, place, year)"


def folders(path):
    return sorted(f.relative_to(path).as_posix() for f in path.rglob("*.parquet"))


@pytest.fixture
def export_to(tmp_path, writer):
    def run(sql, **options):
        given = Parquet.Config.model_validate({"path": "x", **options})
        return Parquet().export(writer, sql, tmp_path / "out", given)

    return run


def test_each_value_has_a_folder(export_to, tmp_path):
    exported = export_to(SALES, partition_by=["year", "place"])

    assert [
        "year=2024/place=__HIVE_DEFAULT_PARTITION__/part-0.parquet",
        "year=2024/place=a b/part-0.parquet",
        "year=2025/place=%C3%BC%2F%3D%25/part-0.parquet",
    ] == folders(tmp_path / "out")
    assert 4 == exported.rows
    assert exported.bytes == sum(f.stat().st_size for f in (tmp_path / "out").rglob("*.parquet"))


def test_the_files_hold_the_other_columns(export_to, tmp_path):
    import pyarrow.parquet as pq

    export_to(SALES, partition_by=["year", "place"])

    assert ["id"] == pq.read_schema(next((tmp_path / "out").rglob("*.parquet"))).names


def test_duckdb_reads_the_same_rows_back(export_to, tmp_path, session):
    export_to(SALES, partition_by=["year", "place"])
    read = f"read_parquet('{tmp_path}/out/**/*.parquet', hive_partitioning = true)"

    assert session.fetch(f"{SALES} ORDER BY id") == session.fetch(f"SELECT id, place, year FROM {read} ORDER BY id")


@given(
    rows=st.lists(st.tuples(st.integers(0, 3) | st.none(), st.sampled_from(["", "a", "A ", "é", "x/y"])), max_size=12)
)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_row_is_in_the_folder_of_its_values(session, tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("partitions")
    listed = ", ".join(f"({n}, {'NULL' if a is None else a}, '{b}')" for n, (a, b) in enumerate(rows))
    sql = f"SELECT * FROM (VALUES {listed or '(0, 0, chr(0))'}) AS t(id, a, b)" + ("" if rows else " WHERE false")
    options = Parquet.Config.model_validate({"path": "x", "partition_by": ["a", "b"], "row_group_size": 3})
    exported = Parquet().export(session, sql, folder / "out", options)
    read = (
        f"read_parquet('{folder}/out/**/*.parquet', hive_partitioning = true, hive_types = {{'a': INT, 'b': VARCHAR}})"
    )
    found = session.fetch(f"SELECT id, a, b FROM {read}") if rows else []

    assert len(rows) == exported.rows
    assert [(n, a, b) for n, (a, b) in enumerate(rows)] == sorted(found)


def test_no_rows_make_no_files(export_to, tmp_path):
    exported = export_to(f"SELECT * FROM ({SALES}) AS s WHERE id > 9", partition_by="year")

    assert (0, 0, []) == (exported.rows, exported.bytes, folders(tmp_path / "out"))


def test_a_column_is_found_whatever_its_case(export_to, tmp_path):
    export_to(SALES, partition_by="YEAR")

    assert ["year=2024/part-0.parquet", "year=2025/part-0.parquet"] == folders(tmp_path / "out")


def test_a_column_that_is_not_there_is_named_with_the_nearest(export_to):
    with pytest.raises(ExportFailed, match="'yaer', which is no column") as raised:
        export_to(SALES, partition_by="yaer")

    assert "Did you mean 'year'? Columns: id, place, year." == raised.value.hint


def test_something_must_be_left_for_the_files(export_to):
    with pytest.raises(ExportFailed, match="names all columns"):
        export_to(SALES, partition_by=["id", "place", "year"])


def test_missing_partitions_goes_with_partitions_only():
    with pytest.raises(ValidationError, match="'missing_partitions' goes with 'partition_by'"):
        Parquet.Config.model_validate({"path": "x", "missing_partitions": "remove"})


def test_one_file_is_no_folder():
    plain = Parquet.Config.model_validate({"path": "x"})

    assert None is Parquet().folder(plain)
