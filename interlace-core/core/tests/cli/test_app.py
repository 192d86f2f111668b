"""The frame: help, words that are no command, what is imported when, and completion."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import typer

from interlace import __version__
from interlace.cli.table import COMMANDS

RUN = "import sys; from interlace.cli.app import run; code = run(sys.argv[1:]);"
LOADED = "print(*sorted(sys.modules), sep='\\n', file=sys.stderr)"


def _process(code: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env={**os.environ, "COLUMNS": "100", **environment},
    )


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_lists_every_command_with_its_summary(run, flag):
    ended = run(flag)

    assert 0 == ended.code
    assert [] == [
        name for name, entry in COMMANDS.items() if name not in ended.out or entry.summary[:30] not in ended.out
    ]


def test_help_imports_no_command():
    ended = _process(RUN + LOADED, "--help")

    assert [] == [m for m in ended.stderr.splitlines() if m.startswith("interlace.cli.commands.")]


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_help_and_its_own_module_exists(run, name):
    ended = run(name, "--help")

    assert (0, "") == (ended.code, ended.err)
    assert "Usage: interlace" in ended.out


@pytest.mark.parametrize("name", [n for n in COMMANDS if n != "init"])
def test_every_command_has_json(run, name):
    assert "--json" in run(name, "--help").out


def test_a_command_imports_only_its_own_module_and_nothing_heavy():
    ended = _process(RUN + LOADED, "run", "-p", "/")
    modules = ended.stderr.splitlines()
    heavy = {"ibis", "alembic", "pydantic_settings", "pandas", "rich", "sqlalchemy", "polars"}

    assert ["interlace.cli.commands.run"] == [m for m in modules if m.startswith("interlace.cli.commands.")]
    assert set() == heavy & {m.partition(".")[0] for m in modules}


def test_an_unknown_command_names_the_nearest_and_exits_with_2(run):
    ended = run("rnu")

    assert (2, "") == (ended.code, ended.out)
    assert (
        "error[ILC-100] There is no command 'interlace rnu'. Did you mean 'run'?\n'interlace --help' lists them.\n"
        == ended.err
    )


def test_an_unknown_command_of_a_group_names_the_nearest(run):
    assert "'interlace plugins lst'. Did you mean 'list'?" in run("plugins", "lst").err


def test_an_unknown_option_exits_with_2_and_names_the_nearest(run):
    ended = run("run", "--forse")

    assert (2, "") == (ended.code, ended.out)
    assert "--force" in ended.err


def test_wrong_usage_with_json_is_an_object(run):
    ended = run("run", "--json", "--forse")

    assert (2, "ILC-100") == (ended.code, ended.json["error"]["code"])


def test_json_after_two_dashes_is_a_word_and_no_option(run, project):
    run("run", "--", "--json")

    assert (["--json"], [], {"force": False, "threads": None, "fail_fast": None}) == dict(project.calls)["run"]


def test_no_command_prints_the_help_and_exits_with_2(run):
    ended = run()

    assert 2 == ended.code
    assert "Usage: interlace" in ended.out


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version_is_printed(run, flag):
    assert f"interlace {__version__}\n" == run(flag).out


def test_the_version_command_tells_what_it_stands_on(run):
    versions = run("version", "--json").json

    assert (__version__, "1.5.5") == (versions["interlace"], versions["duckdb"])


def test_no_project_is_an_error_without_a_traceback(run, tmp_path):
    ended = run("run", "-p", str(tmp_path))

    assert (2, "") == (ended.code, ended.out)
    assert ended.err.startswith("error[ILC-201]")
    assert "Traceback" not in ended.err


def test_shared_options_work_between_a_group_and_its_command(run, tmp_path):
    expected = run("plugins", "list", "-p", str(tmp_path), "--json")

    assert expected == run("plugins", "--json", "-p", str(tmp_path), "list")
    assert "ILC-201" == expected.json["error"]["code"]


def test_a_command_of_a_plugin_is_listed_and_runs(run, monkeypatch):
    from interlace.cli import extensions

    app = typer.Typer()

    @app.command()
    def greet(name: str) -> None:
        typer.echo(f"hello {name}")

    offered = {"greet": extensions.Extension("Say hello.", lambda: app)}
    monkeypatch.setattr(extensions, "plugin_commands", lambda: offered)

    assert "Say hello." in run("--help").out
    assert "hello Ann\n" == run("greet", "Ann").out
    assert "Did you mean 'greet'?" in run("gret").err


def test_a_plugin_cannot_replace_a_built_in_command(run, monkeypatch):
    from interlace.cli import extensions

    offered = {"version": extensions.Extension("Mine.", SimpleNamespace)}
    monkeypatch.setattr(extensions, "plugin_commands", lambda: offered)

    assert "Mine." not in run("--help").out
    assert 0 == run("version").code


def test_completion_of_commands_and_options_works():
    words = _process(RUN, _INTERLACE_COMPLETE="complete_bash", COMP_WORDS="interlace pl", COMP_CWORD="1")
    options = _process(RUN, _INTERLACE_COMPLETE="complete_bash", COMP_WORDS="interlace run --f", COMP_CWORD="2")

    assert ["plan", "plugins"] == words.stdout.split()
    assert ["--fail-fast", "--force", "--full-refresh"] == sorted(options.stdout.split())


def test_the_completion_script_is_shown():
    script = _process(RUN, "--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1").stdout

    assert "_INTERLACE_COMPLETE=complete_bash" in script


@pytest.mark.parametrize("words", [("--help",), ("version",)])
def test_no_colour_codes_when_no_terminal_reads(words):
    assert "\x1b" not in _process(RUN, *words).stdout


def test_a_terminal_that_takes_only_ascii_gets_ascii():
    ended = _process(RUN + "sys.exit(code)", "plugins", "list", PYTHONIOENCODING="ascii", LC_ALL="C")

    assert (0, True) == (ended.returncode, ended.stdout.isascii())


def test_a_reader_that_goes_away_is_no_error():
    child = subprocess.Popen(
        [sys.executable, "-c", RUN + "sys.exit(code)", "plugins", "list", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    said = child.stderr.read()
    child.stderr.close()

    assert (0, b"") == (child.wait(30), said)


def test_a_value_that_is_none_of_those_allowed_is_named_with_them(run):
    ended = run("init", "demo", "--template", "shopp")

    assert 2 == ended.code
    assert "Invalid value for '--template' / '-t': 'shopp' is not one of 'minimal', 'shop', 'ingest'." in ended.err
