"""Lineage against what a database does: a source column is changed, and who changes with it was claimed."""

from __future__ import annotations

import random
from collections import Counter

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from interlace.lineage.columns import column_lineage, lookup_in
from interlace.lineage.missing import missing_columns

pytestmark = pytest.mark.slow  # together they are

TABLES = {"t": ["a", "b", "c", "k"], "u": ["k", "x", "y"], "v": ["k", "z"]}
ROWS = 12


def data(seed: int) -> dict[str, dict[str, list[int]]]:
    numbers = random.Random(seed)
    return {
        table: {column: [numbers.randint(0, 4) for _ in range(ROWS)] for column in columns}
        for table, columns in TABLES.items()
    }


def fill(connection, table: str, columns: dict[str, list[int]]) -> None:
    rows = ", ".join(f"({', '.join(map(str, row))})" for row in zip(*columns.values(), strict=True))
    names = ", ".join(columns)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM (VALUES {rows}) AS d({names})")


def results(connection, query: str) -> list[Counter]:
    """The values of each output column, without order."""
    found = connection.execute(query)
    width = len(found.description)
    rows = found.fetchall()
    return [Counter(str(row[i]) for row in rows) for i in range(width)]


def changed(connection, query: str, seeds) -> dict[tuple[str, str], set[int]]:
    """The positions of output columns that some other content of a source column changes, by source column."""
    base = data(0)
    before = results(connection, query)
    found: dict[tuple[str, str], set[int]] = {}
    for table, columns in base.items():
        for column in columns:
            seen = found.setdefault((table, column), set())
            for seed in seeds:
                fill(connection, table, {**columns, column: data(seed)[table][column]})
                after = results(connection, query)
                seen |= {i for i, (one, two) in enumerate(zip(before, after, strict=True)) if one != two}
        fill(connection, table, columns)
    return found


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect(config={"threads": 1}) as made:
        for table, columns in data(0).items():
            fill(made, table, columns)
        yield made


def columns() -> st.SearchStrategy[str]:
    return st.sampled_from(["p", "q", "r"])


@st.composite
def values(draw, names: list[str]) -> str:
    """An expression of some columns."""
    one, two = draw(st.sampled_from(names)), draw(st.sampled_from(names))
    return draw(
        st.sampled_from([
            one,
            one,
            f"{one} + {two}",
            f"CASE WHEN {one} > 2 THEN {two} ELSE 0 END",
            f"coalesce({one}, {two})",
            f"(SELECT max(x) FROM u AS i WHERE i.k = {one})",
            f"(SELECT count(*) FROM v AS i WHERE i.z < {one})",
            f"({one} IN (SELECT z FROM v))::INTEGER",
        ])
    )  # fmt: skip


@st.composite
def conditions(draw, names: list[str]) -> str:
    one, two = draw(st.sampled_from(names)), draw(st.sampled_from(names))
    return draw(
        st.sampled_from([
            f"{one} > 1",
            f"{one} <> {two}",
            f"{one} IN (SELECT x FROM u)",
            f"EXISTS (SELECT 1 FROM v AS e WHERE e.k = {one})",
            f"{one} >= (SELECT min(y) FROM u)",
        ])
    )  # fmt: skip


@st.composite
def relations(draw) -> tuple[str, list[str]]:
    """A FROM, and the columns that it offers."""
    kind = draw(st.sampled_from(["one", "left", "using", "semi", "lateral", "derived"]))
    match kind:
        case "one":
            return "t", ["a", "b", "c"]
        case "left":
            return "t LEFT JOIN u ON t.k = u.k", ["a", "b", "x", "y"]
        case "using":
            side = draw(st.sampled_from(["", "RIGHT ", "FULL ", "LEFT "]))
            return f"u {side}JOIN v USING (k)", ["k", "x", "z"]
        case "semi":
            return f"t {draw(st.sampled_from(['SEMI', 'ANTI']))} JOIN u USING (k)", ["a", "b", "c"]
        case "lateral":
            return "u, LATERAL (SELECT sum(z) + u.x AS w FROM v WHERE v.k = u.k) AS g", ["x", "y", "w"]
        case _:
            return f"(SELECT * EXCLUDE (c) REPLACE (a * 2 AS a) FROM t WHERE {draw(conditions(['b', 'k']))}) AS d", [
                "a",
                "b",
                "k",
            ]


