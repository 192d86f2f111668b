from __future__ import annotations

import pytest

from interlace.contracts.check import Check
from interlace.contracts.connection import Connection
from interlace.contracts.state import StateStore
from interlace.contracts.strategy import Strategy
from interlace.errors import Defect, PluginError, UnknownProvider, UsageError
from interlace.plugin import Provider, hookspec
from interlace.plugins import PluginManager
from interlace.plugins.kinds import OWN_DISTRIBUTIONS, Kind

HEAD = "from interlace.plugin import Provider, hookimpl\nINTERLACE_HOOK_API = 1\n"


def provider(name, target="no_such_module:X"):
    return Provider(name, target, f"The {name}")


def raises(error):
    def hook():
        raise error

    return hook


def stages(manager):
    return [(f.plugin, f.stage) for f in manager.failures]


# --- what plugins offer -----------------------------------------------------------------------------------------------


def test_what_all_plugins_offer_is_one_registry(make_manager):
    manager = make_manager(
        acme={"interlace_strategies": [provider("merge")]}, zebra={"interlace_strategies": (provider("append"),)}
    )

    assert ["append", "merge"] == manager.registry(Strategy).names()
    assert [] == manager.registry(Check).names()


def test_a_generator_may_offer(make_manager):
    def interlace_strategies():
        yield provider("merge")

    assert ["merge"] == make_manager(acme={"interlace_strategies": interlace_strategies}).registry(Strategy).names()


def test_each_provider_knows_where_it_came_from(make_manager):
    manager = make_manager(acme={"interlace_strategies": [provider("merge")]})

    assert ("interlace-acme", "acme") == (
        (origin := manager.registry(Strategy).origin("merge")).distribution,
        origin.name,
    )


@pytest.mark.parametrize("error", [RuntimeError("no"), SystemExit(3)])
def test_a_hook_that_raises_does_not_lose_the_answers_of_the_others(make_manager, error):
    manager = make_manager(
        acme={"interlace_strategies": [provider("merge")]},
        broken={"interlace_strategies": raises(error)},
        zebra={"interlace_strategies": [provider("append")]},
    )

    assert ["append", "merge"] == manager.registry(Strategy).names()
    assert [("broken", "call")] == stages(manager)
    assert error is manager.failures[0].error


def test_a_generator_that_raises_half_way_offers_nothing(make_manager):
    def interlace_strategies():
        yield provider("merge")
        raise RuntimeError

    manager = make_manager(acme={"interlace_strategies": interlace_strategies})

    assert [] == manager.registry(Strategy).names()
    assert [("acme", "call")] == stages(manager)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (["merge"], "interlace_strategies gave a str, not a Provider"),
        (None, "interlace_strategies raised TypeError: 'NoneType' object is not iterable"),
        ([provider("merge"), 3], "interlace_strategies gave a int, not a Provider"),
    ],
)
def test_an_answer_that_is_no_offer_is_a_failure(make_manager, answer, said):
    manager = make_manager(acme={"interlace_strategies": answer})

    assert [] == manager.registry(Strategy).names()
    assert [said] == [f.message for f in manager.failures]


def test_an_unknown_word_tells_of_the_plugin_that_failed(make_manager):
    manager = make_manager(acme={"interlace_strategies": raises(RuntimeError("no driver"))})
    with pytest.raises(UnknownProvider) as caught:
        manager.registry(Strategy).get("merge")

    assert (
        "Not loaded: plugin acme (interlace-acme 1.0) failed at call: interlace_strategies raised RuntimeError: no driver."
        == caught.value.hint
    )


def test_a_failure_of_another_kind_is_not_brought_up(make_manager):
    manager = make_manager(acme={"interlace_checks": raises(RuntimeError())})
    manager.registry(Check)
    with pytest.raises(UnknownProvider) as caught:
        manager.registry(Strategy).get("merge")

    assert caught.value.hint is None


def test_a_class_that_is_no_contract_has_no_registry(make_manager):
    with pytest.raises(UsageError, match="Provider is no contract that plugins offer"):
        make_manager().registry(Provider)


def test_hooks_that_offer_are_called_once(make_manager):
    calls = []

    def interlace_strategies():
        calls.append(1)
        return []

    manager = make_manager(acme={"interlace_strategies": interlace_strategies})
    manager.registry(Strategy)
    manager.registry(Strategy)
    manager.plugins()

    assert [1] == calls


def test_two_managers_do_not_touch_each_other(make_manager):
    one = make_manager(acme={"interlace_strategies": [provider("merge")]})
    other = make_manager(acme={"interlace_strategies": raises(RuntimeError())})

    assert (["merge"], []) == (one.registry(Strategy).names(), other.registry(Strategy).names())
    assert ([], [("acme", "call")]) == (stages(one), stages(other))


