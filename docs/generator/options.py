"""The options of a plugin, as its ``Config`` declares them: what each takes, its default, what it is for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from generator import docstrings
from generator.markdown import code, table

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["described", "options_table", "resolved", "spelt_default", "spelt_type"]

_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "nothing",
    "object": "mapping",
}
_BOUNDS = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "more than"}


def options_table(config: type[BaseModel], *, leave_out: Iterable[str] = ()) -> str:
    """A table of all options but those that are described elsewhere; empty where there are none."""
    schema = config.model_json_schema(by_alias=True)
    required = schema.get("required", [])
    said = described(config)
    rows = []
    for word, field in schema.get("properties", {}).items():
        if word not in leave_out:
            default = "required" if word in required else spelt_default(field)
            rows.append((code(word), spelt_type(field, schema), default, said.get(word, field.get("description", ""))))
    return table(("option", "takes", "default", ""), rows) if rows else ""


def described(config: type[BaseModel]) -> dict[str, str]:
    """What docstrings say of the options, those of the classes below first."""
    said: dict[str, str] = {}
    for cls in reversed(config.__mro__):
        said |= docstrings.read(cls).of("Attributes")
    return said


def spelt_default(field: Mapping[str, Any]) -> str:
    """A default as it would be written in YAML."""
    value = field.get("default")
    return "" if value in (None, {}, []) else code(json.dumps(value, ensure_ascii=False))


def spelt_type(field: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What a value may be, in words."""
    field = resolved(field, schema)
    if "enum" in field:
        return ", ".join(code(value) for value in field["enum"])
    if "const" in field:
        return code(field["const"])
    if "anyOf" in field:
        return _alternatives(field["anyOf"], schema)
    match field.get("type"):
        case "array":
            inner = spelt_type(field.get("items", {}), schema)
            return f"list of {inner}" if inner else "list"
        case list() as kinds:
            return " or ".join(_WORDS[kind] for kind in kinds)
        case str() as kind:
            return _bounded(_WORDS[kind], field)
    return ""


def resolved(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference stands for; anything else as it is."""
    reference = field.get("$ref")
    return schema["$defs"][reference.rpartition("/")[2]] if isinstance(reference, str) and "/" in reference else field


def _alternatives(given: list[Mapping[str, Any]], schema: Mapping[str, Any]) -> str:
    kinds = [one for one in given if one.get("type") != "null" and one.get("pattern") != r"\$\{"]
    return " or ".join(dict.fromkeys(spelt_type(one, schema) for one in kinds))


def _bounded(word: str, field: Mapping[str, Any]) -> str:
    bounds = [f"{said} {field[key]}" for key, said in _BOUNDS.items() if key in field]
    return ", ".join([word, *bounds])
