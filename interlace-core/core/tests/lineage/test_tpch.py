"""The 22 queries of TPC-H: the edges are what was found, gone through against the queries.

A line each, a column with what its value is made of (``p`` passthrough, ``r`` renamed, ``t`` transformed,
``a`` aggregated), then the columns that decide the rows (``f`` filter_only, ``j`` join_only).  TPC-H's columns have
names of their own, so that no relation need be said.
"""

from __future__ import annotations

from importlib.util import find_spec

import duckdb
import pytest
import sqlglot

from interlace.lineage.columns import column_lineage, lookup_in
from interlace.lineage.missing import missing_columns

LETTERS = {
    "passthrough": "p",
    "renamed": "r",
    "transformed": "t",
    "aggregated": "a",
    "filter_only": "f",
    "join_only": "j",
}

EDGES = {
    1: """
        l_returnflag: l_returnflag p |
        l_linestatus: l_linestatus p |
        sum_qty: l_quantity a |
        sum_base_price: l_extendedprice a |
        sum_disc_price: l_discount a, l_extendedprice a |
        sum_charge: l_discount a, l_extendedprice a, l_tax a |
        avg_qty: l_quantity a |
        avg_price: l_extendedprice a |
        avg_disc: l_discount a |
        count_order: |
        rows f: l_linestatus l_returnflag l_shipdate
    """,
    2: """
        s_acctbal: s_acctbal p |
        s_name: s_name p |
        n_name: n_name p |
        p_partkey: p_partkey p |
        p_mfgr: p_mfgr p |
        s_address: s_address p |
        s_phone: s_phone p |
        s_comment: s_comment p |
        rows f: n_name n_nationkey n_regionkey p_partkey p_size p_type ps_partkey ps_suppkey ps_supplycost r_name
            r_regionkey s_acctbal s_name s_nationkey s_suppkey
    """,
    3: """
        l_orderkey: l_orderkey p |
        revenue: l_discount a, l_extendedprice a |
        o_orderdate: o_orderdate p |
        o_shippriority: o_shippriority p |
        rows f: c_custkey c_mktsegment l_discount l_extendedprice l_orderkey l_shipdate o_custkey o_orderdate
            o_orderkey o_shippriority
    """,
    4: """
        o_orderpriority: o_orderpriority p |
        order_count: |
        rows f: l_commitdate l_orderkey l_receiptdate o_orderdate o_orderkey o_orderpriority
    """,
    5: """
        n_name: n_name p |
        revenue: l_discount a, l_extendedprice a |
        rows f: c_custkey c_nationkey l_orderkey l_suppkey n_name n_nationkey n_regionkey o_custkey o_orderdate
            o_orderkey r_name r_regionkey s_nationkey s_suppkey
    """,
    6: """
        revenue: l_discount a, l_extendedprice a |
        rows f: l_discount l_quantity l_shipdate
    """,
    7: """
        supp_nation: n_name r |
        cust_nation: n_name r |
        l_year: l_shipdate t |
        revenue: l_discount a, l_extendedprice a |
        rows f: c_custkey c_nationkey l_orderkey l_shipdate l_suppkey n_name n_nationkey o_custkey o_orderkey
            s_nationkey s_suppkey
    """,
    8: """
        o_year: o_orderdate t |
        mkt_share: l_discount a, l_extendedprice a, n_name a |
        rows f: c_custkey c_nationkey l_orderkey l_partkey l_suppkey n_nationkey n_regionkey o_custkey o_orderdate
            o_orderkey p_partkey p_type r_name r_regionkey s_nationkey s_suppkey
    """,
    9: """
        nation: n_name r |
        o_year: o_orderdate t |
        sum_profit: l_discount a, l_extendedprice a, l_quantity a, ps_supplycost a |
        rows f: l_orderkey l_partkey l_suppkey n_name n_nationkey o_orderdate o_orderkey p_name p_partkey ps_partkey
            ps_suppkey s_nationkey s_suppkey
    """,
    10: """
        c_custkey: c_custkey p |
        c_name: c_name p |
        revenue: l_discount a, l_extendedprice a |
        c_acctbal: c_acctbal p |
        n_name: n_name p |
        c_address: c_address p |
        c_phone: c_phone p |
        c_comment: c_comment p |
        rows f: c_acctbal c_address c_comment c_custkey c_name c_nationkey c_phone l_discount l_extendedprice
            l_orderkey l_returnflag n_name n_nationkey o_custkey o_orderdate o_orderkey
    """,
    11: """
        ps_partkey: ps_partkey p |
        value: ps_availqty a, ps_supplycost a |
        rows f: n_name n_nationkey ps_availqty ps_partkey ps_suppkey ps_supplycost s_nationkey s_suppkey
    """,
    12: """
        l_shipmode: l_shipmode p |
        high_line_count: o_orderpriority a |
        low_line_count: o_orderpriority a |
        rows f: l_commitdate l_orderkey l_receiptdate l_shipdate l_shipmode o_orderkey
    """,
    13: """
        c_count: o_orderkey a |
        custdist: |
        rows f: c_custkey o_orderkey |
        rows j: o_comment o_custkey
    """,
    14: """
        promo_revenue: l_discount a, l_extendedprice a, p_type a |
        rows f: l_partkey l_shipdate p_partkey
    """,
    15: """
        s_suppkey: s_suppkey p |
        s_name: s_name p |
        s_address: s_address p |
        s_phone: s_phone p |
        total_revenue: l_discount a, l_extendedprice a |
        rows f: l_discount l_extendedprice l_shipdate l_suppkey s_suppkey
    """,
    16: """
        p_brand: p_brand p |
        p_type: p_type p |
        p_size: p_size p |
        supplier_cnt: ps_suppkey a |
        rows f: p_brand p_partkey p_size p_type ps_partkey ps_suppkey s_comment s_suppkey
    """,
    17: """
        avg_yearly: l_extendedprice a |
        rows f: l_partkey l_quantity p_brand p_container p_partkey
    """,
    18: """
        c_name: c_name p |
        c_custkey: c_custkey p |
        o_orderkey: o_orderkey p |
        o_orderdate: o_orderdate p |
        o_totalprice: o_totalprice p |
        sum(l_quantity): l_quantity a |
        rows f: c_custkey c_name l_orderkey l_quantity o_custkey o_orderdate o_orderkey o_totalprice
    """,
    19: """
        revenue: l_discount a, l_extendedprice a |
        rows f: l_partkey l_quantity l_shipinstruct l_shipmode p_brand p_container p_partkey p_size
    """,
    20: """
        s_name: s_name p |
        s_address: s_address p |
        rows f: l_partkey l_quantity l_shipdate l_suppkey n_name n_nationkey p_name p_partkey ps_availqty ps_partkey
            ps_suppkey s_nationkey s_suppkey
    """,
    21: """
        s_name: s_name p |
        numwait: |
        rows f: l_commitdate l_orderkey l_receiptdate l_suppkey n_name n_nationkey o_orderkey o_orderstatus s_name
            s_nationkey s_suppkey
    """,
    22: """
        cntrycode: c_phone t |
        numcust: |
        totacctbal: c_acctbal a |
        rows f: c_acctbal c_custkey c_phone o_custkey
    """,
}


