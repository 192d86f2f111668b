"""Writing an object: in one request, or in parts of which nothing is seen before the last one is there."""

from __future__ import annotations

import io
from collections import deque
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Buffer  # type: ignore[attr-defined]  # Python 3.12

__all__ = ["ObjectWriter"]

PART: Final = 8 << 20
"""Bytes of a part; it grows for large objects, which may have ten thousand parts."""

GROWS_AFTER: Final = 1_000
"""Parts after which the next ones are twice as large."""

UNDER_WAY: Final = 8
"""How many parts are on their way at once."""


class ObjectWriter(io.RawIOBase):
    """An object that is written from its beginning to its end, and is there after `commit`.

    Args:
        client: of boto3.
        bucket: the bucket's name.
        key: the object's.
        threads: where the requests run.
    """

    def __init__(self, client: Any, bucket: str, key: str, threads: Executor) -> None:
        super().__init__()
        self._client = client
        self._of = {"Bucket": bucket, "Key": key}
        self._threads = threads
        self._buffer = bytearray()
        self._written = 0
        self._upload: str | None = None
        self._parts: list[Future[dict[str, Any]]] = []
        self._under_way: deque[Future[dict[str, Any]]] = deque()

    def writable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """How many bytes were written."""
        return self._written

    def write(self, data: Buffer) -> int:
        """Take bytes; a part that is full begins its way."""
        view = memoryview(data).cast("B")
        self._buffer += view
        self._written += len(view)
        while len(self._buffer) >= self._part_size():
            self._send(self._part_size())
        return len(view)

    def commit(self) -> None:
        """Send what is left, and make the object what was written."""
        if self._upload is None:
            self._client.put_object(**self._of, Body=bytes(self._buffer))
            return
        if self._buffer:
            self._send(len(self._buffer))
        parts = [part.result() for part in self._parts]
        self._client.complete_multipart_upload(**self._of, UploadId=self._upload, MultipartUpload={"Parts": parts})

    def abort(self) -> None:
        """Leave the object as it was."""
        if self._upload is None:
            return
        for part in self._parts:
            part.cancel()
        for part in self._under_way:
            if not part.cancelled():
                part.exception()
        self._client.abort_multipart_upload(**self._of, UploadId=self._upload)

    def _part_size(self) -> int:
        return PART << (len(self._parts) // GROWS_AFTER)

    def _send(self, size: int) -> None:
        if self._upload is None:
            self._upload = self._client.create_multipart_upload(**self._of)["UploadId"]
        if len(self._under_way) >= UNDER_WAY:
            self._under_way.popleft().result()
        body, number = bytes(memoryview(self._buffer)[:size]), len(self._parts) + 1
        del self._buffer[:size]
        part = self._threads.submit(self._put, number, body)
        self._parts.append(part)
        self._under_way.append(part)

    def _put(self, number: int, body: bytes) -> dict[str, Any]:
        said = self._client.upload_part(**self._of, UploadId=self._upload, PartNumber=number, Body=body)
        return {"ETag": said["ETag"], "PartNumber": number}
