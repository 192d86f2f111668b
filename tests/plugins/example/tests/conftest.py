from __future__ import annotations

import pytest

from interlace_example.connection import ExampleConnection


@pytest.fixture
def connect(tmp_path):
    """A function that makes a connection to one file of this test."""
    # YOURS: a database that is empty at the beginning of each test.
    options = ExampleConnection.Config(path="data/example.sqlite")
    return lambda: ExampleConnection("example", options, root=tmp_path)
