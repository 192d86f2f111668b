from __future__ import annotations

import ast
import importlib
import inspect
import sys

import pytest

from interlace.hookspecs import extension, life_cycle, policy, providers
from interlace.plugins.hook_table import HookTable
from interlace.plugins.kinds import BUNDLED, KINDS

MODULES = (providers, life_cycle, policy, extension)


def hooks(module):
    return {n: f for n, f in vars(module).items() if inspect.isfunction(f) and f.__module__ == module.__name__}


ALL = {name: function for module in MODULES for name, function in hooks(module).items()}


@pytest.mark.parametrize("name", ALL)
def test_a_hook_has_the_prefix_a_page_and_types(name):
    hook = ALL[name]

    assert name.startswith("interlace_")
    assert len(inspect.getdoc(hook)) > 60
    assert {"return", *inspect.signature(hook).parameters} == set(hook.__annotations__)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_types_of_hooks_exist(module):
    tree = ast.parse(inspect.getsource(module))
    [typing_only] = [n for n in tree.body if isinstance(n, ast.If)]
    for statement in typing_only.body:
        imported = importlib.import_module(statement.module)
        assert [] == [alias.name for alias in statement.names if not hasattr(imported, alias.name)]


def test_hooks_that_offer_take_no_arguments():
    assert {()} == {tuple(inspect.signature(hook).parameters) for hook in hooks(providers).values()}


def test_each_hook_that_offers_is_in_the_table_of_kinds():
    assert list(hooks(providers)) == [kind.hook for kind in KINDS]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.word)
def test_the_contract_of_a_kind_exists_under_its_own_name(kind):
    module, _, name = kind.contract.partition(":")
    contract = getattr(importlib.import_module(module), name)

    assert kind.contract == f"{contract.__module__}:{contract.__qualname__}"


def test_words_of_our_parts_belong_to_hooks():
    assert set(BUNDLED) <= set(hooks(providers))


def test_specifications_import_nothing_at_run_time_but_the_door():
    for module in MODULES:
        loaded = [m for m in vars(module).values() if inspect.ismodule(m)]
        # pytest rewrites the assertions of a distribution that has a plugin for it.
        foreign = {m.__name__ for m in loaded} - sys.stdlib_module_names - {"_pytest.assertion.rewrite"}
        assert set() == foreign


def test_all_specifications_fit_together():
    table = HookTable()

    assert [] == table.implementations("interlace_connections")
