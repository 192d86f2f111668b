from __future__ import annotations

import json

from interlace.config.json_schema import json_schema
from interlace.config.schema import Config


def test_the_schema_knows_every_key_by_the_name_users_write():
    assert {field.alias or name for name, field in Config.model_fields.items()} == set(json_schema()["properties"])


def test_unknown_keys_are_errors_for_an_editor_too():
    assert json_schema()["additionalProperties"] is False


def test_a_number_may_also_come_from_a_variable():
    threads = json_schema()["$defs"]["Run"]["properties"]["threads"]

    assert [{"type": "integer", "minimum": 1, "maximum": 256}, {"type": "string", "pattern": "\\$\\{"}] == threads[
        "anyOf"
    ]


def test_every_reference_leads_somewhere():
    schema = json_schema()
    text = json.dumps(schema)
    references = {part.split('"')[0] for part in text.split('"$ref": "')[1:]}

    assert {"#", *(f"#/$defs/{name}" for name in schema["$defs"])} >= references
