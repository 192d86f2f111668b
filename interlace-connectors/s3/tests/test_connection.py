from __future__ import annotations

import os

import pytest

from interlace.errors import ConnectionFailure

pytestmark = pytest.mark.slow  # together they are

PART = 8 << 20


def put(files, path, data):
    with files.write(path) as target:
        target.write(data)


def failing(client, monkeypatch, method, after):
    """Let a method of the client fail after so many calls, as a connection that breaks off does."""
    from botocore.exceptions import ConnectionClosedError

    real, calls = getattr(client, method), []

    def call(**given):
        calls.append(given)
        if len(calls) > after:
            raise ConnectionClosedError(endpoint_url="http://lake")
        return real(**given)

    monkeypatch.setattr(client, method, call)
    return calls


def test_a_connection_says_where_it_leads(connect, bucket):
    assert f"s3://{bucket}" == connect().where()
    assert f"s3://{bucket}/raw/dev" == connect(prefix="raw/dev").where()
    assert f"s3://{bucket}/raw/dev/a.csv" == connect(prefix="raw/dev").shown("a.csv")


def test_a_folder_of_a_bucket_sees_nothing_beside_it(connect, s3, bucket):
    s3.put_object(Bucket=bucket, Key="rawer/a.csv", Body=b"x")
    s3.put_object(Bucket=bucket, Key="raw/a.csv", Body=b"x")
    files = connect(prefix="raw")

    assert ["a.csv"] == [found.path for found in files.list("**")]
    assert not files.exists("er")


@pytest.mark.slow
def test_more_than_a_page_is_listed(connect, s3, bucket):
    for number in range(1005):
        s3.put_object(Bucket=bucket, Key=f"in/{number:04}", Body=b"")

    assert 1005 == sum(1 for _ in connect().list("in/*"))


def test_small_objects_are_one_request_and_large_ones_are_parts(connect, monkeypatch):
    files = connect()
    files.open()
    parts = failing(files._client, monkeypatch, "upload_part", after=99)
    put(files, "small", b"x" * (PART - 1))
    put(files, "large", b"x" * (2 * PART + 1))

    assert [(1, PART), (2, PART), (3, 1)] == sorted((p["PartNumber"], len(p["Body"])) for p in parts)


def test_parts_grow_so_that_large_objects_fit_in_ten_thousand(connect, monkeypatch):
    from interlace_s3 import writing

    monkeypatch.setattr(writing, "PART", 5 << 20)
    monkeypatch.setattr(writing, "GROWS_AFTER", 2)
    files = connect()
    files.open()
    parts = failing(files._client, monkeypatch, "upload_part", after=99)
    put(files, "large", b"x" * (31 << 20))

    assert [5, 5, 10, 10, 1] == [len(p["Body"]) >> 20 for p in sorted(parts, key=lambda p: p["PartNumber"])]


@pytest.mark.parametrize("method", ["upload_part", "complete_multipart_upload"])
def test_an_upload_that_breaks_off_leaves_the_old_object_and_no_parts(connect, s3, bucket, monkeypatch, method):
    files = connect()
    put(files, "a.bin", b"old")
    failing(files._client, monkeypatch, method, after=0)
    with pytest.raises(ConnectionFailure) as raised:
        put(files, "a.bin", b"x" * (3 * PART))

    assert raised.value.transient
    assert f"s3://{bucket}/a.bin (lake) cannot be reached" in raised.value.message
    assert b"old" == s3.get_object(Bucket=bucket, Key="a.bin")["Body"].read()
    assert None is s3.list_multipart_uploads(Bucket=bucket).get("Uploads")


def test_an_object_that_is_replaced_while_it_is_read_is_no_mix(connect):
    files = connect()
    put(files, "a.bin", b"a" * (3 * PART))
    with files.read("a.bin") as source:
        source.read(10)
        put(files, "a.bin", b"b" * (3 * PART))
        with pytest.raises(ConnectionFailure, match=r"PreconditionFailed|412"):
            source.read()


def test_an_answer_that_is_cut_off_is_asked_for_again(connect, monkeypatch):
    from botocore.exceptions import ResponseStreamingError

    files = connect()
    put(files, "a.bin", b"text")
    real, cuts = files._client.get_object, []

    class Cut:
        def read(self):
            raise ResponseStreamingError(error="cut")

    def call(**given):
        said = real(**given)
        if len(cuts) < 2:
            said["Body"].close()
            said["Body"] = Cut()
            cuts.append(1)
        return said

    monkeypatch.setattr(files._client, "get_object", call)
    with files.read("a.bin") as source:
        assert b"text" == source.read()
    assert 2 == len(cuts)


def test_a_bucket_that_is_not_there_is_named(connect):
    files = connect(bucket="no-such-bucket")
    for use in (
        lambda: list(files.list("*")),
        lambda: files.exists("a"),
        lambda: files.read("a"),
        lambda: put(files, "a", b"x"),
        lambda: put(files, "a", b"x" * (2 * PART)),
    ):
        with pytest.raises(ConnectionFailure, match="the store has no such bucket") as raised:
            use()
        assert not raised.value.transient


def test_a_server_that_does_not_answer_is_transient(connect):
    files = connect(endpoint="http://127.0.0.1:9", attempts=1, connect_timeout=1)
    with pytest.raises(ConnectionFailure, match="cannot be reached") as raised:
        files.exists("a")

    assert raised.value.transient


def test_without_credentials_it_says_where_they_may_be_given(connect, monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ConnectionFailure, match="there are no credentials") as raised:
        connect(key=None, secret=None).exists("a")

    assert "'key' and 'secret' or a 'profile'" in raised.value.hint


def test_a_profile_that_is_not_there_is_named(connect, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(ConnectionFailure, match="nobody"):
        connect(key=None, secret=None, profile="nobody").open()


def test_an_engine_is_told_how_to_read(connect, s3_server, bucket):
    store = connect(prefix="raw").object_store()

    assert (f"s3://{bucket}/raw", "key", "secret", False, "path", "eu-west-1") == (
        store.scope,
        store.key,
        store.secret,
        store.tls,
        store.addressing,
        store.region,
    )
    assert s3_server == f"http://{store.endpoint}"
    assert "secret='" not in repr(store)
