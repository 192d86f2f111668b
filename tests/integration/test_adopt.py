"""Tables that something else made are taken over as they stand, and runs go on from there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from textwrap import dedent

import duckdb
import pytest

from interlace import Project
from interlace.errors import UsageError

CONFIG = """
connections:
  default: {type: duckdb, path: warehouse.duckdb}
sources:
  raw: {relation: lake.raw}
"""
NAMES = "SELECT 1 AS id, 'a' AS name"
HISTORY = """
-- @strategy: {name: scd_type_2, valid_from: since, valid_to: until}
-- @key: id
-- @volatile: false
SELECT id, name FROM raw
"""
OLD = "TIMESTAMPTZ '2020-01-01 00:00:00+00'"
NEW = "TIMESTAMPTZ '2021-01-01 00:00:00+00'"


def today() -> datetime:
    """The midnight that began this day: a run of all tests may see two of them."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


class Shop:
    """A project whose warehouse somebody else filled."""

    def __init__(self, root) -> None:
        self.root = root

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"))

    def model(self, name: str, text: str) -> None:
        self.write(f"models/{name}.sql", text)

    def do(self, sql: str):
        with duckdb.connect(str(self.root / "warehouse.duckdb")) as connection:
            return connection.execute(sql).fetchall()

    def plan(self, *select: str, env: str | None = None, until: str | None = None):
        with Project.load(self.root, env=env) as project:
            return project.plan_adoption(select, until=until)

    def adopt(self, *select: str, **options):
        with Project.load(self.root) as project:
            return project.adopt(project.plan_adoption(select, **options))

    def refused(self, *select: str, **options) -> list[str]:
        return [r.why for r in self.plan(*select, **options).refused]

    def run(self):
        with Project.load(self.root) as project:
            return project.run()


@pytest.fixture
def shop(tmp_path):
    made = Shop(tmp_path)
    made.write("config.yaml", CONFIG)
    (tmp_path / "models").mkdir()
    made.do("CREATE SCHEMA lake")
    return made


# --- what is adopted --------------------------------------------------------------------------------------------------


def test_what_is_adopted_is_not_built(shop):
    shop.model("names", NAMES)
    shop.model("count", "-- @materialise: view\nSELECT count(*) AS n FROM names")
    shop.do(f"CREATE TABLE names AS {NAMES}; CREATE VIEW count AS SELECT count(*) AS n FROM names")
    adoption = shop.adopt()

    assert ["names", "count"] == [i.model for i in adoption.items]
    assert () == adoption.next
    assert "nothing" == shop.run().status


def test_nothing_is_written_where_the_tables_are(shop):
    shop.model("names", NAMES)
    shop.do(f"CREATE TABLE names AS {NAMES}")
    before = (shop.root / "warehouse.duckdb").read_bytes()
    shop.adopt()

    assert before == (shop.root / "warehouse.duckdb").read_bytes()


def test_planning_an_adoption_records_nothing(shop):
    shop.model("names", NAMES)
    shop.do(f"CREATE TABLE names AS {NAMES}")
    assert ["names"] == [i.model for i in shop.plan().items]

    with Project.load(shop.root) as project:
        assert {} == project.store.snapshot("dev").models
        assert [] == project.store.runs()


def test_an_adoption_is_a_run_and_the_beginning_of_the_history_of_columns(shop):
    shop.model("names", NAMES)
    shop.do(f"CREATE TABLE names AS {NAMES}")
    run = shop.adopt().run

    with Project.load(shop.root) as project:
        assert ["succeeded"] == [r.status for r in project.store.runs()]
        assert ["adopted as it stood"] == [a.reason for a in project.store.attempts(run=run)]
        assert [["id", "name"]] == [
            [c.name for c in found[2]] for found in project.store.schema_history("dev", "names")
        ]


def test_what_is_not_there_and_what_is_known_is_left_alone(shop):
    shop.model("names", NAMES)
    shop.run()
    shop.model("other", NAMES)

    assert {"names": "it is known already", "other": "there is no main.other"} == dict(shop.plan().left)


def test_what_something_else_writes_is_left_alone(shop):
    shop.model("names", f"-- @strategy: none\n{NAMES}")
    shop.do(f"CREATE TABLE names AS {NAMES}")

    assert {"names": "something else writes it (strategy: none)"} == dict(shop.plan().left)


