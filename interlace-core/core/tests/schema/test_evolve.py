"""The table of ``loading.md``, line by line, and what holds for every batch."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.contracts.connection import Capabilities
from interlace.contracts.load import AddColumn, AlterType, LoadSpec, Query, Rename, SchemaMode
from interlace.contracts.options import Options
from interlace.contracts.relation import Column, Relation
from interlace.errors import Defect, InvalidModel, UnsupportedCapability
from interlace.schema.compare import compare
from interlace.schema.evolve import evolve

ORDERS = Relation("orders", "shop")
BATCH = Relation("batch")
STORED = {"id": "INTEGER", "n": "INTEGER"}

CASES = {
    "same": {"id": "INTEGER", "n": "INT4"},
    "new": {"id": "INTEGER", "n": "INTEGER", "extra": "DATE"},
    "missing": {"id": "INTEGER"},
    "wider": {"id": "INTEGER", "n": "BIGINT"},
    "narrower": {"id": "INTEGER", "n": "SMALLINT"},
    "other": {"id": "INTEGER", "n": "VARCHAR"},
}
REFUSED = "refused"
PLAIN = "plain"
ADDED = "added"
DROPPED = "dropped"
LEFT_OUT = "left out"
ALTERED = "altered"
CAST = "cast"
CHECKED = "cast and checked"
EMPTIED = "cast or NULL, counted"
#                            same   new      missing   wider    narrower other
TABLE = {
    SchemaMode.STRICT:   (PLAIN, REFUSED, REFUSED,  REFUSED, REFUSED, REFUSED),
    SchemaMode.SAFE:     (PLAIN, ADDED,   LEFT_OUT, ALTERED, CAST,    REFUSED),
    SchemaMode.FLEXIBLE: (PLAIN, ADDED,   LEFT_OUT, ALTERED, CAST,    CHECKED),
    SchemaMode.LENIENT:  (PLAIN, ADDED,   LEFT_OUT, ALTERED, CAST,    EMPTIED),
    SchemaMode.IGNORE:   (PLAIN, DROPPED, LEFT_OUT, CHECKED, CAST,    CHECKED),
}  # fmt: skip


def columns(given_):
    return tuple(Column(name, kind) for name, kind in given_.items())


def spec(batch, stored=STORED, mode=SchemaMode.SAFE, *, dialect="duckdb", renamed=None, try_cast=True):
    return LoadSpec(
        ORDERS,
        Query("SELECT 1"),
        columns(batch) if batch is not None else None,
        columns(stored) if stored is not None else None,
        (),
        Options(),
        datetime(2024, 1, 2, tzinfo=UTC),
        Capabilities(try_cast=try_cast, validates_input=not try_cast),
        dialect,
        mode,
        renamed=renamed or {},
    )


def projection(evolution):
    return {name: value.sql("duckdb") for name, value in evolution.projection}


def what_happens(batch, mode):
    """The word of the table that an evolution deserves."""
    try:
        found = evolve(spec(batch, mode=mode), BATCH)
    except InvalidModel:
        return REFUSED
    written = projection(found)
    if found.refusals:
        return CHECKED
    if found.notices:
        return EMPTIED
    if found.steps:
        return {AddColumn: ADDED, AlterType: ALTERED}[type(found.steps[0])]
    if any("CAST" in value for value in written.values()):
        return CAST
    if set(written) != set(batch):
        return DROPPED
    return PLAIN if set(written) == set(STORED) else LEFT_OUT


@pytest.mark.parametrize("mode", list(SchemaMode))
@pytest.mark.parametrize("case", list(CASES))
def test_each_mode_treats_each_difference_as_the_table_says(mode, case):
    expected = dict(zip(CASES, TABLE[mode], strict=True))[case]

    assert expected == what_happens(CASES[case], mode)


def test_a_new_column_may_be_null_in_the_rows_that_are_there():
    found = evolve(spec(CASES["new"]), BATCH)

    assert (AddColumn(ORDERS, Column("extra", "DATE")),) == found.steps


def test_a_wider_column_is_altered_and_written_as_it_is():
    found = evolve(spec(CASES["wider"]), BATCH)

    assert (AlterType(ORDERS, "n", "BIGINT"),) == found.steps
    assert {"id": '"id"', "n": '"n"'} == projection(found)
    assert columns(CASES["wider"]) == found.columns


def test_names_are_spelt_as_in_the_table():
    found = evolve(spec({"ID": "INTEGER", "N": "SMALLINT"}), BATCH)

    assert {"id": '"ID"', "n": 'CAST("N" AS INTEGER)'} == projection(found)
    assert 'SELECT "ID" AS "id", CAST("N" AS INTEGER) AS "n" FROM "batch"' == found.select(BATCH).sql("duckdb")


def test_what_is_left_out_is_told():
    found = evolve(spec(CASES["new"], mode=SchemaMode.IGNORE), BATCH)

    assert ("extra",) == found.left_out
    assert not found.plain


def test_without_a_table_the_batch_is_written_as_it_is():
    found = evolve(spec({"id": "INTEGER"}, None, SchemaMode.STRICT), BATCH)

    assert found.plain
    assert () == found.steps


def test_technical_columns_are_not_missing():
    found = evolve(
        spec({"id": "INTEGER", "n": "INTEGER"}, {**STORED, "valid_from": "DATE"}, SchemaMode.STRICT),
        BATCH,
        ["VALID_FROM"],
    )

    assert {"id", "n"} == set(projection(found))


def test_a_batch_with_a_technical_column_is_refused():
    with pytest.raises(InvalidModel, match="'Valid_From', which the strategy itself keeps"):
        evolve(spec({"id": "INTEGER", "Valid_From": "DATE"}, None), BATCH, ["valid_from"])


def test_a_refusal_names_each_column_both_types_and_the_mode_that_would_allow_it():
    with pytest.raises(InvalidModel) as caught:
        evolve(spec({"id": "DATE", "n": "VARCHAR"}), BATCH)

    said = str(caught.value)
    assert "shop.orders" in said
    assert "'schema_mode: safe'" in said
    assert "column 'id' is INTEGER in the table and DATE in the batch (another type)" in said
    assert "column 'n' is INTEGER in the table and VARCHAR in the batch (another type)" in said
    assert "'schema_mode: flexible'" in said


def test_a_strict_refusal_of_a_new_column_points_to_safe():
    with pytest.raises(InvalidModel) as caught:
        evolve(spec(CASES["new"], mode=SchemaMode.STRICT), BATCH)

    assert "column 'extra' (DATE) is not in the table" in str(caught.value)
    assert caught.value.hint.startswith("'schema_mode: safe'")


def test_values_that_do_not_fit_are_counted_in_one_look_and_shown():
    found = evolve(spec({"id": "VARCHAR", "n": "VARCHAR"}, mode=SchemaMode.FLEXIBLE), BATCH)
    examine = found.examine(BATCH)

    assert ["unfit_1", "unfit_2"] == [refusal.column for refusal in examine.refusals]
    assert ["unfit_1", "unfit_2"] == [select.alias for select in examine.query.selects]
    assert "INTEGER in the table and VARCHAR in the batch" in examine.refusals[0].message
    assert "lenient" in examine.refusals[0].hint
    assert all(refusal.sample is not None for refusal in examine.refusals)


def test_braces_in_a_name_survive_the_message():
    found = evolve(spec({"{x}": "VARCHAR"}, {"{x}": "INTEGER"}, SchemaMode.FLEXIBLE), BATCH)

    assert "Column '{x}' of" in found.refusals[0].message.format(count=3)


def test_into_text_without_a_bound_nothing_is_looked_at():
    found = evolve(spec({"n": "INTEGER"}, {"n": "VARCHAR"}, SchemaMode.LENIENT), BATCH)

    assert {"n": 'CAST("n" AS VARCHAR)'} == projection(found)
    assert found.examine(BATCH) is None


def test_lenient_is_refused_where_the_session_cannot_try():
    with pytest.raises(UnsupportedCapability, match="TRY_CAST"):
        evolve(spec(CASES["same"], mode=SchemaMode.LENIENT, dialect="postgres", try_cast=False), BATCH)


def test_on_postgresql_the_server_is_asked_whether_a_text_is_valid():
    found = evolve(spec(CASES["other"], mode=SchemaMode.FLEXIBLE, dialect="postgres", try_cast=False), BATCH)

    assert """PG_INPUT_IS_VALID(CAST("n" AS text), 'INTEGER')""" in found.measures["unfit_1"].sql("postgres")
    assert "TRY_CAST" not in found.select(BATCH).sql("postgres")


def test_structures_that_lack_each_other_s_fields_get_both():
    found = evolve(spec({"s": "STRUCT(b BIGINT, c DATE)"}, {"s": "STRUCT(a VARCHAR, b INTEGER)"}), BATCH)

    assert (AlterType(ORDERS, "s", "STRUCT(a TEXT, b BIGINT, c DATE)"),) == found.steps
    assert {"s": 'CAST("s" AS STRUCT(a TEXT, b BIGINT, c DATE))'} == projection(found)


def test_a_list_of_wider_elements_is_wider():
    found = evolve(spec({"l": "BIGINT[]"}, {"l": "INTEGER[]"}), BATCH)

    assert (AlterType(ORDERS, "l", "BIGINT[]"),) == found.steps


def test_a_declared_rename_comes_first_and_is_no_change_even_under_strict():
    found = evolve(spec({"id": "INTEGER", "m": "INTEGER"}, mode=SchemaMode.STRICT, renamed={"m": "n"}), BATCH)

    assert (Rename(ORDERS, "n", "m"),) == found.steps
    assert {"id": '"id"', "m": '"m"'} == projection(found)


def test_a_renamed_column_may_widen_too():
    found = evolve(spec({"id": "INTEGER", "m": "BIGINT"}, renamed={"m": "n"}), BATCH)

    assert (Rename(ORDERS, "n", "m"), AlterType(ORDERS, "m", "BIGINT")) == found.steps


def test_columns_that_were_not_given_are_a_defect_of_ours():
    with pytest.raises(Defect):
        evolve(spec(None), BATCH)


kinds = st.sampled_from(
    ["SMALLINT", "INTEGER", "BIGINT", "DOUBLE", "DECIMAL(9,2)", "VARCHAR", "DATE", "TIMESTAMP", "STRUCT(a INTEGER)", "STRUCT(b DATE)"]
)  # fmt: skip
schemas = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), kinds, min_size=1)
modes = st.sampled_from([mode for mode in SchemaMode if mode is not SchemaMode.STRICT])


def evolved(batch, stored, mode):
    try:
        return evolve(spec(batch, stored, mode), BATCH)
    except InvalidModel:
        return None


@given(schemas, schemas, modes)
def test_evolving_twice_changes_nothing_the_second_time(stored, batch, mode):
    first = evolved(batch, stored, mode)
    if first is None:
        return
    again = evolve(spec(batch, {c.name: c.type for c in first.columns}, mode), BATCH)

    assert () == again.steps
    assert first.columns == again.columns


@given(schemas, schemas, modes)
def test_the_steps_give_the_columns_that_are_told(stored, batch, mode):
    found = evolved(batch, stored, mode)
    if found is None:
        return
    made = dict(stored)
    for step in found.steps:
        match step:
            case AddColumn(column=column):
                made[column.name] = column.type
            case AlterType(column=name, type=kind):
                made[name] = kind

    assert made == {c.name: c.type for c in found.columns}


@given(schemas, schemas, modes)
def test_a_table_never_loses_a_column_nor_narrows_one(stored, batch, mode):
    found = evolved(batch, stored, mode)
    if found is None:
        return
    change = compare(columns(stored), found.columns, "duckdb")

    assert not change.missing
    assert not change.narrowed
    assert not change.changed


@given(schemas, schemas)
def test_safe_loses_no_value(stored, batch):
    """Each column of the batch is written under a type that holds it."""
    found = evolved(batch, stored, SchemaMode.SAFE)
    if found is None:
        return
    change = compare([c for c in found.columns if c.name in batch], columns(batch), "duckdb")

    assert not found.measures
    assert not change.widened
    assert not change.changed


@given(schemas)
def test_a_batch_like_the_table_changes_nothing_in_any_mode(stored):
    for mode in SchemaMode:
        found = evolve(spec(stored, stored, mode), BATCH)

        assert found.plain
        assert () == found.steps
