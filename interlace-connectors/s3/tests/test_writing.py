from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from interlace_s3 import writing
from interlace_s3.writing import ObjectWriter


class Store:
    """Takes parts."""

    def __init__(self):
        self.guard = threading.Lock()
        self.parts, self.object = {}, None

    def create_multipart_upload(self, **_):
        return {"UploadId": "1"}

    def upload_part(self, **given):
        with self.guard:
            self.parts[given["PartNumber"]] = given["Body"]
        return {"ETag": str(given["PartNumber"])}

    def complete_multipart_upload(self, **given):
        self.object = b"".join(self.parts[part["PartNumber"]] for part in given["MultipartUpload"]["Parts"])


def test_parts_are_put_together_in_their_order_and_few_are_under_way(monkeypatch):
    monkeypatch.setattr(writing, "PART", 10)
    monkeypatch.setattr(writing, "UNDER_WAY", 3)
    store, data = Store(), bytes(range(250)) * 3
    with ThreadPoolExecutor(8) as threads:
        writer = ObjectWriter(store, "b", "k", threads)
        for start in range(0, len(data), 7):
            writer.write(data[start : start + 7])
            assert len(writer._under_way) <= 3
            assert len(writer._buffer) < 10
        writer.commit()

    assert data == store.object
    assert len(data) == writer.tell()
