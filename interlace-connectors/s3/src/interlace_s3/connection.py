"""The connection type ``s3``."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Final, cast

from interlace.contracts.file_patterns import checked_path, folder_of, matcher
from interlace.contracts.files import FileConnection, FileInfo, ObjectStore
from interlace.errors import ConnectionFailure
from interlace_s3.config import S3Options
from interlace_s3.failures import is_missing, refusals
from interlace_s3.reading import BUFFER, ObjectReader
from interlace_s3.writing import ObjectWriter

if TYPE_CHECKING:
    from interlace.contracts.options import Options

__all__ = ["S3Connection"]

THREADS: Final = 10


class S3Connection(FileConnection):
    """A bucket, or a folder in it."""

    Config: ClassVar[type[Options]] = S3Options
    config: S3Options

    def __init__(self, name: str, config: Options, *, root: Path) -> None:
        if not isinstance(config, S3Options):
            raise TypeError(f"an S3 connection takes S3Options, not {type(config).__name__}")
        super().__init__(name, config, root=root)
        self._guard = RLock()
        self._client: Any = None
        self._pool: ThreadPoolExecutor | None = None

    def open(self) -> None:
        """Make the client; the first request says whether the store answers."""
        with self._guard:
            if self._client is None:
                with refusals(self.name, self.where()):
                    self._client = _client(self.config)
                self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix=f"s3-{self.name}")

    def close(self) -> None:
        """End what is on its way."""
        with self._guard:
            client, self._client = self._client, None
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)
        if client is not None:
            client.close()

    def where(self) -> str:
        """``s3://bucket/prefix``."""
        return f"s3://{self.config.bucket}/{self.config.prefix}".rstrip("/")

    def list(self, pattern: str) -> Iterator[FileInfo]:
        """The objects whose key matches, in pages of a thousand."""
        wanted = matcher(pattern)
        client, start = self._opened()[0], len(self.config.folder)
        pages = client.get_paginator("list_objects_v2").paginate(
            Bucket=self.config.bucket, Prefix=self.config.folder + folder_of(pattern)
        )
        with refusals(self.name, self.where()):
            for page in pages:
                for entry in page.get("Contents", ()):
                    path = entry["Key"][start:]
                    if wanted.match(path):
                        yield FileInfo(path, entry["Size"], entry["LastModified"], entry["ETag"].strip('"'))

    def exists(self, path: str) -> bool:
        """Whether there is an object, or a folder with objects."""
        key = self._key(path)
        client, _ = self._opened()
        with refusals(self.name, self.shown(path)):
            said = client.list_objects_v2(Bucket=self.config.bucket, Prefix=key, MaxKeys=1)
            if any(entry["Key"] == key for entry in said.get("Contents", ())):
                return True
            said = client.list_objects_v2(Bucket=self.config.bucket, Prefix=f"{key}/", MaxKeys=1)
            return bool(said.get("Contents"))

    def read(self, path: str) -> BinaryIO:
        """Open an object: what is read is one version of it, even when it is replaced meanwhile."""
        key, shown = self._key(path), self.shown(path)
        client, pool = self._opened()
        head = self._head(key, path)
        of = {"Bucket": self.config.bucket, "Key": key, "IfMatch": head["ETag"]}

        def fetch(start: int, end: int) -> bytes:
            with refusals(self.name, shown):
                return _range(client, of, start, end)

        return io.BufferedReader(cast("io.RawIOBase", ObjectReader(shown, head["ContentLength"], fetch, pool)), BUFFER)

    @contextmanager
    def write(self, path: str) -> Iterator[BinaryIO]:
        """Write an object; large ones in parts, which are thrown away when the block raises."""
        key, shown = self._key(path), self.shown(path)
        client, pool = self._opened()
        writer = ObjectWriter(client, self.config.bucket, key, pool)
        try:
            with refusals(self.name, shown):
                yield cast("BinaryIO", writer)
                writer.commit()
        except BaseException:
            # Parts that stay because the store is gone are no object; what happened first is what is said.
            with suppress(ConnectionFailure), refusals(self.name, shown):
                writer.abort()
            raise

    def delete(self, path: str) -> None:
        """Remove an object."""
        key = self._key(path)
        with refusals(self.name, self.shown(path)):
            self._opened()[0].delete_object(Bucket=self.config.bucket, Key=key)

    def upload(self, source: Path, path: str) -> None:
        """Write a local file's content by boto3's transfer manager."""
        key = self._key(path)
        with refusals(self.name, self.shown(path)):
            self._opened()[0].upload_file(str(source), self.config.bucket, key)

    def download(self, path: str, target: Path) -> None:
        """Write an object's content to a local file by boto3's transfer manager."""
        key = self._key(path)
        self._head(key, path)
        with refusals(self.name, self.shown(path)):
            self._opened()[0].download_file(self.config.bucket, key, str(target))

    def move(self, path: str, target: str) -> None:
        """Copy an object inside the store, however large, and remove it where it was."""
        key, other = self._key(path), self._key(target)
        self._head(key, path)
        with refusals(self.name, self.shown(path)):
            source = {"Bucket": self.config.bucket, "Key": key}
            self._opened()[0].copy(source, self.config.bucket, other)
        self.delete(path)

    def object_store(self) -> ObjectStore:
        """The bucket, with the credentials that boto3 finds."""
        options = self.config
        with refusals(self.name, self.where()):
            session = _session(options)
            found = session.get_credentials()
            frozen = found.get_frozen_credentials() if found is not None else None
        scheme, _, host = (options.endpoint or "").partition("://")
        return ObjectStore(
            scope=self.where(),
            key=frozen.access_key if frozen else None,
            secret=frozen.secret_key if frozen else None,
            token=frozen.token if frozen else None,
            region=session.region_name,
            endpoint=host.rstrip("/") or None,
            tls=scheme != "http",
            addressing=None if options.style == "auto" else options.style,
        )

    # --- inside -----------------------------------------------------------------------------------------------

    def _opened(self) -> tuple[Any, ThreadPoolExecutor]:
        with self._guard:
            self.open()
            if self._pool is None:
                raise AssertionError("an open connection has threads")
            return self._client, self._pool

    def _key(self, path: str) -> str:
        return self.config.folder + checked_path(path)

    def _head(self, key: str, path: str) -> dict[str, Any]:
        """Size and version of an object.

        Raises:
            FileNotFoundError: there is none.
        """
        from botocore.exceptions import ClientError

        client, _ = self._opened()
        with refusals(self.name, self.shown(path)):
            try:
                found: dict[str, Any] = client.head_object(Bucket=self.config.bucket, Key=key)
            except ClientError as error:
                if not is_missing(error):
                    raise
                # An answer without a body does not say whether the bucket is there.
                client.head_bucket(Bucket=self.config.bucket)
                raise FileNotFoundError(errno.ENOENT, "There is no such file", self.shown(path)) from None
            return found


