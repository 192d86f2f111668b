"""``interlace version``."""

from __future__ import annotations

import platform
from typing import Final

from interlace.cli.options import JsonOption
from interlace.cli.render import echo, print_json

__all__ = ["command"]

PARTS: Final = ("duckdb", "pyarrow", "sqlglot", "ibis-framework", "pydantic", "sqlalchemy", "typer")


def command(json_: JsonOption = False) -> None:
    """Print the version of Interlace and of what it stands on."""
    from interlace import __version__

    versions = {"interlace": __version__, "python": platform.python_version(), **_installed()}
    if json_:
        print_json(versions)
        return
    for name, version in versions.items():
        echo(f"{name} {version}")


def _installed() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, str] = {}
    for name in PARTS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
