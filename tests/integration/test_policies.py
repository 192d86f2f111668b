"""What connections let a project do: reading only, schemas, limits of queries outside of runs."""

from __future__ import annotations

import time
from textwrap import dedent

import duckdb
import pyarrow as pa
import pytest

from interlace import Project
from interlace.contracts.connection import Marker
from interlace.contracts.relation import Relation
from interlace.errors import InvalidModel, InvalidProject, QueryFailed, TimedOut, WriteRefused
from interlace.run.result import Succeeded

T = Relation("t", "main")


@pytest.fixture
def write(tmp_path):
    """Write the files of a project and give its folder."""

    def made(config: str, **files: str):
        root = tmp_path / "project"
        (root / "models").mkdir(parents=True, exist_ok=True)
        for path, text in {"config.yaml": config, **files}.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text).lstrip("\n"))
        return root

    return made


@pytest.fixture
def crm(tmp_path):
    """A database file of somebody else's, with one table."""
    path = tmp_path / "crm.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE t AS SELECT range AS a FROM range(3); CREATE SEQUENCE s")
    return path


def config(read: str, *, more: str = "") -> str:
    own = "  default: {type: duckdb, path: warehouse.duckdb}\n"
    return f"default_connection: default\nconnections:\n{own}  crm: {{{read}, access: read}}\n{more}"


@pytest.fixture(params=["alone", "beside", "postgres"])
def session(request, write, crm):
    """A session of a connection that only reads: of a file of its own, of one that the project writes too, of PostgreSQL."""
    match request.param:
        case "alone":
            text = config(f"type: duckdb, path: {crm}")
        case "beside":
            text = config(f"type: duckdb, path: {crm}", more=f"  writer: {{type: duckdb, path: {crm}}}\n")
        case _:
            import psycopg

            url = request.getfixturevalue("postgres_url")
            with psycopg.connect(url, autocommit=True) as server:
                server.execute("CREATE SCHEMA main; CREATE TABLE main.t AS SELECT generate_series(0, 2) AS a")
                server.execute("CREATE SEQUENCE main.s")
            text = config(f"type: postgres, url: '{url}', schema: main")
    with Project.load(write(text)) as project:
        opened = project.connection("crm").session()
        yield opened
        opened.close()


# --- a session that only reads ----------------------------------------------------------------------------------------


def test_queries_are_answered_in_every_form(session):
    query = "SELECT a FROM t ORDER BY a"

    assert [(0,), (1,), (2,)] == session.fetch(query)
    assert [(0,)] == session.fetch(query, 1)
    assert 3 == session.arrow(query).read_all().num_rows
    assert ["a"] == [c.name for c in session.describe(query)]
    assert ["a"] == [c.name for c in session.columns(T)]
    assert T in session.catalogue(["main"])


@pytest.mark.parametrize(
    "act",
    [
        lambda s: s.execute("INSERT INTO t VALUES (9)"),
        lambda s: s.fetch("DELETE FROM t RETURNING a"),
        lambda s: s.arrow("UPDATE t SET a = 9 RETURNING a"),
        lambda s: s.describe("DROP TABLE t"),
        lambda s: s.execute("SELECT nextval('s')"),
        lambda s: s.execute("SELEC 1"),
        lambda s: s.create_schema("other"),
        lambda s: s.drop(T, "table"),
        lambda s: s.create_view(Relation("v", "main"), "SELECT 1 AS a"),
        lambda s: s.load_arrow(Relation("u", "main"), iter([pa.record_batch({"a": [1]})]), None, temporary=False),
        lambda s: s.mark(Marker("m", "a", "r")),
    ],
)
def test_every_way_to_write_is_refused_before_the_database_sees_it(session, act):
    with pytest.raises(WriteRefused, match="The connection 'crm' is 'access: read'"):
        act(session)

    assert [(3,)] == session.fetch("SELECT count(*) FROM t")


@pytest.mark.parametrize("sql", ["INSERT INTO t VALUES (9)", "CREATE TABLE u AS SELECT 1 AS a", "SELECT nextval('s')"])
def test_the_database_itself_refuses_what_would_slip_through(session, sql):
    with pytest.raises(QueryFailed, match="read-only"):
        session._session.execute(sql)


def test_a_transaction_reads(session):
    with session.transaction():
        assert [(3,)] == session.fetch("SELECT count(*) FROM t")

    assert [] == session.markers()


def test_ibis_reads_and_cannot_write(session):
    backend = session.ibis()

    assert 3 == backend.table("t", database="main").count().to_pyarrow().as_py()
    with pytest.raises(Exception, match="read-only"):
        backend.raw_sql("INSERT INTO t VALUES (9)")


