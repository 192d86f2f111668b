"""Columns that are read and are not there: what a database binds is never accused, what it refuses is named."""

from __future__ import annotations

import duckdb
import pytest
import sqlglot

from interlace.lineage.columns import lookup_in
from interlace.lineage.missing import Compared, Missing, examine, missing_columns
from interlace.lineage.ordering import unordered
from interlace.lineage.plain import plain
from interlace.model.definition import SqlBody, Variable

TABLES = """
CREATE TABLE t (a INT, b INT, c INT, k INT, l INT[], s STRUCT(x INT, y STRUCT(z INT)), j JSON, d DATE, n VARCHAR);
CREATE TABLE u (k INT, x INT, y INT);
CREATE TABLE v (k INT, z INT);
"""

BOUND = """
SELECT main.t.a FROM t
SELECT memory.main.t.a FROM main.t
SELECT t.s.x, s.x, s.y.z, t.s.y.z, main.t.s.y.z FROM main.t
SELECT a AS q, q + 1 AS r, r * 2 FROM t WHERE q > 1 GROUP BY ALL HAVING r > 1 ORDER BY q, r
SELECT rowid, a FROM t ORDER BY rowid
SELECT * RENAME (a AS zz) FROM t ORDER BY zz
SELECT x FROM (SELECT max(COLUMNS(*)) FROM u)
SELECT list_transform(l, lambda q: q + a) FROM t
SELECT list_transform(l, q -> q + a), list_filter(l, (e, i) -> i > 1), list_reduce(l, (p, q) -> p + q) FROM t
SELECT [e for e in l if e > a] FROM t
SELECT {f: a, 'g': b}.f, struct_pack(h := a).h FROM t
SELECT (s).x, (s).y.z, s['x'], l[1], l[a:] FROM t
SELECT n.upper(), t.n.lower(), n.length() FROM t
SELECT x: a + 1, y: b FROM t
SELECT t FROM t
SELECT t.x FROM (SELECT 1 AS x) t
SELECT x FROM (SELECT unnest(s) FROM t)
SELECT e.unnest FROM t, unnest(t.l) AS e
SELECT e.w FROM t, unnest(t.l) AS e(w)
SELECT w FROM t, LATERAL (SELECT a + 1 AS w) g
SELECT w FROM t, (SELECT t.a + 1 AS w) g
SELECT u.k, v.k, k, z FROM u FULL JOIN v USING (k) ORDER BY z
SELECT k, x FROM u NATURAL JOIN v
SELECT a FROM t SEMI JOIN u USING (k)
SELECT a FROM t SEMI JOIN u ON t.k = u.x
SELECT a FROM t WHERE EXISTS (SELECT * FROM u WHERE u.k = t.k AND y = b)
SELECT (SELECT max(x) FROM u WHERE u.k = a) FROM t
WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 4) SELECT i FROM r
WITH RECURSIVE r AS (SELECT a, k FROM t UNION ALL SELECT r.a + 1, u.k FROM r JOIN u ON u.k = r.k) SELECT a FROM r
WITH c AS (SELECT * FROM t), d AS (SELECT a AS p FROM c) SELECT p FROM d ORDER BY p
SELECT "1_s" FROM (PIVOT u ON k IN (1, 2) USING sum(x) AS s, max(y) AS m)
SELECT "1_sum(x)" FROM (PIVOT u ON k IN (1, 2) USING sum(x), max(y))
SELECT * FROM u PIVOT (sum(x) FOR k IN (1, 2) GROUP BY y)
SELECT n, w FROM (UNPIVOT u ON x, y INTO NAME n VALUE w)
SELECT row_number() OVER w FROM t WINDOW w AS (PARTITION BY a ORDER BY b)
SELECT a FROM t QUALIFY row_number() OVER (PARTITION BY b ORDER BY c) = 1
SELECT a, count(*) AS cnt FROM t GROUP BY a HAVING cnt > 1 ORDER BY cnt DESC LIMIT 1
SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, c
SELECT current_date, current_timestamp, today(), current_user, user, session_user FROM t
SELECT date_trunc('year', d), extract(year FROM d), d + INTERVAL 1 DAY, d + INTERVAL (a) MONTH FROM t
SELECT j->'$.a', j->>'b', j.c FROM t
SELECT CASE a WHEN 1 THEN b ELSE c END, a BETWEEN b AND c, a IN (b, c), a IN l FROM t
SELECT any_value(n ORDER BY a), array_agg(a) FILTER (WHERE b > 1), quantile_cont(a, 0.5) FROM t
SELECT GROUPING(a), a, b FROM t GROUP BY GROUPING SETS ((a), (b), ())
SELECT COLUMNS('a|b') + 1 FROM t
SELECT COLUMNS(c -> c LIKE 'a%') FROM t
SELECT x_x FROM (SELECT COLUMNS('(.)') AS 'x_\\1' FROM u) ORDER BY x_x
FROM t SELECT a WHERE b > 1
SELECT x FROM (SELECT a FROM t UNION ALL BY NAME SELECT x FROM u) ORDER BY a
SELECT a FROM t UNION SELECT x FROM u ORDER BY a
SELECT col0 FROM (VALUES (1), (2))
SELECT p FROM (VALUES (1), (2)) AS q(p)
SELECT range FROM range(3)
SELECT r.range FROM range(3) r
SELECT i FROM generate_series(1, 3) AS r(i)
SELECT * FROM u ASOF JOIN v USING (k)
SELECT * FROM u POSITIONAL JOIN v
SELECT "A", B, T.C FROM t AS T
SELECT x FROM (u JOIN v USING (k)) ORDER BY z
SELECT a FROM t USING SAMPLE 3
SELECT x.a FROM t AS x, LATERAL (SELECT x.b) AS y(b) WHERE y.b = x.b
SELECT a FROM t WHERE (a, b) IN (SELECT x, y FROM u) AND b > ALL (SELECT y FROM u)
SELECT ARRAY(SELECT x FROM u WHERE u.k = t.k ORDER BY y), MAP {a: b} FROM t
SELECT q FROM (SELECT nested.* FROM (SELECT {q: a} AS nested FROM t))
SELECT * EXCLUDE (a) REPLACE (b + 1 AS b) FROM t ORDER BY b
SELECT strftime(d, '%Y') AS yr, count(*) AS c2 FROM t GROUP BY yr ORDER BY yr
SELECT p, b FROM t AS x(p)
SELECT k, z FROM v ORDER BY (SELECT max(x) FROM u WHERE u.k = v.k)
SELECT position('a' IN n), substring(n FROM 1 FOR 2), trim(BOTH 'x' FROM n) FROM t
SELECT * FROM t JOIN u ON (t.k = u.k) LEFT JOIN v ON v.k = u.k AND v.z = t.a ORDER BY t.a, u.x, z
SELECT anything, o.other FROM open_relation AS o
SELECT a, anything FROM t, open_relation
""".strip().splitlines()

