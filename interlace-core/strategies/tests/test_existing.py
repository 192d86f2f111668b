"""What strategies ask of a table that something else loaded."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from interlace.contracts.connection import Capabilities
from interlace.contracts.load import LoadSpec
from interlace.contracts.relation import Column, Relation
from interlace.errors import InvalidModel
from interlace_strategies.append import Append
from interlace_strategies.merge_by_key import MergeByKey
from interlace_strategies.merge_stream_with_source import MergeStreamWithSource
from interlace_strategies.replace import Replace
from interlace_strategies.scd_type_2 import ScdType2

TABLE = Relation("prices", "shop")


def spec(strategy, options, *columns):
    return LoadSpec(
        target=TABLE,
        source=TABLE,
        source_columns=None,
        target_columns=tuple(Column(name, type_) for name, type_ in columns),
        key=("id",),
        options=strategy.Config.model_validate(options),
        execution_time=datetime(2024, 1, 1, tzinfo=UTC),
        capabilities=Capabilities(),
        dialect="duckdb",
    )


def asked(strategy, options, *columns) -> list[str]:
    steps = strategy().existing(spec(strategy, options, *columns))
    return [step.query.sql(dialect="duckdb") for step in steps]


@pytest.mark.parametrize("strategy", [Append, Replace])
def test_what_compares_nothing_asks_nothing(strategy):
    assert [] == asked(strategy, {}, ("id", "INTEGER"))


def test_rows_that_are_merged_have_keys_of_their_own():
    [query] = asked(MergeByKey, {}, ("ID", "INTEGER"))

    assert (
        'SELECT COUNT(*) AS "found" FROM (SELECT "ID" FROM "shop"."prices" WHERE NOT "ID" IS NULL GROUP BY "ID" '
        'HAVING COUNT(*) > 1) AS "n"'
    ) == query


def test_null_in_a_key_is_a_value_where_it_matches():
    [query] = asked(MergeByKey, {"null_keys": "match"}, ("id", "INTEGER"))

    assert "IS NULL" not in query


def test_a_stream_is_merged_into_keys_of_their_own():
    assert 1 == len(asked(MergeStreamWithSource, {"order_by": ["at"]}, ("id", "INTEGER")))


def test_a_key_that_is_no_column_is_told():
    with pytest.raises(InvalidModel, match="prices has no column 'id', which its key names"):
        asked(MergeByKey, {}, ("ident", "INTEGER"))


def test_a_history_has_open_rows_an_order_and_no_overlap():
    columns = (("id", "INTEGER"), ("since", "TIMESTAMPTZ"), ("until", "TIMESTAMPTZ"))
    unique, lasting, apart = asked(ScdType2, {"valid_from": "since", "valid_to": "until"}, *columns)

    assert '"until" IS NULL AND NOT "id" IS NULL GROUP BY "id"' in unique
    assert '"since" IS NULL OR "since" >= "until"' in lasting
    assert 'LEAD("since") OVER (PARTITION BY "id" ORDER BY "since"' in apart


def test_a_table_without_the_columns_of_a_history_is_none():
    with pytest.raises(
        InvalidModel, match=r"shop\.prices has no column 'valid_to', in which a history keeps 'valid_to'"
    ):
        asked(ScdType2, {}, ("id", "INTEGER"), ("valid_from", "TIMESTAMPTZ"))


def test_the_columns_that_a_strategy_keeps_are_its_own():
    def own(strategy, options):
        return strategy().own_columns(strategy.Config.model_validate(options))

    assert () == own(Replace, {})
    assert () == own(MergeByKey, {})
    assert ("_deleted", "_deleted_at") == own(MergeByKey, {"delete_mode": "soft", "delete_missing": True})
    assert ("valid_from", "valid_to", "_source_at") == own(ScdType2, {"updated_at": "at"})
