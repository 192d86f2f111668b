from __future__ import annotations

import pytest
from pydantic import ValidationError

from interlace.contracts.load import LoadPlan, Publish, Query
from interlace.contracts.relation import Relation
from interlace_strategies.replace import Replace


def test_it_publishes_the_source_whatever_stands_there(specify):
    expected = LoadPlan((Publish(Relation("orders", "shop"), Query("SELECT 1 AS id")),), idempotent=True)

    assert expected == Replace().plan(specify())
    assert expected == Replace().plan(specify(target_columns=None, source_columns=None))


def test_options_of_later_issues_are_unknown():
    with pytest.raises(ValidationError, match="dedup"):
        Replace.Config.model_validate({"dedup": True})
