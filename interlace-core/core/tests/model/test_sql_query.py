from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.errors import InvalidSql
from interlace.model.sql_query import QueryReader, fold

READER = QueryReader("duckdb")


def read(text, dialect="duckdb"):
    reader = READER if dialect == "duckdb" else QueryReader(dialect)
    return reader.read(text, "m.sql", 1)[0]


def digest(text):
    return READER.read(text, "m.sql", 1)[1]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT * FROM orders", ["orders"]),
        ("FROM orders", ["orders"]),
        ("FROM staging.orders o JOIN db.raw.x USING (id)", ["staging.orders", "db.raw.x"]),
        ('FROM "my orders"."select"', ["my orders.select"]),
        ("FROM date", ["date"]),
        ("WITH a AS (FROM x), b AS (FROM a) FROM b, c", ["x", "c"]),
        ("WITH orders AS (SELECT * FROM orders) FROM orders", ["orders"]),
        ("WITH RECURSIVE r AS (SELECT 1 UNION ALL FROM r) FROM r", []),
        ("WITH A AS (SELECT 1) FROM a", []),
        ('WITH "A" AS (SELECT 1) FROM a', []),
        ("WITH a AS (SELECT 1) FROM main.a", ["main.a"]),
        ("WITH a AS (FROM b), b AS (SELECT 1) FROM a, b", ["b"]),
        ("SELECT * FROM (WITH x AS (SELECT 1) FROM x) JOIN x ON true", ["x"]),
        ("SELECT (SELECT max(id) FROM b) FROM a WHERE id IN (FROM c)", ["b", "a", "c"]),
        ("FROM a UNION ALL FROM b", ["a", "b"]),
        ("WITH x AS (FROM y) FROM x UNION ALL FROM x", ["y"]),
        ("FROM range(3), unnest([1]) u, generate_series(1, 2) g", []),
        ("FROM 'data/x.csv', \"y.parquet\"", []),
        ("FROM information_schema.tables, duckdb_tables(), pg_catalog.pg_class", []),
        ("VALUES (1, 2)", []),
        ("PIVOT sales ON year USING sum(amount)", ["sales"]),
    ],
)
def test_references_are_the_tables_that_no_cte_hides(query, names):
    assert names == [".".join(r.parts) for r in read(query).references]


def test_a_reference_spans_the_whole_dotted_name():
    query = 'SELECT 1 -- x\nFROM staging . "My Orders" AS o, b'
    first, second = read(query).references

    assert 'staging . "My Orders"' == query[first.start : first.end]
    assert ((True, "b"), False) == ((first.aliased, query[second.start : second.end]), second.aliased)


def test_offsets_count_from_the_text_that_is_kept():
    body = read("-- a comment\n\n  SELECT * FROM orders ; ")

    assert ("SELECT * FROM orders", 3) == (body.text, body.line)
    assert "orders" == body.text[body.references[0].start : body.references[0].end]


def test_variables_are_found_by_token():
    query = "SELECT $start, '$no', $$ $no $$, $end FROM t -- $no\n WHERE x = $order"
    body = read(query)

    assert ["start", "end", "order"] == [v.name for v in body.variables]
    assert ["$start", "$end", "$order"] == [query[v.start : v.end] for v in body.variables]


@pytest.mark.parametrize(
    "dialect", ["sqlite", "mysql", "trino", "bigquery", "oracle", "tsql", "snowflake", "databricks"]
)
def test_variables_are_found_where_the_sign_begins_a_name(dialect):
    query = "SELECT $start AS a FROM t WHERE n < $end"
    body = read(query, dialect)

    assert ["$start", "$end"] == [query[v.start : v.end] for v in body.variables]
    assert ["start", "end"] == [v.name for v in body.variables]


def test_variables_work_in_postgresql_too():
    assert ["start"] == [v.name for v in read("SELECT $start, $q$ $no $q$ FROM t", "postgres").variables]


@pytest.mark.parametrize(
    ("query", "files"),
    [
        ("FROM 'data/x.csv'", ("data/x.csv",)),
        ("FROM read_csv('x.csv', header = true)", ("x.csv",)),
        ("FROM read_csv_auto('x.csv')", ("x.csv",)),
        ("FROM read_parquet(['a.parquet', 'b.parquet'])", ("a.parquet", "b.parquet")),
        (
            "FROM read_json('*.json'), read_json_auto('b.json'), read_text('c'), glob('d/*')",
            ("*.json", "b.json", "c", "d/*"),
        ),
    ],
)
def test_literal_files_are_inputs(query, files):
    assert files == read(query).files


