"""The third party's plugin, installed as its users would install it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = pytest.mark.packaging

SOURCE = Path(__file__).parent / "example"


def test_it_is_found_with_all_that_it_offers(ask, example):
    offered = ask(
        "[[p.distribution, p.version, p.origin, [f'{kind} {o.name}' for kind, o in p.providers]]"
        " for p in manager.plugins() if p.name == 'example']",
        plugins=[example],
    )

    everything = ["connection type example", "export format markdown", "check even", "command example"]
    assert [["interlace-example", "1.0.0", "third party", everything]] == offered


def test_the_doctor_has_nothing_to_say_of_it(ask, example):
    assert [] == ask("[str(f) for f in manager.doctor() if f.plugin == 'example']", plugins=[example])


def test_its_driver_is_imported_only_when_it_is_named(ask, example):
    looks = "'interlace_example.connection' in __import__('sys').modules"
    before, _, after = ask(f"[{looks}, str(manager.registry(Connection).get('example')), {looks}]", plugins=[example])

    assert (False, True) == (before, after)


def test_its_own_tests_pass_where_it_is_installed(python, example):
    run = python(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "-W", "error", "-c", "/dev/null",
        f"--rootdir={SOURCE}", f"--confcutdir={SOURCE}", str(SOURCE / "tests"),
        plugins=[example], cwd=example, check=False,
    )  # fmt: skip

    # What nobody can be asked to do cannot be refused: try_cast and validates_input only say how SQL is written.
    assert re.search(r"^\d{3} passed, 2 skipped in ", run.stdout, re.MULTILINE), run.stdout[-3000:]
    assert 0 == run.returncode


@pytest.fixture
def interlace(python, example, tmp_path):
    """A function that runs a command in a project of two models whose connection is the plugin's."""
    project = tmp_path / "shop"
    (project / "models").mkdir(parents=True)
    (project / "config.yaml").write_text(
        "name: shop\nconnections:\n  default:\n    type: example\n    path: data/{env}.sqlite\n"
    )
    (project / "models" / "orders.sql").write_text(
        "-- @checks: [{even: id}]\n-- @export: {format: md, path: out/orders.md}\n"
        "SELECT 2 AS id, 'apple' AS item UNION ALL SELECT 4, 'pear'\n"
    )
    (project / "models" / "tens.sql").write_text("-- @materialise: view\nSELECT id * 10 AS tens FROM orders\n")

    def run(*arguments):
        code = "import sys; from interlace.cli.main import main; sys.exit(main())"
        return python("-c", code, *arguments, plugins=[example], cwd=project, check=False)

    run.project = project
    return run


def test_it_is_used_by_name_in_a_project(interlace):
    run = interlace("run")
    with closing(sqlite3.connect(interlace.project / "data" / "dev.sqlite")) as database:
        rows = database.execute("SELECT tens FROM tens ORDER BY 1").fetchall()

    assert (0, "") == (run.returncode, run.stderr)
    assert [(20,), (40,)] == rows
    assert "| id | item |\n| --- | --- |\n| 2 | apple |\n| 4 | pear |\n" == (
        interlace.project / "out" / "orders.md"
    ).read_text(encoding="utf-8")


def test_its_check_keeps_odd_numbers_out(interlace):
    orders = interlace.project / "models" / "orders.sql"
    orders.write_text(orders.read_text().replace("SELECT 4", "SELECT 3"))
    run = interlace("run")

    assert 1 == run.returncode
    assert "1 row has an odd id" in run.stdout + run.stderr


def test_its_command_is_one_of_interlace(interlace):
    assert "List the tables of a SQLite file." in interlace("--help").stdout
    assert 2 == interlace("example", "no_such_file").returncode


def test_a_slip_in_its_name_gets_the_right_one(interlace):
    config = interlace.project / "config.yaml"
    config.write_text(config.read_text().replace("type: example", "type: exampel"))

    assert "No connection type 'exampel'. Did you mean 'example'?" in interlace("run").stderr
