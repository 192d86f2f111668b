from __future__ import annotations

import itertools

import pytest

from interlace.testing.conformance.files import FileConformance

pytestmark = pytest.mark.slow  # hundreds of scenarios on a server or a file; DuckDB's are quick

_numbers = itertools.count(1)


class TestALocalFolder(FileConformance):
    reported_as = "filesystem"

    @pytest.fixture
    def connect(self, make):
        return lambda: make(path="data/files")


class TestAStoreOfFsspec(FileConformance):
    reported_as = "filesystem on a store of fsspec"

    @pytest.fixture
    def connect(self, make):
        url = f"memory://place-{next(_numbers)}/files"
        return lambda: make(url=url)


class TestAnSftpServer(FileConformance):
    reported_as = "filesystem by SFTP"

    @pytest.fixture
    def connect(self, sftp):
        return sftp
