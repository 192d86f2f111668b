"""``interlace config`` and ``interlace init`` as a user calls them."""

from __future__ import annotations

import json

import pytest

from interlace.cli.app import run


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    for name in ("INTERLACE_ENV", "INTERLACE_PROJECT"):
        monkeypatch.delenv(name, raising=False)


def test_config_show_prints_every_value_with_its_place(project, capsys):
    root = project("run: {threads: 8}\n")

    assert 0 == run(["config", "show", "--project", str(root)])

    lines = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()[1:]}
    assert ["8", "config.yaml:3"] == lines["run.threads"]
    assert ["data/dev.duckdb", "config.yaml:2"] == lines["connections.default.path"]


def test_config_show_as_json_is_one_document_without_secrets(project, capsys):
    root = project("connections: {default: {type: duckdb, password: hunter2}}")

    assert 0 == run(["config", "show", "-p", str(root), "-e", "dev", "--json"])

    out = capsys.readouterr().out
    shown = json.loads(out)
    assert "hunter2" not in out
    assert ("dev", "***") == (shown["environment"], shown["values"]["connections"]["default"]["password"])
    assert "config.yaml:1" == shown["origins"]["connections.default.password"]


def test_config_validate_says_that_all_is_well(project, capsys):
    assert 0 == run(["config", "validate", "-p", str(project())])

    assert "The configuration is valid: environment dev, connections default." in capsys.readouterr().out


def test_config_validate_reports_everything_and_exits_with_2(project, capsys):
    root = project("nme: x\nrun: {threads: many}\n")

    assert 2 == run(["config", "validate", "-p", str(root)])

    said = capsys.readouterr().err
    assert "config.yaml:3:1: unknown key 'nme'." in said
    assert "config.yaml:4:16: run.threads must be a whole number, not 'many'." in said


def test_config_validate_looks_into_connections_that_nothing_uses(project, capsys):
    root = project("""
        connections:
          default: {type: duckdb, path: x.duckdb}
          typo: {type: duckdbb, path: y.duckdb}
          option: {type: duckdb, path: z.duckdb, pth: x}
          unset: {type: duckdb, path: '${NOPE_NOT_SET}'}
    """)

    assert 2 == run(["config", "validate", "-p", str(root), "--json"])

    result = json.loads(capsys.readouterr().out)
    assert (False, [4, 5, 6]) == (result["valid"], [error["line"] for error in result["errors"]])


def test_config_sources_lists_the_files_that_took_part(project, capsys):
    root = project(**{"config.dev.yaml": "run: {threads: 2}\n"})

    assert 0 == run(["config", "sources", "-p", str(root), "--json"])

    parts = json.loads(capsys.readouterr().out)["layers"]
    assert [("config.yaml", True), ("config.dev.yaml", True), (".env", False), (".env.dev", False)] == [
        (part["name"], part["found"]) for part in parts
    ]


def test_config_schema_needs_no_project(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert 0 == run(["config", "schema"])

    assert "connections" in json.loads(capsys.readouterr().out)["properties"]


def test_init_makes_a_project_and_says_what_comes_next(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert 0 == run(["init", "my demo", "--template", "shop"])

    assert "  cd 'my demo'\n  interlace run\n" in capsys.readouterr().out
    assert (tmp_path / "my demo" / "seeds" / "orders.csv").exists()


def test_init_refuses_a_folder_that_is_not_empty(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("x")

    assert 2 == run(["init", str(tmp_path)])

    assert "is not empty: it holds mine.txt" in capsys.readouterr().err


def test_init_names_the_templates_that_there_are(tmp_path, capsys):
    assert 2 == run(["init", str(tmp_path / "x"), "--template", "shopp"])

    assert "'minimal', 'shop', 'ingest'" in capsys.readouterr().err
