"""The merged configuration for people: every value with where it came from, secrets masked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interlace.config.durations import spell
from interlace.config.masking import masked
from interlace.config.origin import DEFAULT, Entry, Origin, Path, dotted, flatten, plain

if TYPE_CHECKING:
    from interlace.config.loaded import LoadedConfig

__all__ = ["Layer", "Setting", "layers", "masked_values", "settings"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One value: its dotted key, the value as it may be shown, and where it came from."""

    key: str
    value: object
    origin: Origin


@dataclass(frozen=True, slots=True)
class Layer:
    """A file or variable that took part, the weakest first.

    Attributes:
        found: False for a file that was looked for and is not there.
        values: how many of the values in effect it gives.
    """

    name: str
    found: bool
    values: int


def settings(loaded: LoadedConfig) -> list[Setting]:
    """Every value in effect, those that were written first, then the defaults."""
    written = [Setting(dotted(path), _shown(path, entry), entry.origin) for path, entry in _visible(loaded)]
    known = {setting.key for setting in written}
    return written + [one for one in _defaults(loaded) if not _given(one.key, known)]


def _visible(loaded: LoadedConfig) -> list[tuple[Path, Entry]]:
    """Without the overlays of environments: what counts of them has been merged."""
    return [(path, entry) for path, entry in flatten(loaded.tree) if path[:1] != ("environments",)]


def _shown(path: Path, entry: Entry) -> object:
    return masked(path, plain(entry))


def _given(key: str, known: set[str]) -> bool:
    return any(name == key or name.startswith((f"{key}.", f"{key}[")) for name in known)


def _defaults(loaded: LoadedConfig) -> list[Setting]:
    found = [
        Setting("name", loaded.name, DEFAULT),
        Setting("default_connection", loaded.default_connection, DEFAULT),
    ]
    for name, value in _plain_config(loaded).items():
        if name not in ("name", "default_connection"):
            found += _default_settings(name, _jsonable(value))
    return found


def _default_settings(key: str, value: object) -> list[Setting]:
    if isinstance(value, dict):
        return [one for name, inner in value.items() for one in _default_settings(f"{key}.{name}", inner)]
    return [] if value is None or value == [] else [Setting(key, value, DEFAULT)]


def _plain_config(loaded: LoadedConfig) -> dict[str, Any]:
    skip = {"connections", "vars", "environments", "models", "sources"}
    return loaded.config.model_dump(by_alias=True, exclude=skip)


def masked_values(loaded: LoadedConfig) -> dict[str, Any]:
    """The merged configuration as one mapping, defaults included, as JSON values."""
    whole: dict[str, Any] = {
        key: _jsonable(value) for key, value in _plain_config(loaded).items() if key not in loaded.tree.mapping
    }
    whole |= {"name": loaded.name, "default_connection": loaded.default_connection}
    for key, entry in loaded.tree.mapping.items():
        if key == "environments":
            whole[key] = list(loaded.environments)
        else:
            written = _mask((key,), plain(entry))
            defaults = _plain_config(loaded).get(key)
            whole[key] = {**_jsonable(defaults), **written} if isinstance(written, dict) and defaults else written
    return whole


def _mask(path: Path, value: object) -> Any:
    match value:
        case dict():
            return {key: _mask((*path, key), child) for key, child in value.items()}
        case list():
            return [_mask((*path, position), child) for position, child in enumerate(value)]
        case _:
            return _jsonable(masked(path, value))


def _jsonable(value: object) -> Any:
    from datetime import date, timedelta

    match value:
        case dict():
            return {key: _jsonable(child) for key, child in value.items()}
        case list() | tuple():
            return [_jsonable(child) for child in value]
        case timedelta():
            return spell(value)
        case date():
            return value.isoformat()
        case _:
            return value


def layers(loaded: LoadedConfig) -> list[Layer]:
    """The files and variables that took part."""
    counts: dict[str, int] = {}
    for _, entry in _visible(loaded):
        counts[entry.origin.name] = counts.get(entry.origin.name, 0) + 1
    found = [Layer(name, True, counts.get(name, 0)) for name in dict.fromkeys(loaded.layers)]
    names = {layer.name for layer in found}
    looked_for = (".env", f".env.{loaded.environment}", f"config.{loaded.environment}.yaml")
    read = {path.name for path in loaded.observed.read}
    return found + [Layer(name, name in read, counts.get(name, 0)) for name in looked_for if name not in names]
