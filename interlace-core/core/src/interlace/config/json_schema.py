"""The JSON schema of ``config.yaml``, for editors."""

from __future__ import annotations

from typing import Any, Final

from interlace.config.schema import Config, Policy

__all__ = ["json_schema"]


_ENVIRONMENTS: Final = {
    "description": "The environments: a list of names, or for each name what differs there.",
    "anyOf": [
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "additionalProperties": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
    ],
}


def json_schema() -> dict[str, Any]:
    """The schema, of draft 2020-12.

    Any value may also be text with ``${VAR}`` in it, so numbers and booleans admit such text.
    """
    schema = Config.model_json_schema(by_alias=True)
    policy = Policy.model_json_schema(by_alias=True)
    schema["properties"]["connections"]["additionalProperties"]["properties"] |= policy["properties"]
    schema["$defs"] |= policy["$defs"]
    _admit_variables(schema)
    schema["properties"]["environments"] = _ENVIRONMENTS  # pydantic does not let a field refer to the whole
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Interlace: config.yaml",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def _admit_variables(schema: Any) -> None:
    if isinstance(schema, list):
        for item in schema:
            _admit_variables(item)
        return
    if not isinstance(schema, dict):
        return
    for value in schema.values():
        _admit_variables(value)
    if schema.get("type") in ("integer", "number", "boolean"):
        limits = {key: schema.pop(key) for key in ("type", "minimum", "maximum", "exclusiveMinimum") if key in schema}
        schema["anyOf"] = [limits, {"type": "string", "pattern": r"\$\{"}]
