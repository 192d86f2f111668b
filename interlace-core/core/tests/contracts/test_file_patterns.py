from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.contracts.file_patterns import checked_path, folder_of, matcher
from interlace.errors import UsageError


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [
        ("in/*.csv", "in/"),
        ("*.csv", ""),
        ("in/2024/a.csv", "in/2024/"),
        ("in/a*/b/*.csv", "in/"),
        ("a.csv", ""),
        ("in/**", "in/"),
        ("in/[ab].csv", "in/"),
    ],
)
def test_the_folder_of_a_pattern_is_what_stands_before_the_first_sign(pattern, folder):
    assert folder == folder_of(pattern)


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("in/*.csv", "in/a.csv", True),
        ("in/*.csv", "in/b/a.csv", False),
        ("in/*.csv", "in/.csv", False),
        ("in/.*", "in/.csv", True),
        ("**", "a/b/c", True),
        ("**", "a/.b/c", False),
        ("**/c", "c", True),
        ("a/**/c", "a/c", True),
        ("a/**/c", "a/b/b/c", True),
        ("a/**/c", "abc", False),
        ("a.csv", "abcsv", False),
        ("[a-c].csv", "b.csv", True),
        ("[!a-c].csv", "b.csv", False),
        ("[!a].csv", "/.csv", False),
        ("[^a].csv", "^.csv", True),
        ("[[]x", "[x", True),
        ("[]]x", "]x", True),
        ("a[", "a[", True),
        ("day=2024-??-*/**", "day=2024-01-01/x/y", True),
    ],
)
def test_a_pattern_matches_as_in_a_shell(pattern, path, matches):
    assert matches == (matcher(pattern).match(path) is not None)


names = st.text("ab.*?[]!-^", min_size=1, max_size=8).filter(lambda n: "**" not in n and n not in {".", ".."})


@given(names, st.text("ab.[]!-^", min_size=1, max_size=8).filter(lambda n: not n.startswith(".")))
def test_within_one_name_a_pattern_is_what_fnmatch_says(pattern, name):
    said = fnmatch.fnmatchcase(name, pattern)

    assert said == (matcher(pattern).match(name) is not None)


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", "./a", "../a", "a/..", "a\\b", "a\0"])
def test_a_path_that_leads_elsewhere_is_refused(path):
    with pytest.raises(UsageError):
        checked_path(path)


def test_two_stars_stand_alone():
    with pytest.raises(UsageError, match="has '\\*\\*' beside other characters"):
        matcher("a/**.csv")
