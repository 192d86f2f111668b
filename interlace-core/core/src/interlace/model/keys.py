"""The one table of a model's keys: what the decorator, a header, a sidecar and a folder's defaults may say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from interlace.model import values
from interlace.model.loading_keys import full_refresh, incremental, retry, schema_mode

__all__ = ["KEYS", "Key", "Part", "canonical", "key_words"]

Part = Literal["data", "checks", "metadata", "attached"]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a model.

    Attributes:
        name: the canonical word, which is the attribute of `Model`.
        type: what it takes, for people and for the reference page.
        part: the part of the fingerprint that its value belongs to; None where it has a fingerprint of its own
            (exports), is split over the parts (columns), or is the model's address (name).
        aliases: other words accepted for it.
        parse: reads the value; None where plugins take part (see `interlace.model.words`).
        plain: in a header line the value is plain text, not YAML.
        listed: in a header line a bare value is split on commas.
        textual: in a header line a bare number or word such as ``2024`` or ``null`` is text.
    """

    name: str
    type: str
    part: Part | None
    aliases: tuple[str, ...] = ()
    parse: Callable[[object], object] | None = None
    plain: bool = False
    listed: bool = False
    textual: bool = False


def _indexes(value: object) -> object:
    from interlace.model.attached_keys import indexes

    return indexes(value)


def _constraints(value: object) -> object:
    from interlace.model.attached_keys import constraints

    return constraints(value)


def _grants(value: object) -> object:
    from interlace.model.attached_keys import grants

    return grants(value)


def _files(value: object) -> object:
    from interlace.model.file_drop import file_drop

    return file_drop(value)


def _lint(value: object) -> object:
    from interlace.model.lint_key import lint_levels

    return lint_levels(value)


def _lineage(value: object) -> object:
    from interlace.model.declared_lineage import declared_lineage

    return declared_lineage(value)


_TABLE: Final = (
    Key("name", "text", None, parse=values.model_name, textual=True),
    Key("schema", "text", "data", parse=values.text, textual=True),
    Key("connection", "the name of a connection", "data", parse=values.text, textual=True),
    Key("materialise", "table, view, ephemeral, none", "data", ("materialize",), textual=True),
    Key("strategy", "a strategy, or {name: strategy, option: value}", "data", textual=True),
    Key("key", "column or list of columns", "data", ("primary_key", "unique_key"), values.words, listed=True),
    Key("dependencies", "model or list of models", "data", ("depends_on",), values.names, listed=True),
    Key(
        "columns",
        "{column: type} or {column: {type, description, contract, tags, checks, renamed_from}}",
        None,
        ("fields",),
    ),
    Key("checks", "list of checks", "checks", ("quality_checks", "tests")),
    Key("timeout", "duration", "metadata", parse=values.duration),
    Key("cache", "{ttl: duration}", "metadata", parse=values.lifetime),
    Key("export", "{format, path, option: value} or a list of them", None, ("exports",)),
    Key("tags", "word or list of words", "metadata", parse=values.words, listed=True),
    Key("owner", "text", "metadata", parse=values.text, plain=True),
    Key("description", "text", "metadata", parse=values.text, plain=True),
    Key(
        "indexes",
        "column, list of columns, or {columns, unique, method, where}, or a list of these",
        "attached",
        parse=_indexes,
        listed=True,
    ),
    Key("constraints", "{check: condition} or {unique: columns}, or a list of these", "attached", parse=_constraints),
    Key("grants", "{privilege: role or list of roles}", "attached", parse=_grants),
    Key("group", "text", "metadata", parse=values.text, textual=True),
    Key("meta", "mapping", "metadata", parse=values.mapping),
    Key("enabled", "true or false", "metadata", parse=values.boolean),
    Key("pre", "SQL statement or list of them", "data", parse=values.statements, textual=True),
    Key("post", "SQL statement or list of them", "data", parse=values.statements, textual=True),
    Key("cluster_by", "column or list of columns", "data", parse=values.words, listed=True),
    Key("lineage", "{column: [model.column, …]}", "metadata", parse=_lineage),
    Key("lint", "{rule: off, warn or error}", "metadata", parse=_lint),
    Key("inputs", "file, glob or list of them", "data", parse=values.words, listed=True),
    Key("volatile", "true or false", "metadata", parse=values.boolean),
    Key(
        "incremental", "{by, column, grain, lookback, …} or datetime(column) or key(column)", "data", parse=incremental
    ),
    Key("files", "{connection, path, format, after, …}", "data", parse=_files),
    Key("schema_mode", "strict, safe, flexible, lenient or ignore", "metadata", parse=schema_mode),
    Key("retry", "a preset, or {attempts, initial_delay, …}", "metadata", ("retry_policy",), retry),
    Key("full_refresh", "allow or never", "metadata", parse=full_refresh),
    Key("renamed_from", "the model's former name", "metadata", parse=values.model_name, textual=True),
)

KEYS: Final[dict[str, Key]] = {key.name: key for key in _TABLE}
"""The keys by their canonical word, in the order of the reference page."""

_WORDS: Final[dict[str, Key]] = {word: key for key in _TABLE for word in (key.name, *key.aliases)}


def canonical(word: str) -> Key | None:
    """The key that a word stands for, by its name or an alias; None where there is no such key."""
    return _WORDS.get(word)


def key_words() -> tuple[str, ...]:
    """All words that are accepted, aliases included."""
    return tuple(_WORDS)
