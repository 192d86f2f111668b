"""Connections that all environments share, and those that names fall back to."""

from __future__ import annotations

from textwrap import dedent

import duckdb
import pytest

from interlace import Project
from interlace.contracts.relation import Relation
from interlace.errors import InvalidModel, InvalidProject, QueryFailed, UsageError, WriteRefused

SHARED = """
default_connection: default
connections:
  default: {type: duckdb, path: "{env}.duckdb"}
  common: {type: duckdb, path: common.duckdb, shared: true}
environments: [dev, prod]
"""
FALLBACK = """
default_connection: default
connections:
  default: {type: duckdb, path: "{env}.duckdb", fallback_connections: [first, second]}
  first: {type: duckdb, path: first.duckdb, access: read}
  second: {type: duckdb, path: second.duckdb, access: read}
sources:
  raw: {relation: s.raw}
environments: [dev, prod]
"""


@pytest.fixture
def write(tmp_path):
    """Write the files of a project and give its folder."""

    def made(config: str, **models: str):
        (tmp_path / "models").mkdir(exist_ok=True)
        (tmp_path / "config.yaml").write_text(config)
        for name, text in models.items():
            (tmp_path / "models" / f"{name}.sql").write_text(dedent(text))
        return tmp_path

    return made


def ask(root, file: str, query: str):
    with duckdb.connect(str(root / file), read_only=True) as connection:
        return connection.execute(query).fetchall()


def run(root, environment: str, *names: str, **options):
    with Project.load(root, env=environment) as project:
        result = project.run(names, **options)
        assert 0 == result.exit_code, result.outcomes
        return result


def plan(root, environment: str, *names: str):
    with Project.load(root, env=environment) as project:
        return project.plan(names)


# --- shared -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def shared(write):
    return write(
        SHARED,
        countries="-- @connection: common\nSELECT 1 AS id\n",
        totals="SELECT count(*) AS n FROM countries\n",
    )


def test_what_is_shared_is_built_by_the_base_and_read_by_the_others(shared):
    run(shared, "prod", "countries")
    run(shared, "dev")

    assert [(1,)] == ask(shared, "dev.duckdb", "SELECT n FROM totals")
    assert [("countries",)] == ask(
        shared, "common.duckdb", "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'"
    )


def test_it_is_read_whatever_its_definition_is_and_its_readers_are_due_once_the_base_built_it(shared, write):
    run(shared, "prod")
    run(shared, "dev")
    write(SHARED, countries="-- @connection: common\nSELECT range AS id FROM range(2)\n")
    assert [] == list(plan(shared, "dev").steps)
    assert [("countries", "prod")] == [(d.model, d.environment) for d in plan(shared, "dev", "countries").deferred]
    run(shared, "prod")

    assert [("totals", "parent")] == [(s.model, s.reasons[0].code) for s in plan(shared, "dev").steps]


def test_what_the_base_has_not_built_is_an_error_for_who_reads_it(shared):
    with pytest.raises(UsageError) as caught:
        run(shared, "dev")

    assert (
        "totals reads countries, on the shared connection 'common', and prod has not built it." == caught.value.message
    )
    assert "Only prod writes there: interlace run countries --env prod" == caught.value.hint


def test_a_session_only_reads_but_in_the_base(shared):
    run(shared, "prod")
    with Project.load(shared, env="dev") as project, pytest.raises(WriteRefused) as caught:
        project.connection("common").session().execute("INSERT INTO countries VALUES (2)")
    with Project.load(shared, env="prod") as project:
        project.connection("common").session().execute("INSERT INTO countries VALUES (2)")

    assert (
        "The connection 'common' is shared, and only the environment 'prod' writes through it: " in caught.value.message
    )
    assert [(1,), (2,)] == ask(shared, "common.duckdb", "FROM countries ORDER BY 1")


def test_the_database_itself_refuses_to_write(shared):
    run(shared, "prod")
    with Project.load(shared, env="dev") as project:
        inner = project.connection("common").session()._session  # what is behind the parser
        with pytest.raises(QueryFailed, match="read-only"):
            inner.execute("INSERT INTO countries VALUES (2)")


def test_no_session_makes_or_drops_anything_there(shared):
    run(shared, "prod")
    with Project.load(shared, env="dev") as project:
        session = project.connection("common").session()
        for act in (
            lambda: session.create_schema("s"),
            lambda: session.drop(Relation("countries", "main"), "table"),
            lambda: session.create_view(Relation("v", "main"), "SELECT 1"),
        ):
            with pytest.raises(WriteRefused, match="only the environment 'prod' writes"):
                act()


def test_an_environment_that_is_dropped_leaves_it(shared):
    run(shared, "prod")
    run(shared, "dev")
    with Project.load(shared, env="dev") as project:
        project.drop_environment()

    assert [(1,)] == ask(shared, "common.duckdb", "FROM countries")
    assert not (shared / "dev.duckdb").exists()


def test_a_schema_has_no_prefix_there(write):
    root = write(
        SHARED.replace("{env}.duckdb", "own.duckdb"),
        countries="-- @connection: common\n-- @schema: geo\nSELECT 1 AS id\n",
        totals="SELECT count(*) AS n FROM countries\n",
    )
    run(root, "prod")
    run(root, "dev")

    assert [("geo",)] == ask(
        root, "common.duckdb", "SELECT schema_name FROM duckdb_tables() WHERE table_name = 'countries'"
    )
    assert [(1,)] == ask(root, "own.duckdb", "SELECT n FROM dev__main.totals")


