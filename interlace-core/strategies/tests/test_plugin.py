from __future__ import annotations

import importlib

from interlace.contracts.strategy import Strategy
from interlace_strategies import plugin


def test_every_provider_offers_a_strategy():
    for provider in plugin.interlace_strategies():
        module, _, name = provider.target.partition(":")

        assert issubclass(getattr(importlib.import_module(module), name), Strategy)


def test_the_words_are_ours():
    offered = {provider.name: provider.aliases for provider in plugin.interlace_strategies()}

    assert {"append": (), "merge_by_key": ("merge", "upsert"), "none": (), "replace": ()}.items() <= offered.items()
