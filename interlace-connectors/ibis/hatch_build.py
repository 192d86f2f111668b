"""Turn the name of a part of this repository into a requirement that pip and uv can install.

A copy of this file lies in each distribution, because a source distribution must build by itself;
a packaging test keeps the copies equal.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

PREFIX = "interlace-"


class Requirements(MetadataHookInterface):
    """Read ``dependencies`` and ``optional-dependencies`` from the hook's table in pyproject.toml.

    A bare name ``interlace-…`` is a part of this repository. In a checkout it becomes ``name @ file://…``;
    with INTERLACE_RELEASE=1, or where the parts do not lie beside it, ``name==version``.
    """

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill in the two dynamic fields, as far as the project declares them."""
        parts = {} if os.environ.get("INTERLACE_RELEASE") == "1" else _parts_near(Path(self.root))
        version = metadata["version"]
        if "dependencies" in self.config:
            metadata["dependencies"] = [_requirement(text, parts, version) for text in self.config["dependencies"]]
        if "optional-dependencies" in self.config:
            metadata["optional-dependencies"] = {
                extra: [_requirement(text, parts, version) for text in texts]
                for extra, texts in self.config["optional-dependencies"].items()
            }


def _requirement(text: str, parts: dict[str, Path], version: str) -> str:
    if not text.startswith(PREFIX):
        return text
    return f"{text} @ {parts[text].as_uri()}" if text in parts else f"{text}=={version}"


def _parts_near(root: Path) -> dict[str, Path]:
    """The folder of each part by its name, for the checkout that ``root`` lies in; empty outside of one."""
    for folder in (root, *root.parents[:2]):
        if _name(folder / "pyproject.toml") == "interlace":
            files = [*folder.glob("interlace-*/pyproject.toml"), *folder.glob("interlace-*/*/pyproject.toml")]
            return {name: file.parent for file in files if (name := _name(file))}
    return {}


def _name(file: Path) -> str | None:
    if not file.is_file():
        return None
    return tomllib.loads(file.read_text(encoding="utf-8")).get("project", {}).get("name")
