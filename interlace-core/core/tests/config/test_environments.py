from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.config.environments import Target, check_environment_name, choose, conflicts, namespace, place
from interlace.errors import InvalidConfig, UsageError

names = st.from_regex(r"[A-Za-z0-9](?:_?[A-Za-z0-9\-]){0,8}", fullmatch=True)


@pytest.mark.parametrize(
    ("declared", "environment", "isolated", "prefix"),
    [
        (True, "prod", False, ""),
        (True, "dev", False, "dev__"),
        (True, "dev", True, ""),
        (False, "dev", False, ""),
        (False, "prod", True, ""),
    ],
)
def test_only_an_environment_beside_the_base_writes_to_schemas_of_its_own(declared, environment, isolated, prefix):
    assert prefix == namespace(declared=declared, base="prod", environment=environment, isolated=isolated)


@given(names, names, st.sampled_from(["main", "b", "x__y"]), st.sampled_from(["main", "b", "x__y"]))
def test_two_prefixed_environments_never_share_a_schema(one, two, schema, other):
    if one != two:
        assert f"{one}__{schema}" != f"{two}__{other}"


@pytest.mark.parametrize("name", ["dev", "pr-12", "feature_x", "2024"])
def test_a_name_that_fits_into_paths_and_schemas_is_fine(name):
    assert check_environment_name(name) is None


@pytest.mark.parametrize("name", ["", "a/b", "..", "a__b", "_a", "a b", "ä", "x" * 41, "a.b"])
def test_a_name_that_does_not_fit_is_refused(name):
    assert "must be letters" in check_environment_name(name)


def test_the_environment_asked_for_beats_the_variable_and_the_default():
    known = ("dev", "prod", "ci")

    assert ["ci", "prod", "dev"] == [
        choose("ci", "prod", "dev", known, declared=True),
        choose(None, "prod", "dev", known, declared=True),
        choose(None, None, "dev", known, declared=True),
    ]


def test_an_unknown_environment_that_was_asked_for_is_wrong_usage():
    with pytest.raises(UsageError, match="no environment 'prd'") as caught:
        choose("prd", None, "dev", ("dev", "prod"), declared=True)

    assert "Did you mean 'prod'? Environments: dev, prod." in str(caught.value)


def test_an_unknown_environment_of_the_variable_names_the_variable():
    with pytest.raises(InvalidConfig, match="INTERLACE_ENV: The project has no environment 'x'"):
        choose(None, "x", "dev", ("dev", "prod"), declared=True)


def test_two_spellings_of_one_file_are_one_place():
    root = Path("/p")

    assert place({"type": "duckdb", "path": "a/../x.duckdb"}, root) == place(
        {"type": "duckdb", "path": "/p/x.duckdb"}, root
    )


def test_a_connection_in_memory_has_no_place():
    assert () == place({"type": "duckdb", "path": ":memory:"}, Path("/p")).options


def test_schemas_that_differ_by_case_are_the_same():
    where = (("path", "x"),)
    one, two = Target("dev", "default", where, "Dev__a"), Target("prod", "default", where, "dev__A")

    assert [(one, two)] == conflicts([one, two])
