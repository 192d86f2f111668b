"""The wheels of a release, installed where nothing else is."""

from __future__ import annotations

import json
import zipfile

import pytest

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def wheels(dist, root, members):
    """The wheel of each distribution by its name."""
    names = {d.name: d.name.replace("-", "_") for d in (root, *members)}
    return {name: dist / f"{file}-{root.version}-py3-none-any.whl" for name, file in names.items()}


@pytest.fixture(scope="module")
def installed(make_environment, wheels):
    """An environment with ``interlace`` and what its extras add of our own, from the built wheels and the index."""
    return make_environment(
        "--find-links",
        wheels["interlace"].parent,
        f"interlace[aws,filesystem,ibis,postgres,s3,vault] @ {wheels['interlace'].as_uri()}",
    )


def metadata(wheel) -> str:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return archive.read(name).decode()


def test_a_wheel_holds_every_file_of_its_sources(wheels, members):
    for d in members:
        sources = {
            str(file.relative_to(d.folder / "src"))
            for file in d.import_root.rglob("*")
            if file.is_file() and "__pycache__" not in file.parts
        }
        with zipfile.ZipFile(wheels[d.name]) as archive:
            packed = {name for name in archive.namelist() if ".dist-info/" not in name}

        assert sources == packed


def test_a_wheel_carries_the_licence(wheels):
    for wheel in wheels.values():
        with zipfile.ZipFile(wheel) as archive:
            assert 1 == sum(name.endswith(".dist-info/licenses/LICENSE") for name in archive.namelist())


def test_the_wheel_of_the_root_holds_nothing_but_metadata(wheels):
    with zipfile.ZipFile(wheels["interlace"]) as archive:
        assert [] == [name for name in archive.namelist() if ".dist-info/" not in name]


def test_a_wheel_requires_no_file_of_the_checkout(wheels):
    assert [] == [name for name, wheel in wheels.items() if "file://" in metadata(wheel)]


def test_the_command_is_there(installed, run, root):
    assert f"interlace {root.version}\n" == run(installed / "interlace", "--version")


def test_each_import_root_is_importable_alone(installed, run, members):
    for d in members:
        run(installed / "python", "-W", "error", "-c", f"import {d.import_root.name}.plugin")


def test_every_plugin_is_found_and_none_fails(installed, run, members):
    entries = {name for d in members for name in d.project["entry-points"]["interlace"]}
    code = (
        "import json; from interlace.plugins import PluginManager; m = PluginManager.discover(strict=True);"
        "print(json.dumps([[p.name for p in m.plugins()], [str(f) for f in m.doctor()]]))"
    )

    names, failures = json.loads(run(installed / "python", "-c", code))

    assert entries <= set(names)
    assert [] == failures


def test_ibis_reads_duckdb_without_pandas(installed, run):
    code = (
        "import duckdb, ibis;"
        "t = ibis.duckdb.from_connection(duckdb.connect()).sql('SELECT 1 AS a, NULL AS b');"
        "print(t.to_pyarrow().to_pylist())"
    )

    assert "[{'a': 1, 'b': None}]\n" == run(installed / "python", "-c", code)
    run(installed / "python", "-c", "import importlib.util as u; assert u.find_spec('pandas') is None")


def test_a_new_project_runs_at_once(installed, run, tmp_path):
    run(installed / "interlace", "init", "demo", cwd=tmp_path)
    first = run(installed / "interlace", "run", cwd=tmp_path / "demo")
    second = run(installed / "interlace", "run", cwd=tmp_path / "demo")

    assert "nothing to do" not in first.lower()
    assert "nothing to do" in second.lower()


def test_the_example_runs_with_the_extra_examples(make_environment, wheels, run, checkout, tmp_path, copy_project):
    project = copy_project(checkout / "docs/examples/flights", tmp_path / "flights")
    wheel = wheels["interlace"]
    commands = make_environment("--find-links", wheel.parent, f"interlace[examples] @ {wheel.as_uri()}")

    run(commands / "interlace", "run", cwd=project)

    assert "nothing to do" in run(commands / "interlace", "run", cwd=project).lower()


def test_all_extras_resolve_together(wheels, uv, root, tmp_path):
    # And so each by itself: it asks for less.
    wheel = wheels["interlace"]
    wanted = tmp_path / "requirements.in"
    wanted.write_text(f"interlace[{','.join(root.extras)}] @ {wheel.as_uri()}\n")

    resolved = uv("pip", "compile", "--quiet", "--no-header", "--find-links", wheel.parent, wanted)

    assert f"interlace-core=={root.version}" in resolved


def test_a_source_distribution_builds_the_same_wheel(uv, members, tmp_path):
    [duckdb] = [d for d in members if d.name == "interlace-duckdb"]
    uv("build", "--quiet", "--sdist", "--out-dir", tmp_path, duckdb.folder, INTERLACE_RELEASE="1")
    [archive] = tmp_path.glob("*.tar.gz")
    uv("build", "--quiet", "--wheel", "--out-dir", tmp_path, archive)
    [wheel] = tmp_path.glob("*.whl")

    assert f"Requires-Dist: interlace-core=={duckdb.version}\n" in metadata(wheel)
