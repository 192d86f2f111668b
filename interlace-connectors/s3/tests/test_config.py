from __future__ import annotations

import pytest
from pydantic import ValidationError

from interlace_s3.config import S3Options


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "bucket"),
        ({"bucket": "s3://lake"}, "is the name alone"),
        ({"bucket": "lake/raw"}, "is the name alone"),
        ({"bucket": "lake", "prefix": "a/../b"}, "is a folder in the bucket"),
        ({"bucket": "lake", "endpoint": "minio:9000"}, "begins with http"),
        ({"bucket": "lake", "key": "a"}, "'key' and 'secret' go together"),
        ({"bucket": "lake", "session_token": "a"}, "'session_token' goes with"),
        ({"bucket": "lake", "key": "a", "secret": "b", "profile": "c"}, "exclude each other"),
        ({"bucket": "lake", "attempts": 0}, "attempts"),
        ({"bucket": "lake", "sectret": "b"}, "sectret"),
    ],
)
def test_what_makes_no_sense_is_refused(given, said):
    with pytest.raises(ValidationError, match=said):
        S3Options.model_validate(given)


def test_no_secret_is_in_the_text_of_the_options():
    options = S3Options(bucket="lake", key="AKIA", secret="geheim", session_token="geheim")

    assert "geheim" not in repr(options)


@pytest.mark.parametrize(("prefix", "folder"), [("", ""), ("/", ""), ("raw", "raw/"), ("/raw/2024/", "raw/2024/")])
def test_a_prefix_is_a_folder(prefix, folder):
    assert folder == S3Options(bucket="lake", prefix=prefix).folder


@pytest.mark.parametrize(
    ("given", "style"),
    [({}, "auto"), ({"endpoint": "http://h"}, "path"), ({"endpoint": "http://h", "addressing": "virtual"}, "virtual")],
)
def test_compatible_stores_have_the_bucket_in_the_path(given, style):
    assert style == S3Options(bucket="lake", **given).style
