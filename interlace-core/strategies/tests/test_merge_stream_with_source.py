from __future__ import annotations

import pytest
from pydantic import ValidationError

from interlace.errors import InvalidModel
from interlace.testing.conformance.strategy import StrategyConformance
from interlace_strategies.merge_stream_with_source import MergeStreamWithSource, MergeStreamWithSourceOptions


class TestMergeStreamWithSource(StrategyConformance):
    @pytest.fixture
    def strategy(self):
        return MergeStreamWithSource

    @pytest.fixture
    def options(self):
        return {"order_by": "item", "base": "item = 'base'", "snapshot_at": "item"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "order_by"),
        ({"order_by": "n", "base": "x"}, "'base' needs 'snapshot_at'"),
        ({"order_by": "n", "snapshot_at": "x"}, "'snapshot_at' needs 'base'"),
        ({"order_by": "n", "stream": "x"}, "'stream' needs 'base'"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(options, message):
    with pytest.raises(ValidationError, match=message):
        MergeStreamWithSourceOptions.model_validate(options)


@pytest.mark.parametrize("options", [{"order_by": "position"}, {"order_by": "id", "op": "operation"}])
def test_columns_that_are_not_there_are_named(specify, options):
    spec = specify(key=("id",), options=MergeStreamWithSourceOptions.model_validate(options))
    with pytest.raises(InvalidModel, match=r"no column '(position|operation)'"):
        MergeStreamWithSource().plan(spec)
