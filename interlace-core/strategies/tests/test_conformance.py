from __future__ import annotations

import pytest

from interlace.testing.conformance.strategy import StrategyConformance
from interlace_strategies.append import Append
from interlace_strategies.none import Unmanaged
from interlace_strategies.replace import Replace


@pytest.fixture(params=[Append, Replace, Unmanaged])
def strategy(request):
    return request.param


class TestOurStrategies(StrategyConformance):
    @pytest.fixture
    def strategy(self, strategy):
        return strategy