def test_a_project_that_declares_no_environments_may_share(write):
    root = write(SHARED.replace("environments: [dev, prod]", ""), countries="-- @connection: common\nSELECT 1 AS id\n")
    run(root, "prod")

    assert ["countries"] == [d.model for d in plan(root, "anything").deferred]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("shared: yess", "connections.common.shared must be true or false, not 'yess'."),
        ("shared: true, access: write", "connections.common.access"),
        ("sharde: true", "sharde"),
    ],
)
def test_wrong_words_are_refused(write, written, said):
    root = write(SHARED.replace("shared: true", written), countries="-- @connection: common\nSELECT 1 AS id\n")
    with pytest.raises(Exception, match="common") as caught:
        run(root, "prod")

    assert said in str(caught.value)


def test_a_place_of_its_own_is_not_shared(write):
    root = write(SHARED.replace("path: common.duckdb", 'path: "common-{env}.duckdb"'))
    with pytest.raises(InvalidProject) as caught:
        run(root, "prod")

    assert "connections.common.shared is true, but {env} in its path gives each environment another place." in str(
        caught.value
    )


def test_nobody_but_the_base_exports_there(write):
    root = write(
        SHARED.replace("common: {type: duckdb, path: common.duckdb", "common: {type: filesystem, path: out"),
        orders="-- @export: {format: csv, connection: common, path: orders.csv}\nSELECT 1 AS id\n",
    )
    run(root, "prod")
    with pytest.raises(InvalidModel) as caught:
        plan(root, "dev")

    assert "which is shared, and written by prod alone" in caught.value.message


# --- fallback_connections ---------------------------------------------------------------------------------------------


@pytest.fixture
def fallen(write):
    """Two files of somebody else's, and a project that has none of what its models read."""
    root = write(
        FALLBACK,
        orders="SELECT 0 AS id\n",
        names="SELECT 'own' AS name\n",
        totals="SELECT (SELECT max(id) FROM orders) AS id, (SELECT max(name) FROM names) AS name\n",
        taken="SELECT a FROM raw\n",
    )
    with duckdb.connect(str(root / "first.duckdb")) as first:
        first.execute("CREATE TABLE orders AS SELECT 1 AS id")
    with duckdb.connect(str(root / "second.duckdb")) as second:
        second.execute("CREATE TABLE orders AS SELECT 2 AS id; CREATE TABLE names AS SELECT 'second' AS name")
        second.execute("CREATE SCHEMA s; CREATE TABLE s.raw AS SELECT 7 AS a")
    return root


def test_what_is_not_there_is_read_from_the_first_that_has_it(fallen):
    result = run(fallen, "dev", "totals", "taken")

    assert [(1, "second")] == ask(fallen, "dev.duckdb", "FROM totals")
    assert [(7,)] == ask(fallen, "dev.duckdb", "FROM taken")
    assert "orders is not in default, and is read from first: main.orders" in result.plan.notices
    assert [("taken",), ("totals",)] == ask(
        fallen, "dev.duckdb", "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main' ORDER BY 1"
    )


def test_what_is_built_here_is_read_here(fallen):
    run(fallen, "dev", "orders")
    run(fallen, "dev", "totals")

    assert [(0, "second")] == ask(fallen, "dev.duckdb", "FROM totals")


def test_what_is_selected_is_built_here(fallen):
    run(fallen, "dev")

    assert [(0, "own")] == ask(fallen, "dev.duckdb", "FROM totals")


def test_nobody_can_see_into_a_fallback_so_its_readers_run_each_time(fallen):
    run(fallen, "dev", "totals")

    (step,) = plan(fallen, "dev", "totals").steps
    assert [("source", "it reads names, orders, which Interlace cannot see into")] == [
        (r.code, r.text) for r in step.reasons
    ]


def test_what_is_in_none_of_them_is_an_error(fallen, write):
    write(FALLBACK, more="SELECT 1 AS a\n", reader="SELECT a FROM more\n")
    with pytest.raises(UsageError, match="reader reads more, which is not selected and was never built in dev"):
        run(fallen, "dev", "reader")


def test_defer_to_comes_first(fallen, write):
    run(fallen, "prod", "orders", "names")
    with Project.load(fallen, env="prod") as project:
        project.make_snapshots()
    run(fallen, "dev", "totals", defer_to="prod")

    assert [(0, "own")] == ask(fallen, "dev.duckdb", "FROM totals")


def test_who_looks_at_it_sees_the_same(fallen):
    with Project.load(fallen, env="dev") as project:
        assert [("second",)] == project.query("SELECT * FROM names")[1]
        assert Relation("names", "main") == project.relation("names")


def test_a_view_cannot_look_into_another_database(fallen, write):
    write(FALLBACK, totals="-- @materialise: view\nSELECT id FROM orders\n")
    with pytest.raises(InvalidModel, match="a view cannot look into another database"):
        plan(fallen, "dev", "totals")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[frist]", "connections.default.fallback_connections[0] names 'frist', which is no connection."),
        ("[default]", "connections.default.fallback_connections[0] names the connection itself."),
        ("first", "connections.default.fallback_connections must be a list, not 'first'."),
        ("[1]", "connections.default.fallback_connections[0]"),
    ],
)
def test_wrong_fallbacks_are_refused(write, written, said):
    root = write(FALLBACK.replace("[first, second]", written))
    with pytest.raises(InvalidProject) as caught:
        plan(root, "dev")

    assert said in str(caught.value)


def test_a_fallback_with_files_only_is_refused(fallen, write):
    text = FALLBACK.replace(
        "  first: {type: duckdb, path: first.duckdb, access: read}", "  first: {type: filesystem, path: .}"
    )
    write(text)
    with pytest.raises(Exception, match="names 'first', which has files and no tables"):
        plan(fallen, "dev", "totals")
