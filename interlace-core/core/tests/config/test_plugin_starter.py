from __future__ import annotations

import re

import pytest

import interlace
from interlace.config.plugin_starter import PluginName, create_plugin, plugin_name
from interlace.errors import UsageError


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("acme", ("interlace-acme", "interlace_acme", "Acme")),
        ("my-sheets", ("interlace-my-sheets", "interlace_my_sheets", "MySheets")),
        ("my_sheets2", ("interlace-my-sheets2", "interlace_my_sheets2", "MySheets2")),
        ("class", ("interlace-class", "interlace_class", "Class")),
    ],
)
def test_a_name_is_that_of_a_distribution_a_package_and_classes(word, names):
    name = plugin_name(word, ())

    assert names == (name.distribution, name.root, name.noun)


@pytest.mark.parametrize("word", ["", "Acme", "9lives", "a--b", "a-", "-a", "a.b", "a b", "ä", "../up", "x" * 31])
def test_what_cannot_be_the_name_of_a_package_is_refused(word):
    with pytest.raises(UsageError, match="cannot be the name of a plugin"):
        plugin_name(word, ())


@pytest.mark.parametrize("word", ["null", "on"])
def test_a_word_that_yaml_reads_as_something_else_is_refused(word):
    with pytest.raises(UsageError, match=f"'type: {word}' means something else"):
        plugin_name(word, ())


@pytest.mark.parametrize("word", ["interlace-acme", "interlace_acme"])
def test_the_prefix_is_not_given(word):
    with pytest.raises(UsageError, match="is put before the name") as refused:
        plugin_name(word, ())

    assert "Name it 'acme'." == refused.value.hint


def test_a_word_that_an_installed_plugin_offers_is_taken():
    with pytest.raises(UsageError, match="'sheets' is taken: an installed plugin offers it"):
        plugin_name("sheets", {"sheets", "duckdb"})


@pytest.mark.parametrize("word", ["core", "checks"])
def test_the_name_of_a_distribution_that_is_installed_is_taken(word):
    with pytest.raises(UsageError, match=f"'{word}' is taken: interlace-{word} is installed"):
        plugin_name(word, ())


def test_the_package_has_the_name_in_all_places(tmp_path):
    files = create_plugin(tmp_path / "new", "connection", PluginName("my-sheets"))
    texts = {file.relative_to(tmp_path / "new").as_posix(): file.read_text() for file in files}

    assert [] == [path for path, text in texts.items() if re.search("example", path + text, re.IGNORECASE)]
    assert {
        ".gitignore", "README.md", "pyproject.toml", "tests/conftest.py", "tests/test_connection.py",
        *(f"src/interlace_my_sheets/{name}.py" for name in ("__init__", "plugin", "connection", "session", "arrow", "tables")),
        "src/interlace_my_sheets/py.typed",
    } == texts.keys()  # fmt: skip


def test_the_package_asks_for_the_contracts_of_this_version(tmp_path):
    create_plugin(tmp_path, "connection", PluginName("acme"))
    major, minor = interlace.__version__.split(".")[:2]

    assert f'"interlace-core>={major}.{minor},<{major}.{int(minor) + 1}"' in (tmp_path / "pyproject.toml").read_text()


def test_a_folder_that_holds_something_is_left_as_it_is(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(UsageError, match=r"is not empty: it holds mine.txt"):
        create_plugin(tmp_path, "connection", PluginName("acme"))

    assert ["mine.txt"] == [path.name for path in tmp_path.iterdir()]
