from __future__ import annotations

import pytest

from interlace.plugins import Origin, PluginManager
from interlace.plugins.loading import load_plugin

HEAD = "INTERLACE_HOOK_API = 1\n"


def origin(module):
    return Origin("acme", "acme", module, "1.0")


def test_a_plugin_that_fits_is_its_module(install):
    install("acme", "", acme_fine=HEAD)

    assert "acme_fine" == load_plugin(origin("acme_fine")).__name__


def test_a_module_that_is_not_there_fails_at_import():
    failure = load_plugin(origin("no_such_module_at_all"))

    assert ("import", "ModuleNotFoundError") == (failure.stage, type(failure.error).__name__)
    assert "No module named 'no_such_module_at_all'" in failure.message


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise RuntimeError('first\\nsecond')", "RuntimeError: first"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("def broken(:", "SyntaxError: "),
        ("assert False", "AssertionError"),
    ],
)
def test_a_module_that_raises_fails_at_import_in_one_line(install, source, said):
    install("acme", "", acme_broken=source)
    failure = load_plugin(origin("acme_broken"))

    assert "import" == failure.stage
    assert failure.message.startswith(f"importing acme_broken raised {said}")
    assert "\n" not in failure.message


def test_ctrl_c_while_a_plugin_is_imported_is_not_swallowed(install):
    install("acme", "", acme_stopped="raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load_plugin(origin("acme_stopped"))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "acme_version states no hook API; this Interlace has INTERLACE_HOOK_API = 1"),
        ("INTERLACE_HOOK_API = 2", "acme_version was written for INTERLACE_HOOK_API = 2; this Interlace has 1"),
        ("INTERLACE_HOOK_API = '1'", "acme_version was written for INTERLACE_HOOK_API = '1'; this Interlace has 1"),
        ("INTERLACE_HOOK_API = True", "acme_version was written for INTERLACE_HOOK_API = True; this Interlace has 1"),
    ],
)
def test_a_plugin_for_another_hook_api_is_refused_with_the_reason(install, source, said):
    install("acme", "", acme_version=source)
    failure = load_plugin(origin("acme_version"))

    assert ("version", said) == (failure.stage, failure.message)


def test_a_broken_plugin_is_reported_and_the_rest_still_load(install):
    install("a-broken", "[interlace]\nbroken = acme_raises\n", acme_raises="import no_such_driver")
    install("z-fine", "[interlace]\nfine = acme_loads\n", acme_loads=HEAD)
    manager = PluginManager.discover()

    assert "fine" in [p.name for p in manager.plugins()]
    assert [("broken", "import")] == [(f.plugin, f.stage) for f in manager.failures if f.distribution == "a-broken"]
    assert (
        "broken (a-broken 1.0) failed at import: importing acme_raises raised "
        "ModuleNotFoundError: No module named 'no_such_driver'"
    ) in [str(f) for f in manager.failures]
