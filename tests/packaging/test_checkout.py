"""A checkout installs by the usual commands, as a whole and a part by itself."""

from __future__ import annotations

import sys

import pytest

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def bare_environment(tmp_path_factory, run):
    """A virtual environment with pip and nothing else, as a newcomer makes it; the folder of its commands."""

    def make():
        folder = tmp_path_factory.mktemp("bare")
        run(sys.executable, "-m", "venv", folder)
        return folder / "bin"

    return make


def test_pip_installs_the_checkout(bare_environment, run, checkout, root):
    commands = bare_environment()

    run(commands / "python", "-m", "pip", "install", "--quiet", checkout)

    assert f"interlace {root.version}\n" == run(commands / "interlace", "--version")


def test_pip_installs_one_part_with_what_it_needs(bare_environment, run, checkout):
    commands = bare_environment()

    run(commands / "python", "-m", "pip", "install", "--quiet", checkout / "interlace-connectors/duckdb")

    run(commands / "python", "-c", "import interlace_duckdb.plugin, duckdb, pytz")


def test_uv_pip_installs_the_checkout_with_an_extra(make_environment, run, checkout, root):
    commands = make_environment(f"{checkout}[polars]")

    assert f"interlace {root.version}\n" == run(commands / "interlace", "--version")
    run(commands / "python", "-c", "import polars")


def test_uv_sync_installs_the_workspace(uv, run, checkout, root, copy_project, tmp_path):
    copy = copy_project(checkout, tmp_path / "checkout")

    uv("sync", "--quiet", "--no-dev", "--python", sys.executable, cwd=copy)

    assert f"interlace {root.version}\n" == run(copy / ".venv/bin/interlace", "--version")
    where = run(copy / ".venv/bin/python", "-c", "import interlace_duckdb; print(interlace_duckdb.__file__)")
    assert str(copy / "interlace-connectors/duckdb/src") in where


def test_pip_installs_every_part_editable_as_nox_does(bare_environment, run, checkout, root, members):
    commands = bare_environment()
    parts = [word for d in (root, *members) for word in ("--editable", d.folder)]

    # What builds them is installed once: pip would make an environment for each part.
    run(commands / "python", "-m", "pip", "install", "--quiet", "hatchling", "editables")
    run(commands / "python", "-m", "pip", "install", "--quiet", "--no-build-isolation", *parts, INTERLACE_RELEASE="1")

    where = run(commands / "python", "-c", "import interlace; print(interlace.__file__)")
    assert str(checkout / "interlace-core/core/src") in where
