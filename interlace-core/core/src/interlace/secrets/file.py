"""Secrets in files: ``${secret:file:/run/secrets/password}``."""

from __future__ import annotations

import contextlib
import logging
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final

from interlace.contracts.options import Options
from interlace.contracts.secret import Secret, SecretProvider, member, unavailable

__all__ = ["FileOptions", "FileSecrets"]

_LARGEST: Final = 1 << 20

_log = logging.getLogger("interlace.secrets")


class FileOptions(Options):
    """What a store of type ``file`` takes.

    Attributes:
        folder: where relative paths start, itself relative to the project's folder.
    """

    folder: str = "."


class FileSecrets(SecretProvider):
    """Files that something else puts there: Docker, Kubernetes, systemd, an administrator.

    The line end at a file's end is no part of the secret.  With a key, the file holds JSON or YAML.  A file that every
    user of the machine may read is warned of.
    """

    Config: ClassVar[type[Options]] = FileOptions
    config: FileOptions

    def __init__(self, name: str, config: Options, *, root: Path, environ: Mapping[str, str]) -> None:
        super().__init__(name, config, root=root, environ=environ)
        self._warned: set[Path] = set()

    def fetch(self, path: str, key: str | None) -> Secret:
        """The text of the file `path`, or one key of it."""
        file = self.root / Path(self.config.folder).expanduser() / Path(path).expanduser()
        text = self._text(file)
        end = "\r\n" if text.endswith("\r\n") else "\n"
        return Secret(member(text.removesuffix(end), key, "the file"))

    def _text(self, file: Path) -> str:
        try:
            with file.open("rb") as opened:
                data = opened.read(_LARGEST + 1)
        except OSError as error:
            raise unavailable(f"the file {file} cannot be read: {error.strerror}") from None
        if len(data) > _LARGEST:
            raise unavailable(f"the file {file} is larger than a secret: more than {_LARGEST:,} bytes")
        self._warn(file)
        with contextlib.suppress(UnicodeDecodeError):  # which holds what was read
            return data.decode("utf-8-sig")
        raise unavailable(f"the file {file} is not UTF-8")

    def _warn(self, file: Path) -> None:
        if file not in self._warned and file.stat().st_mode & stat.S_IROTH:
            self._warned.add(file)
            _log.warning("Every user of this machine can read the secret in %s: chmod o-r it.", file)
