from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.config.expand import fill

VALUES = {"HOST": "db", "EMPTY": "", "BRACED": "${HOST}", "DOLLAR": "pa$$word"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${HOST}:5432", "db:5432"),
        ("${HOST}${HOST}", "dbdb"),
        ("${NOPE:-local}", "local"),
        ("${HOST:-local}", "db"),
        ("${EMPTY:-local}", "local"),
        ("${EMPTY}", ""),
        ("${NOPE:-}", ""),
        ("${NOPE:-${HOST}}", "db"),
        ("${NOPE:-a{b}c}", "a{b}c"),
        ("$${HOST}", "${HOST}"),
        ("$$ 5 $ {HOST}", "$$ 5 $ {HOST}"),
        ("${BRACED}", "${HOST}"),
        ("${DOLLAR}", "pa$$word"),
        ("{HOST}", "{HOST}"),
    ],
)
def test_variables_are_filled_in(text, filled):
    assert filled == fill(text, VALUES.get)[0]


@pytest.mark.parametrize(
    ("text", "filled", "used"),
    [
        ("data/{env}.duckdb", "data/dev.duckdb", True),
        ("${NOPE:-data/{env}.duckdb}", "data/dev.duckdb", True),
        ("data/x.duckdb", "data/x.duckdb", False),
        ("$${env}", "${env}", False),
        ("${HOST}/{env}", "db/dev", True),
    ],
)
def test_the_environment_is_filled_in_and_reported(text, filled, used):
    assert (filled, used) == fill(text, VALUES.get, "dev")


def test_an_environment_in_a_default_that_is_not_taken_does_not_count():
    assert ("db", False) == fill("${HOST:-{env}}", VALUES.get, "dev")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("${NOPE}", "uses the variable NOPE, which is not set"),
        ("${HOST", "without a closing"),
        ("${}", "neither"),
        ("${HOST:?required}", "neither"),
        ("${secret:vault/x}", "no reference to a secret"),
        ("${secret:vault:x}", "only in config.yaml"),
        ("${a b}", "neither"),
    ],
)
def test_what_cannot_be_filled_in_says_why(text, said):
    with pytest.raises(ValueError, match=said.replace("$", r"\$")):
        fill(text, VALUES.get)


@given(st.text(alphabet="ab{}$:-"))
def test_text_without_an_opening_is_left_as_it_is(text):
    if "${" not in text:
        assert (text, False) == fill(text, VALUES.get)


@given(st.text())
def test_an_escaped_opening_gives_back_what_was_meant(text):
    escaped = text.replace("${", "$${")
    if "$${" not in text and not text.endswith("$"):
        assert text == fill(escaped, VALUES.get)[0]
