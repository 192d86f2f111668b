"""Exports to S3 and folders, and models that read from there: a real client, a server of moto's, a proxy that cuts."""

from __future__ import annotations

import contextlib
import io
import socket
import threading

import duckdb
import pytest

REGION = "eu-west-1"


@pytest.fixture
def s3(s3_server, request):
    """A client of boto3's own, with an empty bucket ``lake``."""
    import boto3

    client = boto3.client(
        "s3", endpoint_url=s3_server, region_name=REGION, aws_access_key_id="key", aws_secret_access_key="geheim"
    )
    client.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": REGION})
    yield client
    for key in keys(client):
        client.delete_object(Bucket="lake", Key=key)
    client.delete_bucket(Bucket="lake")
    client.close()


@pytest.fixture
def lake(project, s3, s3_server):
    """The project, with a connection ``lake`` to the bucket; gives a function that writes its configuration."""

    def configure(default="", **options):
        given = {
            "bucket": "lake",
            "prefix": "{env}",
            "endpoint": s3_server,
            "region": REGION,
            "key": "key",
            "secret": "geheim",
            "attempts": 1,
            **options,
        }
        lines = "".join(f"    {key}: '{value}'\n" for key, value in given.items())
        project.write(
            "config.yaml",
            "connections:\n"
            f"  default:\n    type: duckdb\n    path: warehouse.duckdb\n{default}"
            f"  lake:\n    type: s3\n{lines}",
        )
        return project

    configure()
    return configure


ORDERS = """
-- @export: {{format: {format}, connection: lake, path: "marts/{{model}}.{format}"{more}}}
SELECT i AS id, 'customer ' || (i % 10) AS customer, i * 1.5 AS amount, DATE '2024-01-01' + CAST(i % 3 AS INTEGER) AS day
FROM range({rows}) AS t(i)
"""


def orders(rows=100, form="parquet", more=""):
    return ORDERS.format(rows=rows, format=form, more=more)


def keys(client):
    return [found["Key"] for found in client.list_objects_v2(Bucket="lake").get("Contents", ())]


def body(client, key):
    return client.get_object(Bucket="lake", Key=key)["Body"].read()


class Cutting:
    """A proxy that takes so many bytes of each connection, and then hangs up."""

    def __init__(self, target, after):
        host, _, port = target.removeprefix("http://").partition(":")
        self.target, self.after = (host, int(port)), after
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.open = True
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            client, _ = self.listening.accept()
            if not self.open:
                client.close()
                return
            threading.Thread(target=self.carry, args=(client,), daemon=True).start()

    def carry(self, client):
        with client, socket.create_connection(self.target) as server:
            back = threading.Thread(target=self.copy, args=(server, client, None), daemon=True)
            back.start()
            self.copy(client, server, self.after)
            for one in (client, server):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            back.join()

    @staticmethod
    def copy(source, target, limit):
        try:
            while (limit is None or limit > 0) and (data := source.recv(65536)):
                target.sendall(data)
                limit = None if limit is None else limit - len(data)
        except OSError:
            pass

    def close(self):
        self.open = False
        socket.create_connection(self.listening.getsockname()).close()
        self.thread.join()
        self.listening.close()


@pytest.fixture
def cutting(s3_server):
    """Makes a proxy before the server that hangs up after so many bytes of a connection."""
    made = []

    def make(after):
        made.append(Cutting(s3_server, after))
        return made[-1].address

    yield make
    for proxy in made:
        proxy.close()


# --- there and back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["parquet", "csv", "json", "jsonl"])
def test_every_format_goes_to_s3(lake, s3, form):
    project = lake()
    project.sql("orders", orders(form=form))
    said = project.run("-v")

    assert f"{form} s3://lake/dev/marts/orders.{form}  100 rows" in said.out
    assert [f"dev/marts/orders.{form}"] == keys(s3)
    assert len(body(s3, f"dev/marts/orders.{form}")) > 1000


def test_a_model_that_reads_the_export_back_has_the_same_rows(lake):
    project = lake()
    project.sql("orders", orders(rows=5000))
    project.python(
        "again",
        """
        import pyarrow.parquet as pq

        from interlace import model


        @model(dependencies=["orders"])
        def again(context):
            lake = context.files("lake")
            for found in lake.list("marts/*.parquet"):
                with lake.read(found.path) as source:
                    yield pq.read_table(source)
        """,
    )
    project.run("orders")
    project.run("again")

    with duckdb.connect(str(project.root / "warehouse.duckdb")) as db:
        assert [(5000,)] == db.execute("SELECT count(*) FROM again").fetchall()
        assert [] == db.execute("(FROM orders EXCEPT FROM again) UNION ALL (FROM again EXCEPT FROM orders)").fetchall()


