from __future__ import annotations

import pytest

from interlace.testing.conformance.materialiser import MaterialiserConformance
from interlace_materialisers.ephemeral import Ephemeral
from interlace_materialisers.none import Nothing
from interlace_materialisers.table import Table
from interlace_materialisers.view import View


@pytest.fixture(params=[Ephemeral, Nothing, Table, View])
def materialiser(request):
    return request.param


class TestOurMaterialisers(MaterialiserConformance):
    @pytest.fixture
    def connect(self, connect):
        return connect

    @pytest.fixture
    def materialiser(self, materialiser):
        return materialiser
