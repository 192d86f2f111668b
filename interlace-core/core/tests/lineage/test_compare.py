"""What an edited query changes, by pairs of queries that were compared by hand.

A case is a query, what became of it, and the columns that may differ: None where anything may.
"""

from __future__ import annotations

import pytest

from interlace.lineage.columns import lookup_in
from interlace.lineage.compare import query_change, reader_change
from interlace.lineage.known import Known
from interlace.lineage.plain import FILES

TABLES = {
    "t": ["a", "b", "c", "k", "l", "s"],
    "u": ["k", "x", "y"],
    "v": ["k", "z"],
    "raw": None,
}
LOOKUP = lookup_in(TABLES)

SAME = {
    "formatting and comments": ("SELECT a, b FROM t", "select a,\n  b -- the second\nfrom t"),
    "the case of names": ("SELECT a, b FROM t WHERE a > 1", "SELECT A, T.B FROM T WHERE A > 1"),
    "the case of functions": ("SELECT upper(a) AS p FROM t", "SELECT UPPER(a) AS p FROM t"),
    "the case of a function that sqlglot has no class of": (
        "SELECT jaccard(a, b) AS p FROM t",
        "SELECT Jaccard(a, b) AS p FROM t",
    ),
    "parentheses": ("SELECT a + b AS p, c FROM t WHERE a > 1", "SELECT (a + (b)) AS p, (c) FROM t WHERE ((a) > 1)"),
    "words that say nothing": (
        "SELECT a p FROM t JOIN u ON t.k = u.k ORDER BY a",
        "SELECT a AS p FROM t INNER JOIN u ON t.k = u.k ORDER BY a ASC",
    ),
    "LEFT and LEFT OUTER": ("SELECT a FROM t LEFT JOIN u USING (k)", "SELECT a FROM t LEFT OUTER JOIN u USING (k)"),
    "two ways to cast": ("SELECT a::VARCHAR AS p FROM t", "SELECT CAST(a AS VARCHAR) AS p FROM t"),
    "an alias of a table": ("SELECT o.a FROM t AS o WHERE o.b > 1", "SELECT p.a FROM t AS p WHERE p.b > 1"),
    "a qualifier": ("SELECT a, x FROM t JOIN u ON t.k = u.k", "SELECT t.a, u.x FROM t JOIN u ON t.k = u.k"),
    "FROM first": ("SELECT * FROM t", "FROM t"),
    "a star and what it means": ("SELECT * FROM u", "SELECT k, x, y FROM u"),
    "EXCLUDE and what it leaves": ("SELECT * EXCLUDE (y) FROM u", "SELECT k, x FROM u"),
    "a number and a name": ("SELECT a, sum(b) AS s FROM t GROUP BY 1", "SELECT a, sum(b) AS s FROM t GROUP BY a"),
    "GROUP BY ALL and a name": ("SELECT a, sum(b) AS s FROM t GROUP BY ALL", "SELECT a, sum(b) AS s FROM t GROUP BY a"),
    "ORDER BY a number and a name": ("SELECT a, b FROM t ORDER BY 2", "SELECT a, b FROM t ORDER BY b"),
    "an unused CTE": ("SELECT a FROM t", "WITH q AS (SELECT x FROM u WHERE x > 1) SELECT a FROM t"),
    "the order of CTEs": (
        "WITH q AS (SELECT a FROM t), r AS (SELECT x FROM u) SELECT a, x FROM q, r",
        "WITH r AS (SELECT x FROM u), q AS (SELECT a FROM t) SELECT a, x FROM q, r",
    ),
    "the name of a CTE": ("WITH q AS (SELECT a FROM t) FROM q", "WITH r AS (SELECT a FROM t) FROM r"),
    "CTEs that only hand on": (
        "SELECT a, b + 1 AS p FROM t WHERE c > 1",
        "WITH src AS (SELECT * FROM t), done AS (SELECT a, b + 1 AS p FROM src WHERE c > 1) SELECT * FROM done",
    ),
    "a subquery for a CTE": (
        "WITH q AS (SELECT a FROM t WHERE b > 1) SELECT a FROM q",
        "SELECT a FROM (SELECT a FROM t WHERE b > 1) AS q",
    ),
    "a CTE that gives more than is read": (
        "WITH q AS (SELECT a FROM t) SELECT a FROM q",
        "WITH q AS (SELECT a, b FROM t) SELECT a FROM q",
    ),
    "a named window that is read": (
        "SELECT a, rank() OVER w AS n FROM t WINDOW w AS (ORDER BY b)",
        "SELECT a, rank() OVER v AS n FROM t WINDOW v AS (ORDER BY b)",
    ),
    "what EXISTS selects": (
        "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.k = t.k)",
        "SELECT a FROM t WHERE EXISTS (SELECT x FROM u WHERE u.k = t.k)",
    ),
}

