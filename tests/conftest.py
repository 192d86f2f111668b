from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the repository."""
    return Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _without_the_developers_settings(monkeypatch):
    for name in os.environ:
        if name.startswith("INTERLACE_") and not name.startswith("INTERLACE_PEER_"):
            monkeypatch.delenv(name)
