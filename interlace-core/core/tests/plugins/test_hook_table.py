from __future__ import annotations

import pytest

from interlace.errors import Defect
from interlace.plugin import hookimpl, hookspec
from interlace.plugins import Origin
from interlace.plugins.hook_table import HookTable


@pytest.fixture
def table():
    return HookTable()


@pytest.fixture
def register(table, make_module):
    """A function that registers a plugin of these hooks and gives what was wrong with it, in words."""

    def add(name="acme", *, mark=hookimpl, **hooks):
        module = make_module(f"interlace_{name}", mark=mark, **hooks)
        failure = table.register(Origin(f"interlace-{name}", name, module.__name__, "1.0"), module)
        assert failure is None or "register" == failure.stage
        return None if failure is None else failure.message

    return add


def test_an_implementation_gets_the_arguments_that_it_asks_for(table, register):
    seen = []

    def interlace_resolve_connection(names):
        seen.append(names)

    register(interlace_resolve_connection=interlace_resolve_connection)
    [implementation] = table.implementations("interlace_resolve_connection", frozenset({"model", "names"}))
    implementation({"model": object(), "names": ("a", "b")})

    assert [("a", "b")] == seen


def test_a_hook_that_does_not_exist_is_refused_with_the_nearest_one(register):
    assert "there is no hook interlace_connection. Did you mean 'interlace_connections'?" == register(
        interlace_connection=[]
    )


def test_a_hook_that_does_not_exist_may_be_optional(register):
    assert register(mark=hookimpl(optionalhook=True), interlace_hook_of_somebody=[]) is None


def test_an_argument_that_a_hook_does_not_give_is_refused(register):
    assert "interlace_run_finished asks for the argument 'outcome'; it gives result" == register(
        interlace_run_finished=lambda outcome: None
    )


def test_an_argument_of_a_hook_that_gives_none_is_refused(register):
    assert "interlace_checks asks for the argument 'project'; it gives none" == register(
        interlace_checks=lambda project: []
    )


@pytest.mark.parametrize("function", [lambda *args: None, lambda **kwargs: None, lambda *, event: None])
def test_arguments_that_cannot_be_passed_by_plain_name_are_refused(register, function):
    assert "arguments are passed by their plain names" in register(interlace_model_started=function)


def test_a_function_that_was_not_decorated_is_refused(register):
    assert "interlace_checks is not decorated with @hookimpl" == register(
        mark=lambda function: function, interlace_checks=[]
    )


def test_a_function_that_was_imported_from_elsewhere_may_have_any_name(table, make_module):
    module = make_module("interlace_acme")
    module.interlace_helper = test_a_hook_that_does_not_exist_may_be_optional

    assert table.register(Origin("a", "a", "a", "1"), module) is None


def test_wrappers_are_refused(register):
    def interlace_checks():
        return (yield)

    assert "interlace_checks is a wrapper; wrappers are refused" == register(
        mark=hookimpl(wrapper=True), interlace_checks=interlace_checks
    )


def test_an_async_hook_is_refused(register):
    async def interlace_run_started(run):
        pass

    assert "interlace_run_started is async; hooks are plain functions" == register(
        interlace_run_started=interlace_run_started
    )


def test_a_hook_that_yields_where_nothing_is_collected_is_refused(register):
    def interlace_run_started(run):
        yield run

    assert "nothing of it would run" in register(interlace_run_started=interlace_run_started)


def test_of_a_plugin_that_does_not_fit_nothing_is_registered(table, register):
    register(interlace_checks=[], interlace_zzz=[])

    assert [] == table.implementations("interlace_checks")


def test_one_module_cannot_be_two_plugins(table, make_module):
    module = make_module(interlace_checks=[])
    table.register(Origin("a", "a", "m", "1"), module)
    failure = table.register(Origin("b", "b", "m", "1"), module)

    assert "register" == failure.stage
    assert ["a"] == [i.origin.name for i in table.implementations("interlace_checks")]


def test_who_registered_last_is_called_first(table, register):
    register("one", interlace_checks=[])
    register("two", interlace_checks=[])

    assert ["two", "one"] == [i.origin.name for i in table.implementations("interlace_checks")]


def test_who_asks_to_be_first_or_last_is(table, register):
    register("last", mark=hookimpl(trylast=True), interlace_checks=[])
    register("first", mark=hookimpl(tryfirst=True), interlace_checks=[])
    register("plain", interlace_checks=[])

    assert ["first", "plain", "last"] == [i.origin.name for i in table.implementations("interlace_checks")]


def test_a_hook_that_interlace_itself_calls_wrongly_is_a_defect(table):
    with pytest.raises(Defect, match="interlace_no_such_hook"):
        table.implementations("interlace_no_such_hook")
    with pytest.raises(Defect, match="interlace_checks with \\['project'\\]"):
        table.implementations("interlace_checks", frozenset({"project"}))


def test_specifications_can_be_added_and_then_implemented(table, register, make_module):
    table.add(make_module(mark=hookspec, interlace_stream_opened=lambda stream: None))

    assert register(interlace_stream_opened=lambda stream: None) is None
    assert 1 == len(table.implementations("interlace_stream_opened", frozenset({"stream"})))


def test_a_specification_that_exists_cannot_be_added_again(table, make_module):
    with pytest.raises(ValueError, match="the hook interlace_checks exists already"):
        table.add(make_module(mark=hookspec, interlace_checks=[]))


def test_a_module_without_specifications_cannot_be_added(table, make_module):
    with pytest.raises(ValueError, match="did not find any"):
        table.add(make_module(mark=hookspec))
