"""Flink: a table environment in batch mode; not tested live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from interlace_ibis.engines.engine import Engine

if TYPE_CHECKING:
    import ibis

__all__ = ["Flink"]


class Flink(Engine):
    """One table environment."""

    @classmethod
    def connect(cls, options: Mapping[str, Any], url: str | None, module: Any) -> ibis.BaseBackend:
        """Make an environment of the settings: ibis takes one that is made."""
        del url
        from pyflink.table import EnvironmentSettings, TableEnvironment

        environment = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
        for key, value in options.items():
            environment.get_config().set(key, str(value))
        return module.connect(environment)