def _session(options: S3Options) -> Any:
    import boto3

    return boto3.session.Session(
        profile_name=options.profile,
        region_name=options.region,
        aws_access_key_id=options.key,
        aws_secret_access_key=options.secret,
        aws_session_token=options.session_token,
    )


def _client(options: S3Options) -> Any:
    from botocore.config import Config

    # Stores other than Amazon's may not know the checksums that boto3 adds unasked.
    checksums: Any = {}
    if options.endpoint:
        checksums = {"request_checksum_calculation": "when_required", "response_checksum_validation": "when_required"}
    config = Config(
        retries={"total_max_attempts": options.attempts, "mode": "standard"},
        connect_timeout=options.connect_timeout,
        read_timeout=options.read_timeout,
        max_pool_connections=2 * THREADS,
        s3={"addressing_style": options.style},
        **checksums,
    )
    return _session(options).client("s3", endpoint_url=options.endpoint, config=config)


def _range(client: Any, of: dict[str, str], start: int, end: int, attempts: int = 5) -> bytes:
    """Some bytes of an object; an answer that is cut off is asked for again."""
    from botocore.exceptions import HTTPClientError, IncompleteReadError, ResponseStreamingError

    for attempt in range(1, attempts + 1):
        said = client.get_object(**of, Range=f"bytes={start}-{end - 1}")
        try:
            data: bytes = said["Body"].read()
        except (HTTPClientError, IncompleteReadError, ResponseStreamingError):
            if attempt == attempts:
                raise
        else:
            return data
    raise AssertionError("unreachable")