CASES = {
    "a column more": ("SELECT a FROM t", "SELECT a, b FROM t", "b"),
    "a column more between others": ("SELECT a, c FROM t", "SELECT a, b, c FROM t", "b"),
    "a column less": ("SELECT a, b FROM t", "SELECT a FROM t", "b"),
    "a column with another name": ("SELECT a, b AS p FROM t", "SELECT a, b AS q FROM t", "p q"),
    "another expression": ("SELECT a, b FROM t", "SELECT a, b + 1 AS b FROM t", "b"),
    "another case of a name": ("SELECT a AS p, b FROM t", "SELECT a AS P, b FROM t", "p"),
    "another order of columns": ("SELECT a, b FROM t", "SELECT b, a FROM t", None),
    "two columns of one name": ("SELECT a, b FROM t", "SELECT a, b, c AS b FROM t", None),
    "the same two columns of one name": ("SELECT a, b AS a, c FROM t", "SELECT a, b AS a FROM t", None),
    "a column without a name": ("SELECT a, b + 1 FROM t", "SELECT a, b + 2 FROM t", None),
    "beside a column without a name": ("SELECT a, b + 1 FROM t", "SELECT a, b + 1, c FROM t", "c"),
    "another relation": ("SELECT k FROM t", "SELECT k FROM u", None),
    "WHERE": ("SELECT a FROM t WHERE b > 1", "SELECT a FROM t WHERE b > 2", None),
    "a WHERE more": ("SELECT a FROM t", "SELECT a FROM t WHERE b > 2", None),
    "a WHERE less": ("SELECT a FROM t WHERE b > 2", "SELECT a FROM t", None),
    "ON": ("SELECT a FROM t JOIN u ON t.k = u.k", "SELECT a FROM t JOIN u ON t.a = u.k", None),
    "a join more": ("SELECT a FROM t", "SELECT a FROM t LEFT JOIN u USING (k)", None),
    "another kind of join": ("SELECT a FROM t JOIN u USING (k)", "SELECT a FROM t LEFT JOIN u USING (k)", None),
    "another USING": ("SELECT a FROM t JOIN v AS t2 USING (k)", "SELECT a FROM t JOIN u AS t2 USING (k)", None),
    "beside what USING shows once": (
        "SELECT k, a FROM t FULL JOIN u USING (k)",
        "SELECT k, a, x FROM t FULL JOIN u USING (k)",
        "x",
    ),
    "a column of one side for what USING shows once": (
        "SELECT a, k FROM t LEFT JOIN u USING (k)",
        "SELECT a, u.k FROM t LEFT JOIN u USING (k)",
        "k",
    ),
    "a column that NATURAL compares": (
        "SELECT a FROM t NATURAL JOIN (SELECT k, x FROM u) AS q",
        "SELECT a FROM t NATURAL JOIN (SELECT k, x AS b FROM u) AS q",
        None,
    ),
    "a column that NATURAL does not compare": (
        "SELECT a, x FROM t NATURAL JOIN (SELECT k, x FROM u) AS q",
        "SELECT a, x, y FROM t NATURAL JOIN (SELECT k, x, y FROM u) AS q",
        "y",
    ),
    "a column that USING compares": (
        "SELECT a FROM t JOIN (SELECT k FROM u) AS q USING (k)",
        "SELECT a FROM t JOIN (SELECT k + 1 AS k FROM u) AS q USING (k)",
        None,
    ),
    "the same relation twice": (
        "SELECT o.a, p.b FROM t AS o JOIN t AS p ON o.k = p.k",
        "SELECT o.a, o.b FROM t AS o JOIN t AS p ON o.k = p.k",
        "b",
    ),
    "two relations that change places": (
        "SELECT o.a FROM t AS o, t AS p WHERE o.k > p.k",
        "SELECT p.a FROM t AS o, t AS p WHERE o.k > p.k",
        "a",
    ),
    "joins that are nested otherwise": (
        "SELECT a FROM t LEFT JOIN (u JOIN v ON u.k = v.k) ON t.k = u.k",
        "SELECT a FROM t LEFT JOIN u ON t.k = u.k JOIN v ON u.k = v.k",
        None,
    ),
    "an aggregate more in a group": (
        "SELECT a, sum(b) AS s FROM t GROUP BY a",
        "SELECT a, sum(b) AS s, max(c) AS m FROM t GROUP BY a",
        "m",
    ),
    "another aggregate": ("SELECT a, sum(b) AS s FROM t GROUP BY a", "SELECT a, min(b) AS s FROM t GROUP BY a", "s"),
    "another key": ("SELECT a, sum(b) AS s FROM t GROUP BY a", "SELECT c AS a, sum(b) AS s FROM t GROUP BY c", None),
    "a key more of GROUP BY ALL": (
        "SELECT a, sum(b) AS s FROM t GROUP BY ALL",
        "SELECT a, c, sum(b) AS s FROM t GROUP BY ALL",
        None,
    ),
    "an aggregate more of GROUP BY ALL": (
        "SELECT a, sum(b) AS s FROM t GROUP BY ALL",
        "SELECT a, sum(b) AS s, count(*) AS n FROM t GROUP BY ALL",
        "n",
    ),
    "a number that means another key": (
        "SELECT a, c, sum(b) AS s FROM t GROUP BY 1, 2",
        "SELECT a, b + c AS c, sum(b) AS s FROM t GROUP BY 1, 2",
        None,
    ),
    "ROLLUP": (
        "SELECT a, b, sum(c) AS s FROM t GROUP BY ROLLUP (a, b)",
        "SELECT a, b, sum(c) AS s FROM t GROUP BY ROLLUP (a), b",
        None,
    ),
    "beside ROLLUP": (
        "SELECT a, b, sum(c) AS s FROM t GROUP BY ROLLUP (a, b)",
        "SELECT a, b, sum(c) AS s, max(c) AS m FROM t GROUP BY ROLLUP (a, b)",
        "m",
    ),
    "HAVING": (
        "SELECT a FROM t GROUP BY a HAVING max(b) > 1",
        "SELECT a FROM t GROUP BY a HAVING max(b) > 2",
        None,
    ),
    "the first aggregate": ("SELECT 1 AS p FROM t", "SELECT 1 AS p, count(*) AS n FROM t", None),
    "the last aggregate": ("SELECT 1 AS p, count(*) AS n FROM t", "SELECT 1 AS p FROM t", None),
    "an aggregate inside of a window": (
        "SELECT 1 AS p FROM t",
        "SELECT 1 AS p, sum(count(*)) OVER () AS n FROM t",
        None,
    ),
    "the first window": ("SELECT a FROM t", "SELECT a, count(*) OVER () AS n FROM t", "n"),
    "another window": (
        "SELECT a, rank() OVER (PARTITION BY k ORDER BY a) AS n FROM t",
        "SELECT a, rank() OVER (PARTITION BY k ORDER BY b) AS n FROM t",
        "n",
    ),
    "the meaning of a named window": (
        "SELECT a, sum(b) OVER w AS n FROM t WINDOW w AS (PARTITION BY k)",
        "SELECT a, sum(b) OVER w AS n FROM t WINDOW w AS (PARTITION BY c)",
        "n",
    ),
    "a number among equals": (
        "SELECT a, row_number() OVER (ORDER BY a) AS n FROM t",
        "SELECT a, row_number() OVER (ORDER BY a) AS n, b FROM t",
        "b n",
    ),
    "a value of a row before": (
        "SELECT a, lag(b) OVER (ORDER BY a) AS n FROM t",
        "SELECT a, lag(b) OVER (ORDER BY a) AS n, b FROM t",
        "b n",
    ),
    "a frame of rows": (
        "SELECT a, sum(b) OVER (ORDER BY a ROWS 2 PRECEDING) AS n FROM t",
        "SELECT a, sum(b) OVER (ORDER BY a ROWS 2 PRECEDING) AS n, b FROM t",
        "b n",
    ),
    "a list in any order": (
        "SELECT k, list(a) AS n FROM t GROUP BY k",
        "SELECT k, list(a) AS n, sum(b) AS m FROM t GROUP BY k",
        "m n",
    ),
    "a list in its own order": (
        "SELECT k, list(a ORDER BY a) AS n FROM t GROUP BY k",
        "SELECT k, list(a ORDER BY a) AS n, sum(b) AS m FROM t GROUP BY k",
        "m",
    ),
    "QUALIFY": (
        "SELECT a FROM t QUALIFY rank() OVER (ORDER BY b) = 1",
        "SELECT a FROM t QUALIFY rank() OVER (ORDER BY c) = 1",
        None,
    ),
    "beside QUALIFY": (
        "SELECT a FROM t QUALIFY rank() OVER (ORDER BY b) = 1",
        "SELECT a, c FROM t QUALIFY rank() OVER (ORDER BY b) = 1",
        "c",
    ),
    "the first of equals": (
        "SELECT a, b, k FROM t QUALIFY row_number() OVER (PARTITION BY k ORDER BY a) = 1",
        "SELECT a, b, c, k FROM t QUALIFY row_number() OVER (PARTITION BY k ORDER BY a) = 1",
        "b c",
    ),
    "the other end of equals": (
        "SELECT a, k FROM t QUALIFY row_number() OVER (PARTITION BY k ORDER BY a) = 1",
        "SELECT a, k FROM t QUALIFY row_number() OVER (PARTITION BY k ORDER BY a DESC) = 1",
        None,
    ),
    "the first of other equals": (
        "SELECT a, k FROM t QUALIFY row_number() OVER (PARTITION BY k ORDER BY a) = 1",
        "SELECT a, k FROM t QUALIFY row_number() OVER (PARTITION BY a ORDER BY k) = 1",
        None,
    ),
    "the place of a row": ("SELECT a, rowid AS n FROM t", "SELECT a, rowid AS n, b FROM t", "b n"),
    "the first of equals, and more is asked": (
        "SELECT a, k FROM t QUALIFY row_number() OVER (PARTITION BY k ORDER BY a) = 1 AND b > 1",
        "SELECT a, c, k FROM t QUALIFY row_number() OVER (PARTITION BY k ORDER BY a) = 1 AND b > 1",
        None,
    ),
    "a choice by a number that a query inside gave": (
        "SELECT a FROM (SELECT a, row_number() OVER (ORDER BY b) AS n FROM t) WHERE n = 1",
        "SELECT a, n FROM (SELECT a, row_number() OVER (ORDER BY b) AS n FROM t) WHERE n = 1",
        None,
    ),
    "DISTINCT": ("SELECT DISTINCT a FROM t", "SELECT DISTINCT a, b FROM t", None),
    "a DISTINCT more": ("SELECT a FROM t", "SELECT DISTINCT a FROM t", None),
    "DISTINCT ON": (
        "SELECT DISTINCT ON (k) k, a, b FROM t ORDER BY k, a",
        "SELECT DISTINCT ON (k) k, a, b, c FROM t ORDER BY k, a",
        "b c",
    ),
    "ORDER BY": ("SELECT a, b FROM t ORDER BY a", "SELECT a, b FROM t ORDER BY b", None),
    "the direction of ORDER BY": ("SELECT a FROM t ORDER BY a", "SELECT a FROM t ORDER BY a DESC", None),
    "what is ordered by": ("SELECT a, b AS p FROM t ORDER BY p", "SELECT a, c AS p FROM t ORDER BY p", None),
    "beside what is ordered by": ("SELECT a, b FROM t ORDER BY a", "SELECT a, c AS b FROM t ORDER BY a", "b"),
    "ORDER BY inside": (
        "SELECT * FROM (SELECT a FROM t ORDER BY a)",
        "SELECT * FROM (SELECT a FROM t ORDER BY b)",
        None,
    ),
    "LIMIT without an order": ("SELECT a FROM t LIMIT 3", "SELECT a, b FROM t LIMIT 3", None),
    "OFFSET without an order": ("SELECT a FROM t OFFSET 3", "SELECT a, b FROM t OFFSET 3", None),
    "LIMIT among equals": (
        "SELECT a, b FROM t ORDER BY a LIMIT 3",
        "SELECT a, b, c FROM t ORDER BY a LIMIT 3",
        "b c",
    ),
    "LIMIT by all columns": ("SELECT a FROM t ORDER BY ALL LIMIT 3", "SELECT a FROM t ORDER BY a LIMIT 3", ""),
    "a column more in an order of all": (
        "SELECT a FROM t ORDER BY ALL LIMIT 3",
        "SELECT a, b FROM t ORDER BY ALL LIMIT 3",
        None,
    ),
    "another LIMIT": ("SELECT a FROM t ORDER BY a LIMIT 3", "SELECT a FROM t ORDER BY a LIMIT 4", None),
    "a sample": ("SELECT a FROM t TABLESAMPLE 10%", "SELECT a, b FROM t TABLESAMPLE 10%", None),
    "a sample of the result": ("SELECT a FROM t USING SAMPLE 10", "SELECT a, b FROM t USING SAMPLE 10", None),
    "an alias that another column names": (
        "SELECT a + 1 AS p, p * 2 AS q, b FROM t",
        "SELECT a + 2 AS p, p * 2 AS q, b FROM t",
        "p q",
    ),
    "an alias that WHERE names": (
        "SELECT a + 1 AS p, b FROM t WHERE p > 1",
        "SELECT a + 2 AS p, b FROM t WHERE p > 1",
        None,
    ),
    "an alias that a column hides in WHERE": (
        "SELECT a + 1 AS a, b FROM t WHERE a > 1",
        "SELECT a + 2 AS a, b FROM t WHERE a > 1",
        "a",
    ),
    "an alias that GROUP BY names": (
        "SELECT a + 1 AS p, sum(b) AS s FROM t GROUP BY p",
        "SELECT a + 2 AS p, sum(b) AS s FROM t GROUP BY p",
        None,
    ),
    "an alias that HAVING names": (
        "SELECT k, sum(b) AS p FROM t GROUP BY k HAVING p > 1",
        "SELECT k, sum(c) AS p FROM t GROUP BY k HAVING p > 1",
        None,
    ),
    "an alias that QUALIFY names": (
        "SELECT k, rank() OVER (ORDER BY a) AS p FROM t QUALIFY p = 1",
        "SELECT k, rank() OVER (ORDER BY b) AS p FROM t QUALIFY p = 1",
        None,
    ),
    "an alias that becomes a column": (
        "WITH q AS (SELECT a, k FROM t) SELECT a + 1 AS b, sum(k) AS s FROM q GROUP BY b",
        "WITH q AS (SELECT a, b, k FROM t) SELECT a + 1 AS b, sum(k) AS s FROM q GROUP BY b",
        None,
    ),
    "UNION ALL": (
        "SELECT a, b FROM t UNION ALL SELECT x, y FROM u",
        "SELECT a, b FROM t UNION ALL SELECT x, y + 1 FROM u",
        "b",
    ),
    "a column more on both sides": (
        "SELECT a FROM t UNION ALL SELECT x FROM u",
        "SELECT a, b FROM t UNION ALL SELECT x, y FROM u",
        "b",
    ),
    "a column more between, on both sides otherwise": (
        "SELECT a, c FROM t UNION ALL SELECT x, y FROM u",
        "SELECT a, b, c FROM t UNION ALL SELECT x, y, k FROM u",
        "b c",
    ),
    "UNION": (
        "SELECT a, b FROM t UNION SELECT x, y FROM u",
        "SELECT a, b FROM t UNION SELECT x, y + 1 FROM u",
        None,
    ),
    "UNION for UNION ALL": ("SELECT a FROM t UNION ALL SELECT x FROM u", "SELECT a FROM t UNION SELECT x FROM u", None),
    "EXCEPT": (
        "SELECT a, b FROM t EXCEPT SELECT x, y FROM u",
        "SELECT a, b FROM t EXCEPT SELECT x, k FROM u",
        None,
    ),
    "UNION ALL BY NAME": (
        "SELECT a, b FROM t UNION ALL BY NAME SELECT x AS a FROM u",
        "SELECT a, b FROM t UNION ALL BY NAME SELECT x AS a, y AS b FROM u",
        "b",
    ),
    "the order of a UNION": (
        "(SELECT a, b FROM t UNION ALL SELECT x, y FROM u) ORDER BY a",
        "(SELECT a, b FROM t UNION ALL SELECT x, y FROM u) ORDER BY b",
        None,
    ),
    "a UNION with a LIMIT": (
        "SELECT a, b FROM t UNION ALL SELECT x, y FROM u ORDER BY a LIMIT 2",
        "SELECT a, b FROM t UNION ALL SELECT x, k FROM u ORDER BY a LIMIT 2",
        "b",
    ),
    "another number of columns": (
        "SELECT a FROM t UNION ALL SELECT x FROM u",
        "SELECT a, b FROM t UNION ALL SELECT x FROM u",
        None,
    ),
    "VALUES": (
        "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS d(n, m)",
        "SELECT * FROM (VALUES (1, 'a'), (2, 'c')) AS d(n, m)",
        "m",
    ),
    "another number of VALUES": (
        "SELECT * FROM (VALUES (1, 'a')) AS d(n, m)",
        "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS d(n, m)",
        None,
    ),
    "a CTE whose column is a value outside": (
        "WITH q AS (SELECT a, b + 1 AS d FROM t) SELECT a, d * 2 AS e FROM q",
        "WITH q AS (SELECT a, b + 2 AS d FROM t) SELECT a, d * 2 AS e FROM q",
        "e",
    ),
    "a CTE whose column filters outside": (
        "WITH q AS (SELECT a, b + 1 AS d FROM t) SELECT a FROM q WHERE d > 1",
        "WITH q AS (SELECT a, b + 2 AS d FROM t) SELECT a FROM q WHERE d > 1",
        None,
    ),
    "a CTE whose column joins outside": (
        "WITH q AS (SELECT a, b + 1 AS d FROM t) SELECT a FROM q JOIN u ON u.k = q.d",
        "WITH q AS (SELECT a, b + 2 AS d FROM t) SELECT a FROM q JOIN u ON u.k = q.d",
        None,
    ),
    "a CTE whose column groups outside": (
        "WITH q AS (SELECT a, b + 1 AS d FROM t) SELECT d, sum(a) AS s FROM q GROUP BY d",
        "WITH q AS (SELECT a, b + 2 AS d FROM t) SELECT d, sum(a) AS s FROM q GROUP BY d",
        None,
    ),
    "a CTE whose column is distinct outside": (
        "WITH q AS (SELECT a, b + 1 AS d FROM t) SELECT DISTINCT d FROM q",
        "WITH q AS (SELECT a, b + 2 AS d FROM t) SELECT DISTINCT d FROM q",
        None,
    ),
    "a CTE with other rows": (
        "WITH q AS (SELECT a FROM t WHERE b > 1) SELECT a FROM q",
        "WITH q AS (SELECT a FROM t WHERE b > 2) SELECT a FROM q",
        None,
    ),
    "a CTE that is read twice": (
        "WITH q AS (SELECT k, a AS d FROM t) SELECT o.k, p.d FROM q AS o JOIN q AS p ON o.k = p.k",
        "WITH q AS (SELECT k, b AS d FROM t) SELECT o.k, p.d FROM q AS o JOIN q AS p ON o.k = p.k",
        "d",
    ),
    "a CTE that hides a table": ("SELECT k, x FROM u", "WITH u AS (SELECT k, z AS x FROM v) SELECT k, x FROM u", None),
    "a star over a CTE": (
        "WITH q AS (SELECT a, b FROM t) SELECT * FROM q",
        "WITH q AS (SELECT a, b, c FROM t) SELECT * FROM q",
        "c",
    ),
    "a count over a CTE": (
        "WITH q AS (SELECT a, b FROM t) SELECT count(*) AS n FROM q",
        "WITH q AS (SELECT a, b, c FROM t) SELECT count(*) AS n FROM q",
        "",
    ),
    "a whole row of a CTE": (
        "WITH q AS (SELECT a, b FROM t) SELECT q AS row, a FROM q",
        "WITH q AS (SELECT a, b, c FROM t) SELECT q AS row, a FROM q",
        "row",
    ),
    "the names in a whole row": (
        "WITH q AS (SELECT a AS m, b FROM t) SELECT q AS row, b FROM q",
        "WITH q AS (SELECT a AS n, b FROM t) SELECT q AS row, b FROM q",
        "row",
    ),
    "a recursive CTE": (
        "WITH RECURSIVE r(n, m) AS (SELECT a, b FROM t UNION ALL SELECT n + 1, m FROM r WHERE n < 5) SELECT n FROM r",
        "WITH RECURSIVE r(n, m) AS (SELECT a, c FROM t UNION ALL SELECT n + 1, m FROM r WHERE n < 5) SELECT n FROM r",
        None,
    ),
    "a recursive CTE that is searched": (
        "WITH RECURSIVE r(n) AS (SELECT a FROM t UNION ALL SELECT n FROM r) SEARCH DEPTH FIRST BY n SET o SELECT n FROM r",
        "WITH RECURSIVE r(n) AS (SELECT a FROM t UNION ALL SELECT n FROM r) SEARCH DEPTH FIRST BY n SET o SELECT n FROM r ",
        None,
    ),
    "beside a recursive CTE": (
        "WITH RECURSIVE r(n) AS (SELECT a FROM t UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r",
        "WITH RECURSIVE r(n) AS (SELECT a FROM t UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n, n * 2 AS d FROM r",
        "d",
    ),
    "EXCLUDE": ("SELECT * EXCLUDE (x) FROM u", "SELECT * EXCLUDE (y) FROM u", "x y"),
    "REPLACE": ("SELECT * REPLACE (x + 1 AS x) FROM u", "SELECT * REPLACE (x + 2 AS x) FROM u", "x"),
    "EXCLUDE of what is gone": (
        "WITH q AS (SELECT a, b FROM t) SELECT * EXCLUDE (b) FROM q",
        "WITH q AS (SELECT a FROM t) SELECT * EXCLUDE (b) FROM q",
        None,
    ),
    "RENAME": ("SELECT * RENAME (x AS p) FROM u", "SELECT * RENAME (y AS p) FROM u", "p x y"),
    "COLUMNS": ("SELECT k, COLUMNS('x') FROM u", "SELECT k, COLUMNS('x|y') FROM u", "y"),
    "a star over an unknown relation": ("SELECT * FROM raw", "SELECT *, 1 AS one FROM raw", None),
    "names of an unknown relation": ("SELECT p, q FROM raw", "SELECT p, q + 1 AS q FROM raw", "q"),
    "a correlated subquery": (
        "SELECT a, (SELECT max(x) FROM u WHERE u.k = t.k) AS m FROM t",
        "SELECT a, (SELECT max(x) FROM u WHERE u.k = t.a) AS m FROM t",
        "m",
    ),
    "beside a correlated subquery": (
        "SELECT a, (SELECT max(x) FROM u WHERE u.k = t.k) AS m FROM t",
        "SELECT a, b, (SELECT max(i.x) FROM u AS i WHERE i.k = t.k) AS m FROM t",
        "b",
    ),
    "a name that a subquery now finds inside": (
        "SELECT a, (SELECT max(z) FROM (SELECT k, z FROM v) AS i WHERE b > 1) AS m FROM t",
        "SELECT a, (SELECT max(z) FROM (SELECT k, z, z AS b FROM v) AS i WHERE b > 1) AS m FROM t",
        "m",
    ),
    "an aggregate of the query around": (
        "SELECT (SELECT sum(t.a)) AS s FROM t",
        "SELECT (SELECT sum(t.a)) AS s, 1 AS one FROM t",
        None,
    ),
    "a correlated CTE, and what its place means": (
        "SELECT (WITH c AS (SELECT o.k AS z) SELECT max(z) FROM t AS i, c) AS m FROM t AS o",
        "SELECT (SELECT max(z) FROM t AS i, LATERAL (SELECT i.k AS z) AS c) AS m FROM t AS o",
        None,
    ),
    "IN": ("SELECT a FROM t WHERE k IN (SELECT k FROM u)", "SELECT a FROM t WHERE k IN (SELECT x FROM u)", None),
    "unnest in the list": ("SELECT a FROM t", "SELECT a, unnest(l) AS e FROM t", None),
    "beside unnest in the list": ("SELECT a, unnest(l) AS e FROM t", "SELECT a, b, unnest(l) AS e FROM t", "b"),
    "another unnest": ("SELECT a, unnest(l) AS e FROM t", "SELECT a, unnest([1, 2]) AS e FROM t", None),
    "unnest in FROM": ("SELECT a, e FROM t, unnest(l) AS d(e)", "SELECT a, b, e FROM t, unnest(l) AS d(e)", "b"),
    "beside a file": (
        "SELECT a FROM read_csv('x.csv', header = true)",
        "SELECT a, b FROM read_csv('x.csv', header = true)",
        "b",
    ),
    "another option of a file": (
        "SELECT a FROM read_csv('x.csv', header = true)",
        "SELECT a FROM read_csv('x.csv', header = false)",
        None,
    ),
    "a range": ("SELECT i FROM range(3) AS r(i)", "SELECT i FROM range(4) AS r(i)", None),
    "LATERAL": (
        "SELECT a, m FROM t, LATERAL (SELECT max(x) AS m FROM u WHERE u.k = t.k) AS g",
        "SELECT a, m FROM t, LATERAL (SELECT min(x) AS m FROM u WHERE u.k = t.k) AS g",
        "m",
    ),
    "an unknown function": ("SELECT a FROM t", "SELECT a, mystery(b) AS m FROM t", None),
    "beside an unknown function": ("SELECT a, mystery(b) AS m FROM t", "SELECT a, c, mystery(b) AS m FROM t", "c"),
    "a macro that hides an unnest": ("SELECT a FROM t", "SELECT a, generate_subscripts(l, 1) AS m FROM t", None),
    "a volatile function": ("SELECT a, random() AS m FROM t", "SELECT a, b, random() AS m FROM t", "b m"),
    "a volatile word": ("SELECT a, current_date AS m FROM t", "SELECT a, b, current_date AS m FROM t", "b m"),
    "a volatile function that decides rows": (
        "SELECT a FROM t WHERE b > random()",
        "SELECT a, b FROM t WHERE b > random()",
        None,
    ),
    "a volatile function that only brackets move": (
        "SELECT a, now() AS m FROM t",
        "SELECT (a), now() AS m FROM t",
        "m",
    ),
    "a field of a struct": ("SELECT a, s.f AS p FROM t", "SELECT a, s.g AS p FROM t", "p"),
    "a path in JSON": ("SELECT a, s->>'$.f' AS p FROM t", "SELECT a, s->>'$.g' AS p FROM t", "p"),
    "a path and a key in JSON": ("SELECT a, s->'f.g' AS p FROM t", "SELECT a, s->'$.f.g' AS p FROM t", "p"),
    "beside a path in JSON": ("SELECT a, s->'$.f' AS p FROM t", "SELECT a, b, s->'$.f' AS p FROM t", "b"),
    "a lambda": (
        "SELECT a, list_transform(l, lambda e: e + 1) AS p FROM t",
        "SELECT a, list_transform(l, lambda e: e + 2) AS p FROM t",
        "p",
    ),
    "a comprehension": ("SELECT a, [e + 1 FOR e IN l] AS p FROM t", "SELECT a, [e + b FOR e IN l] AS p FROM t", "p"),
    "a unit that is a column": (
        "WITH q AS (SELECT a AS unit, b FROM t) SELECT b, date_trunc(unit, b) AS d FROM q",
        "WITH q AS (SELECT c AS unit, b FROM t) SELECT b, date_trunc(unit, b) AS d FROM q",
        "d",
    ),
    "a pivot": (
        'SELECT k, "1" AS x FROM (PIVOT t ON a IN (1, 2) USING sum(b) GROUP BY k)',
        'SELECT k, "1" AS x FROM (PIVOT t ON a IN (1, 2) USING sum(c) GROUP BY k)',
        None,
    ),
    "beside a pivot": (
        'SELECT k, "1" AS x FROM (PIVOT t ON a IN (1, 2) USING sum(b) GROUP BY k)',
        'SELECT k, "1" AS x, "2" AS p FROM (PIVOT t ON a IN (1, 2) USING sum(b) GROUP BY k)',
        "p",
    ),
    "a column more under a pivot": (
        'SELECT k, "1" AS x FROM (PIVOT (SELECT a, b, k FROM t) ON a IN (1, 2) USING sum(b))',
        'SELECT k, "1" AS x FROM (PIVOT (SELECT a, b, c, k FROM t) ON a IN (1, 2) USING sum(b))',
        None,
    ),
    "a variable": ("SELECT a, $p AS p FROM t WHERE b > $q", "SELECT a, $r AS p FROM t WHERE (b > $q)", "p"),
    "a variable that decides rows": ("SELECT a FROM t WHERE b > $p", "SELECT a FROM t WHERE b > $q", None),
    "a variable for a text": ("SELECT a, $p AS p FROM t", "SELECT a, 'p' AS p FROM t", "p"),
    "a variable that may be a number of a column": (
        "SELECT a, b FROM t ORDER BY $p",
        "SELECT a, c AS b FROM t ORDER BY $p",
        None,
    ),
    "what is no query any more": ("SELECT a FROM t", "SELECT a FROM", None),
    "a join by the nearest": (
        "SELECT a FROM t ASOF JOIN u ON t.k >= u.k",
        "SELECT a, b FROM t ASOF JOIN u ON t.k >= u.k",
        None,
    ),
}