def test_nothing_of_interlaces_own_is_made(session):
    with session.transaction():
        session.fetch("SELECT 1")

    assert not session.catalogue(["_interlace"])


def test_the_right_to_write_is_not_taken(session):
    from datetime import timedelta

    connection = session.connection

    assert connection.take_lease("x", "me", timedelta(seconds=9)) is None
    assert connection.renew_lease("x", "me", timedelta(seconds=9))
    connection.release_lease("x", "me")
    assert not session.catalogue(["_interlace"])


def test_a_file_that_only_this_connection_reads_stays_open_to_others(write, crm):
    with Project.load(write(config(f"type: duckdb, path: {crm}"))) as project:
        project.connection("crm").open()

        with duckdb.connect(str(crm), read_only=True) as other:  # the same process: DuckDB compares the modes
            assert (3,) == other.execute("SELECT count(*) FROM t").fetchone()


def test_what_another_connection_commits_is_seen(write, crm):
    text = config(f"type: duckdb, path: {crm}", more=f"  writer: {{type: duckdb, path: {crm}}}\n")
    with Project.load(write(text)) as project:
        reads, writes = project.connection("crm").session(), project.connection("writer").session()
        before = reads.fetch("SELECT count(*) FROM t")
        writes.execute("INSERT INTO t VALUES (9)")

        assert ([(3,)], [(4,)]) == (before, reads.fetch("SELECT count(*) FROM t"))


# --- models -----------------------------------------------------------------------------------------------------------


def test_a_model_that_would_write_through_it_is_refused_when_planned_with_file_and_line(write, crm):
    root = write(config(f"type: duckdb, path: {crm}"), **{"models/total.sql": "-- @connection: crm\nSELECT 1 AS a"})

    with (
        Project.load(root) as project,
        pytest.raises(InvalidModel, match="would write through the connection 'crm'") as e,
    ):
        project.plan()

    assert "models/total.sql:1" in str(e.value)


@pytest.mark.parametrize("more", ["-- @materialise: view\n", "-- @materialise: none\n", "-- @strategy: append\n"])
def test_whatever_the_model_is_made_as(write, crm, more):
    root = write(config(f"type: duckdb, path: {crm}"), **{"models/m.sql": f"-- @connection: crm\n{more}SELECT 1 AS a"})

    with Project.load(root) as project, pytest.raises(InvalidModel, match="access: read"):
        project.run()


def test_several_are_reported_together(write, crm):
    models = {f"models/{n}.sql": "-- @connection: crm\nSELECT 1 AS a" for n in ("one", "two")}

    root = write(config(f"type: duckdb, path: {crm}"), **models)
    with Project.load(root) as project, pytest.raises(InvalidProject) as caught:
        project.plan()

    assert ["one", "two"] == [e.model for e in caught.value.errors]


def test_an_export_through_it_is_refused_when_planned(write, crm):
    model = "-- @export: {format: csv, path: a.csv, connection: crm}\nSELECT 1 AS a"

    root = write(config(f"type: duckdb, path: {crm}"), **{"models/m.sql": model})

    with Project.load(root) as project, pytest.raises(InvalidModel, match="would export through the connection 'crm'"):
        project.plan()


def test_one_that_is_not_selected_hinders_nobody(write, crm):
    models = {"models/one.sql": "-- @connection: crm\nSELECT 1 AS a", "models/two.sql": "SELECT 1 AS a"}

    with Project.load(write(config(f"type: duckdb, path: {crm}"), **models)) as project:
        assert isinstance(project.run(["two"]).outcomes["two"], Succeeded)


def test_a_relation_that_something_else_writes_is_checked_through_it(write, crm):
    header = "-- @connection: crm\n-- @strategy: none\n-- @checks: [{row_count: {min: 3}}]\n"
    root = write(config(f"type: duckdb, path: {crm}"), **{"models/t.sql": header + "SELECT 1::BIGINT AS a"})

    with Project.load(root) as project:
        result = project.run()

    assert isinstance(result.outcomes["t"], Succeeded), result.outcomes


def test_sources_on_it_are_queried_and_checked(write, crm):
    sources = "sources:\n  t: {connection: crm, checks: [{row_count: {min: 3}}]}\n"

    with Project.load(write(config(f"type: duckdb, path: {crm}") + sources)) as project:
        assert [(3,)] == project.query("SELECT count(*) FROM t", connection="crm")[1]
        assert [True] == [c.passed for c in project.check_source("t")]


