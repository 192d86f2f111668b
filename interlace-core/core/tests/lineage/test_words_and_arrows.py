"""What sqlglot reads as something else than it is: columns where a unit stands, arrows of JSON, functions of rows."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from interlace.lineage.columns import column_lineage, lookup_in
from interlace.lineage.compare import query_change
from interlace.lineage.missing import examine, missing_columns

TABLES = {
    "t": {"id": "INTEGER", "j": "JSON", "l": "INTEGER[]", "n": "VARCHAR", "unit": "VARCHAR", "at": "TIMESTAMP"},
    "d": {"at": "TIMESTAMP", "month": "INTEGER", "day": "VARCHAR", "origin": "TIMESTAMP"},
}
LOOKUP = lookup_in(TABLES)
BOTH = ("duckdb", "postgres")

READ = {
    "a column where a unit stands": (BOTH, "SELECT date_trunc(unit, at) AS x FROM t", "x: at unit"),
    "a part that a column names": (BOTH, "SELECT date_part(unit, at) AS x FROM t", "x: at unit"),
    "the origin of buckets": (
        ("duckdb",),
        "SELECT time_bucket(INTERVAL 1 DAY, at, origin) AS x FROM d",
        "x: at origin",
    ),
    "the origin of bins": (("postgres",), "SELECT date_bin('1 day', at, origin) AS x FROM d", "x: at origin"),
    "a unit, and a column of its name that has no text": (
        BOTH,
        "SELECT date_trunc('month', at) AS x, extract(month FROM at) AS y FROM d",
        "x: at; y: at",
    ),
    "a unit, and an alias of its name": (
        BOTH,
        "SELECT date_trunc('month', at) AS month, date_trunc('month', origin) AS x FROM d",
        "month: at; x: origin",
    ),
    "a column of text that is called as a unit": (BOTH, "SELECT date_trunc(day, at) AS x FROM d", "x: at day"),
    "a unit, and a relation whose columns are not known": (
        ("duckdb",),
        "SELECT date_trunc('month', at) AS month FROM raw GROUP BY month",
        "month: at",
    ),
    "an arrow in a call": (BOTH, "SELECT f(j -> 'a') AS x, id FROM t", "x: j; id: id"),
    "an arrow in a call, and more": (BOTH, "SELECT f(id, j -> 'a' -> n) AS x FROM t", "x: id j n"),
    "an arrow before a lambda": (
        ("duckdb",),
        "SELECT list_transform(j -> '$.a', x -> x + id) AS x FROM t",
        "x: j id",
    ),
    "a lambda": (("duckdb",), "SELECT list_reduce(l, (p, q) -> p + id) AS x, list_filter(l, n -> n > 1) AS y FROM t", "x: l id; y: l"),
    "a lambda with its word": (("duckdb",), "SELECT list_transform(l, lambda n: n + 1) AS x FROM t", "x: l"),
    "a function behind a column": (
        ("duckdb",),
        "SELECT n.upper() AS x, t.n.lower().left(id) AS y, (id + at).abs() AS z, l[id].f() AS w FROM t",
        "x: n; y: n id; z: id at; w: l id",
    ),
    "a lambda behind a list": (("duckdb",), "SELECT l.list_transform(x -> x + id) AS x FROM t", "x: l id"),
    "an aggregate behind a column": (("duckdb",), "SELECT id.sum() AS x, main.f(n) AS y FROM t GROUP BY n", "x: id n; y: n"),
    "the keys of a map": (("duckdb",), "SELECT MAP {n: id} AS x, MAP {'n': id} AS y, {n: id} AS z FROM t", "x: n id; y: id; z: id"),
    "a function of rows in a select list": (
        ("postgres",),
        "SELECT id, jsonb_array_elements(j) AS x FROM t",
        "id: id j; x: j",
    ),
    "a series in a select list": (("postgres",), "SELECT n, generate_series(1, id) AS x FROM t", "n: n id; x: id"),
    "a text that is split into rows": (("duckdb",), "SELECT id, regexp_split_to_table(n, ',') AS x FROM t", "id: id n; x: n"),
    "what gives one value": (("duckdb",), "SELECT id, regexp_matches(n, 'a') AS x FROM t", "id: id; x: n"),
    "the columns of a function": (
        ("postgres",),
        "SELECT id, r.a FROM t, jsonb_to_recordset(j) AS r(a INT, b TEXT)",
        "id: id j; a: j",
    ),
    "rows that are numbered": (
        ("postgres",),
        "SELECT id, e.v, e.ordinality FROM t, string_to_table(n, ',') WITH ORDINALITY AS e(v)",
        "id: id n; v: n; ordinality: n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_what_is_read_is_followed(case):
    dialects, query, expected = READ[case]

    for dialect in dialects:
        found = column_lineage(sqlglot.parse_one(query, dialect=dialect), LOOKUP, dialect)
        told = {c.name: {e.column for e in found.edges(c.name)} for c in found.columns}
        wanted = dict(part.split(":") for part in expected.split("; "))
        assert {name: set(columns.split()) for name, columns in wanted.items()} == told
        assert [()] * len(told) == [c.unknown for c in found.columns]


def test_a_parenthesis_around_a_column_leaves_its_name_and_its_type():
    tree = sqlglot.parse_one("SELECT DISTINCT (id), (t.n) FROM t", dialect="duckdb")

    assert (("id", "INTEGER"), ("n", "VARCHAR")) == examine(tree, LOOKUP, "duckdb").columns


def test_the_whole_name_of_what_a_pattern_meets_in_part():
    tree = sqlglot.parse_one("SELECT COLUMNS('^(.)(n|d)') AS '\\0_\\1' FROM t", dialect="duckdb")

    assert (("id_i", "INTEGER"), ("unit_u", "VARCHAR")) == examine(tree, LOOKUP, "duckdb").columns


def test_of_what_is_no_query_nothing_is_said_to_be_known():
    tree = sqlglot.parse_one("SELECT * FROM (SUMMARIZE t)", dialect="duckdb")

    [column] = column_lineage(tree, LOOKUP, "duckdb", ["min"]).columns

    assert ("SUMMARIZE is no query that Interlace can read",) == column.unknown


@pytest.mark.parametrize("dialect", BOTH)
def test_a_column_before_an_arrow_that_is_not_there_is_named(dialect):
    query = "SELECT coalesce(length(jj -> 'a'), 1) FROM t"

    [found] = missing_columns(sqlglot.parse_one(query, dialect=dialect), LOOKUP, dialect)

    assert ("jj", query.index("jj")) == (found.written, found.start)


def test_the_key_of_a_map_that_only_a_struct_has_is_not_accused():
    tree = sqlglot.parse_one("SELECT MAP {s.k: 1} AS m FROM (SELECT {k: id} AS s FROM t)", dialect="duckdb")

    assert () == missing_columns(tree, LOOKUP, "duckdb")


def test_the_parameter_of_a_lambda_behind_a_list_is_not_accused():
    tree = sqlglot.parse_one("SELECT l.list_filter(q -> q > 1), main.f(id) FROM t", dialect="duckdb")

    assert () == missing_columns(tree, LOOKUP, "duckdb")


def test_columns_that_a_function_has_beside_those_of_its_alias_are_not_accused():
    tree = sqlglot.parse_one("SELECT r.a, r.b FROM of_our_own() AS r(a)", dialect="postgres")

    assert () == missing_columns(tree, LOOKUP, "postgres")


def test_columns_that_a_function_of_one_has_not_are_named():
    tree = sqlglot.parse_one("SELECT e.w FROM t, jsonb_array_elements(j) AS e(v)", dialect="postgres")

    assert ["e.w"] == [m.written for m in missing_columns(tree, LOOKUP, "postgres")]


@pytest.mark.parametrize(
    ("dialect", "function"),
    [
        ("postgres", "date_part(n, at)"),
        ("postgres", "jsonb_array_length(n -> 'a')"),
        ("duckdb", "json_array_length(n -> 'a')"),
        ("duckdb", "list_transform(n -> 'a', x -> x)"),
    ],
)
def test_an_edit_of_what_they_read_is_seen(dialect, function):
    before, after = (f"WITH q AS (SELECT {c} AS n, at, id FROM t) SELECT id, {function} AS x FROM q" for c in "nj")

    assert query_change(before, after, dialect, LOOKUP).columns in (frozenset({"x"}), None)


def test_a_tree_is_not_changed_by_the_columns_before_arrows():
    tree = sqlglot.parse_one("SELECT f(j -> 'a') FROM t", dialect="postgres")

    column_lineage(tree, LOOKUP, "postgres")

    assert [exp.Lambda] == [type(i.parent) for i in tree.find_all(exp.Identifier) if i.name == "j"]
