"""The rows of files that arrive: formats, compressions, and what is said of a file that is broken."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile

import pyarrow as pa
import pyarrow.parquet
import pytest

from interlace.model.definition import FileDrop
from interlace.run.file_rows import Unreadable, declared_schema, rows_of

CSV = b"id,name\n1,a\n2,\n"
PACKED = gzip.compress(CSV, mtime=0)  # of no time: each process that collects tests has to name them alike
ROWS = [{"id": 1, "name": "a"}, {"id": 2, "name": None}]


def drop(kind="csv", **options):
    return FileDrop("drop", "in/*", kind, **options)


def read(data, path="in/a.csv", wanted=None):
    batches = list(rows_of(io.BytesIO(data), path, wanted or drop()))
    return pa.Table.from_batches(batches).to_pylist() if batches else []


def zipped(**members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


def parquet():
    written = io.BytesIO()
    pa.parquet.write_table(pa.Table.from_pylist(ROWS), written)
    return written.getvalue()


def zstd(data):
    return pa.compress(data, codec="zstd", asbytes=True)


@pytest.mark.parametrize(
    ("path", "packed"),
    [
        ("a.csv", CSV),
        ("a.csv.gz", PACKED),
        ("a.CSV.GZ", PACKED),
        ("a.csv.bz2", bz2.compress(CSV)),
        ("a.csv.zst", zstd(CSV)),
        ("a.zip", zipped(**{"x/a.csv": CSV, "__MACOSX/a.csv": b"junk"})),
    ],
)
def test_csv_is_read_compressed_or_not(path, packed):
    assert ROWS == read(packed, path)


def test_two_gzip_files_in_a_row_are_both_read():
    assert 3 == len(read(gzip.compress(CSV) + gzip.compress(b"3,c\n"), "a.csv.gz"))


def test_of_an_archive_the_rows_of_all_files_are_read():
    assert 4 == len(read(zipped(a=CSV, b=CSV), "a.zip"))


@pytest.mark.parametrize("path", ["a.parquet", "a.parquet.gz", "a.zip"])
def test_parquet_is_read(path):
    data = parquet()
    packed = {"a.parquet": data, "a.parquet.gz": gzip.compress(data), "a.zip": zipped(a=data)}[path]

    assert ROWS == read(packed, path, drop("parquet"))


def test_lines_of_json_are_read_and_need_not_have_one_shape():
    data = b'{"id": 1}\n\n{"id": 2, "name": "b"}\n'

    assert [{"id": 1, "name": None}, {"id": 2, "name": "b"}] == read(data, "a.jsonl", drop("jsonl"))


def test_declared_columns_have_their_types():
    wanted = drop(columns=(("id", "VARCHAR"), ("name", "VARCHAR")))

    assert "1" == read(CSV, wanted=wanted)[0]["id"]


def test_csv_is_read_as_it_is_said_to_be_written():
    data = "id;name\n1;'ä;'\n2;NA\n".encode("latin-1")
    wanted = drop(options={"delimiter": ";", "quote": "'", "encoding": "latin-1", "null": ["NA"]})

    assert [{"id": 1, "name": "ä;"}, {"id": 2, "name": None}] == read(data, wanted=wanted)


def test_the_name_of_the_file_is_a_column_where_it_is_asked_for():
    assert "in/a.csv" == read(CSV, wanted=drop(filename="source"))[0]["source"]


@pytest.mark.parametrize("path", ["a.csv", "a.csv.gz", "a.parquet", "a.jsonl"])
def test_a_file_of_no_bytes_has_no_rows(path):
    kind = {"gz": "csv"}.get(path.rpartition(".")[2], path.rpartition(".")[2])

    assert [] == read(gzip.compress(b"") if path.endswith("gz") else b"", path, drop(kind))


def test_a_file_with_a_header_alone_has_columns():
    (batch,) = rows_of(io.BytesIO(b"id,name\n"), "a.csv", drop())

    assert (0, ["id", "name"]) == (batch.num_rows, batch.schema.names)


@pytest.mark.parametrize(
    ("path", "data", "wanted", "said"),
    [
        ("a.csv", b"a,b\n1,2\n1,2,3\n", drop(), "Expected 2 columns, got 3"),
        ("a.csv", b"a\nx\n", drop(columns=(("a", "INTEGER"),)), "In CSV column #0: CSV conversion error to int32"),
        ("a.csv", b"a\n\xff\n", drop(columns=(("a", "VARCHAR"),)), "invalid UTF8"),
        ("a.csv", CSV, drop(columns=(("amount", "DOUBLE"),)), "it has no column 'amount', which 'columns' declares"),
        ("a.csv", CSV, drop(filename="name"), "it has a column 'name' of its own: give 'filename' another name"),
        ("a.csv.gz", PACKED[:-10], drop(), "Compressed file ended before the end-of-stream marker"),
        ("a.csv.gz", CSV, drop(), "Not a gzipped file"),
        ("a.csv.bz2", CSV, drop(), "Invalid data stream"),
        ("a.csv.zst", zstd(CSV)[:-4], drop(), "Truncated"),
        ("a.zip", CSV, drop(), "File is not a zip file"),
        ("a.parquet", CSV, drop("parquet"), "Parquet magic bytes not found"),
        ("a.jsonl", b'{"a": 1}\n{"a"\n', drop("jsonl"), "line 2: "),
        ("a.jsonl", b"[1]\n", drop("jsonl"), "line 1 is no object"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(path, data, wanted, said):
    with pytest.raises(Unreadable) as error:
        read(data, path, wanted)

    assert said in str(error.value)


def test_the_schema_is_known_without_files_where_columns_are_declared():
    assert ["id", "filename"] == declared_schema(drop(columns=(("id", "INTEGER"),), filename="filename")).names
    assert declared_schema(drop()) is None


def test_a_large_file_is_read_in_batches():
    data = b"id\n" + b"1234567\n" * 2_000_000

    sizes = [batch.num_rows for batch in rows_of(io.BytesIO(data), "a.csv", drop())]

    assert 2_000_000 == sum(sizes)
    assert max(sizes) < 1_000_000
