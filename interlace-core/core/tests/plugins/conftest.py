from __future__ import annotations

import importlib
import sys
from types import FunctionType, ModuleType

import pytest

from interlace.plugin import HOOK_API, hookimpl
from interlace.plugins import Origin, PluginManager


@pytest.fixture
def make_module():
    """A function that makes a plugin's module of functions; what is no function yet becomes one that gives the value."""

    def make(name="fake", *, api=HOOK_API, mark=hookimpl, **hooks):
        module = ModuleType(name)
        if api is not None:
            module.INTERLACE_HOOK_API = api
        for hook, given in hooks.items():
            function = given if isinstance(given, FunctionType) else _constant(given)
            function.__module__ = name
            setattr(module, hook, mark(function))
        return module

    return make


def _constant(value):
    return lambda: value


@pytest.fixture
def make_manager(make_module):
    """A function that makes a manager of fake plugins: ``make_manager(acme={"interlace_checks": [...]})``."""

    def make(*, strict=False, **plugins):
        return PluginManager(
            [
                (
                    Origin(f"interlace-{name}", name, f"interlace_{name}", "1.0"),
                    make_module(f"interlace_{name}", **hooks),
                )
                for name, hooks in sorted(plugins.items())
            ],
            strict=strict,
        )

    return make


@pytest.fixture
def install(tmp_path, monkeypatch):
    """A function that installs a distribution as pip would: a folder of metadata beside its modules."""
    before = set(sys.modules)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def add(name, entry_points, *, version="1.0", folder="site", **modules):
        site = tmp_path / folder
        metadata = site / f"{name.replace('-', '_')}-{version}.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nVersion: 9 says the prose\n"
        )
        (metadata / "entry_points.txt").write_text(entry_points)
        for module, source in modules.items():
            (site / f"{module}.py").write_text(source)
        if str(site) not in sys.path:
            monkeypatch.syspath_prepend(site)
        importlib.invalidate_caches()
        return site

    yield add
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
