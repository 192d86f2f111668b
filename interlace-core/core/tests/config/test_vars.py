from __future__ import annotations

from datetime import date, datetime

import pytest

from interlace.config.vars import VariableSpec, declared, resolve
from interlace.errors import UsageError

NOON = datetime.fromisoformat("2024-01-31T12:00:00")


@pytest.mark.parametrize(
    ("written", "spec"),
    [
        (3, VariableSpec("int", 3)),
        (2.5, VariableSpec("float", 2.5)),
        (True, VariableSpec("bool", True)),
        ("x", VariableSpec("text", "x")),
        (date(2024, 1, 31), VariableSpec("date", date(2024, 1, 31))),
        (NOON, VariableSpec("datetime", NOON)),
        ([1, 2], VariableSpec("list[int]", [1, 2])),
        ([1, 2.5], VariableSpec("list[float]", [1.0, 2.5])),
        ({"type": "date"}, VariableSpec("date")),
        ({"type": "str", "default": "a"}, VariableSpec("text", "a")),
        ({"type": "list[text]", "default": []}, VariableSpec("list[text]", [])),
        ({"default": 4, "description": "four"}, VariableSpec("int", 4, "four")),
    ],
)
def test_a_variable_is_a_value_or_a_declaration(written, spec):
    assert spec == declared(written)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (None, "must be a value"),
        ([], "empty list"),
        ([1, "a"], "of one type"),
        ({"type": "it"}, "Did you mean 'int'"),
        ({"typ": "int"}, "unknown key 'typ'. Did you mean 'type'"),
        ({}, "must have a type or a default"),
        ({"type": "int", "default": "x"}, "must be a whole number"),
        ({"type": "date", "default": "tomorrow"}, "must be a date such as"),
        ([{"a": 1}], "must be text, a number"),
    ],
)
def test_what_is_no_variable_says_what_is_allowed(written, said):
    with pytest.raises(ValueError, match=said.replace("[", r"\[")):
        declared(written)


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("int", "42", 42),
        ("float", "1e3", 1000.0),
        ("bool", "yes", True),
        ("date", "2024-01-31", date(2024, 1, 31)),
        ("datetime", "2024-01-31T12:00", NOON),
        ("list[int]", "1, 2,3", [1, 2, 3]),
        ("list[int]", "", []),
        ("text", "007", "007"),
    ],
)
def test_text_from_the_command_line_is_read_as_the_declared_type(kind, given, value):
    assert value == VariableSpec(kind).parse(given)


@pytest.mark.parametrize(
    ("kind", "given"),
    [("int", "4.5"), ("int", True), ("bool", "maybe"), ("float", True), ("text", 3), ("date", "31.1.24")],
)
def test_a_value_of_another_type_is_refused(kind, given):
    with pytest.raises(ValueError, match="must be"):
        VariableSpec(kind).parse(given)


def test_what_is_given_wins_and_a_required_one_may_be_missing():
    specs = {"a": VariableSpec("int", 1), "b": VariableSpec("int", 2), "c": VariableSpec("int")}

    assert {"a": 1, "b": 7} == resolve(specs, {"b": "7"})


def test_an_unknown_variable_names_the_nearest():
    with pytest.raises(UsageError, match="no variable 'sart'") as caught:
        resolve({"smart": VariableSpec("int", 1)}, {"sart": "1"})

    assert "Did you mean 'smart'?" in str(caught.value)


def test_a_value_that_does_not_fit_names_the_variable():
    with pytest.raises(UsageError, match="Variable 'a' must be a whole number, not 'x'"):
        resolve({"a": VariableSpec("int", 1)}, {"a": "x"})
