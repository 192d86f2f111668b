from __future__ import annotations

import gc

import pytest

from interlace.model.garbage import rare_collections


@pytest.fixture(autouse=True)
def threshold():
    before = gc.get_threshold()
    yield before
    gc.set_threshold(*before)


def test_garbage_is_looked_for_rarely_and_then_as_before(threshold):
    with rare_collections():
        inside = gc.get_threshold()[0]

    assert inside > threshold[0]
    assert threshold == gc.get_threshold()


@pytest.mark.parametrize("chosen", [0, 2_000_000], ids=["never", "more rarely"])
def test_who_wants_it_more_rarely_is_left_alone(chosen):
    gc.set_threshold(chosen)
    with rare_collections():
        assert chosen == gc.get_threshold()[0]
