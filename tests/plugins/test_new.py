"""``interlace plugins new connection``: what it makes is installed, tested and used."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from interlace.cli.app import run

HERE = Path(__file__).parent
SAME = ["src/interlace_example/connection.py", "src/interlace_example/session.py", "src/interlace_example/arrow.py",
        "src/interlace_example/tables.py", "tests/conftest.py", "tests/test_connection.py"]  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of a new package, as the command makes it."""
    folder = tmp_path_factory.mktemp("new") / "package"
    assert 0 == run(["plugins", "new", "connection", "my-sheets", "--folder", str(folder)])
    return folder


@pytest.fixture(scope="module")
def installed(made, install, tmp_path_factory):
    """A folder in which it is installed."""
    return install(tmp_path_factory.mktemp("installed"), made)


@pytest.mark.parametrize("name", SAME)
def test_the_template_is_the_text_of_the_example(checkout, name):
    template = checkout / "interlace-core/core/src/interlace/templates/connection"

    assert (HERE / "example" / name).read_text() == (template / name).read_text()


def test_what_to_do_next_is_said(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert 0 == run(["plugins", "new", "connection", "acme"])
    assert capsys.readouterr().out == (
        "Made interlace-acme with 12 files: interlace-acme, which offers the connection 'acme'.\n"
        "Next:\n"
        "  cd interlace-acme\n"
        '  pip install --editable ".[test]"\n'
        "  pytest\n"
        "  grep -rn YOURS .\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["connection", "duckdb"], "'duckdb' is taken: an installed plugin offers it."),
        (["connection", "Acme"], "'Acme' cannot be the name of a plugin"),
        (["conection", "acme"], "'conection' is not one of 'connection'."),
    ],
)
def test_a_name_that_will_not_do_is_refused(tmp_path, capsys, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)

    assert 2 == run(["plugins", "new", *words])
    assert said in capsys.readouterr().err
    assert [] == list(tmp_path.iterdir())


def test_a_package_that_is_there_is_not_overwritten(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(["plugins", "new", "connection", "acme"])
    readme = tmp_path / "interlace-acme" / "README.md"
    readme.write_text("mine")

    assert 2 == run(["plugins", "new", "connection", "acme"])
    assert "is not empty" in capsys.readouterr().err
    assert "mine" == readme.read_text()


@pytest.mark.packaging
def test_it_is_found_and_the_doctor_has_nothing_to_say(ask, installed):
    found = ask(
        "[[p.distribution, [f'{kind} {o.name}' for kind, o in p.providers]] for p in manager.plugins()"
        " if p.name == 'my-sheets'] + [str(f) for f in manager.doctor() if 'sheets' in str(f)]",
        plugins=[installed],
    )

    assert [["interlace-my-sheets", ["connection type my-sheets"]]] == found


@pytest.mark.packaging
def test_it_passes_its_tests_as_it_stands(python, made, installed):
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", plugins=[installed], cwd=made, check=False)

    assert re.search(r"^\d{2,} passed, 2 skipped in ", done.stdout, re.MULTILINE), done.stdout[-3000:]
    assert 0 == done.returncode


@pytest.mark.packaging
def test_it_is_used_by_name_in_a_project(python, installed, tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "config.yaml").write_text("connections:\n  default: {type: my-sheets, path: 'data/{env}.sqlite'}\n")
    (tmp_path / "models" / "orders.sql").write_text("SELECT 2 AS id, 'apple' AS item")
    code = "import sys; from interlace.cli.main import main; sys.exit(main())"
    done = python("-c", code, "run", plugins=[installed], cwd=tmp_path, check=False)
    with closing(sqlite3.connect(tmp_path / "data" / "dev.sqlite")) as database:
        rows = database.execute("SELECT * FROM orders").fetchall()

    assert (0, "") == (done.returncode, done.stderr)
    assert [(2, "apple")] == rows


@pytest.mark.packaging
@pytest.mark.timeout(600)
def test_the_guide_is_followed_where_nothing_else_is_installed(made, checkout, tmp_path):
    """What the command says comes next, in an empty environment, with the packages of this checkout."""
    uv = pytest.importorskip("uv", reason="uv makes the environment").find_uv_bin()
    parts = [f"{name} @ {(checkout / folder).as_uri()}" for name, folder in (
        ("interlace-core", "interlace-core/core"), ("interlace-strategies", "interlace-core/strategies"),
        ("interlace-materialisers", "interlace-core/materialisers"))]  # fmt: skip
    commands = tmp_path / "environment" / "bin"

    def call(*words):
        done = subprocess.run(words, cwd=made, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout

    call(uv, "venv", "--quiet", "--python", sys.executable, str(commands.parent))
    call(uv, "pip", "install", "--quiet", "--python", str(commands / "python"), "--editable", ".[test]", *parts)

    assert re.search(r"^\d{2,} passed, 2 skipped in ", call(str(commands / "pytest"), "-q"), re.MULTILINE)
    assert "my-sheets" in call(str(commands / "interlace"), "plugins", "show", "my-sheets")
