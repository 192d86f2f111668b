"""The types of ``columns:``, which the columns of a query are cast to, on both engines."""

from __future__ import annotations

from textwrap import dedent

import pytest

from interlace import Project
from interlace.run.result import Failed, Succeeded


@pytest.fixture(params=["duckdb", "postgres"])
def connection(request):
    """The connection of the project, as YAML."""
    if request.param == "duckdb":
        return "type: duckdb, path: warehouse.duckdb"
    return f"type: postgres, url: '{request.getfixturevalue('postgres_url')}'"


@pytest.fixture
def build(tmp_path):
    """Write models, run, and give the outcome of each; ``types`` and ``rows`` look at what was published."""

    class Build:
        def __init__(self):
            self.connection = "type: duckdb, path: warehouse.duckdb"

        def __call__(self, **models: str):
            (tmp_path / "config.yaml").write_text(f"connections:\n  default: {{{self.connection}}}\n")
            (tmp_path / "models").mkdir(exist_ok=True)
            for name, text in models.items():
                suffix = "py" if "import" in text else "sql"
                (tmp_path / "models" / f"{name}.{suffix}").write_text(dedent(text).strip() + "\n")
            with Project.load(tmp_path) as project:
                return project.run().outcomes

        def fails(self, **models: str) -> str:
            (found,) = self(**models).values()
            assert isinstance(found, Failed), found
            return str(found.error)

        def looked_at(self, name: str):
            with Project.load(tmp_path) as project:
                columns, rows = project.query(f"SELECT * FROM {name} ORDER BY 1")
            return {c.name: c.type.upper() for c in columns}, rows

        def types(self, name: str):
            return self.looked_at(name)[0]

        def rows(self, name: str):
            return self.looked_at(name)[1]

    return Build()


@pytest.fixture
def both(build, connection):
    build.connection = connection
    return build


def test_a_table_gets_the_types_that_are_declared(both):
    both(ids="-- @columns: {id: BIGINT, day: DATE}\nSELECT '1' AS id, '2026-03-01' AS day, 'x' AS other")

    assert ("BIGINT", "DATE") == (both.types("ids")["id"], both.types("ids")["day"])
    assert [1] == [row[0] for row in both.rows("ids")]


STRATEGIES = {
    "merged": "merge_by_key",
    "appended": "append",
    "history": "{name: scd_type_2, track: [n]}",
    "replaced": "replace",
}


def test_whatever_the_strategy(both):
    model = "-- @key: id\n-- @strategy: {}\n-- @columns: {{id: BIGINT, n: INTEGER}}\nSELECT {} AS id, '{}' AS n"
    both(**{name: model.format(strategy, "'1'", "10") for name, strategy in STRATEGIES.items()})
    found = both(**{name: model.format(strategy, "'2'", "20") for name, strategy in STRATEGIES.items()})

    assert [()] * 4 == [tuple(outcome.warnings) for outcome in found.values()]
    for name in STRATEGIES:
        types, rows = both.looked_at(name)
        assert ("BIGINT", "INTEGER", (2, 20)) == (types["id"], types["n"], rows[-1][:2])


def test_incremental_by_time_and_by_key(both):
    both(
        days="""
        -- @incremental: {by: datetime, column: moment, start: 2026-03-01, grain: month}
        -- @columns: {moment: TIMESTAMP, n: BIGINT}
        SELECT moment, n FROM (VALUES ('2026-03-01 10:00', '1'), ('2026-04-02 10:00', '2')) AS t (moment, n)
        WHERE CAST(moment AS TIMESTAMP) >= $start AND CAST(moment AS TIMESTAMP) < $end
        """,
        keys="""
        -- @incremental: {by: key, column: n}
        -- @columns: {n: BIGINT}
        SELECT n FROM (VALUES ('9'), ('10')) AS t (n)
        """,
    )
    found = both()

    assert [1, 2] == [row[1] for row in both.rows("days")]
    assert {"n": "BIGINT"} == both.types("keys")
    assert [9, 10] == [row[0] for row in both.rows("keys")]
    assert [] == [outcome for outcome in found.values() if isinstance(outcome, Failed)]


def test_a_value_that_does_not_fit_is_refused_and_never_rounded(both):
    values = {"a": "'1.5'", "b": "'x'", "c": "1.5", "d": "99999999999999999999"}
    model = "-- @columns: {{id: BIGINT}}\nSELECT t.id FROM (VALUES ({})) AS t (id)"

    found = both(**{name: model.format(value) for name, value in values.items()})

    for name, value in values.items():
        said = str(found[name].error)
        # A PostgreSQL before 16 cannot be asked whether a text is valid: it says itself which is not.
        assert "olumn 'id' " in said
        assert "in the query, and 'columns' declares BIGINT." in said
        assert value.strip("'") in said


