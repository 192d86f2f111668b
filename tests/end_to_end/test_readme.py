"""What the README shows works as it is written there."""

from __future__ import annotations

import re
import tomllib

import pytest


@pytest.fixture
def readme(checkout):
    return (checkout / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def written(project, readme):
    """A project with the README's models in it."""
    blocks = dict(re.findall(r"```(sql|python)\n(.*?)```", readme, re.DOTALL))
    project.write("seeds/raw_visits.csv", "visit_id,page,seconds\n1,home,12\n2,docs,300\n3,home,4\n")
    project.write("models/visits.sql", blocks["sql"])
    project.write("models/pages.py", blocks["python"])
    return project


@pytest.mark.slow
def test_the_models_of_the_readme_run(written):
    written.run()

    assert [("docs", 300), ("home", 16)] == written.query("SELECT page, seconds FROM pages ORDER BY page")
    assert (written.root / "out" / "pages.csv").exists()


@pytest.mark.slow
def test_the_commands_of_the_readme_work(written, readme):
    commands = re.findall(r"^\| `interlace ([^`]+)` \|", readme, re.MULTILINE)
    written.run()

    assert 10 == len(commands)
    assert dict.fromkeys(commands, 0) == {c: written(*c.split()).code for c in commands}


def test_the_second_command_is_a_session_of_nox_and_the_first_installs_an_extra(readme, checkout):
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    [session] = re.findall(r"nox -s (\w+)", readme)
    [extra] = re.findall(r'install "\.\[(\w+)\]"', readme)

    assert f"def {session}(" in (checkout / "noxfile.py").read_text(encoding="utf-8")
    assert extra in project["tool"]["hatch"]["metadata"]["hooks"]["custom"]["optional-dependencies"]