def test_what_was_published_is_checked_through_it(write):
    own = "connections:\n  default: {type: duckdb, path: w.duckdb%s}\n"
    model = "-- @checks: [{row_count: {min: 1}}, {unique: a}]\nSELECT 1 AS a"
    root = write(own % "", **{"models/m.sql": model})
    with Project.load(root) as project:
        project.run()
    root = write(own % ", access: read", **{"models/m.sql": model})

    with Project.load(root) as project:
        assert isinstance(project.check().outcomes["m"], Succeeded)
        with pytest.raises(InvalidModel):
            project.run(force=True)


def test_a_python_model_is_given_no_way_to_write_through_it(write, crm):
    code = """
    from interlace import model

    @model(connection="crm", strategy="none")
    def t(context):
        context.connection.execute("DROP TABLE t")
        return [{"a": 1}]
    """
    root = write(config(f"type: duckdb, path: {crm}"), **{"models/t.py": code})

    with Project.load(root) as project:
        result = project.run()

    with duckdb.connect(str(crm), read_only=True) as there:
        assert (3,) == there.execute("SELECT count(*) FROM t").fetchone()
    assert "DROP is no query" in str(result.outcomes["t"].error), result.outcomes


# --- schemas ----------------------------------------------------------------------------------------------------------

SCHEMAS = "connections:\n  default: {type: duckdb, path: w.duckdb, allowed_schemas: [marts, Staging]}\n"


@pytest.mark.parametrize("schema", ["marts", "staging"])
def test_a_schema_that_is_allowed_is_written(write, schema):
    with Project.load(write(SCHEMAS, **{"models/a.sql": f"-- @schema: {schema}\nSELECT 1 AS a"})) as project:
        assert isinstance(project.run().outcomes["a"], Succeeded)


@pytest.mark.parametrize(("header", "schema"), [("-- @schema: mart\n", "mart"), ("", "main")])
def test_another_is_refused_when_planned(write, header, schema):
    root = write(SCHEMAS, **{"models/a.sql": f"{header}SELECT 1 AS a"})

    with Project.load(root) as project, pytest.raises(InvalidModel, match=f"the schema '{schema}'") as caught:
        project.plan()

    assert "models/a.sql" in str(caught.value)
    assert "Allowed: Staging, marts." in str(caught.value)


def test_an_environments_prefix_does_not_count(write):
    root = write("environments: [dev, prod]\n" + SCHEMAS, **{"models/a.sql": "-- @schema: marts\nSELECT 1 AS a"})

    with Project.load(root, env="dev") as project:
        assert isinstance(project.run().outcomes["a"], Succeeded)
        assert "dev__marts.a" == str(project.relation("a"))


# --- queries outside of runs ------------------------------------------------------------------------------------------


def limited(adhoc: str) -> str:
    return f"connections:\n  default: {{type: duckdb, path: w.duckdb, adhoc: {{{adhoc}}}}}\n"


def test_a_query_gives_at_most_so_many_rows(write):
    with Project.load(write(limited("max_rows: 5"), **{"models/a.sql": "SELECT range AS a FROM range(9)"})) as project:
        project.run()

        assert 5 == len(project.query("FROM a")[1])
        assert 2 == len(project.query("FROM a", limit=2)[1])


def test_a_query_that_takes_too_long_is_stopped(write):
    slow = "SELECT count(*) FROM range(100000000) a, range(1000000) b"
    with Project.load(write(limited("timeout: 0.3s"), **{"models/a.sql": "SELECT 1 AS a"})) as project:
        began = time.monotonic()
        with pytest.raises(TimedOut, match=r"longer than 0\.3 seconds, which is what the connection 'default' allows"):
            project.query(slow)

    assert time.monotonic() - began < 20


def test_models_have_no_such_limits(write):
    with Project.load(write(limited("max_rows: 1"), **{"models/a.sql": "SELECT range AS a FROM range(9)"})) as project:
        assert 9 == project.run().outcomes["a"].rows


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("access: write", "access must be one of read, readwrite"),
        ("adhoc: {max_rows: 0}", "adhoc.max_rows must be at least 1"),
        ("adhoc: {timout: 3}", "unknown key 'timout'"),
        ("allowed_schemas: marts", "allowed_schemas must be a list"),
        ("retry: {attempts: 0}", "retry.attempts must be at least 1"),
        ("retry: {atempts: 3}", "unknown key 'atempts'"),
        ("retry: {max_delay: soon}", "retry.max_delay must be a duration such as"),
        ("retry: database", "retry must be a mapping"),
    ],
)
def test_a_policy_that_is_wrong_is_refused_at_once(write, keys, said):
    with pytest.raises(InvalidProject, match=said):
        Project.load(write(f"connections:\n  default: {{type: duckdb, path: w.duckdb, {keys}}}\n"))
