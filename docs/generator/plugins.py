"""The pages of what Interlace's own plugins offer: checks, export formats, strategies, materialisations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator import docstrings
from generator.markdown import GENERATED, code, joined, table
from generator.options import options_table
from interlace.contracts.check import Check, CheckOptions
from interlace.contracts.exporter import Exporter, ExportOptions
from interlace.contracts.materialiser import Materialiser
from interlace.contracts.strategy import Strategy
from interlace.plugins import PluginManager

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlace.plugin import Provider

__all__ = ["offered", "pages"]

_CHECKS = """\
# Checks

What may stand in `checks:` of a model or a seed. A check is asked of the rows before they are published.
[How to check data](../how-to/checks.md) has examples that run.

A check is a word, a word with its main option, or a mapping: `- unique: id` is short for
`- unique: {columns: [id]}`, and `{type: unique, columns: [id]}` says the same. Under a column, in
`columns: {id: {checks: [unique]}}`, the column need not be named again.
"""
_EVERY_CHECK = "## What every check takes"
_EXPORTERS = """\
# Export formats

What may stand after `format:` in `export:` of a model. Exports are written after publication, each to a temporary file
beside its target, which then takes the target's place: whoever reads sees the old file or the new one.
[How to export](../how-to/exports.md) has examples that run.

`export: {csv: out/orders.csv}` is short for `export: {format: csv, path: out/orders.csv}`, and `{connection: crm, table: people,
key: id}` for one with `format: table`, which [writes to a table](../how-to/reverse-etl.md).
"""
_STRATEGIES = """\
# Strategies

What may stand after `strategy:` of a model that is materialised as a table: how its rows reach the table. Without one
it is `replace`. The short form is the word, `strategy: append`; the long one `strategy: {name: append}` also takes the
strategy's options.
"""
_MATERIALISATIONS = """\
# Materialisations

What may stand after `materialise:` of a model: what the model becomes in the database. Without one it is `table`.
"""


def pages() -> dict[str, str]:
    """The four pages."""
    return {
        "reference/checks.md": _checks(),
        "reference/exporters.md": _exporters(),
        "reference/materialisations.md": _materialisations(),
        "reference/strategies.md": _strategies(),
    }


def offered(contract: type[Any]) -> Iterator[tuple[Provider[Any], Any]]:
    """What Interlace itself offers of one contract: the provider and its class."""
    registry = PluginManager.discover(safe=True).registry(contract)
    for provider in registry.providers():
        yield provider, registry.get(provider.name)


def _checks() -> str:
    found = list(offered(Check))
    common = [_EVERY_CHECK, options_table(CheckOptions)]
    return joined(GENERATED, _CHECKS, _summary(found), *common, *(part for one in found for part in _check(*one)))


def _check(provider: Provider[Check], cls: type[Check]) -> Iterator[str]:
    yield from _head(provider, cls)
    short = f"A bare value sets `{cls.shorthand}`." if cls.shorthand else "It has no short form."
    under = "It may stand under a column." if cls.column_option else "It cannot stand under a column."
    yield f"{short} {under}"
    yield options_table(cls.Config, leave_out=CheckOptions.model_fields)


def _exporters() -> str:
    found = list(offered(Exporter))
    common = ["## What every format of files takes", options_table(ExportOptions)]
    return joined(GENERATED, _EXPORTERS, _summary(found), *common, *(part for one in found for part in _exporter(*one)))


def _exporter(provider: Provider[Exporter], cls: type[Exporter]) -> Iterator[str]:
    yield from _head(provider, cls)
    if not issubclass(cls.Config, ExportOptions):
        yield options_table(cls.Config)
        return
    yield options_table(cls.Config, leave_out=ExportOptions.model_fields) or "It takes no other options."


def _strategies() -> str:
    found = list(offered(Strategy))
    return joined(GENERATED, _STRATEGIES, _summary(found), *(part for one in found for part in _strategy(*one)))


def _strategy(provider: Provider[Strategy], cls: type[Strategy]) -> Iterator[str]:
    yield from _head(provider, cls)
    if cls.needs_key:
        yield "The model must have a `key`."
    yield options_table(cls.Config) or "It takes no options."


def _materialisations() -> str:
    found = list(offered(Materialiser))
    return joined(
        GENERATED, _MATERIALISATIONS, _summary(found), *(part for one in found for part in _materialisation(*one))
    )


def _materialisation(provider: Provider[Materialiser], cls: type[Materialiser]) -> Iterator[str]:
    yield from _head(provider, cls)
    yield table(
        ("in the database", "takes a strategy", "for Python models"),
        [(cls.kind or "nothing", _yes(cls.uses_strategy), _yes(cls.python))],
    )


def _summary(found: list[tuple[Provider[Any], Any]]) -> str:
    rows = [(f"[`{provider.name}`](#{provider.name})", _words(provider), provider.summary) for provider, _ in found]
    return table(("word", "other words", "what it is"), rows)


def _words(provider: Provider[Any]) -> str:
    return ", ".join(code(alias) for alias in provider.aliases)


def _head(provider: Provider[Any], cls: type[Any]) -> Iterator[str]:
    yield f"## {provider.name}"
    yield docstrings.read(cls).text


def _yes(value: bool) -> str:
    return "yes" if value else "no"
