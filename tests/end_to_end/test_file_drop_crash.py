"""Files that arrive are taken in, each exactly once, by runs that are killed with SIGKILL where it matters."""

from __future__ import annotations

import shutil

import pytest

CONFIG = """
connections:
  default:
    type: duckdb
    path: warehouse.duckdb
  drop:
    type: filesystem
    path: incoming
"""

FILES = "connection: drop, settle: 0, columns: {id: INTEGER}, filename: true"

MODELS = {
    "appended": f'-- @files: {{{FILES}, path: "appended/*.csv"}}\nFROM $files',
    "archived": f'-- @files: {{{FILES}, path: "archived/*.csv", archive: done}}\nFROM $files',
    "deleted": f'-- @files: {{{FILES}, path: "deleted/*.csv", after: delete, batch_size: 1}}\nFROM $files',
    "merged": f'-- @key: [id, filename]\n-- @files: {{{FILES}, path: "merged/*.csv"}}\nFROM $files',
}

POINTS = [
    ("before", "intent"),
    ("before", "mark"),
    ("before", "commit"),
    ("after", "commit"),
    ("behind", "commit"),
    ("before", "record"),
    ("after", "record"),
    ("before", "take-away"),
    ("after", "take-away"),
]


def put(project, name, *numbers):
    for model in MODELS:
        project.write(f"incoming/{model}/{name}.csv", "\n".join(["id", *map(str, numbers), ""]))


@pytest.fixture
def loaded(project):
    """A project that has taken in one file for each model, and a copy of it."""
    project.write("config.yaml", CONFIG)
    for name, text in MODELS.items():
        project.sql(name, text)
    put(project, "a", 1)
    project.run()
    shutil.copytree(project.root, project.root.parent / "start")
    return project


def begin_again(project):
    shutil.rmtree(project.root)
    shutil.copytree(project.root.parent / "start", project.root)
    put(project, "b", 2, 3)
    put(project, "c", 4)


def files(project, folder):
    return sorted(p.name for p in (project.root / "incoming" / folder).glob("*"))


def is_whole(project, said):
    for model in MODELS:
        assert [(1,), (2,), (3,), (4,)] == project.query(f"SELECT id FROM {model} ORDER BY id"), f"{model} {said}"
    assert [] == files(project, "archived") + files(project, "deleted"), said
    assert ["a.csv", "b.csv", "c.csv"] == files(project, "done") == files(project, "appended"), said


def killed(project, when, point, nth):
    """Whether the call came at which the run is to be killed; the next run ends it either way."""
    begin_again(project)
    code = project.killed_at(when, point, str(nth), "run").code
    assert code in {0, -9}
    said = f"killed {when} {point} {nth}"
    project.run()
    is_whole(project, said)
    assert "Nothing to do" in project.run().out, said
    return code == -9


@pytest.mark.parametrize(("when", "point"), [("after", "commit"), ("after", "take-away")])
def test_killed_around_its_commit_a_run_loads_each_file_once(loaded, when, point):
    assert killed(loaded, when, point, 2)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("when", "point"), POINTS)
def test_killed_anywhere_a_run_loads_each_file_once(loaded, when, point):
    times = 0
    while killed(loaded, when, point, times + 1):
        times += 1
    assert times >= 2
