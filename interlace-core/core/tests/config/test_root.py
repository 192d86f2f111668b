from __future__ import annotations

from pathlib import Path

import pytest

from interlace.config import find_root
from interlace.errors import ProjectNotFound


def _project(folder):
    (folder / "models").mkdir(parents=True)
    (folder / "config.yaml").write_text("name: x\n")
    return folder


def test_the_root_is_found_from_any_sub_folder_and_file(tmp_path):
    root = _project(tmp_path / "my project")
    deep = root / "models" / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "x.sql").write_text("SELECT 1")

    assert [root] * 3 == [find_root(root), find_root(deep), find_root(deep / "x.sql")]


def test_the_nearest_of_two_nested_projects_is_the_root(tmp_path):
    inner = _project(_project(tmp_path / "outer") / "inner")

    assert inner == find_root(inner / "models")


def test_a_sibling_folder_is_not_in_the_project_that_one_comes_from(tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(_project(tmp_path / "project"))

    with pytest.raises(ProjectNotFound):
        find_root(Path("../other"))


def test_a_folder_with_only_a_config_above_a_project_does_not_count(tmp_path):
    root = _project(tmp_path / "outer")
    inner = root / "inner"
    inner.mkdir()
    (inner / "config.yaml").write_text("x: 1\n")

    assert root == find_root(inner)


def _hint(start) -> str:
    with pytest.raises(ProjectNotFound) as caught:
        find_root(start)
    return str(caught.value)


def test_an_empty_folder_says_what_was_looked_for_and_how_to_begin(tmp_path):
    said = _hint(tmp_path)

    assert "a folder with both config.yaml and models/" in said
    assert "interlace init" in said


def test_config_yml_is_named(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "config.yml").write_text("name: x\n")

    assert "has config.yml: rename it to config.yaml" in _hint(tmp_path)


def test_a_missing_models_folder_is_named(tmp_path):
    (tmp_path / "config.yaml").write_text("name: x\n")

    assert "has config.yaml but no folder models/" in _hint(tmp_path)


def test_a_project_one_folder_down_is_named(tmp_path):
    _project(tmp_path / "demo")

    assert f"There is a project in {str(tmp_path / 'demo')!r}" in _hint(tmp_path)


def test_a_folder_that_does_not_exist_is_said(tmp_path):
    assert "There is no folder" in _hint(tmp_path / "nope")
