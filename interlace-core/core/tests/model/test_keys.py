from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import fields

import pytest

from interlace.model.decorator import declaration_of, model, ref
from interlace.model.definition import Model
from interlace.model.keys import KEYS, canonical

ALIASES = {
    "materialize": "materialise",
    "primary_key": "key",
    "unique_key": "key",
    "depends_on": "dependencies",
    "fields": "columns",
    "quality_checks": "checks",
    "tests": "checks",
    "exports": "export",
    "retry_policy": "retry",
}


def test_the_decorator_takes_every_key_and_no_other():
    parameters = inspect.signature(model).parameters.values()

    assert list(KEYS) == [p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]


def test_every_key_is_an_attribute_of_a_model():
    assert set(KEYS) <= {field.name for field in fields(Model)}


def test_the_aliases_are_those_of_the_rulings():
    assert ALIASES == {alias: key.name for key in KEYS.values() for alias in key.aliases}
    assert all(canonical(alias) is KEYS[name] for alias, name in ALIASES.items())


@pytest.mark.parametrize("word", ["schedule", "resources", "priority"])
def test_keys_of_later_issues_are_unknown(word):
    assert canonical(word) is None


def test_the_decorator_leaves_the_function_as_it_is():
    def plain():
        return 1

    assert plain is model(plain)
    assert plain is model(name="x", tests=[])(plain)
    assert {"name": "x", "tests": []} == declaration_of(plain).keys


def test_the_decorator_refuses_what_is_no_function():
    with pytest.raises(TypeError, match="stands on a function"):
        model("orders")
    with pytest.raises(TypeError, match="stands on a function"):
        model(name="x")(int)
    with pytest.raises(TypeError, match="takes the name"):
        ref(3)


def test_the_decorator_imports_the_standard_library_only():
    code = (
        "import sys; before = set(sys.modules); import interlace.model.decorator;"
        "new = {n.partition('.')[0] for n in set(sys.modules) - before};"
        "print(sorted(new - set(sys.stdlib_module_names) - {'interlace'}))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)

    assert "[]" == result.stdout.strip()
