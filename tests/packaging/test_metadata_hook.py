"""What becomes of the bare name of a part: see hatch_build.py."""

from __future__ import annotations

import shutil

import pytest
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager


@pytest.fixture
def requirements():
    def read(folder) -> list[str]:
        return ProjectMetadata(str(folder), PluginManager()).core.dependencies

    return read


def test_in_a_checkout_a_part_is_a_folder_beside(requirements, checkout):
    core = (checkout / "interlace-core/core").as_uri()

    assert f"interlace-core @ {core}" in requirements(checkout)
    assert f"interlace-core @ {core}" in requirements(checkout / "interlace-core/checks")
    assert f"interlace-core @ {core}" in requirements(checkout / "interlace-connectors/duckdb")


def test_a_release_pins_the_part_by_version(requirements, checkout, root, monkeypatch):
    monkeypatch.setenv("INTERLACE_RELEASE", "1")

    assert sorted(f"{name}=={root.version}" for name in root.dependencies) == sorted(requirements(checkout))


def test_outside_of_a_checkout_the_part_is_pinned_by_version(requirements, checkout, root, tmp_path):
    alone = tmp_path / "interlace-connectors/duckdb"
    shutil.copytree(checkout / "interlace-connectors/duckdb", alone)

    assert f"interlace-core=={root.version}" in requirements(alone)


def test_a_path_with_spaces_is_quoted(requirements, checkout, tmp_path):
    copy = tmp_path / "my checkout"
    for name in ("pyproject.toml", "hatch_build.py", "interlace-core/core/pyproject.toml"):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(checkout / name, copy / name)

    [core] = [text for text in requirements(copy) if text.startswith("interlace-core")]

    assert core.endswith("/my%20checkout/interlace-core/core")


def test_other_requirements_stay_as_they_are_written(requirements, checkout):
    assert "duckdb<2,>=1.5" in requirements(checkout / "interlace-connectors/duckdb")