def test_what_reads_a_model_that_is_not_there_is_left_to_a_run(shop):
    shop.model("more", "SELECT 1 AS a")
    shop.model("sum", "SELECT sum(a) AS n FROM more")
    shop.do("CREATE TABLE sum AS SELECT 2::HUGEINT AS n")

    assert "it reads more, which is not there" == shop.plan().left["sum"]


def test_the_next_run_is_told(shop):
    shop.model("copy", "SELECT a FROM raw")
    shop.do("CREATE TABLE lake.raw AS SELECT 1 AS a; CREATE TABLE copy AS SELECT 1 AS a")

    assert [("copy", "build", "it reads raw, which Interlace cannot see into")] == [
        (s.model, s.action, s.reasons[0].text) for s in shop.plan().next
    ]


def test_checks_that_never_ran_run_and_nothing_is_built(shop):
    shop.model("names", f"-- @checks: [{{not_null: id}}]\n{NAMES}")
    shop.do(f"CREATE TABLE names AS {NAMES}")
    adoption = shop.adopt()

    assert [("check", "its checks never ran")] == [(s.action, s.reasons[0].text) for s in adoption.next]
    assert "check" == shop.run().outcomes["names"].action
    assert "nothing" == shop.run().status


def test_a_table_of_a_python_model_is_taken_as_it_is_but_for_what_is_declared(shop):
    shop.write(
        "models/rows.py",
        """
        from interlace import model

        @model(columns={"id": "BIGINT"}, volatile=False)
        def rows():
            return [{"id": 1, "more": "x"}]
    """,
    )
    shop.do("CREATE TABLE rows AS SELECT 1::BIGINT AS id, 'x' AS more")
    adoption = shop.adopt()

    assert ["its columns are known once it runs; only those that it declares were compared"] == list(
        adoption.items[0].notices
    )
    assert "nothing" == shop.run().status


# --- what is refused --------------------------------------------------------------------------------------------------


def test_columns_that_differ_are_listed(shop):
    shop.model("names", "SELECT 1::BIGINT AS id, 'a' AS name, 2 AS age")
    shop.do("CREATE TABLE names AS SELECT 1::INTEGER AS id, 'a' AS name, true AS old")

    [why] = shop.refused()
    assert [
        "age (INTEGER) is missing in the table",
        "id is INTEGER in the table and BIGINT in the model",
        "old (BOOLEAN) is not in the model",
    ] == why.removeprefix("its columns are others: ").split("; ")


def test_columns_that_a_python_model_declares_must_be_there(shop):
    shop.write(
        "models/rows.py",
        """
        from interlace import model

        @model(columns={"id": "BIGINT", "age": "INTEGER"})
        def rows():
            return []
    """,
    )
    shop.do("CREATE TABLE rows AS SELECT 1 AS id")

    assert [
        "its columns are others: age (INTEGER) is missing in the table; id is INTEGER in the table and BIGINT in the model"
    ] == shop.refused()


def test_one_that_is_refused_keeps_all_from_being_adopted(shop):
    shop.model("names", NAMES)
    shop.model("other", NAMES)
    shop.do(f"CREATE TABLE names AS {NAMES}; CREATE TABLE other AS SELECT 1 AS id")

    with pytest.raises(UsageError, match=r"Nothing was adopted in dev:\n  other: its columns are others: name"):
        shop.adopt()
    with Project.load(shop.root) as project:
        assert {} == project.store.snapshot("dev").models


def test_a_table_is_no_view(shop):
    shop.model("names", f"-- @materialise: view\n{NAMES}")
    shop.do(f"CREATE TABLE names AS {NAMES}")

    assert ["main.names is a table, and the model is a view"] == shop.refused()


def test_a_query_that_fails_is_a_reason(shop):
    shop.model("names", "SELECT a FROM raw")
    shop.do("CREATE TABLE names AS SELECT 1 AS a")

    assert "raw does not exist" in shop.refused()[0]


def test_a_contract_that_is_broken_is_a_reason(shop):
    shop.model("names", "-- @columns: {age: {type: INTEGER, contract: true}}\nSELECT 1 AS id")
    shop.do("CREATE TABLE names AS SELECT 1 AS id")

    assert ["names breaks its column contract: column 'age' (INTEGER) is missing. Columns: id."] == shop.refused()


