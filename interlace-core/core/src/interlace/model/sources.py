"""Sources: relations that something else writes, declared in ``models/**/sources.yaml`` or under ``sources:``.

::

    sources:
      raw_orders:
        connection: shop
        relation: raw.orders
        columns: {id: BIGINT}
        freshness: {column: loaded_at, max_age: 1d}
        checks: [{not_null: id}]

In a ``sources.yaml`` the key ``sources:`` may be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from interlace.errors import InterlaceError, InvalidModel, Location, did_you_mean
from interlace.model.assemble import read_value
from interlace.model.declared import Given, raise_all
from interlace.model.definition import Source
from interlace.model.text_file import decode
from interlace.model.values import Unacceptable, duration, mapping, model_name, shown, split_name, text, words
from interlace.model.yaml_text import read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlace.model.context import LoadingSettings
    from interlace.model.words import Words

__all__ = ["configured_sources", "read_sources"]

_ALIASES: Final = {"fields": "columns", "quality_checks": "checks", "tests": "checks"}
_KEYS: Final = (
    "connection", "relation", "schema", "columns", "checks", "freshness", "owner", "description", "tags", "meta", "sample_by",
)  # fmt: skip


def read_sources(content: bytes, file: str, settings: LoadingSettings, vocabulary: Words) -> tuple[Source, ...]:
    """The sources of a ``sources.yaml``.

    Raises:
        InvalidModel: with file, line and key; several are raised as `InvalidProject`.
    """
    document = read_yaml(decode(content, file), file)
    if document is None:
        return ()
    if document.entries is None:
        raise InvalidModel("must be a mapping of sources", where=Location(file, document.line))
    entries = document.entries
    if [word for word, _, _ in entries] == ["sources"]:
        section = entries[0][2]
        if section.entries is None:
            raise InvalidModel("'sources' must be a mapping of names to sources", where=Location(file, section.line))
        entries = section.entries
    sources: list[Source] = []
    errors: list[InterlaceError] = []
    for name, line, facts in entries:
        lines = {word: at for word, at, _ in facts.entries or ()}
        _collect(sources, errors, lambda: _source(name, facts.value, file, line, lines, settings, vocabulary))  # noqa: B023  called at once
    raise_all(errors)
    return tuple(sources)


def configured_sources(settings: LoadingSettings, vocabulary: Words) -> tuple[Source, ...]:
    """The sources of the configuration; raises as `read_sources` does."""
    sources: list[Source] = []
    errors: list[InterlaceError] = []
    for name, facts in settings.sources.items():
        file = settings.config_file
        _collect(sources, errors, lambda: _source(name, facts, file, None, {}, settings, vocabulary))  # noqa: B023  called at once
    raise_all(errors)
    return tuple(sources)


def _collect(sources: list[Source], errors: list[InterlaceError], make: Callable[[], Source]) -> None:
    try:
        sources.append(make())
    except InterlaceError as error:
        errors.append(error)


def _source(
    name: str,
    facts: object,
    file: str,
    line: int | None,
    lines: Mapping[str, int],
    settings: LoadingSettings,
    vocabulary: Words,
) -> Source:
    here = Location(file, line)
    errors: list[InterlaceError] = []
    keys: dict[str, Any] = {}
    given: dict[str, Given] = {}
    if facts is not None and not isinstance(facts, Mapping):
        raise InvalidModel(f"the source {name!r} must be a mapping, not {shown(facts)}", where=here)
    for word, value in (facts or {}).items():
        where = Location(file, lines.get(word, line))
        key = _ALIASES.get(word, word)
        if key not in _KEYS:
            hint = did_you_mean(str(word), [*_KEYS, *_ALIASES], label="Keys of a source")
            errors.append(InvalidModel(f"the source {name!r} has no key {word!r}", where=where, hint=hint))
        elif key in given:
            errors.append(InvalidModel(f"{word!r} is given twice", where=where))
        elif value is not None:
            given[key] = Given(f"{name}.{word}", value, where)
    read_value(keys, errors, Given("the source", name, here), "name", model_name)
    for key, parse in _parsers(vocabulary).items():
        if key in given:
            read_value(keys, errors, given[key], key, parse)
    _unknown_connection(given.get("connection"), settings, errors)
    raise_all(errors)
    columns, under_columns = keys.pop("columns", ((), ()))
    freshness, column = keys.pop("freshness", (None, None))
    keys["checks"] = (*keys.get("checks", ()), *under_columns)
    return Source(file=file, line=line or 1, columns=columns, freshness=freshness, freshness_column=column, **keys)


def _parsers(vocabulary: Words) -> dict[str, Callable[[object], Any]]:
    return {
        "connection": text,
        "relation": _relation,
        "schema": text,
        "columns": vocabulary.columns,
        "checks": vocabulary.checks,
        "freshness": _freshness,
        "owner": text,
        "description": text,
        "tags": words,
        "meta": mapping,
        "sample_by": words,
    }


def _relation(value: object) -> tuple[str, ...]:
    parts = split_name(text(value))
    if len(parts) > 3:  # noqa: PLR2004  catalog, schema, name
        raise Unacceptable(f"must be [catalog.][schema.]name, not {shown(value)}")
    return parts


def _freshness(value: object) -> tuple[float, str]:
    given = mapping(value) if isinstance(value, Mapping) else {}
    if sorted(given) != ["column", "max_age"]:
        raise Unacceptable(f"must be {{column: <timestamp column>, max_age: <duration>}}, not {shown(value)}")
    return duration(given["max_age"]), text(given["column"])


def _unknown_connection(given: Given | None, settings: LoadingSettings, errors: list[InterlaceError]) -> None:
    if given is not None and given.value not in settings.dialects:
        hint = did_you_mean(str(given.value), settings.dialects, label="Connections")
        errors.append(InvalidModel(f"the project has no connection {given.value!r}", where=given.where, hint=hint))