def test_plugins_are_listed_with_what_they_offer(make_manager):
    manager = make_manager(
        acme={"interlace_strategies": [provider("merge")], "interlace_checks": [provider("even")]}, quiet={}
    )

    assert [
        ("acme", "interlace-acme", "1.0", "interlace_acme", ["strategy merge", "check even"], "third party"),
        ("quiet", "interlace-quiet", "1.0", "interlace_quiet", [], "third party"),
    ] == [
        (p.name, p.distribution, p.version, p.module, [f"{kind} {o.name}" for kind, o in p.providers], p.origin)
        for p in manager.plugins()
    ]


# --- installed plugins ------------------------------------------------------------------------------------------------


def test_interlaces_own_plugins_are_discovered():
    manager = PluginManager.discover(safe=True)

    assert ["sqlite"] == manager.registry(StateStore).names()
    assert {"interlace"} == {p.origin for p in manager.plugins()}


def test_safe_mode_leaves_third_parties_out_and_says_so(install):
    source = f"{HEAD}@hookimpl\ndef interlace_connections():\n    return [Provider('acme', 'a:B', '')]\n"
    install("acme", "[interlace]\nacme = acme_safe\nbroken = not a module\n", acme_safe=source)
    manager = PluginManager.discover(safe=True)
    with pytest.raises(UnknownProvider) as caught:
        manager.registry(Connection).get("acme")

    assert ["acme"] == [o.name for o in manager.skipped]
    assert [] == [f for f in manager.failures if f.distribution == "acme"]
    assert "Left out by configuration: acme (acme 1.0)." in caught.value.hint


@pytest.mark.parametrize("disabled", [["tool"], ["acme-tools"], ["Acme_Tools"]])
def test_a_plugin_is_disabled_by_its_name_or_its_distribution(install, disabled):
    install("acme-tools", "[interlace]\ntool = acme_disabled\n", acme_disabled="raise RuntimeError")
    manager = PluginManager.discover(disabled=disabled)

    assert ["tool"] == [o.name for o in manager.skipped]
    assert [] == [f for f in manager.failures if f.plugin == "tool"]


def test_no_plugin_is_loaded_in_safe_mode_that_is_not_ours(install):
    install("interlace-evil", "[interlace]\ncore = evil\n", evil="raise RuntimeError")

    assert {p.distribution for p in PluginManager.discover(safe=True).plugins()} <= OWN_DISTRIBUTIONS


# --- strict mode ------------------------------------------------------------------------------------------------------


def test_strict_mode_raises_all_failures_of_loading_together(install):
    install("a-broken", "[interlace]\none = acme_one\n", acme_one="raise RuntimeError('one')")
    install("b-broken", "[interlace]\ntwo = acme_two\n", acme_two="")
    with pytest.raises(PluginError) as caught:
        PluginManager.discover(strict=True)

    assert "Plugin one (a-broken 1.0) failed at import" in caught.value.message
    assert "Plugin two (b-broken 1.0) failed at version" in caught.value.message
    assert "strict: true" in caught.value.hint


def test_strict_mode_raises_when_a_hook_does_not_fit(make_manager):
    with pytest.raises(PluginError, match="there is no hook interlace_zzz"):
        make_manager(strict=True, acme={"interlace_zzz": []})


def test_strict_mode_raises_when_an_offer_failed(make_manager):
    manager = make_manager(strict=True, acme={"interlace_strategies": raises(RuntimeError("no"))})

    assert [] == manager.registry(Check).names()
    with pytest.raises(PluginError, match="interlace_strategies raised RuntimeError: no"):
        manager.registry(Strategy)


def test_strict_mode_raises_when_a_word_is_offered_twice(make_manager):
    twice = {"interlace_strategies": [provider("merge")]}
    with pytest.raises(PluginError, match="offered more than once"):
        make_manager(strict=True, acme=twice, zebra=twice).registry(Strategy)


def test_strict_mode_raises_what_an_observer_raised(make_manager):
    def interlace_run_started(run):
        raise RuntimeError("mine")

    with pytest.raises(PluginError, match="interlace_run_started raised RuntimeError: mine") as caught:
        make_manager(strict=True, acme={"interlace_run_started": interlace_run_started}).notify(
            "interlace_run_started", run=object()
        )

    assert isinstance(caught.value.__cause__, RuntimeError)


# --- telling and asking -----------------------------------------------------------------------------------------------


def observer(seen, name, error=None):
    def interlace_run_started(run):
        seen.append((name, run))
        if error is not None:
            raise error

    return {"interlace_run_started": interlace_run_started}


def test_all_plugins_are_told_in_the_order_of_their_distributions(make_manager):
    seen = []
    make_manager(zebra=observer(seen, "zebra"), acme=observer(seen, "acme")).notify("interlace_run_started", run=1)

    assert [("acme", 1), ("zebra", 1)] == seen


