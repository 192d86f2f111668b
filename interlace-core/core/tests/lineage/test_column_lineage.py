"""Edges written by hand, for queries that are hard to follow.

A case is a query and, a line each, its columns with what they are made of: ``p`` passthrough, ``r`` renamed,
``t`` transformed, ``a`` aggregated; what decides rows stands after ``rows``: ``f`` filter_only, ``j`` join_only.
"""

from __future__ import annotations

import random
import re
from collections import Counter

import duckdb
import pytest
import sqlglot

from interlace.lineage.columns import column_lineage

TABLES = {
    "t": {
        "a": "INTEGER",
        "b": "INTEGER",
        "c": "INTEGER",
        "k": "INTEGER",
        "l": "INTEGER[]",
        "s": "STRUCT(f INTEGER, g INTEGER)",
    },
    "u": ["k", "x", "y"],
    "v": ["k", "z"],
    "raw": None,
    "other": None,
}
LETTERS = {
    "passthrough": "p",
    "renamed": "r",
    "transformed": "t",
    "aggregated": "a",
    "filter_only": "f",
    "join_only": "j",
}

CASES = {
    "names": ("SELECT a, b AS bb, T.C FROM t", "a: t.a p; bb: t.b r; c: t.c p"),
    "case folding in quotes": ('SELECT "A" AS "B b" FROM T', "B b: t.a r"),
    "expressions": (
        "SELECT a + b AS x, a::VARCHAR AS a, CASE WHEN a > 1 THEN b ELSE c END AS y FROM t",
        "x: t.a t, t.b t; a: t.a t; y: t.a t, t.b t, t.c t",
    ),
    "aggregates": ("SELECT k, sum(a) AS s FROM t GROUP BY k", "k: t.k p; s: t.a a; rows: t.k f"),
    "an expression of aggregates": (
        "SELECT sum(a) / count(b) + k AS s FROM t GROUP BY k",
        "s: t.a a, t.b a, t.k t; rows: t.k f",
    ),
    "count of rows": ("SELECT count(*) AS n FROM t WHERE a > 1", "n:; rows: t.a f"),
    "where, having": (
        "SELECT b FROM t WHERE a > 1 GROUP BY b HAVING max(c) > 2",
        "b: t.b p; rows: t.a f, t.c f, t.b f",
    ),
    "a value hides that it filters": ("SELECT a FROM t WHERE a > 1", "a: t.a p; rows: t.a f"),
    "cte": (
        "WITH q AS (SELECT a + 1 AS d, k FROM t WHERE b > 1) SELECT d AS e, k FROM q",
        "e: t.a t; k: t.k p; rows: t.b f",
    ),
    "cte that renames": ("WITH q(x, y) AS (SELECT a, b FROM t) SELECT y, x FROM q", "y: t.b r; x: t.a r"),
    "cte that hides a table": ("WITH t AS (SELECT x AS a FROM u) SELECT a FROM t", "a: u.x r"),
    "cte that reads the table it hides": ("WITH t AS (SELECT b AS a FROM t) SELECT a FROM t", "a: t.b r"),
    "cte that is not read": ("WITH q AS (SELECT x FROM u) SELECT a FROM t", "a: t.a p"),
    "cte of a cte": (
        "WITH q AS (SELECT a FROM t), r AS (SELECT max(a) AS m FROM q) SELECT m + 1 AS n FROM r",
        "n: t.a a",
    ),
    "cte in a subquery": ("SELECT d FROM (WITH q AS (SELECT b AS d FROM t) FROM q)", "d: t.b r"),
    "recursive cte": (
        """WITH RECURSIVE r(n, m) AS (
               SELECT a, b FROM t UNION ALL SELECT n + 1, x FROM r JOIN u ON u.k = r.n WHERE y > 0
           ) SELECT * FROM r""",
        "n: t.a t; m: t.b r, u.x r; rows: u.y f, t.a j, u.k j",
    ),
    "recursive cte that swaps": (
        """WITH RECURSIVE r(n, m, i) AS (
               SELECT a, b, 0 FROM t UNION ALL SELECT m, n, i + 1 FROM r WHERE i < 3
           ) SELECT n, m FROM r""",
        "n: t.a r, t.b r; m: t.b r, t.a r",
    ),
    "derived table": ("SELECT q.d FROM (SELECT a AS d FROM t WHERE b > 1) AS q", "d: t.a r; rows: t.b f"),
    "derived table with names": ("SELECT y FROM (SELECT a, b FROM t) AS q(x, y)", "y: t.b r"),
    "scalar subquery": (
        "SELECT a, (SELECT max(x) FROM u) AS m FROM t",
        "a: t.a p; m: u.x a",
    ),
    "correlated subquery": (
        "SELECT (SELECT x FROM u WHERE u.k = t.k ORDER BY y LIMIT 1) AS x FROM t",
        "x: u.x p, u.k f, t.k f, u.y f",
    ),
    "exists": ("SELECT a FROM t WHERE EXISTS (SELECT x FROM u WHERE u.k = t.k)", "a: t.a p; rows: u.k f, t.k f"),
    "not in": ("SELECT a FROM t WHERE k NOT IN (SELECT x FROM u WHERE y > 1)", "a: t.a p; rows: t.k f, u.x f, u.y f"),
    "in as a value": ("SELECT k IN (SELECT x FROM u WHERE y > 1) AS i FROM t", "i: t.k t, u.x t, u.y f"),
    "array of a subquery": ("SELECT ARRAY(SELECT x FROM u WHERE u.k = t.k) AS l FROM t", "l: u.x a, u.k f, t.k f"),
    "any": ("SELECT a FROM t WHERE b = ANY (SELECT x FROM u)", "a: t.a p; rows: t.b f, u.x f"),
    "subquery that names an outer alias": (
        "SELECT a FROM t AS o WHERE EXISTS (FROM u WHERE x = o.b AND k = a)",
        "a: t.a p; rows: u.x f, t.b f, u.k f, t.a f",
    ),
    "union by position": ("SELECT a, b FROM t UNION ALL SELECT x, k FROM u", "a: t.a p, u.x r; b: t.b p, u.k r"),
    "union without duplicates": (
        "SELECT a FROM t UNION SELECT x + 1 FROM u",
        "a: t.a p, u.x t; rows: t.a f, u.x f",
    ),
    "union by name": (
        "SELECT a, b FROM t UNION ALL BY NAME SELECT x AS b, y AS q FROM u",
        "a: t.a p; b: t.b p, u.x r; q: u.y r",
    ),
    "union of one column by two ways": ("SELECT a FROM t UNION ALL SELECT a * 2 FROM t", "a: t.a t"),
    "except": ("SELECT k FROM t EXCEPT SELECT k FROM u", "k: t.k p; rows: t.k f, u.k f"),
    "intersect": (
        "SELECT a, b FROM t INTERSECT SELECT x, y FROM u",
        "a: t.a p; b: t.b p; rows: t.a f, t.b f, u.x f, u.y f",
    ),
    "union with a limit": (
        "SELECT a, b FROM t UNION ALL SELECT x, y FROM u ORDER BY b LIMIT 3",
        "a: t.a p, u.x r; b: t.b p, u.y r; rows: t.b f, u.y f",
    ),
    "star": ("SELECT * FROM u", "k: u.k p; x: u.x p; y: u.y p"),
    "star of one relation": ("SELECT v.* FROM u, v", "k: v.k p; z: v.z p"),
    "star with exclude, replace, rename": (
        "SELECT * EXCLUDE (k) REPLACE (x + 1 AS x) RENAME (y AS w) FROM u",
        "x: u.x t; w: u.y r",
    ),
    "star that excludes of one side": (
        "SELECT * EXCLUDE (u.k) FROM u JOIN v ON u.k = v.k",
        "x: u.x p; y: u.y p; k: v.k p; z: v.z p; rows: u.k j, v.k j",
    ),
    "star with like": ("SELECT * LIKE 'x%' FROM u", "x: u.x p"),
    "star through a cte twice": (
        "WITH q AS (SELECT * FROM u), r AS (SELECT *, x + y AS w FROM q) SELECT * EXCLUDE (x) FROM r",
        "k: u.k p; y: u.y p; w: u.x t, u.y t",
    ),
    "two of one name": ("SELECT k_1 FROM (SELECT * FROM u, v)", "k_1: v.k r"),
    "columns by a pattern": ("SELECT COLUMNS('x|y') + 1 FROM u", "x: u.x t; y: u.y t"),
    "columns in an aggregate": ("SELECT min(COLUMNS(* EXCLUDE (k))) FROM u", "x: u.x a; y: u.y a"),
    "columns by a lambda": ("SELECT COLUMNS(n -> n LIKE 'x%' OR n LIKE '_k') FROM u", "x: u.x p"),
    "columns by a list": ("SELECT COLUMNS(['k', 'y']) FROM u", "k: u.k p; y: u.y p"),
    "columns that are renamed": (r"SELECT COLUMNS('(x|y)') AS 'new_\1' FROM u", "new_x: u.x r; new_y: u.y r"),
    "columns as arguments": ("SELECT coalesce(*COLUMNS('x|y')) AS c FROM u", "c: u.x t, u.y t"),
    "using": ("SELECT k, x, z FROM u JOIN v USING (k)", "k: u.k p; x: u.x p; z: v.z p; rows: u.k j, v.k j"),
    "star over using": (
        "SELECT * FROM u LEFT JOIN v USING (k)",
        "k: u.k p; x: u.x p; y: u.y p; z: v.z p; rows: u.k j, v.k j",
    ),
    "right using": ("SELECT k, z FROM u RIGHT JOIN v USING (k)", "k: v.k p; z: v.z p; rows: u.k j, v.k j"),
    "full using": ("SELECT k FROM u FULL JOIN v USING (k)", "k: u.k t, v.k t; rows: u.k j, v.k j"),
    "natural": ("SELECT * FROM v NATURAL JOIN u", "k: v.k p; z: v.z p; x: u.x p; y: u.y p; rows: v.k j, u.k j"),
    "semi join": ("SELECT * FROM v SEMI JOIN u USING (k)", "k: v.k p; z: v.z p; rows: v.k j, u.k j"),
    "anti join": ("SELECT z FROM v ANTI JOIN u ON v.k = u.k AND u.x > 1", "z: v.z p; rows: v.k j, u.k j, u.x j"),
    "asof join": ("SELECT z, x FROM v ASOF JOIN u ON v.k >= u.k", "z: v.z p; x: u.x p; rows: v.k j, u.k j"),
    "join and where on one column": (
        "SELECT z FROM v JOIN u ON v.k = u.k WHERE u.k > 3",
        "z: v.z p; rows: v.k j, u.k f",
    ),
    "self join": (
        "SELECT p.x AS px, c.x AS cx FROM u AS p JOIN u AS c ON c.k = p.y",
        "px: u.x r; cx: u.x r; rows: u.k j, u.y j",
    ),
    "join in parentheses": ("SELECT x, a FROM (t JOIN u ON t.k = u.k)", "x: u.x p; a: t.a p; rows: t.k j, u.k j"),
    "lateral": (
        "SELECT x, w FROM u, LATERAL (SELECT z + x AS w FROM v WHERE v.k = u.k) AS q",
        "x: u.x p; w: v.z t, u.x t; rows: v.k f, u.k f",
    ),
    "unnest in from": ("SELECT a, e FROM t, unnest(t.l) AS q(e)", "a: t.a p; e: t.l t; rows: t.l f"),
    "unnest in select": ("SELECT a, unnest(l) AS e FROM t", "a: t.a p; e: t.l t; rows: t.l f"),
    "unnest of a struct": ("SELECT unnest(s) FROM t", "f: t.s t; g: t.s t"),
    "unnest of a struct that is made": ("SELECT unnest({'p': x, 'q': y + k}) FROM u", "p: u.x t; q: u.y t, u.k t"),
    "words that are no columns": ("SELECT rowid, user AS who, a FROM t", "rowid:; who:; a: t.a p"),
    "a value of two rows of columns": (
        "SELECT a FROM t WHERE (a, b) IN (SELECT x, y FROM u)",
        "a: t.a p; rows: t.a f, t.b f, u.x f, u.y f",
    ),
    "an aggregate in a window": (
        "SELECT sum(max(x)) OVER (ORDER BY k) AS s FROM u GROUP BY k",
        "s: u.x a, u.k t; rows: u.k f",
    ),
    "using of three": (
        "SELECT k, a, z FROM t JOIN u USING (k) JOIN v USING (k)",
        "k: t.k p; a: t.a p; z: v.z p; rows: t.k j, u.k j, v.k j",
    ),
    "unpivot of pairs": (
        "FROM u UNPIVOT ((p, q) FOR n IN ((x, y), (y, x)))",
        "k: u.k p; n:; p: u.x t, u.y t; q: u.x t, u.y t; rows: u.x f, u.y f",
    ),
    "fields of a struct": ("SELECT s.f, t.s.g AS h, s['f'] AS i FROM t", "f: t.s t; h: t.s t; i: t.s t"),
    "star of a struct": ("SELECT s.* FROM t", "f: t.s t; g: t.s t"),
    "a struct that is made": ("SELECT {'a': a, 'b': b + 1} AS s FROM t", "s: t.a t, t.b t"),
    "a whole row": ("SELECT v FROM v", "v: v.k t, v.z t"),
    "lambda": ("SELECT list_transform(l, a -> a + b) AS m FROM t", "m: t.l t, t.b t"),
    "comprehension": ("SELECT [b + c FOR b IN l IF b > a] AS m FROM t", "m: t.l t, t.c t, t.a t"),
    "window": (
        "SELECT row_number() OVER (PARTITION BY a ORDER BY b) AS n, sum(c) OVER (PARTITION BY a) AS s FROM t",
        "n: t.a t, t.b t; s: t.c a, t.a t",
    ),
    "named window": (
        "SELECT lag(a) OVER w AS p FROM t WINDOW w AS (PARTITION BY k ORDER BY b)",
        "p: t.a t, t.k t, t.b t",
    ),
    "qualify": (
        "SELECT a FROM t QUALIFY row_number() OVER (PARTITION BY b ORDER BY c) = 1",
        "a: t.a p; rows: t.b f, t.c f",
    ),
    "qualify by an alias": (
        "SELECT a, rank() OVER (ORDER BY b) AS r FROM t QUALIFY r = 1",
        "a: t.a p; r: t.b t; rows: t.b f",
    ),
    "filter of an aggregate": ("SELECT sum(a) FILTER (WHERE b > 1) AS s FROM t", "s: t.a a, t.b f"),
    "order of an aggregate": ("SELECT list(a ORDER BY b) AS l FROM t", "l: t.a a, t.b a"),
    "within group": ("SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) AS m FROM t", "m: t.a a"),
    "group by all": (
        "SELECT a, b + c AS d, sum(k) AS s FROM t GROUP BY ALL",
        "a: t.a p; d: t.b t, t.c t; s: t.k a; rows: t.a f, t.b f, t.c f",
    ),
    "group by ordinals": (
        "SELECT b + 1 AS x, a, max(c) AS m FROM t GROUP BY 2, 1",
        "x: t.b t; a: t.a p; m: t.c a; rows: t.a f, t.b f",
    ),
    "group by an alias": ("SELECT a + 1 AS x, max(c) AS m FROM t GROUP BY x", "x: t.a t; m: t.c a; rows: t.a f"),
    "rollup": ("SELECT a, max(c) AS m FROM t GROUP BY ROLLUP (a, b)", "a: t.a p; m: t.c a; rows: t.a f, t.b f"),
    "distinct": ("SELECT DISTINCT a, b + 1 AS c FROM t", "a: t.a p; c: t.b t; rows: t.a f, t.b f"),
    "distinct on": ("SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, c DESC", "a: t.a p; b: t.b p; rows: t.a f, t.c f"),
    "order alone": ("SELECT a FROM t ORDER BY b", "a: t.a p"),
    "order with a limit": ("SELECT a AS z FROM t ORDER BY b, 1 LIMIT 3", "z: t.a r; rows: t.b f, t.a f"),
    "order by an alias that hides a column": ("SELECT b AS a FROM t ORDER BY a LIMIT 3", "a: t.b r; rows: t.b f"),
    "limit of a subquery": ("SELECT a FROM t LIMIT (SELECT max(x) FROM u)", "a: t.a p; rows: u.x f"),
    "an alias in the list": ("SELECT a + 1 AS d, d * b AS e FROM t", "d: t.a t; e: t.a t, t.b t"),
    "a column before an alias": ("SELECT a + 1 AS b, b + 1 AS c FROM t", "b: t.a t; c: t.b t"),
    "an alias in where": ("SELECT a + 1 AS d FROM t WHERE d > 1", "d: t.a t; rows: t.a f"),
    "pivot with values": (
        "PIVOT u ON x IN (1, 2) USING sum(y)",
        "k: u.k p; 1: u.y a, u.x f; 2: u.y a, u.x f; rows: u.k f",
    ),
    "pivot of two": (
        "PIVOT u ON x IN (1) USING sum(y) AS s, max(k) AS m",
        "1_s: u.y a, u.x f; 1_m: u.k a, u.x f",
    ),
    "pivot of the standard": (
        "SELECT * FROM u PIVOT (sum(y) FOR x IN (1 AS one, 2) GROUP BY k)",
        "k: u.k p; one: u.y a, u.x f; 2: u.y a, u.x f; rows: u.k f",
    ),
    "unpivot": (
        "UNPIVOT u ON x, y INTO NAME n VALUE w",
        "k: u.k p; n:; w: u.x t, u.y t; rows: u.x f, u.y f",
    ),
    "unpivot of the standard": (
        "SELECT w, k FROM u UNPIVOT (w FOR n IN (x, y))",
        "w: u.x t, u.y t; k: u.k p; rows: u.x f, u.y f",
    ),
    "unpivot of a pattern": (
        "UNPIVOT u ON COLUMNS(* EXCLUDE (k)) INTO NAME n VALUE w",
        "k: u.k p; n:; w: u.x t, u.y t; rows: u.x f, u.y f",
    ),
    "values": ("SELECT p, q FROM (VALUES (1, 2), (3, 4)) AS w(p, q)", "p:; q:"),
    "values that read": ("SELECT e FROM t, LATERAL (VALUES (t.a), (t.b + 1)) AS w(e)", "e: t.a r, t.b t"),
    "range": ("SELECT a, range AS r FROM t, range(t.b)", "a: t.a p; r: t.b t; rows: t.b f"),
    "a file": ("SELECT id, upper(name) AS name FROM read_csv('in.csv')", "id: in.csv.id p; name: in.csv.name t"),
    "from first": ("FROM u SELECT x: y WHERE k > 1", "x: u.y r; rows: u.k f"),
    "a relation whose columns are not known": (
        "SELECT id, upper(name) AS name FROM raw WHERE name <> ''",
        "id: raw.id p; name: raw.name t; rows: raw.name f",
    ),
    "qualified by a relation that is not known": (
        "SELECT r.id, o.name FROM raw AS r JOIN other AS o ON r.id = o.id",
        "id: raw.id p; name: other.name p; rows: raw.id j, other.id j",
    ),
}


