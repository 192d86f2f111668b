"""The generated reference of the command line."""

from __future__ import annotations

import pytest

from interlace.cli.lazy import load_command
from interlace.cli.reference import reference
from interlace.cli.table import COMMANDS


def _all(command, path):
    yield path, command
    for name, sub in getattr(command, "commands", {}).items():
        yield from _all(sub, f"{path} {name}")


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_and_every_option_of_it_has_its_line_with_help(name):
    text = reference()
    for path, command in _all(load_command(name), f"interlace {name}"):
        section = text.partition(f"# {path}\n")[2].partition("\n## ")[0]
        options = [p for p in command.params if p.param_type_name == "option"]

        assert [] == [p.name for p in options if f"`{p.opts[0]}`" not in section or not p.help]
        assert command.help
        assert command.help.splitlines()[0] in section


def test_the_page_is_the_same_whatever_the_terminal(monkeypatch):
    before = reference()
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "dumb")

    assert before == reference()
