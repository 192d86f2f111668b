from __future__ import annotations

import pytest

from interlace.model.definition import CheckUse, ColumnSpec


def test_a_file_without_a_header_is_a_model_called_like_the_file(project):
    model = project.model("models/orders.sql", "SELECT 1 AS id")

    assert ("orders", "SELECT 1 AS id", 1) == (model.name, model.body.text, model.line)


def test_both_forms_of_header_say_the_same(project):
    literal = project.model(
        "models/a.sql",
        """
        -- @model(name="orders", key=["id", "region"], materialise="table",
        --        checks=[{"row_count": {"min": 1}}], tags="daily", description="All orders")
        SELECT 1 AS id
        """,
    )
    (project.root / "models/a.sql").unlink()
    lines = project.model(
        "models/a.sql",
        """
        -- @name: orders
        -- @key: id, region
        -- @materialise: table
        -- @checks:
        --   - row_count: {min: 1}
        -- @tags: daily
        -- @description: All orders
        SELECT 1 AS id
        """,
    )

    assert literal.fingerprint == lines.fingerprint
    assert (literal.key, literal.checks, literal.tags) == (lines.key, lines.checks, lines.tags)


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("description: Orders: one row per order", "description", "Orders: one row per order"),
        ("owner: @team", "owner", "@team"),
        ("group: */5 * * * *", "group", "*/5 * * * *"),
        ("group: 2024", "group", "2024"),
        ("depends_on: raw.orders, customers", "dependencies", ("raw.orders", "customers")),
        ("tags: [daily, 'a, b']", "tags", ("daily", "a, b")),
        ("inputs: data/{a,b}.csv, x.csv", "inputs", ("data/{a,b}.csv", "x.csv")),
        ("primary_key: id", "key", ("id",)),
        ("unique_key: id", "key", ("id",)),
        ("materialize: view", "materialise", "view"),
        ("fields: {id: BIGINT}", "columns", (ColumnSpec("id", "BIGINT"),)),
        ("tests: [{unique: id}]", "checks", (CheckUse("unique", {"columns": "id"}),)),
        ("quality_checks: [{unique: id}]", "checks", (CheckUse("unique", {"columns": "id"}),)),
        ("timeout: 1h30m", "timeout", 5400.0),
        ("cache: {ttl: 10m}", "cache", 600.0),
        ("enabled: false", "enabled", False),
        ("meta: {a: [1, 2], since: 2024-01-01}", "meta", {"a": [1, 2], "since": "2024-01-01"}),
        ("pre: SET x = 1", "pre", ("SET x = 1",)),
        ("volatile: true", "volatile", True),
    ],
)
def test_a_header_line_is_read_as_its_key_wants_it(project, line, key, value):
    model = project.model("models/m.sql", f"-- @{line}\nSELECT 1 AS id")

    assert value == getattr(model, key)


def test_a_value_goes_on_over_the_indented_lines_that_follow(project):
    model = project.model(
        "models/m.sql",
        """
        -- @description: Orders, one row
        --   per order
        -- @columns:
        --   id: BIGINT
        --   name:
        --     type: VARCHAR
        --     tags: [pii]
        -- just a comment
        SELECT 1 AS id
        """,
    )

    assert "Orders, one row per order" == model.description
    assert (ColumnSpec("id", "BIGINT"), ColumnSpec("name", "VARCHAR", tags=("pii",))) == model.columns


def test_a_file_holds_several_models_by_repeating_the_header(project):
    project.write(
        "models/several.sql",
        """
        -- @name: first
        SELECT 1 AS x;

        -- @model(name="second", materialise="view")
        SELECT x FROM first
        """,
    )
    models = project.models()

    assert [("first", 1, "table"), ("second", 4, "view")] == [(m.name, m.line, m.materialise) for m in models.values()]
    assert ["SELECT 1 AS x", "SELECT x FROM first"] == [m.body.text for m in models.values()]
    assert [2, 5] == [m.body.line for m in models.values()]


def test_what_looks_like_a_header_inside_a_string_is_data(project):
    text = "-- @name: a\nSELECT '\n-- @name: b\n' AS x"
    model = project.model("models/a.sql", text)

    assert ("a", "SELECT '\n-- @name: b\n' AS x") == (model.name, model.body.text)


def test_a_comment_with_an_at_sign_in_a_query_is_a_comment(project):
    model = project.model("models/a.sql", "SELECT 1 AS x\n-- @todo: think\n, 2 AS y")

    assert "SELECT 1 AS x\n-- @todo: think\n, 2 AS y" == model.body.text