def test_keys_that_repeat_are_a_reason_where_rows_are_merged(shop):
    shop.model("names", f"-- @strategy: merge_by_key\n-- @key: id\n{NAMES}")
    shop.do(
        "CREATE TABLE names AS SELECT * FROM (VALUES (1, 'a'), (1, 'b'), (2, 'c'), (NULL, 'd'), (NULL, 'e')) t(id, name)"
    )

    assert ["Keys (id) that main.names holds more than once: 1.\n  id=1"] == shop.refused()


def test_a_state_that_moved_since_is_a_reason(shop):
    shop.model("names", NAMES)
    shop.model("other", NAMES)
    shop.do(f"CREATE TABLE names AS {NAMES}")
    with Project.load(shop.root) as project:
        planned = project.plan_adoption(["names"])
        project.run(["other"])
        with pytest.raises(UsageError, match="The state of dev moved since the adoption was planned"):
            project.adopt(planned)


def test_an_environment_that_reads_from_another_adopts_nothing(shop):
    shop.write("config.yaml", CONFIG + "environments: {prod: , dev: {defer_to: prod}}\n")
    shop.model("names", NAMES)

    with pytest.raises(UsageError, match="dev itself reads from prod, so nothing is adopted there"):
        shop.plan(env="dev")


def test_plain_names_are_adopted_by_the_environment_that_has_them(shop):
    shop.write("config.yaml", CONFIG + "environments: [dev, prod]\n")
    shop.model("names", NAMES)
    shop.do(f"CREATE TABLE names AS {NAMES}")

    with pytest.raises(UsageError) as error:
        shop.plan(env="dev")
    assert (
        "There is nothing to adopt in dev, which has the schemas dev__*: there is no dev__main.names."
        == error.value.message
    )
    assert "Plain names are those of prod: interlace adopt --env prod" == error.value.hint
    assert ["names"] == [i.model for i in shop.plan(env="prod").items]


# --- what is incremental ----------------------------------------------------------------------------------------------


def days(shop, strategy: str = "", start: str = "") -> None:
    """A model that is loaded day by day, and a table of it that ends three days ago, and a half."""
    shop.model("days", f"""
        -- @incremental: {{by: datetime, column: day{start}}}
        {f"-- @strategy: {strategy}" if strategy else "-- @description: days"}
        SELECT day, n FROM raw WHERE day >= $start AND day < $end
    """)  # fmt: skip
    shop.do(
        "CREATE TABLE lake.raw AS SELECT day::TIMESTAMP AS day, 1 AS n FROM "
        f"range(TIMESTAMP '{today():%Y-%m-%d}' - INTERVAL 6 DAY, TIMESTAMP '{today():%Y-%m-%d}', INTERVAL 12 HOUR) t(day)"
    )
    shop.do(f"CREATE TABLE days AS FROM lake.raw WHERE day < TIMESTAMP '{today():%Y-%m-%d}' - INTERVAL 66 HOUR")


def ago(number: int) -> str:
    return f"{today() - timedelta(days=number):%Y-%m-%d}"


def test_intervals_before_that_of_the_last_row_count_as_loaded(shop):
    days(shop)
    adoption = shop.adopt()
    assert (
        f"everything before {ago(3)} (the greatest day is {ago(3)} 00:00:00; the interval that it is in is loaded again)"
        == adoption.items[0].extent.said
    )
    assert [f"3 intervals are due: {ago(3)} … {ago(1)}"] == [s.reasons[0].text for s in adoption.next]
    shop.run()

    assert shop.do("FROM lake.raw ORDER BY day") == shop.do("FROM days ORDER BY day")


def test_until_says_up_to_where_a_table_is_loaded(shop):
    days(shop)
    adoption = shop.adopt(until=ago(2))

    assert f"everything before {ago(2)} (--until)" == adoption.items[0].extent.said
    assert [f"2 intervals are due: {ago(2)} … {ago(1)}"] == [s.reasons[0].text for s in adoption.next]


def test_until_is_over(shop):
    days(shop)

    with pytest.raises(UsageError, match="that is not over yet"):
        shop.plan(until="2999-01-01")
    with pytest.raises(UsageError, match="--until soon: must be a date"):
        shop.plan(until="soon")


