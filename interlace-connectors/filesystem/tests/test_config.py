from __future__ import annotations

import pytest
from pydantic import ValidationError

from interlace_filesystem.config import FilesystemOptions


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "takes a 'path' or a 'url'"),
        ({"path": "a", "url": "memory://b"}, "takes a 'path' or a 'url'"),
        ({"path": "sftp://host/a"}, "an address goes under 'url'"),
        ({"path": "a", "options": {"a": 1}}, "'options' go with a 'url'"),
        ({"path": "a", "known_hosts": "b"}, "'known_hosts' goes with an sftp:// url"),
        ({"url": "incoming"}, "begins with a protocol"),
        ({"url": "file:///a"}, "write the folder under 'path'"),
        ({"url": "s3://lake"}, "use a connection of 'type: s3'"),
        ({"url": "sftp://me:geheim@host/a"}, "write it under 'options'"),
        ({"url": "sftp://me@host/a", "options": {"pasword": "geheim"}}, "SFTP has no option 'pasword'"),
    ],
)
def test_what_makes_no_sense_is_refused(given, said):
    with pytest.raises(ValidationError, match=said):
        FilesystemOptions.model_validate(given)


def test_no_secret_is_in_the_text_of_the_options():
    options = FilesystemOptions(url="sftp://me@host/a", options={"password": "geheim"})

    assert "geheim" not in repr(options)
