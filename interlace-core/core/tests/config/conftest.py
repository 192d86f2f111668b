from __future__ import annotations

from textwrap import dedent

import pytest

from interlace.config import load_config

DUCKDB = "connections:\n  default: {type: duckdb, path: 'data/{env}.duckdb'}\n"


@pytest.fixture
def project(tmp_path):
    """Write files of a project and give its root; ``config.yaml`` gets a connection unless it has its own."""

    def make(config: str = "", /, **files: str):
        root = tmp_path / "project"
        (root / "models").mkdir(parents=True, exist_ok=True)
        text = dedent(config)
        (root / "config.yaml").write_text(text if "connections" in text else DUCKDB + text, encoding="utf-8")
        for name, content in files.items():
            (root / name).write_text(dedent(content), encoding="utf-8")
        return root

    return make


@pytest.fixture
def load(project):
    """Load a project made of these files, in an empty environment of the process."""

    def loaded(config: str = "", environment: str | None = None, /, *, environ=None, overrides=None, files=None):
        root = project(config, **(files or {}))
        return load_config(root, environment, environ=environ or {}, overrides=overrides)

    return loaded