def test_what_is_only_added_to_needs_until(shop):
    days(shop, "append")

    assert [
        "nobody knows whether the interval of its last row is complete, and append would load it twice"
    ] == shop.refused()
    assert [] == shop.refused(until=ago(2))


def test_a_history_that_begins_later_has_no_interval(shop):
    days(shop, start=f", start: {ago(1)}")

    assert f"no interval: history begins after {ago(3)}" == shop.plan().items[0].extent.said.partition(" (")[0]


def test_an_empty_table_has_no_interval(shop):
    days(shop)
    shop.do("DELETE FROM days")

    assert "no interval: it has no day" == shop.plan().items[0].extent.said


def test_values_up_to_the_greatest_count_as_loaded(shop):
    shop.model("log", "-- @incremental: {by: key, column: id}\nSELECT id FROM raw")
    shop.do(
        "CREATE TABLE lake.raw AS SELECT range AS id FROM range(10); CREATE TABLE log AS FROM lake.raw WHERE id < 7"
    )
    adoption = shop.adopt()
    shop.run()

    assert "id up to 6" == adoption.items[0].extent.said
    assert [(n,) for n in range(10)] == shop.do("SELECT id FROM log ORDER BY id")


def test_a_column_that_incremental_names_is_there(shop):
    days(shop)
    shop.do("ALTER TABLE days RENAME day TO moment")

    assert "day (TIMESTAMP) is missing in the table" in shop.refused()[0]


# --- a history --------------------------------------------------------------------------------------------------------


def history(shop, rows: str, columns: str = "id, name, since, until") -> None:
    shop.model("names", HISTORY)
    shop.do(f"CREATE TABLE lake.raw AS {NAMES}; CREATE TABLE names AS SELECT * FROM (VALUES {rows}) t({columns})")


def test_a_history_goes_on_from_its_open_rows(shop):
    history(shop, f"(1, 'old', {OLD}, {NEW}), (1, 'a', {NEW}, NULL::TIMESTAMPTZ)")
    adoption = shop.adopt()
    assert () == adoption.next
    shop.do("UPDATE lake.raw SET name = 'b'")
    with Project.load(shop.root) as project:
        project.run(force=True)

    assert [("old", True), ("a", True), ("b", False)] == shop.do(
        "SELECT name, until IS NOT NULL FROM names ORDER BY since"
    )


def test_columns_of_another_tool_stay(shop):
    history(shop, f"(1, 'a', {OLD}, NULL::TIMESTAMPTZ, 'x')", "id, name, since, until, scd_id")

    assert ("keeps scd_id (VARCHAR), which the model does not give: NULL in new rows",) == shop.plan().items[0].notices


def test_the_columns_of_validity_are_named(shop):
    history(shop, f"(1, 'a', {OLD}, NULL::TIMESTAMPTZ)", "id, name, dbt_since, until")

    assert ["main.names has no column 'since', in which a history keeps 'valid_from'"] == shop.refused()
    assert "Did you mean 'dbt_since'" in (shop.plan().refused[0].hint or "")


def test_times_of_validity_have_a_zone(shop):
    history(shop, "(1, 'a', TIMESTAMP '2020-01-01', NULL::TIMESTAMPTZ)")

    assert [
        "The column 'since' of main.names is TIMESTAMP; a history keeps its own TIMESTAMPTZ there"
    ] == shop.refused()


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (f"(1, 'a', {OLD}, NULL::TIMESTAMPTZ), (1, 'b', {NEW}, NULL)", "Keys (id) that main.names holds more than one open row of: 1."),
        (f"(1, 'a', {NEW}, {OLD})", "Rows of main.names that do not begin, or not before they end: 1."),
        (
            f"(1, 'a', {OLD}, {NEW} + INTERVAL 1 DAY), (1, 'b', {NEW}, NULL)",
            "Versions of main.names that are still valid when the next one begins: 1.",
        ),
        (
            f"(1, 'a', {OLD}, NULL::TIMESTAMPTZ), (1, 'b', {NEW}, {NEW} + INTERVAL 1 DAY)",
            "Versions of main.names that are still valid when the next one begins: 1.",
        ),
    ],
)  # fmt: skip
def test_a_history_that_is_none_is_refused(shop, rows, why):
    history(shop, rows)

    assert [why] == [text.partition("\n")[0] for text in shop.refused()]
