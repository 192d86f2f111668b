"""A model loader turns a file into models."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from interlace.model.loading import LoadedFile, LoadingContext

__all__ = ["ModelLoader"]


class ModelLoader(ABC):
    """Loads the models of one file; offered under the file's suffix, such as ``.sql``."""

    @abstractmethod
    def load(self, path: Path, content: bytes, context: LoadingContext) -> LoadedFile:
        """Read one file.

        Args:
            path: the file, absolute.
            content: its bytes, as they were when its time and size were observed.
            context: the project's folder, the dialect, the defaults that apply to this folder, the valid keys.

        Raises:
            InvalidModel: with the file, line and key; several are raised as `InvalidProject`.
        """