def test_sql_on_duckdb_reads_what_was_exported(lake):
    project = lake(default="    files: [lake]\n")
    project.sql("orders", orders(more=", partition_by: day").replace(".parquet", ""))
    project.sql(
        "again",
        "SELECT id, customer, amount, CAST(day AS DATE) AS day\n"
        "FROM read_parquet('s3://lake/' || $env || '/marts/orders/*/*.parquet', hive_partitioning = true)",
    )
    project.run("orders")
    project.run("again")

    with duckdb.connect(str(project.root / "warehouse.duckdb")) as db:
        assert [(100,)] == db.execute("SELECT count(*) FROM again").fetchall()
        assert [] == db.execute("(FROM orders EXCEPT FROM again) UNION ALL (FROM again EXCEPT FROM orders)").fetchall()


def test_an_object_that_is_gone_is_written_again_and_else_there_is_nothing_to_do(lake, s3):
    project = lake()
    project.sql("orders", orders())
    project.run()
    assert "Nothing to do" in project.run().out

    s3.delete_object(Bucket="lake", Key="dev/marts/orders.parquet")

    assert "1 export" in project.run().out
    assert ["dev/marts/orders.parquet"] == keys(s3)


def test_environments_write_to_folders_of_their_own(lake, s3):
    project = lake()
    project.write("config.prod.yaml", "connections:\n  default:\n    path: prod.duckdb\n")
    project.write("config.dev.yaml", "connections:\n  default:\n    path: dev.duckdb\n")
    project.sql("orders", orders())
    project.run("--env", "dev")
    project.run("--env", "prod")

    assert ["dev/marts/orders.parquet", "prod/marts/orders.parquet"] == keys(s3)


# --- partitions -------------------------------------------------------------------------------------------------------


def partitioned(days, more=""):
    return (
        f"-- @export: {{format: parquet, connection: lake, path: 'marts/orders', partition_by: [day]{more}}}\n"
        f"SELECT i AS id, DATE '2024-01-01' + CAST(i % {days} AS INTEGER) AS day FROM range(30) AS t(i)"
    )


def test_a_rerun_replaces_the_files_of_the_partitions_that_it_writes(lake, s3):
    project = lake()
    project.sql("orders", partitioned(3))
    project.run()
    for key in ("day=2024-01-01/other.parquet", "day=2024-01-01/notes.txt", "day=2024-01-03/part-1.parquet"):
        s3.put_object(Bucket="lake", Key=f"dev/marts/orders/{key}", Body=b"old")
    project.sql("orders", partitioned(2))
    project.run()

    assert [
        "dev/marts/orders/day=2024-01-01/notes.txt",
        "dev/marts/orders/day=2024-01-01/part-0.parquet",
        "dev/marts/orders/day=2024-01-02/part-0.parquet",
        "dev/marts/orders/day=2024-01-03/part-0.parquet",
        "dev/marts/orders/day=2024-01-03/part-1.parquet",
    ] == keys(s3)


def test_partitions_that_are_missing_are_removed_where_that_is_asked_for(lake, s3):
    project = lake()
    project.sql("orders", partitioned(3))
    project.run()
    project.sql("orders", partitioned(2, more=", missing_partitions: remove"))
    project.run()

    assert [f"dev/marts/orders/day=2024-01-0{n}/part-0.parquet" for n in (1, 2)] == keys(s3)


def test_partitions_are_folders_of_this_machine_as_well(project):
    project.sql("orders", partitioned(3).replace("connection: lake, ", ""))
    project.run()
    (project.root / "marts/orders/day=2024-01-02/other.parquet").write_bytes(b"old")
    project.sql("orders", partitioned(2, more=", missing_partitions: remove").replace("connection: lake, ", ""))
    project.run()
    files = sorted(f.relative_to(project.root).as_posix() for f in (project.root / "marts").rglob("*"))

    assert [
        "marts/orders",
        "marts/orders/day=2024-01-01",
        "marts/orders/day=2024-01-01/part-0.parquet",
        "marts/orders/day=2024-01-02",
        "marts/orders/day=2024-01-02/part-0.parquet",
    ] == files
    with duckdb.connect(str(project.root / "warehouse.duckdb")) as db:
        found = db.execute(
            f"SELECT day, count(*) FROM read_parquet('{project.root}/marts/orders/*/*.parquet') GROUP BY day ORDER BY day"
        ).fetchall()
    assert [15, 15] == [count for _, count in found]


def test_partition_by_a_column_that_is_not_there_names_the_nearest(project):
    project.sql("orders", partitioned(3).replace("connection: lake, ", "").replace("[day]", "[dai]"))
    said = project.fails(code=1)

    assert "'partition_by' names 'dai', which is no column" in said or "dai" in project("run").out


# --- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("connection", "expected"),
    [
        ("lale", ["names the connection 'lale', which does not exist", "Did you mean 'lake'?", "models/orders.sql"]),
        ("default", ["names the connection 'default', which has tables", "models/orders.sql"]),
    ],
)
def test_a_connection_that_cannot_take_files_is_refused_before_anything_runs(lake, connection, expected):
    project = lake()
    project.sql("orders", orders().replace("connection: lake", f"connection: {connection}"))
    said = project.fails()

    assert [] == [text for text in expected if text not in said]
    assert not (project.root / "warehouse.duckdb").exists()