def said(lineage) -> dict[str, set[str]]:
    found = {c.name: {f"{e.relation}.{e.column} {LETTERS[e.kind]}" for e in c.edges} for c in lineage.columns}
    if lineage.rows:
        found["rows"] = {f"{e.relation}.{e.column} {LETTERS[e.kind]}" for e in lineage.rows}
    return found


def wanted(text: str) -> dict[str, set[str]]:
    lines = [line.partition(":") for line in text.split("; ")]
    return {name.strip(): {e.strip() for e in edges.split(",") if e.strip()} for name, _, edges in lines}


def lineage_of(query: str, dialect: str = "duckdb", outputs: list[str] | None = None):
    return column_lineage(sqlglot.parse_one(query, dialect=dialect), TABLES, dialect, outputs)


@pytest.mark.parametrize("case", CASES)
def test_the_columns_of_a_query_are_followed(case):
    query, edges = CASES[case]

    lineage = lineage_of(query)

    assert wanted(edges) == said(lineage)
    assert list(wanted(edges))[: len(lineage.names)] == list(lineage.names)
    assert ((), [()] * len(lineage.columns)) == (lineage.unknown, [c.unknown for c in lineage.columns])


def test_edges_of_rows_belong_to_each_column_that_does_not_say_more_of_them():
    lineage = lineage_of("SELECT a, b FROM t WHERE a > 1")

    assert [("a", "passthrough")] == [(e.column, e.kind) for e in lineage.edges("a")]
    assert [("b", "passthrough"), ("a", "filter_only")] == [(e.column, e.kind) for e in lineage.edges("b")]


