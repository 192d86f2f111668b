from __future__ import annotations

import pytest

from interlace.testing.conformance.files import FileConformance


class TestABucket(FileConformance):
    @pytest.fixture
    def connect(self, connect):
        return connect


class TestAFolderOfABucket(FileConformance):
    @pytest.fixture
    def connect(self, connect):
        return lambda: connect(prefix="raw/dev")
