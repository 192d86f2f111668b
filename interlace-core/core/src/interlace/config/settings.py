"""``INTERLACE_*`` variables as a layer of the configuration, by pydantic-settings.

This module is imported only where such a variable is set: pydantic-settings costs more than the rest of the configuration.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import create_model
from pydantic_settings import BaseSettings, EnvSettingsSource
from pydantic_settings.exceptions import SettingsError

from interlace.config.environ import PREFIX
from interlace.config.origin import Entry, Origin
from interlace.config.schema import Config
from interlace.config.validate import known_keys
from interlace.errors import InvalidConfig, did_you_mean

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

__all__ = ["settings_layers"]

_DELIMITER = "__"


class _OneVariable(EnvSettingsSource):
    """pydantic-settings' own reading of one variable, rather than of ``os.environ``, so that it keeps its origin."""

    def __init__(self, name: str, value: str) -> None:
        self._one = {name.lower(): value}
        super().__init__(_settings(), case_sensitive=False, env_prefix=PREFIX, env_nested_delimiter=_DELIMITER)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._one


@cache
def _settings() -> type[BaseSettings]:
    fields: dict[str, Any] = {field.alias or name: _field(field) for name, field in Config.model_fields.items()}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message='Field name "schema"')  # a deprecated method of BaseModel
        return create_model("Settings", __base__=BaseSettings, **fields)


def _field(field: FieldInfo) -> tuple[Any, Any]:
    name = str(field.annotation)
    return (
        dict[str, Any] if "VariableSpec" in name else field.annotation,
        field.get_default(call_default_factory=True),
    )


def settings_layers(
    variables: Mapping[str, tuple[str, Origin]], base: Entry
) -> tuple[list[Entry], list[InvalidConfig]]:
    """One layer for each variable.

    Args:
        variables: names such as ``INTERLACE_RUN__THREADS``, with values and where each is set.
        base: the merged files: a key of theirs is met whatever the case of the variable's name.

    Returns:
        the layers, and an error for each variable that names no key, or whose JSON is broken.
    """
    layers: list[Entry] = []
    errors: list[InvalidConfig] = []
    for name, (value, origin) in variables.items():
        try:
            found = _OneVariable(name, value)()
        except SettingsError as error:
            wrong = InvalidConfig(f"holds no valid JSON: {error.__cause__}.", where=origin.location())
            errors.append(wrong)
            continue
        if not found:
            errors.append(_unknown(name, origin))
            continue
        layers.append(_entry(found, origin, base))
    return layers, errors


def _unknown(name: str, origin: Origin) -> InvalidConfig:
    known = [PREFIX + "ENV", PREFIX + "PROJECT"]
    for key in known_keys(Config, ()):
        known.append(PREFIX + key.upper())
        known += [PREFIX + key.upper() + _DELIMITER + inner.upper() for inner in known_keys(Config, (key,))]
    hint = did_you_mean(name, known) or f"Keys of config.yaml in capitals, such as {PREFIX}RUN{_DELIMITER}THREADS."
    return InvalidConfig("is no key of the configuration.", where=origin.location(), hint=hint)


def _entry(value: object, origin: Origin, base: Entry | None) -> Entry:
    match value:
        case dict():
            folded = {key.casefold(): key for key in base.mapping} if base else {}
            children: dict[str, Entry] = {}
            for key, child in value.items():
                own = folded.get(str(key).casefold(), str(key))
                children[own] = _entry(child, origin, base.mapping.get(own) if base else None)
            return Entry(children, origin, origin)
        case list():
            return Entry([_entry(child, origin, None) for child in value], origin, origin)
        case _:
            return Entry(value, origin, origin)  # type: ignore[arg-type]