REFUSED = {
    "SELECT nope FROM t": [("nope", "t")],
    "SELECT a, o.nope FROM t AS o": [("o.nope", "t")],
    "SELECT main.t.nope FROM main.t": [("main.t.nope", "t")],
    "SELECT a FROM t WHERE nope > 1 GROUP BY a HAVING max(nopey) > 1": [("nope", "t"), ("nopey", "t")],
    "SELECT a FROM t ORDER BY nope": [("nope", "t")],
    "SELECT x FROM u JOIN v ON u.k = v.nope": [("v.nope", "v")],
    "SELECT z FROM u JOIN v USING (x)": [("x", "v")],
    "SELECT nope FROM u JOIN v USING (k)": [("nope", "")],
    "WITH c AS (SELECT a FROM t) SELECT c.b FROM c": [("c.b", "")],
    "SELECT q FROM (SELECT * EXCLUDE (a) FROM t) WHERE a > 1": [("q", ""), ("a", "")],
    "SELECT (SELECT max(x) FROM u WHERE u.nope = t.a) FROM t": [("u.nope", "u")],
    "SELECT sum(a) OVER (PARTITION BY nope) FROM t": [("nope", "t")],
    "SELECT list_transform(l, q -> q + nope) FROM t": [("nope", "t")],
    "SELECT a FROM t UNION ALL SELECT nope FROM u": [("nope", "u")],
    "SELECT t.nope, anything FROM t, open_relation": [("t.nope", "t")],
}


