"""What an environment is called that is thrown away."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from interlace.config.environments import check_environment_name
from interlace.config.throw_away import check_throw_away_name, throw_away_name
from interlace.errors import UsageError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"GITHUB_REF": "refs/pull/7/merge", "GITHUB_SHA": COMMIT}, "ci_pr_7"),
        ({"GITHUB_REF": "refs/heads/main", "GITHUB_SHA": COMMIT}, "ci_01234567"),
        ({"CI_MERGE_REQUEST_IID": "12", "CI_COMMIT_SHA": COMMIT}, "ci_mr_12"),
        ({"CI_COMMIT_SHA": COMMIT}, "ci_01234567"),
        ({"CI_MERGE_REQUEST_IID": "1; DROP", "CI_COMMIT_SHA": "x y"}, None),
        ({}, None),
    ],
)
def test_it_is_named_by_the_pull_request_or_the_commit(environ, name):
    found = throw_away_name(environ)

    assert check_environment_name(found) is None
    assert name == found if name else re.fullmatch("ci_[0-9a-f]{8}", found)


def test_without_either_no_two_are_called_alike():
    assert throw_away_name({}) != throw_away_name({})


def config(*, declared: bool) -> Any:
    settings = SimpleNamespace(base_environment="prod", default_environment="ci_home")
    return SimpleNamespace(
        config=settings, declared=declared, environment="staging", environments=("dev", "prod", "ci_main")
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pr_7", "begins with 'ci_'. | --name ci_pr_7"),
        ("prod", "begins with 'ci_'. | --name ci_prod"),
        ("ci_a__b", "must be letters, digits"),
        ("ci_", "must be letters, digits"),
        ("ci_main", "that is an environment of the project, which is not thrown away."),
        ("ci_MAIN", "that is an environment of the project"),
        ("ci_home", "that is an environment of the project"),
    ],
)
def test_a_name_that_somebody_may_want_to_keep_is_refused(name, said):
    with pytest.raises(UsageError) as caught:
        check_throw_away_name(name, config(declared=True))

    assert f"--name {name}: " in caught.value.message
    assert said in f"{caught.value.message} | {caught.value.hint}"


def test_any_other_is_fine():
    check_throw_away_name("ci_pr_7", config(declared=True))
    check_throw_away_name("ci_main", config(declared=False))
