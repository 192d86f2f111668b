"""A page for each hook, made of its specification and the prose of its file."""

from __future__ import annotations

import inspect
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING

import interlace.hookspecs
from generator import docstrings
from generator.markdown import GENERATED, code, joined, table
from interlace.hookspecs import extension, life_cycle, policy, providers
from interlace.plugins.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["hook_names", "pages"]

_FILES = {"providers": providers, "life_cycle": life_cycle, "policy": policy, "extension": extension}


def pages() -> dict[str, str]:
    """A page for each hook, and the index of them."""
    made = {f"reference/hooks/{hook.__name__}.md": _page(hook, file) for file in _FILES.values() for hook in _in(file)}
    return {"reference/hooks/index.md": _index(), **made}


def hook_names() -> list[str]:
    """The names of all hooks of the core."""
    return [hook.__name__ for file in _FILES.values() for hook in _in(file)]


def _in(file: ModuleType) -> Iterator[FunctionType]:
    for name, thing in vars(file).items():
        if name.startswith("interlace_") and isinstance(thing, FunctionType):
            yield thing


def _index() -> str:
    _, _, rules = (interlace.hookspecs.__doc__ or "").partition("In all of them: ")
    parts = [
        "# Hooks",
        "What a plugin may implement; [how to write a plugin](../../how-to/write-a-plugin.md) shows it done.",
        "In all of them, " + " ".join(rules.replace("``", "`").split()),
    ]
    for name, file in _FILES.items():
        rows = [(f"[`{hook.__name__}`]({hook.__name__}.md)", _first(hook)) for hook in _in(file)]
        parts += [f"## {name.replace('_', ' ').capitalize()}", docstrings.read(file).text, table(("hook", ""), rows)]
    return joined(GENERATED, *parts)


def _first(hook: FunctionType) -> str:
    return docstrings.read(hook).text.partition("\n\n")[0]


def _page(hook: FunctionType, file: ModuleType) -> str:
    said = docstrings.read(hook)
    parts = [f"# {hook.__name__}", f"```python not-run\n{_signature(hook)}\n```", said.text]
    arguments = {**said.of("Args")}
    if arguments:
        parts += ["## Arguments", table(("argument", ""), [(code(name), text) for name, text in arguments.items()])]
    if "Returns" in said.plain:
        parts += ["## Answer", _sentence(said.plain["Returns"])]
    if "Raises" in said.items:
        parts += ["## Errors", table(("raises", "when"), [(code(k), v) for k, v in said.of("Raises").items()])]
    parts += _contract(hook)
    parts += ["## All hooks of this kind", docstrings.read(file).text, "[All hooks](index.md)"]
    return joined(GENERATED, *parts)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _signature(hook: FunctionType) -> str:
    return f"@hookimpl\ndef {hook.__name__}{inspect.signature(hook)}: ...".replace("'", "")


def _contract(hook: FunctionType) -> list[str]:
    """What a target must be, for a hook that collects providers."""
    kind = next((kind for kind in KINDS if kind.hook == hook.__name__), None)
    if kind is None:
        return []
    form = "an object of" if kind.instance else "a subclass of"
    return ["## What is offered", f"The target of each `Provider` is {form} `{kind.contract.replace(':', '.')}`."]
