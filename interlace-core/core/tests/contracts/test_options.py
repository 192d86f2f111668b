"""The kinds of value that several plugins take."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from interlace.contracts.options import Columns, Options


class Keyed(Options):
    key: Columns


@pytest.mark.parametrize(("given", "expected"), [("id", ("id",)), (["a", "b"], ("a", "b"))])
def test_columns_are_one_name_or_a_list(given, expected):
    assert expected == Keyed.model_validate({"key": given}).key


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (["a", "A"], "names a column twice: a, A"),
        ([], "at least 1 item"),
        ("", "at least 1 character"),
        (3, "valid tuple"),
    ],
)
def test_what_names_no_columns_is_refused(given, reason):
    with pytest.raises(ValidationError, match=reason):
        Keyed.model_validate({"key": given})


def test_the_schema_of_columns_is_a_text_or_a_list_of_texts():
    expected = [{"type": "string"}, {"items": {"type": "string"}, "type": "array"}]

    assert expected == Keyed.model_json_schema()["properties"]["key"]["anyOf"]
