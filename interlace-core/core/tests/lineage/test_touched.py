from __future__ import annotations

import pytest
import sqlglot

from interlace.lineage import ColumnLineage, Edge, Lineage
from interlace.lineage.columns import column_lineage
from interlace.lineage.touched import touched

BEFORE = {"u": ["k", "x", "y"], "n": ["k", "note"], "v": ["k", "z"], "raw": None}
AFTER = {**BEFORE, "u": ["k", "x", "y", "note"]}


def lineage(query: str, schemas: dict = BEFORE) -> Lineage:
    return column_lineage(sqlglot.parse_one(query, dialect="duckdb"), schemas, "duckdb")


CHANGED = {
    "a column that is read": ("SELECT x, k FROM u", {"x"}, {"x"}),
    "the case of its name": ('SELECT "X" AS "P", k FROM U', {"x"}, {"p"}),
    "an expression of it": ("SELECT x + k AS p, k FROM u", {"x"}, {"p"}),
    "a column that is not read": ("SELECT x FROM u", {"y"}, set()),
    "a star": ("SELECT * FROM u", {"y"}, {"y"}),
    "a count of rows": ("SELECT count(*) AS n FROM u", {"y"}, set()),
    "another relation": ("SELECT z FROM v", {"y"}, set()),
    "through a CTE": ("WITH q AS (SELECT x + 1 AS d, y FROM u) SELECT d, y FROM q", {"x"}, {"d"}),
    "a CTE that nothing reads": ("WITH q AS (SELECT y FROM u) SELECT z FROM v", {"y"}, set()),
    "a filter": ("SELECT x FROM u WHERE y > 1", {"y"}, None),
    "a join": ("SELECT x FROM u JOIN v ON u.y = v.k", {"y"}, None),
    "a join by name": ("SELECT x FROM u JOIN v USING (k)", {"k"}, None),
    "a key": ("SELECT y, sum(x) AS s FROM u GROUP BY y", {"y"}, None),
    "what is aggregated": ("SELECT y, sum(x) AS s FROM u GROUP BY y", {"x"}, {"s"}),
    "DISTINCT": ("SELECT DISTINCT x, y FROM u", {"y"}, None),
    "UNION": ("SELECT x FROM u UNION SELECT z FROM v", {"x"}, None),
    "UNION ALL": ("SELECT x, k FROM u UNION ALL SELECT z, k FROM v", {"x"}, {"x"}),
    "an order that a LIMIT cuts": ("SELECT x FROM u ORDER BY y LIMIT 3", {"y"}, None),
    "a window": ("SELECT x, rank() OVER (ORDER BY y) AS r FROM u", {"y"}, {"r"}),
    "QUALIFY": ("SELECT x FROM u QUALIFY rank() OVER (ORDER BY y) = 1", {"y"}, None),
    "a correlated subquery": ("SELECT k, (SELECT max(y) FROM u WHERE u.k = v.k) AS m FROM v", {"y"}, {"m"}),
    "a filter of a subquery": ("SELECT k, (SELECT max(x) FROM u WHERE y > 1) AS m FROM v", {"y"}, {"m"}),
    "a whole row": ("SELECT u AS row, x FROM u", {"y"}, {"row"}),
    "a pivot": ("FROM (PIVOT (SELECT k, x, y FROM u) ON y IN (1, 2) USING sum(x) GROUP BY k)", {"y"}, {"1", "2"}),
    "a pivot that groups by the rest": ("FROM (PIVOT u ON k IN (1, 2) USING sum(x))", {"y"}, None),
    "a relation beside whose columns are not known": ("SELECT u.x, raw.p FROM u, raw", {"y"}, set()),
    "a star over what is not known": ("SELECT u.x, raw.* FROM u, raw", {"y"}, None),
    "what cannot be resolved": ("SELECT x, nothing FROM u", {"y"}, {"nothing"}),
    "what cannot be resolved and decides rows": ("SELECT x FROM u WHERE nothing > 1", {"y"}, None),
}


@pytest.mark.parametrize("case", CHANGED)
def test_the_columns_that_a_changed_column_reaches(case):
    query, changed, expected = CHANGED[case]
    found = lineage(query)

    assert expected == touched(found, found, {"u": frozenset(changed)})


ADDED = {
    "nothing of it": ("SELECT x FROM u", set()),
    "a star": ("SELECT * FROM u", {"note"}),
    "a star in a CTE, and nothing of it outside": ("WITH q AS (SELECT * FROM u) SELECT x FROM q", set()),
    "a name of a query around": ("SELECT (SELECT max(x) FROM u WHERE note > 1) AS m FROM n", {"m"}),
    "a name of a query around that decides rows": ("FROM n WHERE EXISTS (SELECT 1 FROM u WHERE u.x = note)", None),
    "an alias": ("SELECT x + 1 AS note, sum(y) AS s FROM u GROUP BY note", None),
    "an alias of another column": ("SELECT x + 1 AS note, note * 2 AS p FROM u", {"p"}),
    "a name of another relation": ("SELECT note, x FROM u JOIN n USING (k)", {"note"}),
    "a name of another relation that decides rows": ("SELECT x FROM u JOIN n USING (k) WHERE note > 1", None),
    "a NATURAL join": ("SELECT x FROM u NATURAL JOIN n", None),
    "a name that a star gives too": ("SELECT *, x AS note FROM u", {"note", "note_1"}),
    "DISTINCT": ("SELECT DISTINCT * FROM u", None),
    "EXCEPT": ("SELECT * FROM u EXCEPT SELECT *, 1 AS one FROM u", None),
    "UNION BY NAME": ("SELECT x FROM u UNION ALL BY NAME SELECT note, k FROM n", set()),
    "UNION BY NAME of a star": ("SELECT * FROM u UNION ALL BY NAME SELECT note, k FROM n", {"note"}),
    "a pattern of names": ("SELECT k, COLUMNS('no.*|x') FROM u", {"note"}),
}


@pytest.mark.parametrize("case", ADDED)
def test_the_columns_that_a_new_column_reaches(case):
    query, expected = ADDED[case]

    assert expected == touched(lineage(query), lineage(query, AFTER), {"u": frozenset({"note"})})


@pytest.mark.parametrize("case", ADDED)
def test_the_columns_that_a_column_reached_that_is_gone(case):
    query, expected = ADDED[case]

    assert expected == touched(lineage(query, AFTER), lineage(query), {"u": frozenset({"note"})})


def test_nothing_is_touched_where_nothing_changed():
    found = lineage("SELECT x, nothing FROM u WHERE also > 1")

    assert frozenset() == touched(found, found, {})
    assert frozenset() == touched(found, found, {"u": frozenset()})


def test_all_is_touched_where_anything_changed_of_what_is_read():
    found = lineage("SELECT count(*) AS n FROM u")

    assert None is touched(found, found, {"u": None})
    assert frozenset() == touched(found, found, {"v": None})


def test_columns_in_another_order_may_be_any():
    one, two = ColumnLineage("a", (Edge("u", "x", "passthrough"),)), ColumnLineage("b", ())

    assert None is touched(
        Lineage((one, two), reads=("u",)), Lineage((two, one), reads=("u",)), {"u": frozenset({"y"})}
    )


def test_a_column_that_is_written_otherwise_is_touched():
    before, after = ({"u": ["x", name]} for name in ("y", "Y"))

    found = touched(lineage("SELECT * FROM u", before), lineage("SELECT * FROM u", after), {"u": frozenset({"z"})})

    assert {"y"} == found
