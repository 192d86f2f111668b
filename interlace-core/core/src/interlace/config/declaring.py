"""Declaring an environment: a file with what differs there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.config.environments import check_environment_name, place
from interlace.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    from interlace.config.loaded import LoadedConfig

__all__ = ["declare"]


def declare(config: LoadedConfig, name: str, defer_to: str | None) -> Path:
    """Write ``config.NAME.yaml``.

    Raises:
        UsageError: the name is taken or wrong, or other environments would write elsewhere once this one is declared.
    """
    wrong = check_environment_name(name)
    if wrong is not None:
        raise UsageError(f"The environment's name {name!r} {wrong}.")
    taken = next((known for known in config.environments if known.casefold() == name.casefold()), None)
    path = config.root / f"config.{name}.yaml"
    if (taken is not None and config.declared) or path.exists():
        raise UsageError(f"The project has an environment {taken or name!r}.")
    if not config.declared:
        _refuse_moving(config)
    elif defer_to is not None and defer_to not in config.environments:
        hint = did_you_mean(defer_to, config.environments, label="Environments") or None
        raise UsageError(f"--defer-to: The project has no environment {defer_to!r}.", hint=hint)
    deferring = f"defer_to: {defer_to}\n" if defer_to is not None else "{}\n"
    path.write_text(f"# What differs in environment {name}.\n{deferring}", encoding="utf-8")
    return path


def _refuse_moving(config: LoadedConfig) -> None:
    """A project that declares no environment has plain names: once one is declared, only the base keeps them."""
    shared = [
        name
        for name, spec in config.connections.items()
        if not spec.isolated
        and not spec.policy.shared
        and place({"type": spec.type, **spec.options}, config.root).options
    ]
    if shared:
        default, base = config.config.default_environment, config.config.base_environment
        raise UsageError(
            f"The project declares no environments, and connection {shared[0]!r} has no {{env}}: what {default} built "
            f"there has plain names, which would be {base}'s.",
            hint=f"Say in config.yaml who owns them: environments: [{default}, {base}], base_environment: {default}",
        )