@pytest.mark.parametrize(
    ("query", "volatile"),
    [
        ("SELECT now(), random()", ("now", "random")),
        ("SELECT current_date", ("current_date",)),
        ("SELECT CURRENT_TIMESTAMP AS t", ("current_timestamp",)),
        ("SELECT t.current_date, x AS random, now FROM t", ()),
        ("SELECT age(x)", ("age",)),
        ("SELECT age(x, y)", ()),
        ("SELECT uuid(), gen_random_uuid(), nextval('s'), today(), getvariable('x')",
         ("uuid", "gen_random_uuid", "nextval", "today", "getvariable")),
        ("FROM read_csv($path)", ("read_csv",)),
        ("FROM t USING SAMPLE 10%", ("sample",)),
        ("FROM t TABLESAMPLE 10%", ("sample",)),
        ("FROM postgres_scan('x', 'y', 'z')", ("postgres_scan",)),
        ("FROM information_schema.tables", ("information_schema.tables",)),
        ("SELECT 'now()' -- now()", ()),
    ],
)  # fmt: skip
def test_what_answers_differently_each_time_makes_a_query_volatile(query, volatile):
    assert volatile == read(query).volatile


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "m.sql:1: the file has no query"),
        ("-- only a comment", "m.sql:1: the file has no query"),
        ("SELECT 1;\nSELECT 2", "m.sql:2:1: a model is one query, and here a second statement begins"),
        ("CREATE TABLE x (a INT)", "m.sql:1:1: a model is a query, and CREATE is none"),
        ("INSERT INTO t SELECT 1", "a model is a query, and INSERT is none"),
        ("TABLE t", "a model is a query, and TABLE is none"),
        ("SELECT *\nFROM t\nWHERE", "m.sql:3"),
        ("SELECT 1\nFROM t x y", "m.sql:2:10: unexpected 'y'\n    FROM t x y\n             ^"),
        ("SELECT 'abc\n", "m.sql:1: the ' that opens here is never closed"),
        ("SELECT *\nFROM {{ ref('orders') }}", "m.sql:2:6: this is dbt's syntax; write FROM orders"),
        ("{% if x %} SELECT 1", "m.sql:1:1: this is dbt's syntax"),
        ("SELECT $1", "m.sql:1:8: a variable is written $name"),
        ("SELECT ?", "a model takes no '?'; write $name"),
        ("FROM query_table('t')", "query_table() reads a table that Interlace cannot see"),
        ("SELECT " + "(" * 3000 + "1" + ")" * 3000, "nested too deeply"),
    ],
)
def test_a_broken_query_is_told_with_its_place(query, message):
    with pytest.raises(InvalidSql) as caught:
        read(query)

    assert message in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a, b FROM t", "select  a ,\n b -- note\n from T /* x */"),
        ("SELECT a AS x FROM t", "SELECT A as x FROM t;"),
        ("SELECT CAST(a AS INTEGER)", "select cast(a as integer)"),
    ],
)
def test_formatting_comments_and_case_leave_the_digest_alone(one, other):
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a FROM t", "SELECT b FROM t"),
        ("SELECT 'a'", "SELECT 'A'"),
        ("SELECT 'a'", "SELECT a"),
        ("SELECT current_date", 'SELECT "current_date"'),
        ("SELECT 1", "SELECT 1.0"),
        ("SELECT a AS Total FROM t", "SELECT a AS total FROM t"),
        ("SELECT a Total FROM t", "SELECT a total FROM t"),
        ("SELECT {Key: 1}", "SELECT {key: 1}"),
        ("SELECT a < b", "SELECT a <= b"),
        ("SELECT $start", "SELECT $end"),
        ("SELECT 'a' 'b'", "SELECT 'ab'"),
    ],
)
def test_what_changes_rows_or_names_changes_the_digest(one, other):
    assert digest(one) != digest(other)


@given(
    names=st.lists(
        st.sampled_from(["orders", "my orders", "select", "Ünïcode", 'a"b', "x.y", "a-b"]), min_size=1, max_size=4
    ),
    spaces=st.lists(st.sampled_from([" ", "\n", "\t", " /* c */ ", " -- d\n"]), min_size=4, max_size=4),
)
def test_each_reference_can_be_cut_out_and_put_back(names, spaces):
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    query = f"SELECT{spaces[0]}*{spaces[1]}FROM{spaces[2]}" + f",{spaces[3]}".join(quoted)
    body = read(query)

    assert [(name,) for name in names] == [r.parts for r in body.references]
    assert quoted == [body.text[r.start : r.end] for r in body.references]


def test_names_fold_as_the_engine_folds_them():
    assert ["a", "a", "a", "A"] == [
        fold("duckdb", "A", quoted=False),
        fold("duckdb", "A", quoted=True),
        fold("postgres", "A", quoted=False),
        fold("postgres", "A", quoted=True),
    ]


@pytest.mark.parametrize(
    ("query", "dialect", "twice"),
    [
        ("SELECT 1 AS id, 2 AS ID", "duckdb", "ID"),
        ("SELECT a.id, b.id FROM a, b", "duckdb", "id"),
        ("WITH c AS (SELECT 1 AS n) (SELECT n, n FROM c UNION SELECT 1, 2)", "duckdb", "n"),
        ('SELECT 1 AS id, 2 AS "ID"', "postgres", None),
        ("SELECT 1 AS id, 2 AS ID", "postgres", "ID"),
        ("SELECT a.*, b.id FROM a, b", "duckdb", None),
        ("SELECT max(n), max(m), 1, 2 FROM a", "duckdb", None),
        ("SELECT (SELECT 1 AS id) AS a, 2 AS id", "duckdb", None),
        ("SELECT COLUMNS('a_(.*)') AS '\\1', COLUMNS('b_(.*)') AS '\\1' FROM t", "duckdb", None),
        ("FROM a", "duckdb", None),
        ("VALUES (1, 2)", "duckdb", None),
    ],
)
def test_a_relation_has_no_two_columns_of_one_name(query, dialect, twice):
    try:
        QueryReader(dialect).read(query, "m.sql", 1, stored=True)
        found = None
    except InvalidSql as error:
        found = error.message

    assert found == (twice and f"the query gives two columns {twice!r}")


def test_a_question_may_have_two_columns_of_one_name():
    assert "SELECT 1 AS id, 2 AS id" == read("SELECT 1 AS id, 2 AS id").text