def columns(change) -> set[str] | None:
    return None if change.columns is None else set(change.columns)


@pytest.mark.parametrize("case", SAME)
def test_what_is_written_otherwise_gives_the_same(case):
    before, after = SAME[case]

    assert set() == columns(query_change(before, after, "duckdb", LOOKUP))
    assert set() == columns(query_change(after, before, "duckdb", LOOKUP))


@pytest.mark.parametrize("case", CASES)
def test_the_columns_that_an_edit_changes(case):
    before, after, expected = CASES[case]

    change = query_change(before, after, "duckdb", LOOKUP)

    assert (None if expected is None else set(expected.split())) == columns(change)


@pytest.mark.parametrize("case", CASES)
def test_an_edit_that_is_taken_back_changes_the_same_columns(case):
    before, after, _ = CASES[case]

    assert columns(query_change(before, after, "duckdb", LOOKUP)) == columns(
        query_change(after, before, "duckdb", LOOKUP)
    )


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("SELECT a FROM t", "SELECT a, b FROM t", "b is new"),
        ("SELECT a FROM t", "SELECT a, b, c, k, l FROM t", "b, c and 2 more are new"),
        ("SELECT a, b FROM t", "SELECT a FROM t", "b is gone"),
        ("SELECT a, b FROM t", "SELECT a, b + 1 AS b FROM t", "b is made otherwise"),
        ("SELECT a AS p, b FROM t", "SELECT a AS P, b FROM t", "P is written otherwise"),
        ("SELECT a, now() AS n FROM t", "SELECT a, now() AS n, b FROM t", "b is new; n may come out otherwise"),
        ("SELECT a FROM t WHERE b > 1", "SELECT a FROM t WHERE b > 2", "the WHERE is another"),
        ("SELECT a FROM t", "SELECT a FROM t WHERE b > 2", "the WHERE is new"),
        ("SELECT DISTINCT a FROM t", "SELECT a FROM t", "the DISTINCT is gone"),
        ("SELECT DISTINCT a FROM t", "SELECT DISTINCT a, b FROM t", "the DISTINCT is another"),
        ("SELECT k FROM t", "SELECT k FROM u", "the relation u is new"),
        ("SELECT k FROM t", "SELECT t.k FROM t JOIN u USING (k)", "a relation that it reads is new"),
        ("SELECT a FROM t JOIN u ON t.k = u.k", "SELECT a FROM t JOIN u ON t.a = u.k", "a join is another"),
        ("SELECT a FROM t", "SELECT a FROM t UNION ALL SELECT x FROM u", "the UNION is new"),
        ("SELECT 1 AS p FROM t", "SELECT 1 AS p, count(*) AS n FROM t", "the aggregation is new"),
        (
            "WITH q AS (SELECT a, k FROM t WHERE b > 1) SELECT a FROM q JOIN u ON u.k = q.k",
            "WITH q AS (SELECT a, k FROM t WHERE b > 2) SELECT a FROM q JOIN u ON u.k = q.k",
            "the WHERE is another",
        ),
        ("SELECT a FROM t LIMIT 3", "SELECT a, b FROM t LIMIT 3", "which rows it gives is left to the database"),
        ("SELECT a, b FROM t", "SELECT b, a FROM t", "its columns stand in another order"),
        ("SELECT a FROM t", "SELECT a, a FROM t", "two columns have one name"),
        ("SELECT a + 1 FROM t", "SELECT a + 2 FROM t", "a column that the query does not name is another"),
        ("SELECT * FROM raw", "SELECT *, 1 AS p FROM raw", "the columns of raw are not known"),
        ("SELECT a FROM t", "SELECT a, nothing FROM t", "nothing that is read here has a column nothing"),
        ("SELECT a FROM t", "SELECT a FROM", "the query does not parse without the values of its variables"),
        (
            "SELECT was AS a FROM t",
            "SELECT b AS a FROM t",
            "the query before cannot be compared: nothing that is read here has a column was",
        ),
        ("SELECT a FROM t", "WITH q AS (SELECT a, b FROM t) SELECT a FROM q", "what it gives is the same"),
    ],
)
def test_it_says_what_changed(before, after, why):
    assert why == query_change(before, after, "duckdb", LOOKUP).why


