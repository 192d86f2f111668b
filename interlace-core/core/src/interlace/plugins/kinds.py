"""Which hook offers which contract: one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["BUNDLED", "KINDS", "OWN_DISTRIBUTIONS", "Kind"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing that plugins offer.

    Attributes:
        word: what people call one of it.
        hook: the hook that collects its providers.
        contract: what a target must be, as ``module:Class``; a name, so that asking for one contract imports no other.
        instance: whether a target is an object of that class rather than a subclass of it.
    """

    word: str
    hook: str
    contract: str
    instance: bool = False


KINDS: Final = (
    Kind("connection type", "interlace_connections", "interlace.contracts.connection:Connection"),
    Kind("strategy", "interlace_strategies", "interlace.contracts.strategy:Strategy"),
    Kind("materialisation", "interlace_materialisers", "interlace.contracts.materialiser:Materialiser"),
    Kind("export format", "interlace_exporters", "interlace.contracts.exporter:Exporter"),
    Kind("check", "interlace_checks", "interlace.contracts.check:Check"),
    Kind("state store", "interlace_state_stores", "interlace.contracts.state:StateStore"),
    Kind("model loader", "interlace_model_loaders", "interlace.contracts.model_loader:ModelLoader"),
    Kind("secret store", "interlace_secret_providers", "interlace.contracts.secret:SecretProvider"),
    Kind("command", "interlace_commands", "typer.main:Typer", instance=True),
)

OWN_DISTRIBUTIONS: Final = frozenset(
    {
        "interlace",
        "interlace-core",
        "interlace-strategies",
        "interlace-materialisers",
        "interlace-exporters",
        "interlace-checks",
        "interlace-aws",
        "interlace-duckdb",
        "interlace-filesystem",
        "interlace-ibis",
        "interlace-postgres",
        "interlace-s3",
        "interlace-vault",
    }
)
"""The distributions whose plugins take part in safe mode."""

BUNDLED: Final = {
    "interlace_connections": {
        "datafusion": "interlace-ibis",
        "duckdb": "interlace-duckdb",
        "filesystem": "interlace-filesystem",
        "mariadb": "interlace-ibis",
        "mysql": "interlace-ibis",
        "polars": "interlace-ibis",
        "postgres": "interlace-postgres",
        "postgresql": "interlace-postgres",
        "pyspark": "interlace-ibis",
        "s3": "interlace-s3",
        "snowflake": "interlace-ibis",
        "spark": "interlace-ibis",
        "sqlite": "interlace-ibis",
    },
    "interlace_secret_providers": {
        "aws": "interlace-aws",
        "vault": "interlace-vault",
    },
}
"""Words that a distribution of ours offers, by hook: who asks for one that is not installed is told what to install."""
