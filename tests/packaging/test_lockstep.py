"""The distributions look alike and carry one version."""

from __future__ import annotations

import tomllib


def test_every_distribution_has_the_version_of_the_root(root, members):
    assert {d.name: root.version for d in members} == {d.name: d.version for d in members}


def test_the_root_pins_every_part_or_has_it_in_an_extra(root, members):
    parts = {text for texts in root.extras.values() for text in texts if text.startswith("interlace-")}

    assert sorted(d.name for d in members) == sorted([*root.dependencies, *parts])


def test_every_part_is_a_source_of_the_workspace(root, members):
    assert {d.name: {"workspace": True} for d in members} == root.settings["tool"]["uv"]["sources"]


def test_the_folder_on_a_shelf_names_the_distribution_and_its_import_root(members):
    core, *parts = sorted(members, key=lambda d: d.name != "interlace-core")

    assert "interlace" == core.import_root.name
    assert [f"interlace-{d.folder.name}" for d in parts] == [d.name for d in parts]
    assert [f"interlace_{d.folder.name}" for d in parts] == [d.import_root.name for d in parts]


def test_every_leaf_has_the_same_files(members):
    expected = ["LICENSE", "README.md", "pyproject.toml", "src", "tests"]

    assert {d.name: [] for d in members} == {
        d.name: [name for name in expected if not (d.folder / name).exists()] for d in members
    }


def test_every_import_root_says_that_it_is_typed(members):
    assert [] == [d.name for d in members if not (d.import_root / "py.typed").is_file()]


def test_every_part_registers_a_plugin_in_the_group_interlace(members):
    groups = {d.name: d.project["entry-points"] for d in members}

    wanted = {name: ["interlace"] for name in groups} | {"interlace-core": ["interlace", "pytest11"]}
    assert wanted == {name: list(entry) for name, entry in groups.items()}


def test_the_copies_of_the_licence_are_equal(root, members):
    licence = (root.folder / "LICENSE").read_text()

    assert [] == [d.name for d in members if (d.folder / "LICENSE").read_text() != licence]


def test_the_copies_of_the_build_hook_are_equal(root, members):
    hook = (root.folder / "hatch_build.py").read_text()
    users = [d for d in members if "dependencies" in d.project.get("dynamic", [])]

    assert [] == [d.name for d in users if (d.folder / "hatch_build.py").read_text() != hook]


def test_every_distribution_supports_the_same_pythons(root, members):
    assert {">=3.11"} == {d.project["requires-python"] for d in (root, *members)}


def test_pytest_looks_into_every_distribution(root, members, checkout):
    folders = [f"{d.folder.relative_to(checkout)}/tests" for d in members]

    assert sorted([*folders, "tests"]) == sorted(root.settings["tool"]["pytest"]["ini_options"]["testpaths"])


def test_mypy_looks_into_every_distribution(root, members, checkout):
    folders = sorted(f"{d.folder.relative_to(checkout)}/src" for d in members)

    assert folders == sorted(root.settings["tool"]["mypy"]["files"])
    assert folders == sorted(root.settings["tool"]["mypy"]["mypy_path"])


def test_import_linter_looks_into_every_distribution(root, members):
    roots = sorted(d.import_root.name for d in members)

    assert roots == sorted(root.settings["tool"]["importlinter"]["root_packages"])


def test_the_extra_all_is_every_other_extra(root):
    extras = root.extras
    # The drivers of ibis's backends: some are compiled where they are installed, and nobody has all of those systems.
    drivers = {name for name, texts in extras.items() if any(text.startswith("ibis-framework[") for text in texts)}

    assert [f"interlace[{','.join(sorted(set(extras) - drivers - {'all'}))}]"] == extras["all"]


def test_the_root_says_the_version_once(root):
    text = (root.folder / "pyproject.toml").read_text()

    assert 1 == text.count(f'"{root.version}"')
    assert root.version == tomllib.loads(text)["project"]["version"]