def test_the_columns_that_came_and_went_are_told_as_they_are_written():
    change = query_change("SELECT a AS Was, b FROM t", "SELECT a AS Is, b FROM t", "duckdb", LOOKUP)

    assert (frozenset({"was", "is"}), ("Is",), ("Was",)) == (change.columns, change.added, change.removed)


def test_a_query_that_is_nested_too_deeply_may_give_anything():
    nested = "a" + " + 1" * 3000

    change = query_change("SELECT a, b FROM t", f"SELECT a, {nested} AS b FROM t", "duckdb", LOOKUP)

    assert None is change.columns


def test_the_rows_of_files_are_asked_for_by_their_own_name():
    def lookup(parts: tuple[str, ...]) -> Known:
        assert (FILES,) == parts
        return Known("$files", ("a", "b"))

    change = query_change("SELECT a FROM $files", "SELECT a, b FROM $files", "duckdb", lookup)

    assert {"b"} == columns(change)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("SELECT a, b FROM t", "SELECT a, generate_series(1, b) AS b FROM t", None),
        ("SELECT a, b FROM t", "SELECT a, jsonb_array_elements(b) AS b FROM t", None),
        ("SELECT a, b FROM t", "SELECT a, regexp_matches(b, 'x') AS b FROM t", None),
        ("SELECT a, b FROM t", "SELECT a, lower(b) AS b FROM t", {"b"}),
        ('SELECT a, b AS "P" FROM t', "SELECT a, b AS P FROM t", {"p"}),
        ('SELECT a, b AS "P", c AS p FROM t', 'SELECT a, b AS "P", k AS p FROM t', None),
        ("SELECT a + 1 AS b, k FROM t WHERE b > 1", "SELECT a + 2 AS b, k FROM t WHERE b > 1", {"b"}),
        ("SELECT a + 1 AS b, k FROM t ORDER BY b", "SELECT a + 2 AS b, k FROM t ORDER BY b", None),
        ("SELECT a FROM t WHERE b > $end", "SELECT a, b FROM t WHERE b > $end", {"b"}),
    ],
)
def test_the_columns_that_an_edit_changes_on_postgresql(before, after, expected):
    assert expected == columns(query_change(before, after, "postgres", LOOKUP))


