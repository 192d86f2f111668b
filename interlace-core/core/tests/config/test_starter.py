from __future__ import annotations

from pathlib import Path

import pytest

from interlace.config import find_root, load_config
from interlace.config.starter import TEMPLATES, create, template_files
from interlace.errors import UsageError

EXAMPLES = Path(__file__).parents[4] / "docs" / "examples"


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_a_project_whose_configuration_loads(tmp_path, name):
    root = tmp_path / "a name with spaces"

    create(root, name)

    loaded = load_config(find_root(root), environ={})
    assert ("data/dev.duckdb", "") == (loaded.connection().options["path"], loaded.prefix())


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_ignores_what_runs_make_and_what_is_secret(tmp_path, name):
    create(tmp_path / "x", name)

    assert {".interlace/", "*.duckdb", ".env"} <= set((tmp_path / "x" / ".gitignore").read_text().splitlines())


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_holds_no_compiled_files(name):
    assert [] == [one.path for one in template_files(name) if "__pycache__" in one.path or one.path.endswith(".pyc")]


def test_the_shop_is_the_example_of_the_documentation():
    example = {
        path.relative_to(EXAMPLES / "shop").as_posix(): path.read_bytes()
        for path in (EXAMPLES / "shop").rglob("*")
        if path.is_file() and not {"__pycache__", ".interlace", "data", "out"} & set(path.parts)
    }

    assert example == {one.path: one.content for one in template_files("shop")}


def test_an_empty_folder_may_exist(tmp_path):
    assert create(tmp_path, "minimal")


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("x")

    with pytest.raises(UsageError, match=r"is not empty: it holds mine\.txt"):
        create(tmp_path, "minimal")

    assert ["mine.txt"] == [path.name for path in tmp_path.iterdir()]


def test_force_writes_beside_what_is_there(tmp_path):
    (tmp_path / "mine.txt").write_text("x")

    create(tmp_path, "minimal", force=True)

    assert (tmp_path / "mine.txt").exists()
    assert (tmp_path / "config.yaml").exists()


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "x").write_text("")

    with pytest.raises(UsageError, match="is a file, not a folder"):
        create(tmp_path / "x", "minimal")


def test_a_folder_below_a_file_cannot_be_made(tmp_path):
    (tmp_path / "x").write_text("")

    with pytest.raises(UsageError, match="cannot be written: not a directory"):
        create(tmp_path / "x" / "y", "minimal")


def test_a_folder_without_write_permission_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write anywhere

    with pytest.raises(UsageError, match="cannot be written: permission denied"):
        create(tmp_path / "x", "minimal")


def test_an_unknown_template_names_the_nearest(tmp_path):
    with pytest.raises(UsageError, match="no template 'shopp'") as caught:
        create(tmp_path / "x", "shopp")
    assert "Did you mean 'shop'?" in str(caught.value)