@pytest.fixture(scope="module")
def lookup():
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        described = {name: connection.execute(f"DESCRIBE {name}").fetchall() for name in "tuv"}
    return lookup_in({name: {row[0]: row[1] for row in rows} for name, rows in described.items()})


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as made:
        made.execute(TABLES)
        made.execute("CREATE TABLE open_relation (anything INT, other INT)")
        yield made


@pytest.mark.parametrize("query", BOUND)
def test_what_the_database_binds_is_not_accused(query, connection, lookup):
    connection.execute(f"EXPLAIN {query}")

    assert () == missing_columns(sqlglot.parse_one(query, dialect="duckdb"), lookup, "duckdb")


@pytest.mark.parametrize("query", REFUSED)
def test_what_is_missing_is_named_with_its_place_and_its_relation(query, connection, lookup):
    with pytest.raises(duckdb.BinderException):
        connection.execute(f"EXPLAIN {query}")

    found = missing_columns(sqlglot.parse_one(query, dialect="duckdb"), lookup, "duckdb")

    assert REFUSED[query] == [(m.written, m.relation) for m in found]
    assert [m.written for m in found] == [query[m.start : m.start + len(m.written)] for m in found]


def test_what_is_there_goes_with_it(lookup):
    [found] = missing_columns(sqlglot.parse_one("SELECT v.zz FROM v", dialect="duckdb"), lookup, "duckdb")

    assert Missing("v.zz", "zz", 7, "v", ("k", "z")) == found


@pytest.mark.parametrize(
    "query",
    [
        "SELECT t FROM t",
        "SELECT (t).a, t.ctid, t.tableoid, xmin FROM t",
        "SELECT CURRENT_DATE, LOCALTIME, current_role, session_user, current_catalog FROM t",
        "SELECT x.f FROM json_to_recordset('[]') AS x(f INT)",
        "SELECT A, T.B FROM t",
        "SELECT g FROM generate_series(1, 3) AS g",
        "SELECT e.n, e.ordinality FROM t, unnest(t.l) WITH ORDINALITY AS e(n)",
        "SELECT count FROM (SELECT count(*) FROM t) AS i",
        "SELECT t.a::text, now() AT TIME ZONE 'UTC', extract(epoch FROM d) FROM t",
        "SELECT DISTINCT ON (a) a FROM t ORDER BY a, b",
        "SELECT k FROM u JOIN v USING (K)",
        'SELECT t.a IS NORMALIZED, normalize(a, NFC), a COLLATE "C", a::regclass FROM t',
        "SELECT e.key, j.p FROM t, LATERAL jsonb_each(a) AS e, json_to_recordset(b) AS j(p INT)",
        "SELECT (t.*)::text, count(t.*), to_jsonb(t) FROM t GROUP BY t",
        "WITH RECURSIVE r AS (SELECT a FROM t UNION ALL SELECT t.a FROM t JOIN r ON t.b = r.a) CYCLE a SET c USING p SELECT a, c, p FROM r",
    ],
)
def test_what_postgresql_offers_beside_columns_is_not_accused(query):
    lookup = lookup_in({"t": ["a", "b", "d", "l"], "u": ["k"], "v": ["k"]})

    assert () == missing_columns(sqlglot.parse_one(query, dialect="postgres"), lookup, "postgres")


def test_two_columns_of_known_types_that_are_compared_are_told(lookup):
    query = "SELECT u.x FROM t JOIN u ON t.n = u.k JOIN v USING (k) WHERE CAST(t.d AS VARCHAR) > y"

    found = examine(sqlglot.parse_one(query, dialect="duckdb"), lookup, "duckdb").compared

    assert [
        Compared("t.n", "VARCHAR", "u.k", "INTEGER", query.index("t.n")),
        Compared("k", "INTEGER", "k", "INTEGER", query.index("k)")),
        Compared("CAST(t.d AS TEXT)", "TEXT", "y", "INTEGER", query.index("t.d")),
    ] == list(found)


