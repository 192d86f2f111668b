from __future__ import annotations

import itertools

import pytest

_numbers = itertools.count(1)


@pytest.fixture
def s3(s3_server):
    """A client of boto3's own."""
    import boto3

    client = boto3.client(
        "s3", endpoint_url=s3_server, region_name="eu-west-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    yield client
    client.close()


@pytest.fixture
def bucket(s3):
    """The name of an empty bucket."""
    name = f"bucket-{next(_numbers)}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return name


@pytest.fixture
def connect(s3_server, bucket, tmp_path):
    """Makes connections to that bucket."""
    from interlace_s3.connection import S3Connection

    made = []

    def make(**options):
        given = {"bucket": bucket, "endpoint": s3_server, "region": "eu-west-1", "key": "key", "secret": "secret"}
        config = S3Connection.Config.model_validate({**given, **options})
        made.append(S3Connection("lake", config, root=tmp_path))
        return made[-1]

    yield make
    for connection in made:
        connection.close()