@pytest.mark.parametrize("dialect", ["sqlite", "mysql", "trino", "snowflake", "bigquery"])
def test_elsewhere_an_alias_and_a_column_of_one_name_may_both_be_meant(dialect):
    before, after = "SELECT a + 1 AS b, k FROM t WHERE b > 1", "SELECT a + 2 AS b, k FROM t WHERE b > 1"

    assert None is columns(query_change(before, after, dialect, LOOKUP))
    assert {"x"} == columns(query_change("SELECT a FROM t", "SELECT a, b + $p AS x FROM t", dialect, LOOKUP))


READERS = {
    "a column that is read": ("SELECT x FROM u", {"x"}, {"x"}),
    "a column that is not read": ("SELECT x FROM u", {"y"}, set()),
    "a filter": ("SELECT x FROM u WHERE y > 1", {"y"}, None),
    "a star": ("SELECT * FROM u", {"y"}, {"y"}),
    "a count": ("SELECT count(*) AS n FROM u", {"y"}, set()),
    "a count of any rows": ("SELECT count(*) AS n FROM u", None, None),
    "another relation": ("SELECT a FROM t", {"y"}, set()),
    "DISTINCT": ("SELECT DISTINCT * FROM u", {"y"}, None),
    "an order inside": ("SELECT list(x) AS l FROM (SELECT x FROM u ORDER BY y)", {"y"}, None),
    "a choice among equals that nothing moves": ("SELECT x, row_number() OVER (ORDER BY x) AS n FROM u", {"y"}, {"n"}),
    "a choice among equals of another relation": ("SELECT k, row_number() OVER (ORDER BY k) AS n FROM v", {"y"}, set()),
    "a choice where no rows are equal": ("SELECT x, rank() OVER (ORDER BY x) AS n FROM u", {"y"}, set()),
    "a choice among equals beside": ("SELECT x, row_number() OVER (ORDER BY x) AS n, y FROM u", {"y"}, {"n", "y"}),
    "a LIMIT": ("SELECT x FROM u LIMIT 3", {"y"}, None),
    "a LIMIT in an order": ("SELECT x, k FROM u ORDER BY x LIMIT 3", {"y"}, {"k"}),
    "a volatile function": ("SELECT x, now() AS n FROM u", {"y"}, {"n"}),
    "a correlated subquery": ("SELECT a, (SELECT max(y) FROM u WHERE u.k = t.k) AS m FROM t", {"y"}, {"m"}),
    "a unit": ("SELECT x, date_trunc(y, x) AS d FROM u", {"y"}, {"d"}),
    "what cannot be followed": ("SELECT nothing FROM u", {"y"}, None),
}


