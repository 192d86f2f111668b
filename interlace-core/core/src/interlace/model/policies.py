"""The presets of ``retry:`` under their exported names, for Python models."""

from __future__ import annotations

from interlace.model.definition import Retry as RetryPolicy
from interlace.model.loading_keys import PRESETS

__all__ = ["API_RETRY_POLICY", "DATABASE_RETRY_POLICY", "DEFAULT_RETRY_POLICY", "RetryPolicy"]


def _preset(name: str) -> RetryPolicy:
    found = PRESETS[name]
    assert found is not None  # noqa: S101  only "none" is
    return found


DEFAULT_RETRY_POLICY = _preset("default")
API_RETRY_POLICY = _preset("api")
DATABASE_RETRY_POLICY = _preset("database")
