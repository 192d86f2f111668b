"""Exports to tables of other connections: only what changed is written, and what is not exported stays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb
import pytest

from interlace import Project
from interlace.errors import InterlaceError

CONFIG = """
default_connection: default
connections:
  default: {type: duckdb, path: warehouse.duckdb}
  crm: {type: duckdb, path: crm.duckdb}
"""

TWO = "SELECT * FROM (VALUES (1, 'anna', 2.5), (2, 'ben', NULL)) AS given (id, name, score)"


@dataclass
class Folder:
    root: Path

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")

    def people(self, query: str = TWO, **options: Any) -> None:
        given = {"connection": "crm", "table": "people", "key": "id", **options}
        said = ", ".join(f"{k}: {v}" for k, v in given.items() if v is not None)
        self.write("models/people_here.sql", f"-- @export: {{{said}}}\n{query}\n")

    def run(self, *, env: str | None = None, **options: Any) -> Any:
        self.events: list[Any] = []
        with Project.load(self.root, environ={}, env=env) as project:
            return project.run(on_event=self.events.append, **options)

    def sent(self, **options: Any) -> dict[str, int]:
        """What an export counted; the run succeeds."""
        result = self.run(**options)
        assert "succeeded" == result.status, result.outcomes
        (counts,) = [dict(e.counts) for e in self.events if type(e).__name__ == "ExportFinished"]
        return {name: n for name, n in counts.items() if n}

    def fails(self, **options: Any) -> str:
        """Why the export failed; the model is published."""
        result = self.run(**options)
        assert "failed" == result.status
        return "; ".join(result.outcomes["people_here"].export_errors)

    def refused(self, **options: Any) -> str:
        """Why nothing begins."""
        with pytest.raises(InterlaceError) as error:
            self.run(**options)
        return str(error.value)

    def crm(self, *statements: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.root / "crm.duckdb")) as connection:
            for statement in statements:
                answer = connection.execute(statement)
            return answer.fetchall()


@pytest.fixture
def project(tmp_path):
    folder = Folder(tmp_path / "project")
    folder.write("config.yaml", CONFIG)
    folder.people()
    return folder


ALL = "SELECT * FROM people ORDER BY id"


def test_a_table_that_is_not_there_is_made(project):
    assert {"inserted": 2} == project.sent()
    assert [(1, "anna", 2.5), (2, "ben", None)] == project.crm(ALL)


def test_only_what_changed_is_written(project):
    project.sent()
    project.people(
        TWO.replace("'ben', NULL", "'ben', 7.5")
        .replace("AS given", ", (3, 'cy', 0.5)) AS given")
        .replace("5)) ,", "5),")
    )

    assert {"inserted": 1, "updated": 1, "unchanged": 1} == project.sent()
    assert [(1, "anna", 2.5), (2, "ben", 7.5), (3, "cy", 0.5)] == project.crm(ALL)


def test_an_export_of_the_same_rows_changes_nothing(project):
    project.sent()

    assert {"unchanged": 2} == project.sent(force=True)


def test_rows_that_the_model_does_not_have_stay_unless_they_are_to_be_deleted(project):
    project.sent()
    project.people(f"SELECT * FROM ({TWO}) WHERE id = 1")
    assert {"unchanged": 1} == project.sent()
    project.people(f"SELECT * FROM ({TWO}) WHERE id = 1", delete_missing="true")

    assert {"unchanged": 1, "deleted": 1} == project.sent()
    assert [(1, "anna", 2.5)] == project.crm(ALL)


def test_columns_that_are_not_exported_keep_their_values_and_get_their_defaults(project):
    project.crm(
        "CREATE TABLE people (id BIGINT PRIMARY KEY, note TEXT DEFAULT 'new', name TEXT, score DOUBLE)",
        "INSERT INTO people VALUES (1, 'ours', 'old', 0)",
    )

    assert {"inserted": 1, "updated": 1} == project.sent()
    assert [(1, "ours", "anna", 2.5), (2, "new", "ben", None)] == project.crm(ALL)


def test_values_are_cast_to_the_types_of_the_table_which_stay(project):
    project.crm("CREATE TABLE people (id TINYINT, name TEXT, score FLOAT)")
    project.sent()

    assert [("TINYINT",), ("VARCHAR",), ("FLOAT",)] == project.crm(
        "SELECT data_type FROM information_schema.columns WHERE table_name = 'people' ORDER BY ordinal_position"
    )


def test_a_value_that_does_not_fit_is_an_error_and_nothing_is_written(project):
    project.crm("CREATE TABLE people (id TINYINT, name TEXT, score DOUBLE)")
    project.people(TWO.replace("(2,", "(1000,"))

    assert "1000" in project.fails()
    assert [] == project.crm(ALL)


def test_a_column_that_the_table_has_not_is_named(project):
    project.crm("CREATE TABLE people (id INTEGER, nmae TEXT, score DOUBLE)")

    assert "crm:main.people has no column 'name', which the model has" in project.fails()


def test_a_view_is_not_written_to(project):
    project.crm("CREATE VIEW people AS SELECT 1 AS id")

    assert "crm:main.people is a view, and the rows go into a table" in project.fails()


def test_a_table_may_be_replaced_as_a_whole(project):
    project.crm("CREATE TABLE people (id TEXT)", "INSERT INTO people VALUES ('x')")
    project.people(mode="replace", key=None)
    project.run()

    assert [(1, "anna", 2.5), (2, "ben", None)] == project.crm(ALL)


def test_a_schema_that_is_not_there_is_made(project):
    project.people(table="out.people")
    project.sent()

    assert [(2,)] == project.crm("SELECT count(*) FROM out.people")


def test_a_failed_export_leaves_the_model_published_and_is_done_alone_by_the_next_run(project):
    project.crm("CREATE VIEW people AS SELECT 1 AS id")
    project.fails()
    project.crm("DROP VIEW people")
    result = project.run()

    assert {"people_here": "export"} == {name: o.action for name, o in result.outcomes.items()}
    assert 2 == len(project.crm(ALL))


def test_a_table_that_somebody_dropped_is_written_again(project):
    project.sent()
    project.crm("DROP TABLE people")

    assert {"inserted": 2} == project.sent()
    assert "nothing" == project.run().status


def test_the_plan_says_where_rows_go(project):
    with Project.load(project.root, environ={}) as loaded:
        plan = loaded.plan()

    assert ["people_here is exported to crm:main.people (upsert by id)"] == [str(o) for o in plan.outgoing]


def test_an_environment_beside_the_base_writes_to_a_schema_of_its_own(project):
    project.write("config.yaml", "environments: [prod, dev]\n" + CONFIG.lstrip())
    project.sent(env="dev")

    assert [("dev__main",)] == project.crm(
        "SELECT table_schema FROM information_schema.tables WHERE table_name = 'people'"
    )


def test_the_table_may_be_on_the_models_own_connection(project):
    project.people(connection="default", table="out.people")
    assert {"inserted": 2} == project.sent()
    project.people(TWO.replace("anna", "ann"), connection="default", table="out.people")

    assert {"updated": 1, "unchanged": 1} == project.sent()


@pytest.mark.parametrize(("attempts", "status"), [(3, "succeeded"), (1, "failed")])
def test_what_may_pass_is_tried_again_as_often_as_the_model_says(project, monkeypatch, attempts, status):
    from interlace.errors import ConnectionFailure
    from interlace.run.table_export import TableExport

    project.people()
    text = (project.root / "models/people_here.sql").read_text()
    project.write(
        "models/people_here.sql", f"-- @retry: {{attempts: {attempts}, initial_delay: 0.01, jitter: 0}}\n{text}"
    )
    send, calls = TableExport.send, []

    def cut(self, task, session):
        calls.append(1)
        if len(calls) < 3:
            raise ConnectionFailure("The connection was cut.")
        return send(self, task, session)

    monkeypatch.setattr(TableExport, "send", cut)

    assert status == project.run().status
    assert attempts == len(calls)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"connection": "crn"}, "names the connection 'crn', which does not exist"),
        ({"connection": "files"}, "names the connection 'files', which has files, and a table"),
        ({"table": "a.b.c"}, "names the table 'a.b.c', which has more than a schema and a name"),
        ({"table": "a..b"}, "has a 'table' that must be a name"),
        ({"key": None}, "'mode: upsert' needs a 'key': the columns that identify a row"),
        ({"mode": "replace"}, "'mode: replace' makes the table anew, and takes neither 'key' nor 'delete_missing'"),
        ({"mode": "append"}, "option 'mode' of 'table'"),
        ({"kye": "id"}, "'table' has no option 'kye'. Did you mean 'key'?"),
        ({"connection": "default", "table": "people_here"}, "is written by people_here"),
        ({"connection": "read"}, "would export through the connection 'read', which is 'access: read'"),
        ({"connection": "narrow", "table": "other.people"}, "would write to the schema 'other'"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(project, options, said):
    project.write(
        "config.yaml",
        CONFIG
        + "  files: {type: filesystem, path: out}\n"
        + "  read: {type: duckdb, path: read.duckdb, access: read}\n"
        + "  narrow: {type: duckdb, path: narrow.duckdb, allowed_schemas: [main]}\n",
    )
    project.people(**options)

    assert said in project.refused()


def test_two_exports_to_one_table_are_refused(project):
    project.write("models/other.sql", f"-- @export: {{connection: crm, table: people, key: id}}\n{TWO}\n")

    assert "would write to crm:main.people, which is written by an export of other" in project.refused()


def test_a_key_that_the_model_has_not_is_named(project):
    project.people(key="idd")

    assert "'idd'" in project.fails()


def test_keys_that_are_there_twice_are_an_error(project):
    project.people(TWO.replace("(2,", "(1,"))

    assert "share a key (id) and differ" in project.fails()


def test_many_rows_are_streamed(project):
    project.people("SELECT range AS id, 'x' || range AS name FROM range(120000)")

    assert {"inserted": 120_000} == project.sent()
    assert {"unchanged": 120_000} == project.sent(force=True)


@pytest.mark.slow
def test_rows_go_to_postgresql_and_only_changed_ones_are_written(project, postgres_url):
    import psycopg

    project.write(
        "config.yaml", CONFIG.replace("{type: duckdb, path: crm.duckdb}", f"{{type: postgres, url: '{postgres_url}'}}")
    )
    project.people(table="crm.people")
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute("CREATE SCHEMA crm")
        server.execute("CREATE TABLE crm.people (id int PRIMARY KEY, note text DEFAULT 'new', name text, score float)")
        server.execute("INSERT INTO crm.people VALUES (1, 'ours', 'old', 0), (2, 'ours', 'ben', NULL)")
        (before,) = server.execute("SELECT ctid FROM crm.people WHERE id = 2").fetchone()

        assert {"updated": 1, "unchanged": 1} == project.sent()
        assert [(1, "ours", "anna", 2.5), (2, "ours", "ben", None)] == server.execute(
            "SELECT * FROM crm.people ORDER BY id"
        ).fetchall()
        assert (before,) == server.execute("SELECT ctid FROM crm.people WHERE id = 2").fetchone()
        project.people(TWO.replace("AS given", ", (3, 'cy', 1)) AS given").replace(")) ,", "),"), table="crm.people")
        assert {"inserted": 1, "unchanged": 2} == project.sent()
        assert [("new",)] == server.execute("SELECT note FROM crm.people WHERE id = 3").fetchall()


@pytest.mark.slow
def test_a_run_holds_the_lease_of_the_database_that_it_exports_to(project, postgres_url, monkeypatch):
    import psycopg

    from interlace.run.table_export import TableExport

    project.write(
        "config.yaml", CONFIG.replace("{type: duckdb, path: crm.duckdb}", f"{{type: postgres, url: '{postgres_url}'}}")
    )
    send, held = TableExport.send, []

    def looked(self, task, session):
        with psycopg.connect(postgres_url) as server:
            held.extend(server.execute("SELECT name FROM _interlace.leases WHERE expires_at > now()").fetchall())
        return send(self, task, session)

    monkeypatch.setattr(TableExport, "send", looked)
    project.sent()

    assert [("project/dev",)] == held