UNKNOWN = {
    "a star over an unknown relation": ("SELECT * FROM raw", "the columns of raw are not known"),
    "a name that two unknown relations may have": (
        "SELECT id FROM raw, other",
        "id may be a column of raw or other, whose columns are not known",
    ),
    "a name that nothing has": ("SELECT nope FROM u", "nothing that is read here has a column nope"),
    "an alias that an unknown relation may hide": (
        "SELECT id + 1 AS n, n * 2 AS m FROM raw",
        "n may be a column of raw, whose columns are not known",
    ),
    "a pivot without values": ("PIVOT u ON x USING sum(y)", "the columns of a PIVOT come from its data"),
    "a natural join with an unknown relation": (
        "SELECT x FROM u NATURAL JOIN raw",
        "a NATURAL join, and the columns of raw are not known",
    ),
    "a union by position with an unknown star": (
        "SELECT x FROM u UNION ALL SELECT * FROM raw",
        "a UNION by position, and the columns of raw are not known",
    ),
    "a recursive unnest": (
        "SELECT unnest(l, recursive := true) FROM t",
        "the columns of a recursive unnest are not known",
    ),
    "distinct over an unknown star": ("SELECT DISTINCT * FROM raw", "the columns of raw are not known"),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_cannot_be_known_is_said(case):
    query, reason = UNKNOWN[case]

    lineage = lineage_of(query)

    assert reason in (*lineage.unknown, *(r for c in lineage.columns for r in c.unknown))


def test_the_columns_of_the_result_name_those_of_an_unknown_star():
    lineage = lineage_of("SELECT * EXCLUDE (z), id + 1 AS n FROM raw", outputs=["id", "name", "n"])

    assert {"id": {"raw.id p"}, "name": {"raw.name p"}, "n": {"raw.id t"}} == said(lineage)
    assert () == lineage.unknown


def test_the_columns_of_the_result_name_those_of_a_pivot():
    lineage = lineage_of("PIVOT u ON x USING sum(y)", outputs=["k", "north", "south"])

    assert {"u.y a", "u.x f"} == said(lineage)["north"]


def test_a_column_that_the_database_names_has_the_name_of_the_result():
    lineage = lineage_of("SELECT k, max(x) FROM u GROUP BY k", outputs=["k", "max(x)"])

    assert {"k": {"u.k p"}, "max(x)": {"u.x a"}, "rows": {"u.k f"}} == said(lineage)


def test_a_column_that_the_database_names_is_marked():
    lineage = lineage_of("SELECT k, x + 1 FROM u")

    assert [("k", True), ("x + 1", False)] == [(c.name, c.named) for c in lineage.columns]


def test_postgresql_folds_what_is_not_quoted():
    tables = {"t": ["id", "Id"]}
    tree = sqlglot.parse_one('SELECT ID AS Plain, "Id" AS "Quoted" FROM t', dialect="postgres")

    lineage = column_lineage(tree, tables, "postgres")

    assert [("plain", "id"), ("Quoted", "Id")] == [(c.name, c.edges[0].column) for c in lineage.columns]


def test_postgresql_calls_the_column_of_a_function_after_it():
    lineage = lineage_of("SELECT t.a, e FROM t, unnest(t.l) AS e", "postgres")

    assert {"a": {"t.a p"}, "e": {"t.l t"}, "rows": {"t.l f"}} == said(lineage)


def test_a_lateral_join_of_postgresql_sees_what_stands_before_it():
    lineage = lineage_of(
        "SELECT u.x, q.z FROM u LEFT JOIN LATERAL (SELECT z FROM v WHERE v.k = u.k ORDER BY z LIMIT 1) q ON true",
        "postgres",
    )

    assert {"x": {"u.x p"}, "z": {"v.z p"}, "rows": {"v.k f", "u.k f", "v.z f"}} == said(lineage)


def test_the_tree_is_not_changed():
    tree = sqlglot.parse_one("WITH q AS (SELECT * EXCLUDE (k) FROM u) SELECT s.*, q.x FROM q, t", dialect="duckdb")
    before = tree.sql(dialect="duckdb")

    column_lineage(tree, TABLES, "duckdb")

    assert before == tree.sql(dialect="duckdb")


def test_a_long_union_and_a_long_condition_are_no_recursion():
    union = " UNION ALL ".join(["SELECT x FROM u"] * 200)
    condition = " OR ".join(f"a = {i}" for i in range(300))

    assert {"x": {"u.x p"}} == said(lineage_of(union))
    assert {"b": {"t.b p"}, "rows": {"t.a f"}} == said(lineage_of(f"SELECT b FROM t WHERE {condition}"))


def test_relations_without_edges_are_read_too():
    lineage = lineage_of("SELECT count(*) AS n FROM u, v")

    assert ("u", "v") == lineage.reads


def rows_of(seed: int) -> dict[str, dict[str, list]]:
    numbers = random.Random(seed)

    def value(name: str, type_: str | None):
        if name == "b" and numbers.random() < 0.2:
            return "NULL"
        if type_ == "INTEGER[]":
            return [numbers.randint(0, 9) for _ in range(numbers.randint(1, 3))]
        if type_ is not None and type_.startswith("STRUCT"):
            return {"f": numbers.randint(0, 9), "g": numbers.randint(0, 9)}
        return numbers.randint(0, 9)

    return {
        table: {
            name: [value(name, columns[name] if isinstance(columns, dict) else None) for _ in range(7)]
            for name in columns
        }
        for table, columns in TABLES.items()
        if columns is not None
    }


@pytest.fixture(scope="module")
def database():
    with duckdb.connect(config={"threads": 1}) as connection:
        for table, columns in rows_of(BASE).items():
            fill(connection, table, columns)
        yield connection


def fill(connection, table: str, columns: dict[str, list]) -> None:
    rows = ", ".join(f"({', '.join(map(str, row))})" for row in zip(*columns.values(), strict=True))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM (VALUES {rows}) AS d({', '.join(columns)})")


def results(connection, query: str) -> list[Counter]:
    found = connection.execute(query)
    width = len(found.description)
    rows = found.fetchall()
    return [Counter(str(row[i]) for row in rows) for i in range(width)]


# No x is NULL; and whatever b is, the numbers of rows are the same, in another order.
BASE = 31  # content in which each value that is claimed can be seen to change
SILENT = {"columns as arguments": {("c", "u", "y")}, "window": {("n", "t", "b")}}


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c, (query, _) in CASES.items() if not re.search(r"raw|read_csv", query)])
def test_a_database_does_what_the_hand_wrote(case, database):
    query = CASES[case][0]
    lineage = lineage_of(query)
    claimed = {(name, e.relation, e.column) for name in lineage.names for e in lineage.edges(name)}
    values = {(c.name, e.relation, e.column) for c in lineage.columns for e in c.edges if not e.kind.endswith("_only")}
    before = results(database, query)
    changed: set[tuple[str, str, str]] = set()
    for table, columns in rows_of(BASE).items():
        for column in columns:
            wanted_here = {v for v in values if v[1:] == (table, column)}
            for seed in range(1, 20):
                if seed > 2 and wanted_here <= changed:
                    break
                fill(database, table, {**columns, column: rows_of(seed)[table][column]})
                after = results(database, query)
                names = [n for n, one, two in zip(lineage.names, before, after, strict=True) if one != two]
                changed |= {(name, table, column) for name in names}
        fill(database, table, columns)

    assert set() == changed - claimed, "changed, and was not claimed"
    assert SILENT.get(case, set()) == values - changed, "was claimed, and nothing changed"


def test_a_result_with_other_columns_than_were_found_is_said():
    lineage = lineage_of("SELECT k, x AS w FROM u", outputs=["k", "z"])

    assert ("it was built without: w",) == lineage.unknown


def test_a_result_in_another_order_names_nothing():
    lineage = lineage_of("SELECT k, max(x) FROM u GROUP BY k", outputs=["max(x)", "k"])

    assert [("k", True), ("max(x)", False)] == [(c.name, c.named) for c in lineage.columns]


def test_a_recursive_cte_is_followed_around_all_of_its_columns():
    names = [f"c{i}" for i in range(40)]
    shifted = ", ".join([*names[1:], "c0 + 1"])
    query = f"WITH RECURSIVE r({', '.join(names)}) AS (SELECT a{', 0' * 39} FROM t UNION ALL SELECT {shifted} FROM r) FROM r"

    lineage = lineage_of(query)

    assert {"t.a t"} == said(lineage)["c1"]
    assert {"t.a t"} == said(lineage)["c0"]
