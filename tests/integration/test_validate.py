"""``Project.validate`` and what a plan says of the readers that it breaks: columns through the graph, types, lint."""

from __future__ import annotations

import sys
from textwrap import dedent

import duckdb
import pytest

from interlace import Project
from interlace.errors import InvalidProject, ReadersBroken

pytestmark = pytest.mark.slow  # together they are: some seconds of runs

CONFIG = "connections:\n  default: {type: duckdb, path: warehouse.duckdb}\n"


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A project that is written file by file, and asked."""
    monkeypatch.chdir(tmp_path)

    class Shop:
        root = tmp_path

        def write(self, path: str, text: str) -> None:
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text).strip() + "\n")

        def models(self, **queries: str) -> None:
            for name, text in queries.items():
                suffix = "py" if "import" in text else "sql"
                self.write(f"models/{name}.{suffix}", text)

        def lint(self, text: str) -> None:
            self.write("config.yaml", f"{CONFIG}lint: {text}")

        def found(self, *select: str, rules: tuple[str, ...] = ("unknown_column", "type_mismatch")):
            """What is found, as ``level rule file:line:column message``, without hints."""
            with Project.load(tmp_path) as project:
                findings = project.validate(select).findings
            return [f"{f.level} {f.where}: {f.message}" for f in findings if f.rule in rules]

        def hints(self, *rules: str):
            with Project.load(tmp_path) as project:
                return [f.hint for f in project.validate().findings if f.rule in rules]

        def warehouse(self, statement: str) -> None:
            with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
                connection.execute(statement)

        def ask(self, *names: str) -> None:
            with Project.load(tmp_path) as project:
                assert {} == project.ask_columns(names)

        def run(self, *select: str, **options):
            with Project.load(tmp_path) as project:
                result = project.run(select, **options)
            assert "failed" != result.status, result
            return result

        def breaks(self, *select: str):
            with Project.load(tmp_path) as project:
                return [(b.text, b.stops) for b in project.plan(select).breaks]

    made = Shop()
    made.write("config.yaml", CONFIG)
    made.write("models/orders.sql", "SELECT 1 AS id, 'x' AS note, DATE '2024-01-01' AS day, 2.5::DECIMAL(9, 2) AS paid")
    return made


# --- columns through the graph ----------------------------------------------------------------------------------------


def test_a_column_that_the_parent_does_not_give_is_named_before_anything_ran(shop):
    shop.models(daily="SELECT o.day,\n  o.paied\nFROM orders AS o")

    assert ["error models/daily.sql:2:3: daily reads o.paied, and orders has no column 'paied'"] == shop.found()
    assert ["Did you mean 'paid'? Columns: day, id, note, paid."] == shop.hints("unknown_column")


def test_a_column_is_looked_for_through_stars_ctes_and_models_that_are_inlined(shop):
    shop.models(
        kept="-- @materialise: ephemeral\nSELECT * EXCLUDE (note) FROM orders",
        last="WITH k AS (SELECT * FROM kept) SELECT id, note FROM k",
    )

    assert ["error models/last.sql:1:43: last reads note, and nothing that it reads there has a column 'note'"] == (
        shop.found()
    )


def test_a_column_that_was_removed_is_told_with_the_file_that_removed_it(shop):
    shop.models(notes="SELECT note FROM orders", all_of_it="SELECT * FROM orders")
    shop.run()
    shop.models(orders="SELECT 1 AS id")

    assert [
        "error models/notes.sql:1:8: notes reads orders.note, and it was removed: models/orders.sql"
    ] == shop.found()


def test_a_column_that_is_renamed_is_told_as_renamed(shop):
    shop.models(notes="SELECT note FROM orders")
    shop.run()
    shop.models(orders="-- @columns: {remark: {renamed_from: note}}\nSELECT 1 AS id, 'x' AS remark")

    assert [
        "error models/notes.sql:1:8: notes reads orders.note, and it is called remark now: models/orders.sql"
    ] == shop.found()


def test_a_line_behind_variables_and_a_header_is_the_files_own(shop):
    shop.write("config.yaml", f"{CONFIG}vars: {{least: 1}}")
    shop.models(
        daily="-- @description: By day\n\nSELECT id\nFROM orders\nWHERE id > $least AND id > $least AND nope = 1"
    )

    assert ["error models/daily.sql:5:39: daily reads nope, and orders has no column 'nope'"] == shop.found()


def test_of_a_source_whose_columns_are_not_declared_nothing_is_claimed(shop):
    shop.write("models/sources.yaml", "raw: {}")
    shop.models(stg="SELECT anything, r.* FROM raw AS r", last="SELECT whatever FROM stg")

    assert [] == shop.found()


def test_of_a_source_whose_columns_are_declared_there_may_be_more(shop):
    shop.write("models/sources.yaml", "raw: {columns: {id: INTEGER}}")
    shop.models(stg="SELECT *, r.nope FROM raw AS r", last="SELECT stg.nopey FROM stg")

    assert [
        "warn models/last.sql:1:8: last reads stg.nopey, and stg has no column 'nopey'",
        "warn models/stg.sql:1:11: stg reads r.nope, and raw has no column 'nope'",
    ] == shop.found()


def test_of_a_source_that_was_asked_for_its_columns_another_is_warned_of_until_it_is_there(shop):
    shop.write("models/sources.yaml", "raw: {relation: main.raw_orders, columns: {declared: INTEGER}}")
    shop.models(stg="SELECT declared FROM raw WHERE id = status")
    shop.warehouse("CREATE TABLE raw_orders (id INTEGER, state VARCHAR)")
    shop.ask("stg")
    before, hints = shop.found(), shop.hints("unknown_column")
    shop.warehouse("ALTER TABLE raw_orders RENAME state TO status")
    shop.ask("stg")

    assert ["warn models/stg.sql:1:37: stg reads status, and raw has no column 'status'"] == before
    assert ["Did you mean 'state'? Columns: declared, id, state."] == hints
    assert ["warn models/stg.sql:1:32: stg compares id with status: INTEGER with VARCHAR, which needs a cast"] == (
        shop.found()
    )


def test_a_seed_has_the_columns_of_its_file_loaded_or_not(shop):
    shop.write("seeds/land.csv", "code,name\nDE,Germany")
    shop.models(lands="SELECT code, since FROM land")
    wrong = ["error models/lands.sql:1:14: lands reads since, and land has no column 'since'"]
    before = shop.found()
    shop.run("land")
    loaded = shop.found()
    shop.write("seeds/land.csv", "code,name,since\nDE,Germany,1949")

    assert (wrong, wrong, []) == (before, loaded, shop.found())


def test_of_a_seed_whose_file_cannot_be_read_nothing_is_claimed(shop):
    shop.write("seeds/land.json", "[{")
    shop.models(lands="SELECT code FROM land")

    assert [] == shop.found()


def test_a_seed_that_loses_a_column_breaks_its_readers(shop):
    shop.write("seeds/land.csv", "code,name\nDE,Germany")
    shop.models(lands="SELECT l.name FROM land AS l")
    shop.run()
    shop.write("seeds/land.csv", "code\nDE")

    assert [("lands reads land.name, and it was removed: seeds/land.csv (models/lands.sql:1)", True)] == shop.breaks()


def test_what_python_gave_counts_while_it_is_the_same_and_is_sure_where_it_reads_models_alone(shop):
    shop.models(
        copied="import ibis\nfrom interlace import model\n\n@model\ndef copied(orders: ibis.Table):\n    return orders",
        called="from interlace import model\n\nimport os\n\n@model\ndef called():\n    return [{'a': 1}]",
        one="SELECT nope FROM copied",
        two="SELECT nope FROM called",
    )
    shop.run("orders", "copied", "called")

    assert [
        "error models/one.sql:1:8: one reads nope, and copied has no column 'nope'",
        "warn models/two.sql:1:8: two reads nope, and called has no column 'nope'",
    ] == shop.found()

    shop.models(orders="SELECT 1 AS id, 2 AS nope")
    assert ["warn models/two.sql:1:8: two reads nope, and called has no column 'nope'"] == shop.found()


def test_a_table_that_keeps_its_rows_keeps_its_columns(shop):
    shop.models(
        log="-- @strategy: append\nSELECT id, note FROM orders",
        notes="SELECT note FROM log",
        current="-- @strategy: scd_type_2\n-- @key: id\nSELECT id, note FROM orders",
        open_rows="SELECT id, valid_from FROM current WHERE valid_to IS NULL",
    )
    shop.run()
    shop.models(log="-- @strategy: append\nSELECT id FROM orders")

    assert ([], []) == (shop.found(), shop.breaks())


def test_what_statements_beside_the_query_do_to_a_table_is_not_known(shop):
    shop.models(
        orders="-- @post: ALTER TABLE orders ADD COLUMN more INT\nSELECT 1 AS id", last="SELECT more FROM orders"
    )

    assert [] == shop.found()


# --- keys that name columns -------------------------------------------------------------------------------------------


def test_keys_that_name_columns_are_looked_up_in_what_the_query_gives(shop):
    shop.models(
        daily="""
        -- @key: nope
        -- @strategy: {name: merge_by_key, duplicates: latest, order_by: later}
        -- @checks: [{not_null: [day, dya]}]
        -- @indexes: [dey]
        -- @constraints: [{unique: [dai]}]
        -- @columns: {gone: {type: DATE, contract: true}, other: DATE}
        -- @export: {format: parquet, path: out, partition_by: dahy}
        SELECT day FROM orders
        """,
        hourly="-- @incremental: datetime(hour)\nSELECT day FROM orders WHERE day >= $start AND day < $end",
        sorted="-- @cluster_by: dy\nSELECT day FROM orders",
    )
    place = "error models/daily.sql"
    said = "names the column"
    ends = "which its query does not give"

    assert [
        f"{place}:1:1: 'key' of daily {said} 'nope', {ends}",
        f"{place}:2:1: 'strategy' of daily {said} 'later', {ends}",
        f"{place}:3:1: 'checks' of daily {said} 'dya', {ends}",
        f"{place}:4:1: 'indexes' of daily {said} 'dey', {ends}",
        f"{place}:5:1: 'constraints' of daily {said} 'dai', {ends}",
        f"{place}:6:1: 'columns' of daily declares 'gone', {ends}",
        f"warn models/daily.sql:6:1: 'columns' of daily declares 'other', {ends}",
        f"{place}:7:1: 'export' of daily {said} 'dahy', {ends}",
        f"error models/hourly.sql:1:1: 'incremental' of hourly {said} 'hour', {ends}",
        f"error models/sorted.sql:1:1: 'cluster_by' of sorted {said} 'dy', {ends}",
    ] == shop.found()


# --- types ------------------------------------------------------------------------------------------------------------


def test_a_contract_that_the_query_does_not_keep_is_an_error(shop):
    shop.models(
        daily="-- @columns: {id: {type: BIGINT, contract: true}, day: {type: DATE, contract: true}}\n"
        "SELECT id::INTEGER AS id, day::VARCHAR AS day, paid FROM orders"
    )

    assert [
        "error models/daily.sql:1:1: daily: column 'day' is TEXT, its contract says DATE",
        "error models/daily.sql:1:1: daily: column 'id' is INT, its contract says BIGINT",
    ] == sorted(shop.found())


def test_a_type_of_a_parent_that_a_join_cannot_take_is_a_warning(shop):
    shop.models(
        lands="SELECT 'DE' AS code, 1::INTEGER AS number",
        typed="SELECT CAST(id AS INTEGER) AS number, CAST(note AS VARCHAR) AS code FROM orders",
        wrong="SELECT t.code\nFROM typed AS t\nJOIN typed AS l ON t.number = l.code",
        right="SELECT t.code FROM typed AS t JOIN typed AS l ON t.number::VARCHAR = l.code AND t.number = l.number",
    )

    assert [
        "warn models/wrong.sql:3:20: wrong compares t.number with l.code: INT with TEXT, which needs a cast"
    ] == shop.found()


# --- everything that a plan refuses -----------------------------------------------------------------------------------


def test_what_a_plan_would_refuse_is_found_of_every_model(shop):
    shop.models(one="SELECT id FROM orders WHERE id > $least", two="SELECT id FROM orders WHERE id > $most")

    with Project.load(shop.root) as project:
        found = project.validate().findings

    assert [
        ("ILC-210", "$least is no variable of this project", "models/one.sql:1:34"),
        ("ILC-210", "$most is no variable of this project", "models/two.sql:1:34"),
    ] == [(f.rule, f.message, str(f.where)) for f in found if f.level == "error"]


def test_only_what_is_selected_is_looked_at(shop):
    shop.models(one="SELECT nope FROM orders", two="SELECT nope FROM orders")

    assert ["error models/two.sql:1:8: two reads nope, and orders has no column 'nope'"] == shop.found("two")


# --- lint -------------------------------------------------------------------------------------------------------------

RULES = ("unused_model", "missing_description", "unbounded_incremental", "select_star_from_source", "unstable_ordering")


def test_a_model_that_is_there_to_be_read_and_is_not_is_unused(shop):
    shop.write("seeds/land.csv", "code\nDE")
    shop.write("seeds/used.csv", "code\nDE")
    shop.models(
        inner="-- @materialise: ephemeral\nSELECT 1 AS a",
        leaf="-- @checks: [{relationships: {column: id, to: used, field: code}}]\nSELECT id::VARCHAR AS id FROM orders",
        **{"staging/stg": "SELECT 1 AS a", "staging/sent": "-- @export: {csv: out.csv}\nSELECT 1 AS a"},
    )

    assert [
        "warn models/inner.sql:1: nothing reads inner, and an ephemeral model has no relation that anyone else could read",
        "warn models/staging/stg.sql:1: nothing reads stg, and it is under staging/",
        "warn seeds/land.csv:1: nothing reads land, and a seed is there to be read",
    ] == shop.found(rules=("unused_model",))


def test_a_model_without_a_description_is_named_and_a_docstring_is_one(shop):
    shop.models(
        told="-- @description: What it is\nSELECT 1 AS a",
        said="import os\nfrom interlace import model\n\n@model\ndef said():\n    '''What it is.'''\n    return [{'a': 1}]",
    )

    assert ["warn models/orders.sql:1: orders has no description"] == shop.found(rules=("missing_description",))


def test_an_incremental_model_that_reads_all_of_its_sources_is_named(shop):
    head = "-- @incremental: {by: datetime, column: day, start: 2024-01-01}\nSELECT day, id FROM orders"
    shop.models(
        whole=head,
        half=f"{head} WHERE day >= $start",
        right=f"{head} WHERE day >= $start AND day < $end",
        endless="-- @incremental: datetime(day)\nSELECT day FROM orders WHERE day >= $start AND day < $end",
        keyed="-- @incremental: key(id)\nSELECT id FROM orders",
        by_key="-- @incremental: key(id)\nSELECT id FROM orders WHERE id > $cursor",
    )
    more = "each load reads more than its part"

    assert [
        "warn models/endless.sql:1: endless is incremental by datetime and has no 'start': its first load takes all of history at once",
        f"warn models/half.sql:1: half is incremental, and its query does not use $end: {more}",
        f"warn models/keyed.sql:1: keyed is incremental, and its query does not use $cursor: {more}",
        f"warn models/whole.sql:1: whole is incremental, and its query does not use $start and $end: {more}",
    ] == shop.found(rules=("unbounded_incremental",))


def test_a_star_over_a_source_is_named(shop):
    shop.write("models/sources.yaml", "raw: {columns: {id: INTEGER}}\nother: {}")
    shop.models(
        stars="SELECT o.id,\n  r.*\nFROM raw AS r JOIN orders AS o ON o.id = r.id",
        opened="SELECT * FROM other",
        counted="SELECT count(*) AS n, o.* FROM raw CROSS JOIN orders AS o WHERE EXISTS (SELECT * FROM raw)",
    )
    said = "takes all columns of the source"

    assert [
        f"warn models/opened.sql:1:8: opened {said} other: what is added there is added here",
        f"warn models/stars.sql:2:5: stars {said} raw: what is added there is added here",
    ] == shop.found(rules=("select_star_from_source",))


def test_an_order_that_is_left_to_the_database_is_named(shop):
    shop.models(some="SELECT id,\n  row_number() OVER (PARTITION BY id) AS n\nFROM orders\nLIMIT 3")
    said = "which rows come first is left to the database"

    assert [
        f"warn models/some.sql:2:3: row_number() over a window without ORDER BY: {said}",
        f"warn models/some.sql:4:7: LIMIT without ORDER BY: {said}",
    ] == shop.found(rules=("unstable_ordering",))


@pytest.mark.parametrize(("level", "wanted"), [("off", []), ("warn", ["warn"]), ("error", ["error"])])
@pytest.mark.parametrize("rule", RULES)
def test_a_rule_weighs_what_the_project_says(rule, level, wanted, shop):
    shop.write("models/sources.yaml", "raw: {}")
    shop.models(
        **{
            "staging/bad": "-- @incremental: key(id)\nSELECT * FROM raw LIMIT 3",
            "orders": "-- @description: Orders\nSELECT 1 AS id",
        }
    )
    shop.lint(f"{{{rule}: {level}}}")

    assert wanted == [f.split()[0] for f in shop.found(rules=(rule,))]


def test_a_rule_weighs_what_a_model_says_for_it_alone(shop):
    shop.lint("{missing_description: error, unknown_column: error}")
    shop.models(
        one="-- @lint: {missing_description: off, unknown_column: warn}\nSELECT nope FROM orders",
        two="SELECT id FROM orders",
    )

    assert [
        "warn models/one.sql:2:8: one reads nope, and orders has no column 'nope'",
        "error models/orders.sql:1: orders has no description",
        "error models/two.sql:1: two has no description",
    ] == shop.found(rules=("missing_description", "unknown_column"))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            "{missing_descriptions: off}",
            "'lint' has no rule 'missing_descriptions'. Did you mean 'missing_description'?",
        ),
        ("{unused_model: never}", "'lint' must give 'unused_model' one of off, warn, error, not 'never'"),
        ("{unused_model: on}", "'lint' must give 'unused_model' one of off, warn, error, not 'on'"),
        ("off", "'lint' must be a mapping of names to values, not 'off'"),
    ],
)
def test_a_models_rule_or_level_that_is_none_is_refused(said, message, shop):
    shop.models(one=f"-- @lint: {said}\nSELECT 1 AS a")

    with pytest.raises(InvalidProject) as refused:
        Project.load(shop.root)

    assert f"models/one.sql:1: {message}" in str(refused.value)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("{missing_descriptions: off}", "Did you mean 'missing_description'?"),
        ("{unused_model: never}", "lint.unused_model must be one of off, warn, error, not 'never'."),
        ("{unused_model: 3}", "lint.unused_model must be one of off, warn, error, not 3."),
    ],
)
def test_a_projects_rule_or_level_that_is_none_is_refused(said, message, shop):
    shop.lint(said)

    with pytest.raises(InvalidProject) as refused:
        Project.load(shop.root)

    assert message in str(refused.value)


# --- a plan's broken readers ------------------------------------------------------------------------------------------


@pytest.fixture
def edited(shop):
    """Built, and then a column taken away that a table, a view and what is behind a star read."""
    shop.models(
        notes="SELECT id,\n  note\nFROM orders",
        shown="-- @materialise: view\nSELECT * FROM orders",
        behind="SELECT note FROM shown",
        other="SELECT id FROM orders",
    )
    shop.run()
    shop.models(orders="SELECT 1 AS id, DATE '2024-01-01' AS day")
    return shop


BEHIND = "behind reads shown.note, and it was removed: models/shown.sql (models/behind.sql:1)"
NOTES = "notes reads orders.note, and it was removed: models/orders.sql (models/notes.sql:2)"


def test_a_plan_names_the_readers_that_it_breaks(edited):
    assert [(BEHIND, True), (NOTES, True)] == edited.breaks()


def test_a_run_refuses_to_break_readers_before_anything_ran(edited):
    with Project.load(edited.root) as project, pytest.raises(ReadersBroken) as refused:
        project.run()
    with Project.load(edited.root) as project:
        columns, _ = project.query("SELECT * FROM orders")

    assert (["id", "note", "day", "paid"], (BEHIND, NOTES)) == ([c.name for c in columns], refused.value.breaks)
    assert ("ILC-611", 1) == (refused.value.code, refused.value.exit_code)
    assert "models/behind.sql:1:8" == str(refused.value.where)


def test_a_reader_that_is_not_selected_is_warned_of_unless_it_is_a_view(shop):
    shop.models(notes="SELECT note FROM orders")
    shop.run()
    shop.models(orders="SELECT 1 AS id")
    text = "notes reads orders.note, and it was removed: models/orders.sql (models/notes.sql:1)"

    planned = shop.breaks("orders")
    result = shop.run("orders")

    assert ([(text, False)], (f"breaks: {text}",)) == (planned, result.notices)


def test_a_view_breaks_at_once_although_it_is_not_selected(shop):
    shop.models(notes="-- @materialise: view\nSELECT note FROM orders")
    shop.run()
    shop.models(orders="SELECT 1 AS id")

    assert [True] == [stops for _, stops in shop.breaks("orders")]


def test_an_edited_model_that_reads_what_is_not_there_is_named(shop):
    shop.models(notes="SELECT note FROM orders")
    shop.run()
    shop.models(notes="SELECT note, paied FROM orders")

    assert [
        (
            "notes reads paied, and orders has no column 'paied' (models/notes.sql:1). Did you mean 'paid'? Columns: day, id, note, paid.",
            True,
        )
    ] == shop.breaks()


def test_a_parent_that_the_plan_does_not_build_counts_as_it_stands(shop):
    shop.models(notes="SELECT note FROM orders")
    shop.run()
    shop.models(orders="SELECT 1 AS id, 2 AS more", notes="SELECT id, note FROM orders")

    assert [] == shop.breaks("notes")
    assert ["notes"] == [b.split()[0] for b, _ in shop.breaks()]


def test_a_column_that_comes_with_the_same_plan_is_there(shop):
    shop.models(shown="SELECT * FROM orders", notes="SELECT note FROM shown")
    shop.run()
    shop.models(orders="SELECT 1 AS id, 'x' AS note, 2 AS more", notes="SELECT note, more FROM shown")

    assert [] == shop.breaks()
    shop.run()


def test_of_what_python_or_a_source_gives_a_plan_claims_nothing(shop):
    shop.write("models/sources.yaml", "raw: {relation: main.raw, columns: {id: INTEGER}}")
    shop.models(
        called="import os\nfrom interlace import model\n\n@model\ndef called():\n    return [{'a': 1}]",
        notes="SELECT a FROM called",
    )
    shop.run()
    shop.models(notes="SELECT a, b, r.c FROM called, raw AS r")

    assert [] == shop.breaks()


def test_a_type_that_a_reader_compares_otherwise_is_said_and_stops_nothing(shop):
    shop.models(
        first="SELECT CAST(id AS INTEGER) AS number FROM orders",
        second="SELECT CAST(id AS INTEGER) AS number FROM orders",
        passed="-- @materialise: view\nSELECT number FROM first",
        both="SELECT f.number FROM passed AS f JOIN second AS s ON f.number = s.number",
    )
    shop.run()
    shop.models(first="SELECT CAST(id AS VARCHAR) AS number FROM orders")

    assert [
        (
            "both compares f.number with s.number: TEXT with INTEGER, which needs a cast (models/both.sql:1)",
            False,
        )
    ] == shop.breaks()


def test_a_model_may_say_that_its_columns_are_not_looked_at(edited):
    edited.lint("{unknown_column: warn}")
    edited.models(behind="-- @lint: {unknown_column: off}\nSELECT note FROM shown")

    assert [(NOTES, False)] == edited.breaks()


def test_a_plan_of_unchanged_definitions_looks_at_no_query(shop, monkeypatch):
    shop.models(notes="SELECT note FROM orders")
    shop.run()
    monkeypatch.delitem(sys.modules, "interlace.run.breaks", raising=False)

    shop.run(force=True)

    assert "interlace.run.breaks" not in sys.modules


def test_names_are_folded_as_postgresql_does_it(shop, postgres_url):
    shop.write("config.yaml", f"connections:\n  default: {{type: postgres, url: '{postgres_url}'}}\n")
    shop.models(
        orders='SELECT 1 AS Id, 2 AS "Note", 3 AS day',
        notes='SELECT o."Note", ID, o.Day, o.ctid::text AS place, o AS whole, CURRENT_DATE AS today FROM orders AS o',
    )
    shop.run()
    well = (shop.found(), shop.breaks())
    shop.models(orders="SELECT 1 AS id, 3 AS day")

    assert ([], []) == well
    assert [
        ("notes reads orders.Note, and it was removed: models/orders.sql (models/notes.sql:1)", True)
    ] == shop.breaks()


def test_a_python_model_says_its_own_levels(shop):
    shop.models(
        said="import os\nfrom interlace import model\n\n@model(lint={'missing_description': 'off'})\ndef said():\n    return [{'a': 1}]",
        told="import os\nfrom interlace import model\n\n@model\ndef told():\n    return [{'a': 1}]",
    )

    assert [
        "warn models/orders.sql:1: orders has no description",
        "warn models/told.py:5: told has no description",
    ] == (shop.found(rules=("missing_description",)))


def test_a_connection_that_is_wrong_is_an_error_and_a_variable_that_is_not_set_a_warning(shop):
    shop.write(
        "config.yaml",
        f"{CONFIG}  later: {{type: duckdb, path: '${{NOT_SET}}'}}\n  wrong: {{type: duckdb, path: x, paht: x}}\ndefault_connection: default",
    )

    with Project.load(shop.root) as project:
        found = [(f.level, f.rule, f.message) for f in project.validate().findings if f.rule.startswith("ILC")]

    assert [
        (
            "warn",
            "ILC-202",
            "connections.later.path uses the variable NOT_SET, which is not set. Set it, or write ${NOT_SET:-default} to give a default.",
        ),
        ("error", "ILC-202", "unknown key 'paht' under 'connections.wrong'."),
    ] == found


def test_of_the_files_that_a_model_takes_in_nothing_is_claimed(shop):
    shop.write("config.yaml", f"{CONFIG}  drop: {{type: filesystem, path: in}}\ndefault_connection: default\n")
    shop.models(
        taken="-- @files: {connection: drop, path: '*.csv', columns: {id: INTEGER}}\n-- @strategy: append\n"
        "SELECT id, more FROM $files"
    )

    assert [] == shop.found()
