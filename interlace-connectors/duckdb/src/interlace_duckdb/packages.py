"""The PyPI packages of DuckDB's extensions: found without importing DuckDB, for who only asks what could be loaded."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

__all__ = ["packaged", "reachable"]


def packaged(name: str) -> Path | None:
    """The file of an extension, by its full name, in the package for this version of DuckDB."""
    spec = find_spec(f"duckdb_extension_{name}")
    if spec is None or spec.origin is None:
        return None
    from importlib.metadata import version

    file = Path(spec.origin).parent / "extensions" / f"v{version('duckdb')}" / f"{name}.duckdb_extension"
    return file if file.is_file() else None


def reachable() -> frozenset[str]:
    """The kinds of databases whose extension is installed."""
    return frozenset({"postgres"} if packaged("postgres_scanner") is not None else ())
