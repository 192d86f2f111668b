"""The workflow files of the documentation: they are YAML, and what they start can be started so."""

from __future__ import annotations

import shlex

import pytest
import yaml

from interlace.cli.lazy import load_command

FILES = ["examples/ci/github.yml", "examples/ci/gitlab.yml"]


def lines(found) -> list[str]:
    """All texts in a value, line by line."""
    match found:
        case str():
            return found.splitlines()
        case dict():
            return [line for value in found.values() for line in lines(value)]
        case list():
            return [line for value in found for line in lines(value)]
    return []


def commands(path) -> list[list[str]]:
    text = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [shlex.split(line) for line in lines(text) if line.startswith("interlace ")]


@pytest.mark.parametrize("name", FILES)
def test_the_commands_of_a_workflow_file_have_the_options_that_they_are_given(name, docs):
    found = commands(docs / name)

    assert ["ci", "run"] == [words[1] for words in found]
    for _, command, *words in found:
        load_command(command).make_context(command, words, resilient_parsing=False)


@pytest.mark.parametrize("name", FILES)
def test_a_workflow_file_is_on_the_page(name, docs, open_page):
    shown = [fence.content for fence in open_page("how-to/ci.md").fences if fence.language == "yaml"]

    assert (docs / name).read_text(encoding="utf-8") in shown