@pytest.mark.parametrize("mark", ["$$", "$body$"])
def test_a_line_of_a_text_between_dollars_is_no_line_of_a_header(project, mark):
    text = f"SELECT {mark}\n-- @key: id\n{mark} AS x"

    assert text == project.model("models/a.sql", text).body.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT 1\n-- @key: id\n", "models/m.sql:2: the header line @key stands after the query has begun"),
        ("-- @kye: id\nSELECT 1", "models/m.sql:1: a model has no key 'kye'\nDid you mean 'key'?"),
        ("-- @schedule: x\nSELECT 1", "models/m.sql:1: a model has no key 'schedule'"),
        ("-- @key: id\n-- @primary_key: id\nSELECT 1", "models/m.sql:2: 'key' is given twice (as 'primary_key')"),
        ("\n-- @columns:\n--   id: {type: [}\nSELECT 1", "models/m.sql:2: 'columns': broken YAML"),
        ("-- @model(key=[id])\nSELECT 1", "models/m.sql:1: 'key' must be a Python literal, not [id]"),
        ("-- @model('orders')\nSELECT 1", "models/m.sql:1: @model(...) takes keywords only"),
        ("-- @model(name='a',\n--   key=\nSELECT 1", "models/m.sql:1: @model(...) cannot be read"),
        ("-- @timeout: soon\nSELECT 1", "models/m.sql:1: 'timeout' must be a duration such as 10m"),
        ("-- @cache: 1h\nSELECT 1", "models/m.sql:1: 'cache' must be {ttl: <duration>}"),
        ("-- @enabled: yes\nSELECT 1", "models/m.sql:1: 'enabled' must be true or false, not 'yes'"),
        ("-- @name: a.b\nSELECT 1", "models/m.sql:1: 'name' must have no dot: 'a.b'; write name 'b' and schema 'a'"),
        ("-- @materialise: vew\nSELECT 1", "models/m.sql:1: Nothing is called 'vew'. Did you mean 'view'?"),
        ("-- @strategy: merg\nSELECT 1", "models/m.sql:1: Nothing is called 'merg'. Did you mean 'merge'?"),
        ("-- @strategy: merge\nSELECT 1", "models/m.sql:1: the strategy 'merge' needs a key"),
        (
            "-- @strategy: {name: merge, updte: x}\n-- @key: id\nSELECT 1",
            "'merge' has no option 'updte'. Did you mean 'update'?",
        ),
        ("-- @strategy: append\n-- @materialise: view\nSELECT 1", "materialised as 'view' takes no strategy"),
        ("-- @connection: dflt\nSELECT 1", "models/m.sql:1: the project has no connection 'dflt'"),
        ("-- @checks: [{uniqe: id}]\nSELECT 1", "models/m.sql:1: Nothing is called 'uniqe'. Did you mean 'unique'?"),
        ("-- @checks: [{row_count: {mn: 1}}]\nSELECT 1", "'row_count' has no option 'mn'. Did you mean 'min'?"),
        (
            "-- @checks: [{row_count: {min: x}}]\nSELECT 1",
            "option 'min' of 'row_count': input should be a valid integer",
        ),
        ("-- @checks: [{row_count: 3}]\nSELECT 1", "gives 'row_count' the value 3, but it takes options"),
        ("-- @columns: {id: {typ: INT}}\nSELECT 1", "has no key 'typ' for the column 'id'. Did you mean 'type'?"),
        ("-- @columns: {id: {checks: [row_count]}}\nSELECT 1", "but it is about the whole relation"),
        ("-- @columns: {id: {contract: true}}\nSELECT 1", "has a contract for the column 'id' but no type"),
        ("-- @export: {format: csv}\nSELECT 1", "models/m.sql:1: 'export' 'csv' needs the option 'path'"),
        (
            "-- @name: a\nSELECT 1;\n-- @name: a\nSELECT 2",
            "the name 'a' is given to two: models/m.sql:1 and models/m.sql:3",
        ),
        ("SELECT 1;\n-- @name: b\nSELECT 2", "models/m.sql:1: each model of a file with several needs a name"),
    ],
)
def test_a_mistake_names_file_line_key_and_the_nearest_right_word(project, text, message):
    assert message in project.error("models/m.sql", text)


def test_all_mistakes_of_a_file_are_told_at_once(project):
    project.write("models/m.sql", "-- @timeout: soon\n-- @kye: id\n-- @enabled: 3\nSELECT 1")

    assert {1, 2, 3} == {e.where.line for e in project.load().errors}


def test_exports_and_checks_have_short_forms(project):
    model = project.model(
        "models/m.sql",
        """
        -- @export: {csv: out/x.csv}
        -- @checks: [{unique: id}, {type: unique, columns: [a, b]}, {unique: {columns: [a], severity: warn}}]
        -- @columns: {id: {checks: [unique, {accepted_values: [1, 2]}]}}
        SELECT 1 AS id
        """,
    )

    assert [("csv", {"path": "out/x.csv"})] == [(e.format, e.options) for e in model.export]
    assert (
        CheckUse("unique", {"columns": "id"}),
        CheckUse("unique", {"columns": ["a", "b"]}),
        CheckUse("unique", {"columns": ["a"], "severity": "warn"}),
        CheckUse("unique", {"columns": ["id"]}),
        CheckUse("accepted_values", {"column": "id", "values": [1, 2]}),
    ) == model.checks


def test_an_alias_of_a_strategy_becomes_its_canonical_name(project):
    model = project.model("models/m.sql", "-- @strategy: {name: upsert, update: some}\n-- @key: id\nSELECT 1 AS id")

    assert ("merge", {"update": "some"}) == (model.strategy.name, model.strategy.options)
