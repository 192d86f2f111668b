from __future__ import annotations

import pytest

from interlace.testing.conformance.files import FileConformance

pytestmark = pytest.mark.slow  # together they are


class TestABucket(FileConformance):
    reported_as = "s3"

    @pytest.fixture
    def connect(self, connect):
        return connect


class TestAFolderOfABucket(FileConformance):
    reported_as = "s3 in a folder of a bucket"

    @pytest.fixture
    def connect(self, connect):
        return lambda: connect(prefix="raw/dev")
