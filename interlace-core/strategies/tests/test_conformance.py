from __future__ import annotations

import pytest

from interlace.testing.conformance.strategy import StrategyConformance
from interlace_strategies.append import Append
from interlace_strategies.merge_by_key import MergeByKey
from interlace_strategies.none import Unmanaged
from interlace_strategies.replace import Replace


@pytest.fixture(params=[Append, MergeByKey, Replace, Unmanaged])
def strategy(request):
    return request.param


class TestOurStrategies(StrategyConformance):
    @pytest.fixture
    def strategy(self, strategy):
        return strategy


class TestMergesThatDelete(StrategyConformance):
    @pytest.fixture
    def strategy(self):
        return MergeByKey

    @pytest.fixture(params=["hard", "soft"])
    def options(self, request):
        return {"delete_mode": request.param, "delete_missing": True, "delete_when": "item = 'd'", "null_keys": "skip"}