def test_the_values_of_a_column_are_counted_and_shown(build):
    said = build.fails(ids="-- @columns: {id: BIGINT}\nSELECT t.id FROM (VALUES ('1.5'), ('1'), ('x')) AS t (id)")

    assert (
        "Column 'id' of main.ids is VARCHAR in the query, and 'columns' declares BIGINT. Values that do not fit: 2. "
        "Nothing was written."
    ) in said
    assert "id='1.5'" in said


def test_a_server_that_cannot_say_which_values_fit_still_refuses_them_to_who_reads_a_view(build, postgres_url):
    build.connection = f"type: postgres, url: '{postgres_url}'"
    found = build(
        ids="-- @materialise: view\n-- @columns: {id: BIGINT}\nSELECT t.id FROM (VALUES (1), (1.5)) AS t (id)",
        reader="SELECT * FROM ids",
    )

    assert "column id: 1.5 does not fit BIGINT, which 'columns' declares" in str(found["reader"].error)


def test_of_columns_tagged_pii_no_value_is_shown(build):
    said = build.fails(ids="-- @columns: {id: {type: BIGINT, tags: [pii]}}\nSELECT 'Ada' AS id")

    assert "Values that do not fit: 1" in said
    assert "Ada" not in said


def test_lenient_makes_them_null_and_counts_them(build):
    model = "-- @columns: {id: BIGINT}\n-- @schema_mode: lenient\nSELECT t.id FROM (VALUES ('1'), ('1.5')) AS t (id)"

    warnings = build(ids=model)["ids"].warnings

    assert [
        (
            "Column 'id' of main.ids is VARCHAR in the query, and 'columns' declares BIGINT. "
            "Values that did not fit and became NULL: 1."
        )
    ] == list(warnings)
    assert [(1,), (None,)] == build.rows("ids")


def test_lenient_is_refused_where_nothing_can_try_a_cast(build, postgres_url):
    build.connection = f"type: postgres, url: '{postgres_url}'"

    said = build.fails(ids="-- @columns: {id: BIGINT}\n-- @schema_mode: lenient\nSELECT '1'::text AS id")

    assert "which needs TRY_CAST, and its connection has none" in said


def test_strict_casts_nothing(build):
    said = build.fails(ids="-- @columns: {id: BIGINT}\n-- @schema_mode: strict\nSELECT 1 AS id")

    assert "Under 'schema_mode: strict' nothing is cast: column 'id' is INTEGER in the query, and 'columns' declares BIGINT" in said  # fmt: skip


def test_a_contract_judges_the_query_and_casts_nothing(build):
    said = build.fails(ids="-- @columns: {id: {type: BIGINT, contract: true}}\nSELECT '1' AS id")

    assert "column 'id' is VARCHAR, its contract says BIGINT" in said


def test_a_view_gives_the_declared_types(both):
    both(ids="-- @materialise: view\n-- @columns: {id: BIGINT}\nSELECT t.id FROM (VALUES ('1'), ('2')) AS t (id)")

    assert ({"id": "BIGINT"}, [(1,), (2,)]) == both.looked_at("ids")


def test_who_reads_a_value_that_does_not_fit_from_a_view_is_told_which(build):
    found = build(
        ids="-- @materialise: view\n-- @columns: {id: BIGINT}\nSELECT t.id FROM (VALUES ('1'), ('1.5')) AS t (id)",
        reader="SELECT * FROM ids",
    )

    assert isinstance(found["ids"], Succeeded)
    assert "column id: 1.5 does not fit BIGINT, which 'columns' declares" in str(found["reader"].error)


def test_readers_of_a_query_without_a_relation_get_them_too(both):
    both(
        given="SELECT '1' AS id",
        ids="-- @materialise: ephemeral\n-- @columns: {id: BIGINT}\nSELECT id FROM given",
        reader="SELECT * FROM ids",
    )

    assert {"id": "BIGINT"} == both.types("reader")


def test_a_type_that_is_declared_later_rebuilds_nothing_and_is_given_by_the_next_build(build):
    build(ids="-- @columns: {id: BIGINT}\nSELECT 1 AS id")

    assert "ids" not in build(ids="-- @columns: {id: DOUBLE}\nSELECT 1 AS id")
    build(ids="-- @columns: {id: DOUBLE}\nSELECT 2 AS id")
    assert {"id": "DOUBLE"} == build.types("ids")


