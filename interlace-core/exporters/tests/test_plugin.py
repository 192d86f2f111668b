from __future__ import annotations

import importlib

from interlace.contracts.exporter import Exporter
from interlace_exporters import plugin


def test_every_provider_offers_an_exporter():
    for provider in plugin.interlace_exporters():
        module, _, name = provider.target.partition(":")

        assert issubclass(getattr(importlib.import_module(module), name), Exporter)
