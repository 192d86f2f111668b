from __future__ import annotations

import json
import pickle
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.errors import QueryFailed
from interlace.redaction import Secret, conceal, redacted


def test_a_secret_shows_a_mask_and_reveals_itself_only_when_asked():
    secret = Secret("correct-horse")

    assert ("***", "Secret('***')", "correct-horse") == (str(secret), repr(secret), secret.reveal())


def test_a_secret_can_be_formatted_into_nothing_but_its_mask():
    assert "password ***" == f"password {Secret('correct-horse')}"


def test_a_secret_is_neither_pickled_nor_written_as_json():
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Secret("correct-horse"))
    with pytest.raises(TypeError):
        json.dumps(Secret("correct-horse"))


@pytest.mark.parametrize("write", [str, repr, json.dumps, lambda v: quote(v, safe="")])
def test_a_value_is_found_in_every_form_in_which_it_may_stand(write):
    value = 'it\'s "p@ss/w\nörd"'
    conceal(value)

    assert "***" in redacted(f"said {write(value)} to them")
    assert "ss/w" not in redacted(f"said {write(value)} to them")


def test_an_error_never_holds_what_is_concealed():
    conceal("correct-horse")

    error = QueryFailed("no correct-horse", sql="SELECT 'correct-horse'", hint="not correct-horse")

    assert ("no ***", "SELECT '***'", "not ***") == (error.message, error.sql, error.hint)
    assert ("no ***",) == error.args


def test_of_a_url_its_password_is_concealed_for_itself_also_decoded():
    conceal("postgresql://loader:p%40ssword@db.example.com/warehouse")

    assert "password *** of loader" == redacted("password p@ssword of loader")


def test_of_several_lines_each_long_one_is_concealed():
    conceal("-----BEGIN KEY-----\nabcdefgh12345678\n-----END KEY-----\n")

    assert "line ***" == redacted("line abcdefgh12345678")


def test_of_two_values_where_one_begins_with_the_other_all_of_the_longer_goes():
    conceal("horse")
    conceal("horseradish")

    assert "a ***!" == redacted("a horseradish!")


def test_a_value_of_three_characters_is_not_looked_for():
    conceal("abc")

    assert "abcdef" == redacted("abcdef")


@given(st.text(min_size=4, max_size=40), st.text(), st.text())
def test_no_text_holds_what_was_concealed(value, before, after):
    conceal(value)

    assert value not in redacted(f"{before}{value}{after}").replace("***", "")