def test_an_ibis_expression_gets_them_too(build):
    build(
        given="SELECT '1' AS id",
        ids="""
        import ibis
        from interlace import model

        @model(columns={"id": "BIGINT"})
        def ids(given: ibis.Table):
            return given.select("id")
        """,
    )

    assert {"id": "BIGINT"} == build.types("ids")


def test_a_table_that_keeps_a_wider_type_is_said(build):
    build(ids="-- @strategy: append\nSELECT CAST(1 AS BIGINT) AS id")

    found = build(ids="-- @strategy: append\n-- @columns: {id: INTEGER}\nSELECT 2 AS id")

    assert [
        (
            "column 'id' is BIGINT in what is published, and 'columns' declares INTEGER: a table that keeps its rows changes "
            "its types as its 'schema_mode' says"
        )
    ] == list(found["ids"].warnings)


def test_the_length_of_a_text_is_nothing_that_duckdb_knows(build):
    found = build(ids="-- @columns: {id: VARCHAR(10)}\nSELECT 'x' AS id")

    assert [] == list(found["ids"].warnings)


def test_a_plan_shows_the_casts_and_what_is_looked_at_before(build, tmp_path):
    build(given="SELECT 1 AS id, 'x' AS text")
    (tmp_path / "models/held.sql").write_text("-- @columns: {id: BIGINT}\nSELECT id FROM given\n")
    (tmp_path / "models/read.sql").write_text(
        "-- @strategy: append\n-- @columns: {text: DATE}\nSELECT text FROM given\n"
    )

    with Project.load(tmp_path) as project:
        _, sql = project.planned_sql()

    assert 'SELECT CAST("id" AS BIGINT) AS "id" FROM (SELECT id FROM "main"."given"' in sql["held"][0]
    assert 'CREATE OR REPLACE TEMP TABLE "__interlace_given_read"' in sql["read"][0]
    assert sql["read"][1].startswith("-- examine\n")
    assert 'CAST("text" AS DATE) AS "text" FROM "__interlace_given_read"' in "".join(sql["read"][2:])


@pytest.mark.parametrize("path", ["{env}.duckdb", "one.duckdb"])
def test_views_are_promoted_with_their_casts(tmp_path, path):
    (tmp_path / "config.yaml").write_text(
        f"connections:\n  default: {{type: duckdb, path: '{path}'}}\nenvironments:\n  prod:\n  dev:\n"
    )
    (tmp_path / "models").mkdir()
    for name, text in {
        "given": "SELECT '1' AS id",
        "plain": "-- @materialise: ephemeral\n-- @columns: {id: INTEGER}\nSELECT id FROM given",
        "ids": "-- @materialise: view\n-- @columns: {id: BIGINT}\nSELECT id FROM plain",
    }.items():
        (tmp_path / f"models/{name}.sql").write_text(text)
    with Project.load(tmp_path, env="dev") as project:
        assert "succeeded" == project.run().status

    with Project.load(tmp_path, env="prod") as project:
        project.promote("dev")
        columns, rows = project.query("SELECT * FROM ids")

    assert ("BIGINT", [(1,)]) == (columns[0].type, rows)


ROWS = """
    from collections.abc import Iterator
    from datetime import UTC, date, datetime
    from decimal import Decimal
    from typing import Annotated, NotRequired, TypedDict
    from uuid import UUID

    from interlace import model

    class Order(TypedDict):
        id: int
        paid: Annotated[float, "In euros"]
        day: date | None
        at: datetime
        cents: Decimal
        mark: NotRequired[UUID]
        raw: bytes
        open: bool

    @model
    def orders() -> Iterator[Order]:
        yield {"id": 1, "paid": 2, "day": None, "at": datetime(2026, 1, 1, tzinfo=UTC), "cents": Decimal("1.50"),
               "raw": b"x", "open": True}
"""


def test_the_rows_that_a_function_says_it_gives_have_the_types_of_its_annotation(both):
    both(orders=ROWS)
    types, rows = both.looked_at("orders")
    words = {name: type_.replace(" PRECISION", "").replace("BYTEA", "BLOB") for name, type_ in types.items()}

    assert ["BIGINT", "DOUBLE", "DATE", "UUID", "BLOB", "BOOLEAN"] == [
        words[name] for name in ("id", "paid", "day", "mark", "raw", "open")
    ]
    assert "ZONE" in words["at"]
    assert words["cents"].startswith(("DECIMAL", "NUMERIC"))
    assert {(1, 2.0, None)} == {(row[0], row[1], row[2]) for row in rows}