def test_a_path_that_leads_out_of_the_bucket_is_refused(lake):
    project = lake()
    project.sql("orders", orders().replace("marts/", "../marts/"))

    assert "'../marts/orders.parquet' is no path below the place" in project.fails()


def test_a_model_on_a_connection_to_files_is_refused(lake):
    project = lake()
    project.sql("orders", "-- @connection: lake\nSELECT 1 AS id")

    assert "orders is on the connection 'lake', which has files, no tables" in project.fails()


def test_a_bucket_that_is_not_there_fails_the_export_alone(lake):
    project = lake(bucket="pond")
    project.sql("orders", orders())
    said = project("run")

    assert 1 == said.code
    assert "orders is published, its export failed" in said.out + said.err
    assert "s3://pond/dev/marts/orders.parquet (lake): the store has no such bucket." in said.out + said.err
    assert "geheim" not in said.out + said.err


def test_wrong_credentials_are_named_and_the_right_ones_heal(lake, s3, s3_server, monkeypatch):
    import boto3

    iam = boto3.client(
        "iam", endpoint_url=s3_server, region_name=REGION, aws_access_key_id="key", aws_secret_access_key="geheim"
    )
    iam.create_user(UserName="loader")
    iam.put_user_policy(
        UserName="loader",
        PolicyName="all",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}',
    )
    right = iam.create_access_key(UserName="loader")["AccessKey"]
    iam.close()
    project = lake(key=right["AccessKeyId"], secret="falsch-geheim")
    project.sql("orders", orders())
    with monkeypatch.context() as checking:
        checking.setattr("moto.settings.INITIAL_NO_AUTH_ACTION_COUNT", 0)
        wrong = project("run")
        unknown = lake(key="AKIANOBODY", secret="falsch-geheim")("run")
        lake(key=right["AccessKeyId"], secret=right["SecretAccessKey"])
        healed = project.run()

    assert (1, 1) == (wrong.code, unknown.code)
    assert "the store says that the secret does not fit the access key" in wrong.out + wrong.err
    assert "the store does not know the access key" in unknown.out + unknown.err
    assert "falsch-geheim" not in wrong.out + wrong.err + unknown.out + unknown.err
    assert "1 export" in healed.out
    assert ["dev/marts/orders.parquet"] == keys(s3)


@pytest.mark.parametrize("rows", [20_000, 3_000_000], ids=["in one request", "in parts"])
def test_an_upload_that_is_cut_in_the_middle_leaves_the_old_object(lake, s3, cutting, s3_server, rows):
    project = lake()
    project.sql("orders", orders())
    project.run()
    before = body(s3, "dev/marts/orders.parquet")

    lake(endpoint=cutting(after=70_000))
    project.sql("orders", orders(rows=rows).replace("i * 1.5", "random()"))
    cut = project("run")

    assert 1 == cut.code, cut.out
    assert "orders is published, its export failed" in cut.out + cut.err
    assert before == body(s3, "dev/marts/orders.parquet")

    lake(endpoint=s3_server)
    assert "1 export" in project.run().out
    with duckdb.connect() as db:
        (project.root / "found.parquet").write_bytes(body(s3, "dev/marts/orders.parquet"))
        assert [(rows,)] == db.execute(f"SELECT count(*) FROM '{project.root}/found.parquet'").fetchall()
    assert None is s3.list_multipart_uploads(Bucket="lake").get("Uploads") or rows > 1_000_000


def test_a_python_model_that_asks_for_tables_as_files_is_told(lake):
    project = lake()
    project.python(
        "one",
        """
        from interlace import model


        @model()
        def one(context):
            return list(context.files("default").list("*"))
        """,
    )
    said = project("run")

    assert 1 == said.code
    assert "the connection 'default' has tables, no files" in said.out + said.err


def test_a_connection_that_only_reads_takes_no_export(lake):
    project = lake(access="read")
    project.sql("orders", orders())

    assert "orders would export through the connection 'lake', which is 'access: read'" in project.fails()


# --- folders ----------------------------------------------------------------------------------------------------------


def test_a_folder_is_a_place_for_exports_too(project):
    project.write(
        "config.yaml",
        "default_connection: warehouse\n"
        "connections:\n  warehouse: {type: duckdb, path: warehouse.duckdb}\n  lake: {type: filesystem, path: '{env}-files'}\n",
    )
    project.sql("orders", orders(form="csv"))
    project.run()
    text = (project.root / "dev-files/marts/orders.csv").read_text()

    assert "id,customer,amount,day" == io.StringIO(text).readline().strip()
    assert "Nothing to do" in project.run().out