@st.composite
def selects(draw, source: tuple[str, list[str]]) -> str:
    """A SELECT of three columns p, q, r."""
    from_, names = source
    where = f" WHERE {draw(conditions(names))}" if draw(st.booleans()) else ""
    kind = draw(st.sampled_from(["plain", "distinct", "group", "window", "qualify", "limit"]))
    one, two, three = draw(values(names)), draw(values(names)), draw(values(names))
    plain = f"{one} AS p, {two} AS q, {three} AS r FROM {from_}{where}"
    column, other = draw(st.sampled_from(names)), draw(st.sampled_from(names))
    match kind:
        case "plain":
            return f"SELECT {plain}"
        case "distinct":
            return f"SELECT DISTINCT {plain}"
        case "limit":
            return f"SELECT {plain} ORDER BY ALL LIMIT 5"
        case "group":
            having = f" HAVING max({other}) > 1" if draw(st.booleans()) else ""
            group = draw(st.sampled_from(["ALL", "1"]))
            filtered = f"count(*) FILTER (WHERE {column} > 1)"
            return (
                f"SELECT {one} AS p, sum({column}) AS q, {filtered} AS r FROM {from_}{where} GROUP BY {group}{having}"
            )
        case "window":
            window = f"sum({column}) OVER (PARTITION BY {other}) AS q, rank() OVER (ORDER BY {column}) AS r"
            return f"SELECT {one} AS p, {window} FROM {from_}{where}"
        case _:
            return f"SELECT {plain} QUALIFY rank() OVER (PARTITION BY {column} ORDER BY {other}) = 1"


@st.composite
def queries(draw) -> str:
    first = draw(selects(draw(relations())))
    shape = draw(st.sampled_from(["one", "cte", "set", "by name", "pivot", "unpivot", "join"]))
    match shape:
        case "one":
            return first
        case "cte":
            return f"WITH s AS ({first}) {draw(selects(('s', ['p', 'q', 'r'])))}"
        case "set":
            word = draw(st.sampled_from(["UNION ALL", "UNION", "EXCEPT", "INTERSECT", "EXCEPT ALL"]))
            return f"({first}) {word} ({draw(selects(draw(relations())))})"
        case "by name":
            second = draw(selects(draw(relations())))
            return f"({first}) UNION ALL BY NAME (SELECT r, p AS w FROM ({second}))"
        case "pivot":
            return f"FROM (PIVOT ({first}) ON p IN (1, 2) USING sum(q) GROUP BY r)"
        case "unpivot":
            return (
                f"FROM (UNPIVOT (SELECT p::BIGINT AS p, q::BIGINT AS q, r FROM ({first})) ON p, q INTO NAME n VALUE w)"
            )
        case _:
            return f"WITH s AS ({first}) SELECT s.p, u.x AS q, s.r FROM s JOIN u ON u.k = s.q"


@settings(settings.get_profile("loads"))
@given(query=queries())
def test_what_changes_with_a_source_column_was_claimed(connection, query):
    lineage = column_lineage(sqlglot.parse_one(query, dialect="duckdb"), TABLES, "duckdb")

    claimed = [{(e.relation, e.column) for e in lineage.edges(name)} for name in lineage.names]
    assert ((), [()] * len(claimed)) == (lineage.unknown, [c.unknown for c in lineage.columns])
    for source, positions in changed(connection, query, (1, 2)).items():
        for position in positions:
            assert source in claimed[position], (source, lineage.names[position])


@settings(settings.get_profile("loads"))
@given(query=queries())
def test_a_query_that_the_database_binds_is_not_accused(connection, query):
    connection.execute(f"EXPLAIN {query}")

    assert () == missing_columns(sqlglot.parse_one(query, dialect="duckdb"), lookup_in(TABLES), "duckdb")


@settings(settings.get_profile("loads"))
@given(query=queries(), which=st.integers(0, 40), other=st.sampled_from(["nope", "a", "x", "z", "k", "p"]))
def test_a_query_with_another_name_is_accused_only_where_the_database_refuses_it(connection, query, which, other):
    tree = sqlglot.parse_one(query, dialect="duckdb")
    places = sorted({c.this.meta["start"] for c in tree.find_all(sqlglot.exp.Column) if "start" in c.this.meta})
    begin = places[which % len(places)]
    changed_query = query[:begin] + other + query[begin + 1 :]

    found = missing_columns(sqlglot.parse_one(changed_query, dialect="duckdb"), lookup_in(TABLES), "duckdb")

    if found:
        with pytest.raises(duckdb.Error):
            connection.execute(f"EXPLAIN {changed_query}")
