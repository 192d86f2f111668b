"""A model loader turns a file into models."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from interlace.model.context import LoadedFile, LoadingContext

__all__ = ["ModelLoader"]


class ModelLoader(ABC):
    """Loads the models of one file; offered under the file's suffix, such as ``.sql``.

    One instance, made without arguments, serves one load of a project, in one thread.
    """

    @abstractmethod
    def load(self, path: Path, content: bytes, context: LoadingContext) -> LoadedFile:
        """Read one file.

        Begin with `context.declared`, add what the file itself says, and make each model with `context.model`: that
        validates the keys and takes the fingerprint.

        Args:
            path: the file, absolute.
            content: its bytes, as they were when its time and size were observed.
            context: the project's folder, the dialects, the defaults of this folder, the sidecar.

        Raises:
            InvalidModel: with the file, line and key; several are raised as `InvalidProject`.
        """
