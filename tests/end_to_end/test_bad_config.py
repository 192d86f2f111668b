"""What is wrong in config.yaml is said with file, line, key and the nearest right word, before anything runs."""

from __future__ import annotations

import pytest


@pytest.fixture
def configured(project):
    """A function that writes a config and says what `run` makes of it."""
    project.sql("a", "SELECT 1 AS id")

    def fails(text):
        project.write("config.yaml", text)
        said = project.fails("run")
        assert not (project.root / "warehouse.duckdb").exists()
        return said

    return fails


GOOD = "connections:\n  default: {type: duckdb, path: warehouse.duckdb}\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + "conections: {}\n", ["config.yaml:3", "conections", "connections"]),
        (GOOD + "run: {thread: 2}\n", ["config.yaml:3", "thread", "threads"]),
        (GOOD + "run: {threads: many}\n", ["config.yaml:3", "threads", "number"]),
        (GOOD + "run: {threads: 0}\n", ["config.yaml:3", "threads"]),
        (GOOD + "timezone: Europe/Berlim\n", ["config.yaml:3", "timezone", "Europe/Berlin"]),
        (GOOD + "allow_empty: perhaps\n", ["config.yaml:3", "allow_empty", "warn"]),
        ("connections:\n  default: {type: dukdb, path: x}\n", ["config.yaml:2", "dukdb", "duckdb"]),
        ("connections:\n  default: {type: duckdb, pth: x}\n", ["config.yaml:2", "pth", "path"]),
        ("connections:\n  default: {type: duckdb}\n", ["config.yaml:2", "path"]),
        ("connections:\n  default: {type: duckdb, path: '${NOT_SET_ANYWHERE}'}\n", ["config.yaml:2", "NOT_SET_ANYWHERE"]),
        (GOOD + "vars:\n  limit: {type: int, default: ten}\n", ["config.yaml:4", "limit", "int"]),
        (GOOD + "models:\n  a: {materialise: table\n", ["config.yaml"]),
        (GOOD + "name: one\nname: two\n", ["config.yaml:4", "name"]),
        ("- a\n- b\n", ["config.yaml"]),
    ],
)  # fmt: skip
def test_the_message_names_file_line_key_and_the_nearest_word(configured, text, words):
    said = configured(text)

    assert [] == [word for word in words if word not in said], said


def test_all_that_is_wrong_is_reported_at_once(configured):
    said = configured(GOOD + "run: {threads: many}\ntimezone: Mars\n")

    assert "threads" in said
    assert "timezone" in said
    assert "2 errors." in said


def test_a_configuration_that_is_not_utf8_is_named(project):
    project.write("config.yaml", b"name: caf\xe9\n")

    said = project.fails("run")

    assert "config.yaml" in said
    assert "UTF-8" in said


def test_an_unknown_environment_is_refused_where_environments_are_declared(project):
    project.write("config.yaml", GOOD + "environments: [dev, prod]\n")

    said = project.fails("run", "--env", "prd")

    assert "prd" in said
    assert "'prod'" in said


def test_an_unknown_variable_is_refused_with_the_nearest_name(project):
    project.write("config.yaml", GOOD + "vars: {limit: 3}\n")
    project.sql("a", "SELECT $limt AS n")

    said = project.fails("run")

    assert "models/a.sql:1" in said
    assert "limt" in said
    assert "limit" in said


def test_a_variable_on_the_command_line_that_nobody_declared_is_refused(project):
    project.write("config.yaml", GOOD + "vars: {limit: 3}\n")
    project.sql("a", "SELECT $limit AS n")

    said = project.fails("run", "--var", "limt=4")

    assert "limt" in said
    assert "limit" in said


def test_an_interlace_variable_of_the_process_that_means_nothing_is_reported(project):
    project.sql("a", "SELECT 1 AS n")

    said = project("run", env={"INTERLACE_RUN__THREADS": "many"})

    assert 2 == said.code
    assert "INTERLACE_RUN__THREADS" in said.err
