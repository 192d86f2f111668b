"""Queries as people write them for DuckDB: each finds its parents, runs, and gives what DuckDB alone gives."""

from __future__ import annotations

import pytest

BASE = {
    "orders": "SELECT * FROM (VALUES (1, 10, 'a', [1, 2]), (2, 10, 'b', [3]), (3, 20, 'a', [])) AS v (id, customer, kind, parts)",
    "customers": "SELECT * FROM (VALUES (10, 'ann', {'city': 'Oslo'}), (20, 'bob', {'city': 'Rome'})) AS v (id, name, home)",
}

QUERIES = {
    "from_first": "FROM orders",
    "from_first_select": "FROM orders SELECT id WHERE id > 1",
    "upper_case": "SELECT id FROM ORDERS",
    "quoted": 'SELECT "id" FROM "orders"',
    "cte": "WITH big AS (SELECT * FROM orders WHERE id > 1) SELECT id FROM big",
    "cte_of_the_same_name": "WITH orders AS (SELECT id FROM orders WHERE id > 1) SELECT * FROM orders",
    "cte_chain": "WITH a AS (FROM orders), b AS (SELECT id FROM a), orders AS (SELECT id + 1 AS id FROM b) SELECT * FROM orders",
    "nested_cte": "SELECT * FROM (WITH customers AS (SELECT 1 AS x) SELECT x FROM customers) AS t, (SELECT count(*) AS n FROM customers) AS u",
    "recursive": "WITH RECURSIVE walk(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM walk WHERE n < (SELECT max(id) FROM orders)) SELECT * FROM walk",
    "join_using_alias": "SELECT o.id, c.name FROM orders AS o JOIN customers c ON c.id = o.customer",
    "join_without_alias": "SELECT orders.id, customers.name FROM orders JOIN customers ON customers.id = orders.customer",
    "comma_join": "SELECT orders.id, name FROM orders, customers WHERE customer = customers.id",
    "self_join": "SELECT a.id, b.id AS other FROM orders a JOIN orders b ON a.customer = b.customer AND a.id < b.id",
    "correlated": "SELECT name, (SELECT count(*) FROM orders WHERE orders.customer = customers.id) AS n FROM customers",
    "exists_": "SELECT name FROM customers c WHERE EXISTS (FROM orders o WHERE o.customer = c.id AND kind = 'b')",
    "in_": "SELECT id FROM orders WHERE customer IN (SELECT id FROM customers WHERE name = 'ann')",
    "union_by_name": "SELECT id, kind FROM orders UNION BY NAME SELECT id, name FROM customers",
    "except_": "SELECT customer FROM orders EXCEPT SELECT id FROM customers WHERE name = 'bob'",
    "struct_": "SELECT customers.home.city AS city, home.city AS again FROM customers",
    "unnest_": "SELECT id, unnest(parts) AS part FROM orders",
    "lateral_": "SELECT o.id, t.p FROM orders o, LATERAL (SELECT unnest(o.parts) AS p) t",
    "lateral_column_alias": "SELECT id AS x, x + 1 AS y FROM orders",
    "qualify_": "SELECT id, customer FROM orders QUALIFY row_number() OVER (PARTITION BY customer ORDER BY id DESC) = 1",
    "window_": "SELECT id, sum(id) OVER w AS total FROM orders WINDOW w AS (ORDER BY id)",
    "pivot_": "PIVOT (SELECT customer, kind FROM orders) ON kind USING count(*) GROUP BY customer",
    "unpivot_": "UNPIVOT (SELECT id, customer FROM orders) ON id, customer INTO NAME what VALUE v",
    "group_by_all": "SELECT customer, count(*) AS n FROM orders GROUP BY ALL ORDER BY ALL",
    "exclude_": "SELECT * EXCLUDE (parts) REPLACE (upper(kind) AS kind) FROM orders",
    "columns_": "SELECT max(COLUMNS('id|customer')) FROM orders",
    "filter_": "SELECT count(*) FILTER (WHERE kind = 'a') AS n FROM orders",
    "list_comprehension": "SELECT [x * 2 FOR x IN parts] AS doubled FROM orders",
    "lambda_": "SELECT list_transform(parts, lambda x: x + 1) AS more FROM orders",
    "asof_": "SELECT o.id, c.name FROM orders o ASOF JOIN customers c ON o.customer >= c.id",
    "positional_": "SELECT o.id, c.name FROM orders o POSITIONAL JOIN customers c",
    "values_": "SELECT * FROM (VALUES (1, 'x'), (2, 'y')) AS v (id, name)",
    "generate_": "SELECT * FROM generate_series(1, 3) AS t (n)",
    "dollar_text": "SELECT $$it's $name$$ AS t, $tag$ FROM nothing $tag$ AS u",
    "comment_names": "SELECT id /* FROM nowhere */ FROM orders -- JOIN nothing",
    "text_names": "SELECT 'FROM nowhere' AS t FROM orders",
    "trailing_semicolon": "SELECT id FROM orders;",
    "sampled": "SELECT count(*) AS n FROM (FROM orders USING SAMPLE 100%)",
    "case_": "SELECT CASE kind WHEN 'a' THEN 1 ELSE 2 END AS c FROM orders",
    "casts": "SELECT id::VARCHAR AS t, CAST(id AS DECIMAL(10, 2)) AS d, TRY_CAST(kind AS INT) AS n FROM orders",
    "grouping_sets": "SELECT customer, kind, count(*) AS n FROM orders GROUP BY ROLLUP (customer, kind)",
    "star_alias": "SELECT o.* FROM orders o",
    "offset_": "SELECT id FROM orders ORDER BY id LIMIT 1 OFFSET 1",
    "semi": "SELECT name FROM customers SEMI JOIN orders ON orders.customer = customers.id",
    "prefix_alias": "SELECT a: id + 1 FROM orders",
    "describes": "SELECT column_name FROM (DESCRIBE orders)",
    "column_of_the_models_name": "SELECT o.customer AS orders FROM orders o ORDER BY orders",
    "row_of_a_table": "SELECT customers FROM customers",
}


@pytest.fixture(scope="module")
def both(make_project, tmp_path_factory):
    """What each query gives as a model, and what DuckDB alone gives."""
    import duckdb

    project = make_project(tmp_path_factory.mktemp("sql") / "project")
    for name, query in {**BASE, **{f"q_{name}": query for name, query in QUERIES.items()}}.items():
        project.sql(name, query)
    said = project("run", "--json")
    with duckdb.connect() as alone, duckdb.connect(str(project.root / "warehouse.duckdb"), read_only=True) as built:
        for name, query in BASE.items():
            alone.execute(f"CREATE TABLE {name} AS {query}")
        expected = {name: sorted(alone.execute(query).fetchall(), key=repr) for name, query in QUERIES.items()}
        found = {
            name: sorted(built.execute(f"FROM q_{name}").fetchall(), key=repr)
            for name in QUERIES
            if "models" in said.json and said.statuses[f"q_{name}"] == "succeeded"
        }
    return said, expected, found


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_gives_as_a_model_what_duckdb_gives(both, name):
    said, expected, found = both

    assert name in found, said.json.get("error") or said.models[f"q_{name}"]
    assert expected[name] == found[name]
