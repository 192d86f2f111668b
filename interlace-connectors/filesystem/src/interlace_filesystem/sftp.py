"""A folder on an SFTP server, whose key has to be known."""

from __future__ import annotations

import contextlib
import io
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import unquote, urlsplit

from interlace.contracts.files import FileInfo
from interlace.errors import ConnectionFailure
from interlace_filesystem.sftp_reader import BUFFER, SftpReader

if TYPE_CHECKING:
    import paramiko

    from interlace_filesystem.config import FilesystemOptions

__all__ = ["SftpPlace"]


class SftpPlace:
    """One connection to a server; each operation has a channel of its own on it, because threads share it."""

    def __init__(self, options: FilesystemOptions, root: Path) -> None:
        parts = urlsplit(options.url or "")
        if not parts.hostname:
            raise ConnectionFailure(f"The url {options.url!r} names no server.", hint="sftp://user@host/folder")
        self._host, self._port = parts.hostname, parts.port or 22
        self._user = unquote(parts.username) if parts.username else None
        self._folder = unquote(parts.path).rstrip("/") or "."
        self._options = dict(options.options)
        self._known_hosts = options.known_hosts
        self._root = root
        self._guard = RLock()
        self._client: paramiko.SSHClient | None = None

    def shown(self) -> str:
        """``sftp://user@host:port/folder``."""
        user = f"{self._user}@" if self._user else ""
        port = f":{self._port}" if self._port != 22 else ""  # noqa: PLR2004  SSH's own
        return f"sftp://{user}{self._host}{port}{self._folder if self._folder != '.' else ''}"

    def walk(self, folder: str) -> Iterator[FileInfo]:
        """Below a folder."""
        with self._channel() as channel:
            yield from self._walk(channel, folder)

    def exists(self, path: str) -> bool:
        """Whether there is a file, or a folder with files."""
        with self._channel() as channel:
            try:
                mode = channel.stat(self._at(path)).st_mode or 0
            except FileNotFoundError:
                return False
            return not stat.S_ISDIR(mode) or next(self._walk(channel, f"{path}/"), None) is not None

    def read(self, path: str) -> BinaryIO:
        """Open a file."""
        with contextlib.ExitStack() as stack:
            channel = stack.enter_context(self._channel())
            opened = channel.open(self._at(path), "rb", bufsize=0)
            return io.BufferedReader(SftpReader(opened, stack.pop_all()), BUFFER)

    def create(self, path: str) -> BinaryIO:
        """Open a new file, and make its folder."""
        with contextlib.ExitStack() as stack:
            channel = stack.enter_context(self._channel())
            self._make_folder(channel, self._at(path).rpartition("/")[0])
            opened = channel.open(self._at(path), "wxb", bufsize=1 << 17)
            opened.set_pipelined(True)
            return _with_channel(opened, stack.pop_all())

    def finish(self, written: BinaryIO) -> None:
        """Close it: paramiko says then what the server refused."""
        written.close()

    def move(self, source: str, target: str) -> None:
        """Put a file into the place of another, in one step (``posix-rename@openssh.com``)."""
        with self._channel() as channel:
            channel.posix_rename(self._at(source), self._at(target))

    def carry(self, source: str, target: str) -> None:
        """Put a file into a folder, which is made."""
        with self._channel() as channel:
            self._make_folder(channel, self._at(target).rpartition("/")[0])
            channel.posix_rename(self._at(source), self._at(target))

    def remove(self, path: str) -> None:
        """Remove a file."""
        with self._channel() as channel, contextlib.suppress(FileNotFoundError):
            channel.remove(self._at(path))

    def close(self) -> None:
        """End the connection."""
        with self._guard:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    # --- inside -----------------------------------------------------------------------------------------------

    def _at(self, path: str) -> str:
        return f"{self._folder}/{path}".rstrip("/")

    def _walk(self, channel: paramiko.SFTPClient, folder: str) -> Iterator[FileInfo]:
        try:
            entries = sorted(channel.listdir_attr(self._at(folder)), key=lambda entry: entry.filename)
        except FileNotFoundError:
            return
        for entry in entries:
            path = f"{folder}{entry.filename}"
            found = entry
            if stat.S_ISLNK(entry.st_mode or 0):
                try:
                    found = channel.stat(self._at(path))
                except FileNotFoundError:
                    continue
            if stat.S_ISDIR(entry.st_mode or 0):
                yield from self._walk(channel, f"{path}/")
            elif stat.S_ISREG(found.st_mode or 0):
                modified = datetime.fromtimestamp(found.st_mtime, UTC) if found.st_mtime is not None else None
                yield FileInfo(path, found.st_size or 0, modified)

    def _make_folder(self, channel: paramiko.SFTPClient, folder: str) -> None:
        try:
            channel.stat(folder)
        except FileNotFoundError:
            if parent := folder.rpartition("/")[0]:
                self._make_folder(channel, parent)
            with contextlib.suppress(
                OSError
            ):  # another thread made it: if not, the file cannot be made, which says why
                channel.mkdir(folder)

    @contextlib.contextmanager
    def _channel(self) -> Iterator[paramiko.SFTPClient]:
        with self._connected().open_sftp() as channel:
            yield channel

    def _connected(self) -> paramiko.SSHClient:
        with self._guard:
            if self._client is not None:
                transport = self._client.get_transport()
                if transport is not None and transport.is_active():
                    return self._client
                self._client.close()
            self._client = self._connect()
            return self._client

    def _connect(self) -> paramiko.SSHClient:
        import paramiko

        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        known = self._known()
        if known is not None:
            client.load_host_keys(str(known))
        key_file = self._options.get("key_file")
        timeout = float(self._options.get("timeout", 20))
        try:
            client.connect(
                self._host,
                self._port,
                self._user,
                self._options.get("password"),
                key_filename=str(self._root / Path(str(key_file)).expanduser()) if key_file else None,
                passphrase=self._options.get("passphrase"),
                timeout=timeout,
                banner_timeout=timeout,
                auth_timeout=timeout,
                look_for_keys=key_file is None and "password" not in self._options,
                allow_agent=key_file is None and "password" not in self._options,
            )
        except BaseException as error:
            client.close()
            raise self._said(error) from error
        return client

    def _known(self) -> Path | None:
        """The file with the keys of servers.

        Raises:
            ConnectionFailure: the one that was named is not there.
        """
        if self._known_hosts is None:
            usual = Path("~/.ssh/known_hosts").expanduser()
            return usual if usual.is_file() else None
        file = self._root / Path(self._known_hosts).expanduser()
        if not file.is_file():
            raise _refused(
                f"There is no file {file} with known hosts.", "ssh-keyscan HOST prints the lines of a server."
            )
        return file

    def _said(self, error: BaseException) -> BaseException:
        """Why there is no connection, in our words."""
        import paramiko

        file = self._known_hosts or "~/.ssh/known_hosts"
        if isinstance(error, paramiko.BadHostKeyException):
            return _refused(
                f"{self.shown()} shows another key than the one in {file}: it may be another server.",
                "Ask who runs it. If its key was changed, put the new one into the file.",
            )
        if isinstance(error, paramiko.AuthenticationException):
            return _refused(f"{self.shown()} refuses user and password or key.", "Look at the url and at 'options'.")
        if isinstance(error, paramiko.SSHException) and "not found in known_hosts" in str(error):
            return _refused(
                f"The key of {self.shown()} is not in {file}.",
                f"Compare it with what its owner says, and add it: ssh-keyscan -p {self._port} {self._host}",
            )
        if isinstance(error, paramiko.SSHException | OSError | EOFError):
            failure = ConnectionFailure(f"{self.shown()} cannot be reached: {error or type(error).__name__}.")
            return failure if not isinstance(error, ConnectionFailure) else error
        return error


def _refused(message: str, hint: str) -> ConnectionFailure:
    failure = ConnectionFailure(message, hint=hint)
    failure.transient = False
    return failure


def _with_channel(opened: Any, channel: contextlib.ExitStack) -> BinaryIO:
    """A file whose channel is closed with it."""
    close = opened.close

    def close_both() -> None:
        with channel:
            close()

    opened.close = close_both
    found: BinaryIO = opened
    return found
