from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.contracts.strategy import Strategy
from interlace.errors import PluginError, UnknownProvider
from interlace.plugin import Provider
from interlace.plugins import Commands, Offer, Origin, Registry
from interlace.plugins.kinds import KINDS

STRATEGIES = next(kind for kind in KINDS if kind.hook == "interlace_strategies")
CONNECTIONS = next(kind for kind in KINDS if kind.hook == "interlace_connections")
COMMANDS = next(kind for kind in KINDS if kind.hook == "interlace_commands")


@pytest.fixture(autouse=True, scope="module")
def targets():
    """The module ``plugin_targets``, importable by that name."""
    spec = importlib.util.spec_from_file_location("plugin_targets", Path(__file__).with_name("targets.py"))
    sys.modules["plugin_targets"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["plugin_targets"]


def offer(name, target="plugin_targets:Fine", *, by="acme", **more):
    return Offer(Provider(name, target, "", **more), Origin(f"interlace-{by}", by, f"interlace_{by}.plugin", "1.0"))


def registry(*offers, **more):
    return Registry(STRATEGIES, offers, **more)


def test_names_are_canonical_and_sorted():
    assert ["merge", "replace"] == registry(offer("replace", aliases=("swap",)), offer("merge")).names()


def test_an_alias_stands_for_the_same_provider():
    known = registry(offer("materialise", aliases=("materialize",)))

    assert known.provider("materialise") is known.provider("materialize")


def test_a_word_says_who_offers_it():
    assert "interlace-acme 1.0" == str(registry(offer("merge", aliases=("upsert",))).origin("upsert"))


def test_an_unknown_word_gets_the_nearest_and_the_list():
    with pytest.raises(UnknownProvider) as caught:
        Registry(CONNECTIONS, [offer("postgres"), offer("duckdb"), offer("filesystem")]).provider("postgre")

    assert "No connection type 'postgre'. Did you mean 'postgres'? Installed: duckdb, filesystem, postgres." == str(
        caught.value
    )


def test_an_alias_may_be_the_nearest_word():
    with pytest.raises(UnknownProvider, match=r"Did you mean 'scd2'\? Installed: scd_type_2\."):
        registry(offer("scd_type_2", aliases=("scd2",))).provider("scd3")


def test_words_are_taken_as_they_are_written():
    with pytest.raises(UnknownProvider, match="Did you mean 'merge'"):
        registry(offer("merge")).provider("Merge")


def test_an_unknown_word_where_nothing_is_installed_says_so():
    with pytest.raises(UnknownProvider) as caught:
        registry().provider("merge")

    assert "No strategy 'merge'. None is installed." == str(caught.value)


def test_an_unknown_word_lists_plugins_that_might_have_offered_it():
    with pytest.raises(UnknownProvider) as caught:
        registry(absent=lambda: ["Not loaded: plugin acme."]).provider("merge")

    assert "Not loaded: plugin acme." == caught.value.hint


def test_a_word_of_a_part_of_ours_says_what_to_install():
    with pytest.raises(UnknownProvider) as caught:
        Registry(CONNECTIONS, []).provider("duckdb")

    assert "It comes with interlace-duckdb: pip install interlace-duckdb" == caught.value.hint


def test_a_word_of_two_distributions_is_an_error_that_names_both():
    known = registry(offer("merge", by="acme"), offer("merge", "other:Merge", by="zebra"), offer("fine"))
    with pytest.raises(PluginError) as caught:
        known.get("merge")

    assert (
        "The strategy 'merge' is offered more than once: by interlace-acme 1.0 (merge = plugin_targets:Fine) "
        "and interlace-zebra 1.0 (merge = other:Merge)." == caught.value.message
    )
    assert "disabled: [zebra]" in caught.value.hint
    assert "fine" == known.provider("fine").name


def test_an_alias_that_is_another_ones_name_is_a_conflict_of_that_word_only():
    known = registry(offer("merge", by="acme"), offer("upsert", aliases=("merge",), by="zebra"))

    assert ["merge"] == [failure.subject for failure in known.conflicts()]
    assert "upsert" == known.provider("upsert").name


@given(st.permutations(["one", "two", "three", "four"]))
def test_the_order_of_offers_does_not_matter_for_names(order):
    known = registry(*(offer(name) for name in order))

    assert (["four", "one", "three", "two"], []) == (known.names(), known.conflicts())


def test_a_target_is_imported_when_it_is_asked_for(targets):
    known = registry(offer("merge"), offer("nested", "plugin_targets:Nested.Fine"))

    assert targets.Fine is known.get("merge")
    assert targets.Fine is known.get("nested")


def test_a_target_is_resolved_once(monkeypatch, targets):
    known = registry(offer("merge", aliases=("upsert",)))
    first = known.get("merge")
    monkeypatch.setattr(targets, "Fine", None)

    assert first is known.get("upsert")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("no_such_module:X", "no_such_module:X raised ModuleNotFoundError: No module named 'no_such_module'"),
        ("plugin_targets:Nothing", "plugin_targets:Nothing raised AttributeError: module 'plugin_targets'"),
        ("plugin_targets:Unrelated", "is no subclass of interlace.contracts.strategy.Strategy"),
        ("plugin_targets:app", "is no subclass of interlace.contracts.strategy.Strategy"),
        ("plugin_targets:Abstract", "plugin_targets:Abstract does not implement plan"),
    ],
)
def test_a_target_that_cannot_be_used_is_an_error_where_it_is_asked_for(target, said):
    reported = []
    with pytest.raises(PluginError) as caught:
        registry(offer("merge", target), report=reported.append).get("merge")

    assert caught.value.message.startswith("The strategy 'merge' of interlace-acme 1.0 cannot be used: ")
    assert said in caught.value.message
    assert [("acme", "resolve", "merge")] == [(f.plugin, f.stage, f.subject) for f in reported]


def test_a_missing_driver_keeps_its_cause_and_says_which_extra_brings_it():
    with pytest.raises(PluginError) as caught:
        registry(offer("merge", "no_such_driver:X", extra="postgres")).get("merge")

    assert isinstance(caught.value.__cause__, ModuleNotFoundError)
    assert "pip install 'interlace[postgres]'" == caught.value.hint


def test_a_command_is_an_app(targets):
    known = Commands(COMMANDS, [offer("look", "plugin_targets:app"), offer("wrong", "plugin_targets:Fine")])

    assert targets.app is known.get("look")
    with pytest.raises(PluginError, match="plugin_targets:Fine is no Typer"):
        known.get("wrong")


def test_the_class_of_a_word_is_a_subclass_of_the_contract():
    assert issubclass(registry(offer("merge")).get("merge"), Strategy)