def test_the_columns_of_a_query_have_the_types_that_are_certain(lookup):
    query = "SELECT k, x::DATE AS day, x + 1 AS more FROM (SELECT * FROM u UNION ALL SELECT k, n, a FROM t)"

    found = examine(sqlglot.parse_one(query, dialect="duckdb"), lookup, "duckdb").columns

    assert (("k", "INTEGER"), ("day", "DATE"), ("more", None)) == found


@pytest.mark.parametrize("query", ["SELECT * FROM open_relation", "SELECT count(*) FROM t"])
def test_columns_whose_names_the_query_does_not_say_are_not_known(query, lookup):
    assert examine(sqlglot.parse_one(query, dialect="duckdb"), lookup, "duckdb").columns is None


def test_stars_are_told_with_what_they_take(lookup):
    query = "SELECT t.*, count(*) FROM t JOIN u USING (k) WHERE EXISTS (SELECT * FROM v)"

    [star] = examine(sqlglot.parse_one(query, dialect="duckdb"), lookup, "duckdb").stars

    assert (9, ("t",)) == (star.start, star.relations)


def test_a_place_behind_a_variable_is_that_of_the_authors_text():
    text = "SELECT $x, a FROM $files WHERE b > $y AND c"
    spans = [(name, text.index(f"${name}")) for name in ("x", "files", "y")]
    body = SqlBody(text, 1, (), tuple(Variable(n, at, at + len(n) + 1) for n, at in spans))

    made = plain(body)

    assert "SELECT (NULL), a FROM __interlace_files WHERE b > (NULL) AND c" == made.text
    assert [text.index(w) for w in ("a FROM", "b >", "AND c")] == [
        made.offset(made.text.index(w)) for w in ("a FROM", "b >", "AND c")
    ]


UNSTABLE = {
    "SELECT a FROM t LIMIT 1": ["LIMIT without ORDER BY"],
    "SELECT a FROM t OFFSET 2": ["OFFSET without ORDER BY"],
    "SELECT (SELECT x FROM u LIMIT 1) FROM t": ["LIMIT without ORDER BY"],
    "SELECT a FROM t UNION ALL SELECT x FROM u LIMIT 3": ["LIMIT without ORDER BY"],
    "SELECT DISTINCT ON (a) a, b FROM t": ["DISTINCT ON without ORDER BY"],
    "SELECT row_number() OVER (PARTITION BY a) FROM t": ["row_number() over a window without ORDER BY"],
    "SELECT lag(a) OVER w FROM t WINDOW w AS (PARTITION BY c)": ["lag() over a window without ORDER BY"],
    "SELECT first(a), string_agg(n, ',') FROM t": ["first() without ORDER BY", "string_agg() without ORDER BY"],
    "SELECT any_value(a), array_agg(b) FILTER (WHERE c > 1) FROM t": [
        "any_value() without ORDER BY",
        "array_agg() without ORDER BY",
    ],
}
STABLE = """
SELECT a FROM t ORDER BY a LIMIT 1
SELECT a FROM t ORDER BY ALL LIMIT 1
SELECT a FROM t LIMIT 0
SELECT count(*), max(a) FROM t LIMIT 1
SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u LIMIT 1)
SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b
SELECT row_number() OVER w FROM t WINDOW w AS (ORDER BY c)
SELECT sum(a) OVER (PARTITION BY b), first(a) OVER (ORDER BY b) FROM t
SELECT first(a ORDER BY b), list(n ORDER BY a), string_agg(n, ',' ORDER BY a) FROM t
SELECT mode() WITHIN GROUP (ORDER BY a) FROM t
""".strip().splitlines()


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
@pytest.mark.parametrize("query", UNSTABLE)
def test_what_depends_on_no_order_is_named(query, dialect):
    found = sorted(unordered(sqlglot.parse_one(query, dialect=dialect)))

    assert UNSTABLE[query] == sorted(what for _, what in found)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
@pytest.mark.parametrize("query", STABLE)
def test_what_has_an_order_or_needs_none_is_not_named(query, dialect):
    assert [] == list(unordered(sqlglot.parse_one(query, dialect=dialect)))
