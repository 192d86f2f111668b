from __future__ import annotations

import pytest

from interlace.contracts.state import ModelState
from interlace.plan.sampling import SAMPLED, Sample, read_sample, sampled_from


@pytest.mark.parametrize(
    ("text", "sample", "said"),
    [
        ("5%", Sample(part=0.05), "5%"),
        (" 0.5 % ", Sample(part=0.005), "0.5%"),
        ("1000", Sample(rows=1000), "1000 rows"),
        ("1 row", Sample(rows=1), "1 row"),
        ("20 rows", Sample(rows=20), "20 rows"),
    ],
)
def test_a_sample_is_a_part_or_a_number_of_rows(text, sample, said):
    assert sample == read_sample(text)
    assert said == str(sample)


@pytest.mark.parametrize("text", ["", "0", "0%", "100%", "101%", "-5%", "5 %%", "many", "1.5", "1e3"])
def test_what_is_no_sample_is_refused(text):
    with pytest.raises(ValueError, match="^" if not text else None):
        read_sample(text)


def test_of_the_inputs_of_a_model_only_samples_are_samples():
    state = ModelState("m", inputs={f"{SAMPLED}raw": "5%", "clone:prod": "v1", "prices.csv": "1|2"})

    assert {"raw": "5%"} == sampled_from(state)