@pytest.mark.parametrize("case", READERS)
def test_the_columns_of_a_reader_that_a_column_reaches(case):
    query, changed, expected = READERS[case]

    change = reader_change(query, "duckdb", LOOKUP, LOOKUP, {"u": None if changed is None else frozenset(changed)})

    assert expected == columns(change)


ADDED = {
    "nothing of it": ("SELECT x FROM u", set()),
    "a star": ("SELECT * FROM u", {"note"}),
    "a star that leaves it out": ("SELECT * EXCLUDE (note) FROM u", None),
    "a name of a query around": ("SELECT (SELECT max(x) FROM u WHERE note > 1) AS m FROM n", {"m"}),
    "an alias": ("SELECT x + 1 AS note, sum(y) AS s FROM u GROUP BY note", None),
    "a name of another relation": ("SELECT note, x FROM u JOIN n USING (k)", None),
    "a NATURAL join": ("SELECT x FROM u NATURAL JOIN n", None),
    "a whole row": ("SELECT u AS row, x FROM u", {"row"}),
    "a UNION of a star": ("SELECT x, y, k FROM u UNION ALL SELECT * FROM u", None),
}


@pytest.mark.parametrize("case", ADDED)
def test_the_columns_of_a_reader_that_a_new_column_reaches(case):
    query, expected = ADDED[case]
    before = lookup_in({"u": ["k", "x", "y"], "n": ["k", "note"]})
    after = lookup_in({"u": ["k", "x", "y", "note"], "n": ["k", "note"]})

    change = reader_change(query, "duckdb", before, after, {"u": frozenset({"note"})})

    assert expected == columns(change)