def test_an_observer_that_raises_is_recorded_once_and_the_others_are_told(make_manager):
    seen = []
    manager = make_manager(acme=observer(seen, "acme", SystemExit(1)), zebra=observer(seen, "zebra"))
    manager.notify("interlace_run_started", run=1)
    manager.notify("interlace_run_started", run=2)

    assert [("acme", 1), ("zebra", 1), ("acme", 2), ("zebra", 2)] == seen
    assert [("acme", "call")] == stages(manager)


def test_ctrl_c_in_an_observer_is_not_swallowed(make_manager):
    manager = make_manager(acme=observer([], "acme", KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        manager.notify("interlace_run_started", run=1)


def test_telling_nobody_does_nothing(make_manager):
    make_manager().notify("interlace_run_started", run=1)


def test_a_hook_that_does_not_exist_cannot_be_told(make_manager):
    with pytest.raises(Defect):
        make_manager().notify("interlace_no_such_hook", run=1)


def test_the_first_answer_counts(make_manager):
    manager = make_manager(
        acme={"interlace_choose_strategy": lambda model: None},
        middle={"interlace_choose_strategy": lambda model: f"for {model}"},
        zebra={"interlace_choose_strategy": lambda: "never"},
    )

    assert "for orders" == manager.first("interlace_choose_strategy", model="orders")


def test_no_answer_is_none(make_manager):
    assert make_manager().first("interlace_choose_strategy", model="orders") is None


def test_who_raises_or_gives_another_type_leaves_the_decision_to_the_next(make_manager):
    manager = make_manager(
        acme={"interlace_choose_strategy": raises(RuntimeError("no"))},
        middle={"interlace_choose_strategy": lambda: 3},
        zebra={"interlace_choose_strategy": lambda: "merge"},
    )

    assert "merge" == manager.first("interlace_choose_strategy", model="orders")
    assert [
        "interlace_choose_strategy raised RuntimeError: no",
        "interlace_choose_strategy gave a int, not a str",
    ] == [f.message for f in manager.failures]


# --- doctor -----------------------------------------------------------------------------------------------------------


def test_the_doctor_finds_targets_that_cannot_be_used_and_words_offered_twice(make_manager):
    manager = make_manager(
        acme={"interlace_strategies": [provider("merge"), provider("gone")]},
        zebra={"interlace_strategies": [provider("merge")]},
    )

    assert [("acme", "resolve", "gone"), ("zebra", "resolve", "merge")] == [
        (f.plugin, f.stage, f.subject) for f in manager.doctor()
    ]


def test_the_doctor_finds_hooks_that_raise(make_manager):
    manager = make_manager(acme={"interlace_checks": raises(RuntimeError())})

    assert [("acme", "call", "interlace_checks")] == [(f.plugin, f.stage, f.subject) for f in manager.doctor()]


def test_the_doctor_raises_nothing_in_strict_mode_either(make_manager):
    manager = make_manager(strict=True, acme={"interlace_strategies": [provider("gone")]})

    assert ["gone"] == [f.subject for f in manager.doctor()]


def test_the_doctor_has_nothing_to_say_of_a_sound_plugin(make_manager):
    manager = make_manager(acme={"interlace_strategies": [provider("fine", "interlace_strategies.replace:Replace")]})

    assert () == manager.doctor()


# --- more hooks -------------------------------------------------------------------------------------------------------


def test_a_plugin_adds_hooks_that_another_one_implements(make_manager, make_module):
    specs = make_module("streams_specs", mark=hookspec, interlace_stream_opened=lambda stream: None)
    seen = []

    def interlace_stream_opened(stream):
        seen.append(stream)

    manager = make_manager(
        acme={"interlace_stream_opened": interlace_stream_opened},
        streams={"interlace_add_hookspecs": lambda add: add(specs)},
    )
    manager.notify("interlace_stream_opened", stream="orders")

    assert (["orders"], ()) == (seen, manager.failures)


def test_a_plugin_adds_a_kind_of_thing_to_offer(make_manager, make_module):
    specs = make_module("streams_specs", mark=hookspec, interlace_unrelated=[])
    kind = Kind("thing", "interlace_unrelated", "interlace.plugin:Provider")
    manager = make_manager(
        acme={"interlace_unrelated": [provider("one")]},
        streams={"interlace_add_hookspecs": lambda add: add(specs, kind)},
    )

    assert ["one"] == manager.registry(Provider).names()


def test_of_a_plugin_that_fails_while_it_adds_hooks_nothing_is_loaded(make_manager, make_module):
    clash = make_module("clash", mark=hookspec, interlace_checks=[])
    manager = make_manager(
        streams={"interlace_add_hookspecs": lambda add: add(clash), "interlace_strategies": [provider("merge")]}
    )

    assert [] == manager.plugins()
    assert ["interlace_add_hookspecs raised ValueError: the hook interlace_checks exists already"] == [
        f.message for f in manager.failures
    ]
