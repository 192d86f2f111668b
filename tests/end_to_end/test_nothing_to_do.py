"""The remembered "nothing to do" is forgotten as soon as anything moves that it stood on."""

from __future__ import annotations

import os

import pytest

CONFIG = """
connections:
  default: {type: duckdb, path: warehouse.duckdb}
vars:
  many: {type: int, default: "${MANY:-1}"}
"""


@pytest.fixture
def idle(project):
    """A project in which "nothing to do" is remembered, and its function to see whether it still is."""
    project.write("config.yaml", CONFIG)
    project.write("rates.py", "RATE = 2\n")
    project.write("seeds/codes.csv", "code\na\n")
    project.write("data/in.csv", "id\n1\n")
    project.sql("from_seed", "SELECT code FROM codes")
    project.sql("from_file", "SELECT id FROM read_csv('data/*.csv')")
    project.sql("from_variable", "SELECT $many AS n")
    project.sql("deep/er/leaf", "SELECT count(*) AS n FROM from_file")
    project.python(
        "taught",
        """
        from rates import RATE
        from interlace import model

        @model(volatile=False)
        def taught():
            return [{"rate": RATE}]
    """,
    )
    project.run()
    for _ in range(2):
        assert "Nothing to do" in project.run().out
    return project


def _edit(path, text):
    return lambda project: project.write(path, text) and None


def _sleepless_edit(project):
    """Other content of the same size, with the time set back."""
    file = project.root / "models" / "from_variable.sql"
    before = file.stat()
    file.write_text("SELECT $many AS m")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES = {
    "an edited query": (_edit("models/deep/er/leaf.sql", "SELECT 7 AS n"), {"leaf"}),
    "a new model in a new folder": (_edit("models/new/folder/fresh.sql", "SELECT 1 AS id"), {"fresh"}),
    "a new sidecar with a check": (_edit("models/from_seed.yaml", "checks: [{unique: code}]\n"), {"from_seed"}),
    "a changed seed": (_edit("seeds/codes.csv", "code\nb\n"), {"codes", "from_seed"}),
    "a new seed": (_edit("seeds/more.csv", "x\n1\n"), {"more"}),
    "a seed's new sidecar": (
        _edit("seeds/codes.yaml", "columns: {code: VARCHAR}\nkey: code\n"),
        {"codes", "from_seed"},
    ),
    "a changed input file": (_edit("data/in.csv", "id\n2\n"), {"from_file", "leaf"}),
    "a new input file": (_edit("data/in2.csv", "id\n2\n"), {"from_file", "leaf"}),
    "a changed helper": (_edit("rates.py", "RATE = 3\n"), {"taught"}),
    "a new env file": (_edit(".env", "MANY=5\n"), {"from_variable"}),
    "an edited configuration": (_edit("config.yaml", CONFIG.replace("MANY:-1", "MANY:-9")), {"from_variable"}),
    "an edit within the same moment": (_sleepless_edit, {"from_variable"}),
    "a database that is gone": (
        lambda p: (p.root / "warehouse.duckdb").unlink(),
        {"codes", "from_seed", "from_file", "from_variable", "leaf", "taught"},
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_what_it_touches_runs(idle, change):
    act, expected = CHANGES[change]
    act(idle)

    ran = idle.run("--json")

    assert expected == {name for name, status in ran.statuses.items() if status in ("succeeded", "skipped")}
    assert "Nothing to do" in idle.run().out


def test_a_variable_of_the_process_counts(idle):
    said = idle.run("--json", env={"MANY": "3"})

    assert {"from_variable": "succeeded"} == said.statuses
    assert [(3,)] == idle.query("FROM from_variable")


def test_another_value_on_the_command_line_counts(idle):
    assert {"from_variable": "succeeded"} == idle.run("--json", "--var", "many=4").statuses


def test_a_broken_file_is_said_although_nothing_was_to_do(idle):
    idle.sql("deep/er/leaf", "SELECT FROM WHERE")

    assert "models/deep/er/leaf.sql" in idle.fails("run")


def test_a_table_that_something_else_changed_is_noticed(idle):
    import duckdb

    with duckdb.connect(str(idle.root / "warehouse.duckdb")) as connection:
        connection.execute("DROP TABLE taught")

    assert {"taught": "succeeded"} == idle.run("--json").statuses


def test_a_file_that_was_only_touched_changes_nothing(idle):
    os.utime(idle.root / "models" / "from_seed.sql")
    os.utime(idle.root / "seeds" / "codes.csv")

    assert "Nothing to do" in idle.run().out


def test_a_state_that_is_gone_builds_everything(idle):
    for file in (idle.root / ".interlace").glob("state.db*"):
        file.unlink()

    assert 6 == len(idle.run("--json").statuses)


def test_the_answer_is_the_same_in_a_sub_folder_and_with_options_in_another_order(idle):
    assert "Nothing to do" in idle.run(cwd="models/deep").out
    assert "Nothing to do" in idle.run("--env", "dev").out
    assert "nothing" == idle.run("--json").json["status"]
    assert "nothing" == idle.run("--json").json["status"]


def test_another_environment_has_an_answer_of_its_own(idle):
    idle.write("config.yaml", "connections:\n  default: {type: duckdb, path: '{env}.duckdb'}\nvars: {many: 1}\n")

    assert 6 == len(idle.run("--json", "--env", "other").statuses)
    assert "Nothing to do" in idle.run("--env", "other").out
    assert 6 == len(idle.run("--json", "--env", "dev").statuses)