@pytest.fixture(scope="module")
def tpch(need):
    """The queries by number, and the columns of the tables."""
    found = find_spec("duckdb_extension_tpch")
    need(*([] if found else ["duckdb-extension-tpch"]))
    [folder] = found.submodule_search_locations
    with duckdb.connect() as connection:
        connection.execute(f"LOAD '{folder}/extensions/v{duckdb.__version__}/tpch.duckdb_extension'")
        connection.execute("CALL dbgen(sf = 0)")
        tables = [name for (name,) in connection.execute("SHOW TABLES").fetchall()]
        columns = {t: [row[0] for row in connection.execute(f"DESCRIBE {t}").fetchall()] for t in tables}
        queries = dict(connection.execute("SELECT query_nr, query FROM tpch_queries()").fetchall())
    return queries, columns


def wanted(text: str) -> dict[str, set[str]]:
    lines = [line for line in " ".join(text.split()).replace(" | ", "\n").split("\n") if line]
    found = {}
    for line in lines:
        name, _, edges = line.partition(":")
        if name.startswith("rows "):
            found.setdefault("rows", set()).update(f"{column} {name[-1]}" for column in edges.split())
        else:
            found[name.strip()] = {e.strip() for e in edges.split(",") if e.strip()}
    return found


@pytest.mark.parametrize("number", EDGES)
def test_a_query_of_tpch_is_followed(number, tpch):
    queries, columns = tpch
    tree = sqlglot.parse_one(queries[number].strip().rstrip(";"), dialect="duckdb")

    lineage = column_lineage(tree, columns, "duckdb")

    said = {c.name: {f"{e.column} {LETTERS[e.kind]}" for e in c.edges} for c in lineage.columns}
    assert wanted(EDGES[number]) == {**said, "rows": {f"{e.column} {LETTERS[e.kind]}" for e in lineage.rows}}
    assert ((), set()) == (lineage.unknown, {reason for c in lineage.columns for reason in c.unknown})


@pytest.mark.parametrize("number", EDGES)
def test_a_query_of_tpch_is_not_accused_but_for_a_column_that_is_gone(number, tpch):
    queries, columns = tpch
    tree = sqlglot.parse_one(queries[number].strip().rstrip(";"), dialect="duckdb")
    read = next(e.column for e in column_lineage(tree, columns, "duckdb").rows)

    without = {table: [c for c in names if c != read] for table, names in columns.items()}

    assert () == missing_columns(tree, lookup_in(columns), "duckdb")
    assert {read} == {m.column for m in missing_columns(tree, lookup_in(without), "duckdb")}
