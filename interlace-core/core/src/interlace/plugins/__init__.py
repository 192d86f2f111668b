"""Plugins: discovery, the manager, registries of what they offer, and failures as values."""

from interlace.plugins.failure import PluginFailure, Stage
from interlace.plugins.manager import PluginInfo, PluginManager
from interlace.plugins.origin import Origin
from interlace.plugins.registry import Commands, Offer, Offers, Registry

__all__ = ["Commands", "Offer", "Offers", "Origin", "PluginFailure", "PluginInfo", "PluginManager", "Registry", "Stage"]
